from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark.bundle import BUILTIN
from earmark.learn import making
from earmark.learn.clips import Clip, Sentence
from earmark.learn.making import Attempt
from earmark.learn.parting import Halves
from earmark.learn.promotion import judge
from earmark.learn.scoring import Outcome
from earmark.learn.waking import left_out
from earmark.words import PcmAudio

TODAY = {"miss_rate": 0.02, "false_wakes_passed": 0.5}


def about(missed, passed):
    return {"unseen": {"miss_rate": missed, "false_wakes_passed": passed}, "without": TODAY}


GOOD = about(0.01, 0.2)


def heard(false_wakes, *, through, misses=0):
    calls = [Outcome(speaker="a", duration=1.0, said=True, woke=int(i >= misses)) for i in range(20)]
    return calls + [Outcome(speaker="a", duration=1.0, said=False, woke=int(i < through)) for i in range(false_wakes)]


def test_with_too_few_false_wakes_the_speakers_left_out_of_training_decide():
    verdict = left_out(judge(heard(2, through=2), heard(2, through=2)), GOOD)
    assert verdict.promote
    assert "20% of false wakes come through instead of 50%, and 1.0% of calls are missed" in verdict.why


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (heard(30, through=30), heard(30, through=30), GOOD),
        (heard(2, through=2), heard(2, through=2, misses=1), GOOD),
        (heard(2, through=2), heard(2, through=2), about(0.1, 0.2)),
        (heard(2, through=2), heard(2, through=2), about(0.0, 0.4)),
        (heard(2, through=2), heard(2, through=2), {}),
        ([], [], GOOD),
    ],
)
def test_nothing_passes_that_is_worse_or_could_have_shown_itself(before, after, known):
    assert not left_out(judge(before, after), known).promote


def test_what_is_better_on_held_out_people_keeps_its_own_words():
    verdict = judge(heard(9, through=9), heard(9, through=1))
    assert left_out(verdict, GOOD) == verdict
    assert verdict.promote


@pytest.mark.parametrize(("errors", "kept"), [(1, True), (2, False), (3, False)])
def test_what_people_say_is_kept_only_when_held_out_people_are_heard_better(monkeypatch, tmp_path, errors, kept):
    def heard(attempt, clips, bundle):
        return [(clip, errors if bundle.path("asr/lm.arpa") else 2) for clip in clips]

    def counted(clip, result):
        return Outcome(speaker=clip, duration=1.0, errors=result, words=4)

    monkeypatch.setattr(making, "_hear", heard)
    monkeypatch.setattr(making, "outcome", counted)
    monkeypatch.setattr(making, "learn_language", lambda *_, **__: Learned())
    attempt = Attempt(
        current=BUILTIN, taught=(), drafts=tmp_path, key=Ed25519PrivateKey.generate(), progress=lambda *_: None
    )
    attempt.heldout = [(speaker, 2) for speaker in "abcde"]
    assert bool(making._language(attempt, [])) is kept
    assert [note.part for note in attempt.notes] == ([] if kept else ["words"])


class Learned:
    """A language of one file."""

    utterances = ("a",)

    def files(self):
        return {"asr/lm.arpa": b"words"}


def test_whoever_is_heard_is_decided_about_by_what_the_other_half_taught(monkeypatch):
    halves = Halves(speakers={"a": 0, "b": 0, "c": 1})
    clips = [Clip(id=who, source=PcmAudio(samples=np.zeros(0, np.int16)), part="other", speaker=who) for who in "abc"]
    today, heard = ([(clip, f"{when} {clip.id}") for clip in clips] for when in ("today", "anew"))
    monkeypatch.setattr(making, "_fitted", lambda _, __, heard: ("".join(clip.id for clip, _ in heard), len(heard)))
    monkeypatch.setattr(making, "heard_again", lambda _, fitted, result: f"{result}, {fitted} decide")
    monkeypatch.setattr(making, "outcome", lambda _, result: result)
    assert making._crossed(None, None, heard, today, halves) == (
        ["today a", "today b", "today c"],
        ["anew a, c decide", "anew b, c decide", "anew c, ab decide"],
    )
    assert making._crossed(None, None, heard, [], halves) == ((), ())


def test_everything_that_decides_about_a_candidate_is_an_input(tmp_path, taught):
    """A field that nobody thought of would let a killed run be taken up as another one."""
    one = taught(number=1, text="feed the cat")
    attempt = Attempt(
        current=BUILTIN, taught=(one,), drafts=tmp_path, key=Ed25519PrivateKey.generate(), progress=lambda *_: None
    )
    inputs = attempt.inputs()
    assert json.loads(json.dumps(inputs)) == inputs
    for changed in (
        {"taught": ()},
        {"taught": (taught(number=1, text="feed the bat"),)},
        {"taught": (taught(number=2, text="feed the cat"),)},
        {"sentences": (Sentence(text="a", intent="b"),)},
        {"people": 7},
        {"current": replace(BUILTIN, version="0123456789abcdef")},
    ):
        assert replace(attempt, **changed).inputs() != inputs
    elsewhere = replace(attempt, drafts=tmp_path / "b", key=Ed25519PrivateKey.generate(), workers=3)
    assert elsewhere.inputs() == inputs
