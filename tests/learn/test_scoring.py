from __future__ import annotations

import json

import numpy as np
import pytest

from earmark import audio, learn
from earmark.assistant import Heard, Hypothesis, Understanding
from earmark.errors import BadManifest
from earmark.learn.clips import Clip, Sentence, read_folder, read_sentences, wake_word
from earmark.learn.hearing import Reading, Result
from earmark.learn.scoring import Outcome, outcome, sentence_outcome, summarise
from earmark.words import PcmAudio

SOUND = PcmAudio(samples=np.zeros(32_000, dtype=np.int16))


def clip(part="commands", **known):
    return Clip(id="c", source=SOUND, part=part, speaker="s", duration=2.0, **known)


def heard(intent=None, slots=None, *, accepted=True, text="", wakes=None):
    understanding = Understanding(intent=intent, slots=slots or {}, accepted=accepted, reason="grammar")
    hypothesis = Hypothesis(words=(), text=text, confidence=1.0, source="grammar")
    reading = Reading(heard=Heard(hypothesis=hypothesis, understanding=understanding), duration=2.0, seconds=0.5)
    return Result(wakes=wakes, reading=reading)


@pytest.mark.parametrize(
    ("result", "right", "strict"),
    [
        (heard("order", {"drink": "iced mocha"}), True, True),
        (heard("order", {"drink": "Iced  Mocha", "size": "large"}), True, False),
        (heard("order", {"drink": "mocha"}), False, False),
        (heard("order", {}), False, False),
        (heard("other", {"drink": "iced mocha"}), False, False),
        (heard("order", {"drink": "iced mocha"}, accepted=False), False, False),
    ],
)
def test_a_command_is_right_by_the_benchmarks_rule(result, right, strict):
    found = outcome(clip(intent="order", slots={"drink": "iced mocha"}), result)
    assert (found.right, found.strict, found.took) == (right, strict, None)


def test_other_speech_counts_when_it_became_a_command():
    assert outcome(clip("other"), heard("order")).took is True
    assert outcome(clip("wake", wake=True), heard(accepted=False, wakes=1)).took is False


def test_words_are_compared_without_punctuation_and_case():
    found = outcome(clip("other", text="Don’t stop, please!"), heard(text="don't stop peas", accepted=False))
    assert (found.errors, found.words) == (1, 3)


def test_the_sums_have_the_fields_of_the_design():
    found = [
        outcome(clip("wake", wake=True), heard(accepted=False, wakes=1)),
        outcome(clip("wake", wake=True), heard(accepted=False, wakes=0)),
        outcome(clip("wake", wake=False), heard("order", wakes=2)),
        outcome(clip(intent="order"), heard("order")),
        outcome(clip(intent="order"), heard("order", {"a": "b"})),
        outcome(clip("other", text="one two"), heard(accepted=False, text="one")),
    ]
    scores = summarise(found)
    assert scores["wake"] == {
        "hits": 1,
        "misses": 1,
        "false_accepts": 2,
        "hours": 2 / 3600,
        "miss_rate": 0.5,
        "false_accepts_per_hour": 3600.0,
    }
    assert scores["commands"] == {
        "n": 2,
        "accepted": 2,
        "acceptance": 1.0,
        "strict": 0.5,
        "false_accepted": 1,
        "n_other": 4,
        "rtf": 0.25,
    }
    assert scores["asr"] == {"wer": 0.5}


def test_parts_that_were_not_measured_are_left_out():
    assert summarise([]) == {}
    assert set(summarise([outcome(clip(intent="order"), heard("order"))])) == {"commands"}


def test_sentences_are_scored_by_intent_and_slot():
    sentences = [
        Sentence(text="a", intent="x", slots=(("date", "today"), ("date", "monday"))),
        Sentence(text="b", intent="y"),
        Sentence(text="c", intent="z", slots=(("place", "rome"),)),
    ]
    guesses = [("x", [("date", "Today")]), None, ("x", [("place", "paris")])]
    scores = summarise(map(sentence_outcome, sentences, guesses))
    assert scores == {"nlu": {"n": 3, "intent_accuracy": 1 / 3, "slot_f1": 2 * 1 / (3 + 2)}}


def folder(tmp_path, part, *lines):
    (tmp_path / part).mkdir(parents=True)
    (tmp_path / part / "manifest.jsonl").write_text("\n".join(json.dumps(line) for line in lines))


def test_a_folder_without_any_part_is_refused(tmp_path):
    with pytest.raises(BadManifest):
        learn.evaluate(tmp_path)
    (tmp_path / "commands").mkdir()
    with pytest.raises(BadManifest):
        read_folder(tmp_path)


def test_what_cannot_be_heard_is_named_and_counts_for_nothing(tmp_path, tone):
    folder(
        tmp_path,
        "other",
        {"audio_filepath": "tone.wav"},
        {"audio_filepath": "noise.wav"},
        {"audio_filepath": "gone.wav"},
    )
    (tmp_path / "other" / "tone.wav").write_bytes(audio.encode(tone(1.0), format="WAV"))
    (tmp_path / "other" / "noise.wav").write_bytes(b"nothing that is sound")
    complaints = []
    scores = learn.evaluate(tmp_path, complain=complaints.append, workers=1)
    assert len(complaints) == 2
    assert "Line 3" in complaints[0]
    assert "other/noise.wav" in complaints[1]
    assert set(scores) == {"wake", "commands"} - {"wake"}
    assert (scores["commands"]["n"], scores["commands"]["n_other"], scores["commands"]["false_accepted"]) == (0, 1, 0)
    assert scores["commands"]["acceptance"] is None


def test_sentences_are_read_with_slots_of_either_kind(tmp_path):
    path = tmp_path / "home.jsonl"
    path.write_text(
        '{"text": "a", "intent": "x", "slots": [{"type": "t", "value": "v"}]}\n\n'
        '{"text": "b", "intent": "y", "slots": {"t": "v"}}\n'
    )
    assert [sentence.slots for sentence in read_sentences(path)] == [(("t", "v"),)] * 2
    path.write_text('{"text": "a"}\n')
    with pytest.raises(BadManifest) as caught:
        read_sentences(path)
    assert caught.value.code == "manifest.line"


def test_the_wake_word_is_the_one_that_the_positive_clips_hold():
    said = [clip("wake", wake=True, keyword="hey jarvis"), clip("wake", wake=False, keyword="alexa")]
    assert wake_word(said, known=("alexa", "hey_jarvis")) == "hey_jarvis"
    assert wake_word([], known=("alexa", "hey_jarvis")) == "alexa"


@pytest.mark.data
def test_real_recordings_in_two_processes_score_as_in_one(data_dir, tmp_path):
    for part, count in (("commands", 4), ("wake", 8)):
        lines = (data_dir / part / "manifest.jsonl").read_text().splitlines()[:count]
        folder(tmp_path, part, *map(json.loads, lines))
        for line in lines:
            name = json.loads(line)["audio_filepath"]
            (tmp_path / part / name).write_bytes((data_dir / part / name).read_bytes())
    one, two = (learn.evaluate(tmp_path, workers=workers) for workers in (1, 2))
    assert one["commands"].pop("rtf") > 0
    assert two["commands"].pop("rtf") > 0
    assert one == two
    assert one["wake"]["hits"] >= 7
    assert one["commands"]["accepted"] >= 2
    assert one["commands"]["n_other"] == 8


def test_shares_of_the_scores_have_intervals_over_speakers():
    outcomes = [Outcome(speaker=f"s{i % 20}", duration=1.0, right=i % 10 != 0) for i in range(200)]
    outcomes += [Outcome(speaker=f"o{i}", duration=1.0, took=i == 0, said=False, woke=0) for i in range(40)]
    slots = {"slots_right": 1, "slots_true": 1, "slots_given": 2}
    outcomes += [Outcome(speaker=str(i), duration=0.0, intent_right=i % 4 > 0, **slots) for i in range(80)]
    scores, found = summarise(outcomes), learn.intervals(outcomes)
    assert set(found) == {"commands.acceptance", "commands.false_accepted", "nlu.intent_accuracy", "nlu.slot_f1"}
    for name, (low, high) in found.items():
        part, field = name.split(".")
        value = scores[part][field] / (40 if field == "false_accepted" else 1)
        assert low - 1e-9 <= value <= high + 1e-9
    assert 0.6 < found["nlu.intent_accuracy"][0] < 0.72
    assert found["nlu.slot_f1"] == pytest.approx((2 / 3, 2 / 3))
