"""What measurements change for their process is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """`earmark bench` is quiet; the tests after it are not."""
    yield
    structlog.reset_defaults()
