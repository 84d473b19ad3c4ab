"""A demo that is begun again: one that came to its end is shown once more, half a one is forgotten."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from earmark.cli import app
from earmark.cli import demo as command
from earmark.demo import Turned
from earmark.errors import PortInUse
from earmark.settings import settings
from earmark.storage import Home

TURNED = Turned(
    about="",
    before={},
    after={},
    spoken=0,
    interactions=0,
    tasks=0,
    judgements=0,
    labels=0,
    false_wakes=0,
    promoted=None,
    why="",
    notes=(),
    taken_up=None,
)


@pytest.mark.parametrize(
    ("ended", "options", "stays"), [(True, [], True), (False, [], False), (True, ["--again"], False)]
)
def test_half_a_demo_is_forgotten(tmp_path, monkeypatch, ended, options, stays):
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path))
    settings.cache_clear()
    folder = Home.at(tmp_path / "demo").folder
    if ended:
        (folder / "turned.json").write_text(json.dumps(TURNED.to_json()))

    def stop(_: object) -> None:
        raise PortInUse(port=1, setting="EARMARK_HOME_PORT")

    monkeypatch.setattr(command, "check_ports", stop)
    CliRunner().invoke(app, ["demo", *options])
    settings.cache_clear()
    assert folder.exists() is stays
