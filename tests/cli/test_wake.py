"""`earmark wake`, and a device that is to listen for a learned word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.bundle import BUILTIN, ModelBundle
from earmark.cli import devices
from earmark.device import WORDS, DeviceState


def test_the_packaged_words_are_listed(earmark) -> None:
    assert earmark("wake", "list", "--json").json == {"packaged": list(WORDS), "learned": []}


def test_too_few_recordings_are_said_plainly(earmark, tmp_path: Path) -> None:
    folder = tmp_path / "wake"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000)
    line = {"audio_filepath": "a.wav", "keyword": "smart mirror", "wake": True}
    (folder / "manifest.jsonl").write_text(json.dumps(line))
    result = earmark("wake", "add", "smart mirror", "--data", tmp_path, "--json")
    assert result.exit_code != 0
    said = result.stdout + result.stderr
    assert "request.invalid" in said
    assert "It takes 20 recordings" in said
    assert "there are 1 in" in said


class Fetched:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, version: str) -> ModelBundle:
        self.asked.append(version)
        return ModelBundle(version=version)


@pytest.mark.parametrize(("word", "fetched"), [("alexa", []), ("computer", ["0123456789abcdef"])])
async def test_a_device_fetches_its_word_before_it_listens(word: str, fetched: list[str]) -> None:
    fetch, state = Fetched(), DeviceState(wanted="0123456789abcdef")
    models = await devices._with_word(word, BUILTIN, state, fetch)
    assert fetch.asked == fetched
    assert models.version == (fetched or ["builtin"])[0]
    assert (state.wanted is None) is bool(fetched)


async def test_without_a_bundle_in_use_it_waits_for_a_moment_only(monkeypatch) -> None:
    monkeypatch.setattr(devices, "_PATIENCE", 1)
    assert await devices._with_word("computer", BUILTIN, DeviceState(), Fetched()) is BUILTIN
