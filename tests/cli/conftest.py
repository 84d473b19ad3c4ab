"""The command line over this test's own database, as when `earmark up` is running and holds the home."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from earmark.cli import app
from earmark.settings import settings
from earmark.storage import Home

Earmark = Callable[..., Any]


@pytest.fixture
def running(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home in use: commands find its database without starting one."""
    monkeypatch.setenv("EARMARK_HOME", str(home.folder))
    settings.cache_clear()
    lock = home.lock()
    yield home
    lock.release()
    settings.cache_clear()
    structlog.reset_defaults()


@pytest.fixture
def earmark(running: Home) -> Earmark:
    """`earmark("history", "--json")`: run a command; its result has `exit_code`, `stdout`, `stderr`, and `json`."""

    def run(*arguments: object, given: str | None = None) -> Any:
        result = CliRunner().invoke(app, [str(each) for each in arguments], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        result.json = json.loads(result.stdout) if "--json" in arguments and result.stdout else None
        return result

    return run


@pytest.fixture
def ada(earmark: Earmark) -> str:
    assert earmark("people", "add", "Ada").exit_code == 0
    assert earmark("consent", "show", "--json").json["save"] is False  # nobody's word is given for them
    assert earmark("consent", "set", "save", "on").exit_code == 0
    return "ada"
