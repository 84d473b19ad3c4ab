"""`earmark doctor` at the command line: what it says, and with which exit status."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from earmark.settings import settings
from earmark.storage import Home


@pytest.fixture
def recorded(earmark, ada, tmp_path) -> None:
    """One imported recording."""
    soundfile.write(tmp_path / "0.wav", np.random.default_rng(0).normal(0, 0.1, 8_000), 16_000)
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"audio_filepath": "0.wav", "text": "play a song"}))
    assert earmark("import", tmp_path, "--no-recognise").exit_code == 0


def objects():
    return Home.at(settings().home).objects()


def test_a_household_in_order_has_nothing_to_mend(earmark, recorded):
    assert "All is well" in earmark("doctor").stdout
    assert earmark("doctor", "--repair", "--json").json == {"mended": [], "findings": []}


def test_what_can_be_mended_is_and_what_was_done_is_said(earmark, recorded):
    objects().put("vault", b"left by a crash")
    seen = earmark("doctor")
    assert seen.exit_code == 0, "a leftover that nobody can read is no alarm"
    assert "encrypted files that no recording names" in seen.stdout
    assert "--repair" in seen.stdout
    done = earmark("doctor", "--repair")
    assert done.exit_code == 0
    assert "1 encrypted files that no recording names: deleted" in done.stdout
    assert "All is well" in done.stdout
    assert earmark("doctor", "--json").json == {"findings": []}


def test_what_cannot_be_mended_is_left_with_advice(earmark, recorded):
    store = objects()
    store.delete(next(iter(store.names("vault"))))
    done = earmark("doctor", "--repair")
    assert done.exit_code == 1
    assert "recordings whose sound is missing" in done.stdout
    assert "restore the files from a backup" in done.stdout
    told = earmark("doctor", "--repair", "--json")
    assert told.exit_code == 1
    assert told.json["mended"] == []
    assert told.json["findings"] == [
        {"code": "sound_missing", "what": "recordings whose sound is missing", "count": 1, "serious": True}
    ]
