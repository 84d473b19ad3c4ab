"""`earmark export`."""

from __future__ import annotations

import errno
import json
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import export


@pytest.fixture
def recorded(earmark, ada, tmp_path: Path) -> str:
    soundfile.write(tmp_path / "1.wav", np.random.default_rng(1).normal(0, 0.1, 8_000), 16_000)
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"audio_filepath": "1.wav", "text": "play a song"}))
    assert earmark("import", tmp_path, "--no-recognise").exit_code == 0
    return earmark("history", "--json").json[0]["id"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    return made


def test_it_writes_a_file_that_only_its_owner_may_read(earmark, recorded, folder):
    to = folder / "all.zip"
    done = earmark("export", "--to", to, "--json")
    assert done.json == {"file": str(to), "recordings": 1, "bytes": to.stat().st_size}
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    with zipfile.ZipFile(to) as archive:
        assert archive.testzip() is None
        (sound,) = [name for name in archive.namelist() if name.startswith("recordings/")]
        assert recorded in sound
        assert "play a song" in archive.read("index.html").decode()
    assert "1 recording with" in earmark("export", "--to", folder / "again.zip").stdout.replace("\n", " ")


def test_it_writes_over_nothing_unless_told(earmark, recorded, folder):
    to = folder / "all.zip"
    to.write_text("mine")
    refused = earmark("export", "--to", to, "--json")
    assert (refused.exit_code, refused.json["error"]["code"]) == (1, "request.invalid")
    assert to.read_text() == "mine"
    assert earmark("export", "--to", to, "--force").exit_code == 0
    assert zipfile.is_zipfile(to)


def test_a_place_that_is_none_is_said(earmark, recorded, folder):
    for to in (folder, folder / "missing" / "all.zip"):
        assert earmark("export", "--to", to, "--json").json["error"]["code"] == "request.invalid"
    assert list(folder.iterdir()) == []


def test_whose_must_be_said_when_there_are_several(earmark, recorded, folder):
    assert earmark("people", "add", "Ben", "--household-of", "ada").exit_code == 0
    to = folder / "all.zip"
    assert earmark("export", "--to", to, "--json").json["error"]["code"] == "request.invalid"
    assert earmark("export", "--person", "cleo", "--to", to, "--json").json["error"]["code"] == "thing.not-found"
    assert earmark("export", "--person", "ben", "--to", to, "--json").json["recordings"] == 0
    assert "play a song" not in zipfile.ZipFile(to).read("index.html").decode()


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "setup.disk-full"), (errno.EACCES, "request.invalid")])
def test_a_full_disk_leaves_no_part_behind(earmark, recorded, folder, monkeypatch, number, code):
    to = folder / "all.zip"
    to.write_text("mine")

    async def full(*_: object, **__: object):
        yield b"half"
        raise OSError(number, "no")

    monkeypatch.setattr(export, "stream", full)
    assert earmark("export", "--to", to, "--force", "--json").json["error"]["code"] == code
    assert [path.name for path in folder.iterdir()] == ["all.zip"]
    assert to.read_text() == "mine"
