"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DATA = Path(os.environ.get("EARMARK_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings beside the checkout; tests that need it skip where it is absent."""
    if not (_DATA / "commands" / "manifest.jsonl").exists():
        pytest.skip("the recordings in ../shared/data are not on this machine")
    return _DATA
