"""The measurement's own parts; how well anything is read, no test says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from earmark import audio
from earmark.assistant import NOTHING, Heard, Understanding
from earmark.bench import recogniser
from earmark.errors import BadRequest
from earmark.learn.attempt import Made
from earmark.learn.hearing import Reading, Result
from earmark.learn.noises import Mixing
from earmark.learn.promotion import Verdict
from earmark.words import PcmAudio


@pytest.fixture
def folder(tmp_path):
    """Twelve orders of six speakers, eight other words, and a kitchen whose halves differ."""
    rng = np.random.default_rng(0)
    for part, count in (("commands", 12), ("wake", 8)):
        (tmp_path / part).mkdir()
        with (tmp_path / part / "manifest.jsonl").open("w") as manifest:
            for number in range(count):
                sound = PcmAudio(samples=rng.integers(-9000, 9000, 8000).astype(np.int16))
                (tmp_path / part / f"{number}.flac").write_bytes(audio.encode(sound))
                line = {"audio_filepath": f"{number}.flac", "speaker": f"{part} {number % 6}"}
                said = {"intent": "orderDrink", "slots": {}} if part == "commands" else {"wake": False}
                manifest.write(json.dumps(line | said) + "\n")
    (tmp_path / "noise").mkdir()
    kitchen = np.concatenate([np.full(16_000, 1000), np.full(16_000, -1000)]).astype(np.int16)
    (tmp_path / "noise" / "kitchen.flac").write_bytes(audio.encode(PcmAudio(samples=kitchen)))
    return tmp_path


@pytest.fixture
def seen(monkeypatch):
    """What was learned from and heard; nothing is understood but orders in white noise."""
    seen = {"taught": [], "heard": [], "before": [], "files": {"asr/lm.arpa": b"learned"}}

    def make(attempt, parts):
        assert parts == ["asr"]
        seen["taught"].append(({one.lesson.interaction_id for one in attempt.taught}, attempt.noises[0]))
        verdict = Verdict(promote=True, why="", numbers=())
        return Made(
            files=seen["files"],
            changed=frozenset(),
            learned=frozenset(),
            notes=[],
            before=[],
            after=[],
            verdict=verdict,
        )

    mixings, mix = {}, Mixing.apply

    def apply(mixing, clip, sound):
        heard = mix(mixing, clip, sound)
        mixings[heard.pcm] = mixing
        return heard

    def listen_to(jobs, *, bundle):
        mixing = mixings[jobs[0].clip.sound().pcm]
        seen["heard"].append(([job.clip for job in jobs], bundle.version, mixing))
        seen["before"] += [job.before is not None for job in jobs]
        accepted = mixing.noise.samples.std() > 2000
        told = Understanding(
            intent="orderDrink", slots={}, confidence=1.0, template=None, accepted=accepted, reason="grammar"
        )
        reading = Reading(heard=Heard(hypothesis=NOTHING, understanding=told), duration=0.5, seconds=0.1)
        return [Result(wakes=None, reading=reading) for _ in jobs]

    monkeypatch.setattr(recogniser, "make", make)
    monkeypatch.setattr(recogniser, "listen_to", listen_to)
    monkeypatch.setattr(Mixing, "apply", apply)
    return seen


def test_both_ways_round_nobody_and_no_noise_is_learned_from_and_judged_by(folder, seen):
    rows = recogniser.run(lambda *_: None, folder)
    (one, noise), (other, _) = seen["taught"]
    assert not one & other
    assert len(one | other) == 20
    assert noise.samples.min() == 1000, "the first half"
    kitchens = [mixing.noise for _, _, mixing in seen["heard"] if len(mixing.noise.samples) == 16_000]
    assert kitchens
    assert {int(kitchen.samples.max()) for kitchen in kitchens} == {-1000}
    speakers = [{clip.speaker for clip in clips} for clips, _, _ in seen["heard"]]
    assert not speakers[0] & speakers[-1]
    told = [row for row in rows if "learned_from" in row]
    assert [row["learned_from"] + row["held_out"] for row in told] == [6, 6]


def test_each_noise_is_heard_by_both_and_other_words_in_the_kitchen_alone(folder, seen):
    rows = [row for row in recogniser.run(lambda *_: None, folder, light=True) if "noise" in row]
    assert {row["way"] for row in rows} == {1}
    kinds = [(row["noise"], row["snr"]) for row in rows if row["models"] == "learned"]
    assert kinds == [(row["noise"], row["snr"]) for row in rows if row["models"] == "packaged"]
    assert kinds[:4] == [("kitchen", snr) for snr in (24.0, 18.0, 12.0, 6.0)]
    assert {name for name, _ in kinds[4:]} == {"white, made up", "babble, made up", "music, made up"}
    assert [(row["noise"], row["snr"]) for row in rows if "taken" in row] == [("kitchen", 12.0)] * 2
    assert {(row["noise"], row["accepted"]) for row in rows if row["noise"].startswith(("kitchen", "white"))} == {
        ("kitchen", 0),
        ("white, made up", 6),
    }
    assert len({version for _, version, _ in seen["heard"]}) == 2


def test_nothing_is_decoded_twice_where_only_a_network_was_learned(folder, seen):
    recogniser.run(lambda *_: None, folder, light=True)
    assert not any(seen["before"]), "other words were learned, so the decoders are others"
    seen["before"].clear()
    seen["files"] = {"asr/network.npz": b"learned"}
    recogniser.run(lambda *_: None, folder, light=True)
    half = len(seen["before"]) // 2
    assert seen["before"] == [False] * half + [True] * half


def test_where_nothing_is_kept_the_packaged_models_are_heard_once(folder, seen):
    seen["files"] = {}
    rows = recogniser.run(lambda *_: None, folder, light=True)
    assert {row["models"] for row in rows if "noise" in row} == {"packaged"}


def test_a_folder_without_orders_is_named_as_such(tmp_path):
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "home.jsonl").write_text("")
    with pytest.raises(BadRequest, match="`earmark bench recogniser` needs"):
        recogniser.run(lambda *_: None, tmp_path)
