"""A learned wake word, learned again from judged calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.bundle import BUILTIN
from earmark.device import WORD_TAIL, Listener, Voice, Woke, frames
from earmark.learn import new_words, new_words_again, waking
from earmark.learn.making import Attempt
from earmark.learn.new_words_again import judged_by, learn_again, other_speech
from earmark.learn.scoring import Outcome
from earmark.learn.wake_voices import TIMBRES, parted
from earmark.vault import Wake
from earmark.words import SAMPLE_RATE, PcmAudio

WORD = "computer"


@pytest.fixture
def judged(taught):
    """`judged(called=True, speaker="a")`: two seconds, of which the word is half a second to a second."""

    def make(*, called=True, word=WORD, sound=None, end=1.0, **lesson):
        sound = np.zeros(2 * SAMPLE_RATE, np.int16) if sound is None else sound
        return taught(sound, wake=Wake(word=word, score=0.9, start=0.5, end=end), called=called, **lesson)

    return make


def calls(judged, count, *, people):
    return [judged(number=at, speaker=f"p{at % people}", text="make me a latte") for at in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "people", "why"),
    [
        (19, 5, "takes 20 judged calls by 3 people, besides"),
        (19, 5, "are 19 by 5"),
        (30, 2, "are 30 by 2"),
        (0, 1, "0 by 0"),
    ],
)
def test_it_takes_calls_of_a_few_people(judged, count, people, why):
    assert why in learn_again(WORD, calls(judged, count, people=people))


def test_it_takes_other_speech_and_voices(judged, monkeypatch):
    alone = [replace(one, lesson=replace(one.lesson, text=None)) for one in calls(judged, 20, people=4)]
    assert "other speech too" in learn_again(WORD, alone)

    def missing(word, **settings):
        raise new_words_again.MissingExtra(extra="voices")

    monkeypatch.setattr(new_words_again, "voices_for", missing)
    assert "synthetic voices" in learn_again(WORD, calls(judged, 20, people=4))


FOLDER = "corpus:0123456789abcdef"


def test_other_speech_is_what_followed_the_word_and_what_is_not_about_it(judged, taught):
    after = judged(number=1, text="make me a latte")
    quiet = np.zeros(SAMPLE_RATE, np.int16)
    whole = [
        judged(number=2, word="alexa", text="stop"),
        taught(quiet, number=3, text="what a day"),
        taught(quiet, number=9, speaker=FOLDER),
    ]
    left_out = [
        judged(number=4, text=None),  # what follows may be the word once more
        judged(number=10, text="stop [unclear]"),
        judged(number=11, word="alexa", text="[name] stop"),
        taught(quiet, number=12),
        judged(number=5, called=False, text="what a day"),  # a false wake: it is learned from as such
        judged(number=6, text="restart my computer"),
        judged(number=7, word="alexa", text="Computer, stop."),
        judged(number=8, text="stop", end=1.9),
    ]
    found = other_speech(WORD, [after, *whole, *left_out], most=100)
    assert {one.interaction.id: sound.duration for one, sound in found} == {
        after.interaction.id: pytest.approx(1.05, abs=0.1),
        **{one.interaction.id: one.audio.duration for one in whole},
    }
    some = other_speech(WORD, [*whole, after], most=2)
    assert [one.interaction.id for one, _ in some] == [one.interaction.id for one, _ in found[:2]], "by their hash"
    clips = judged_by(WORD, [after, *whole, *left_out])
    assert {(clip.wake, clip.keyword, clip.part) for clip in clips} == {(False, WORD, "wake")}
    assert len(clips) == 4


def test_no_head_keeps_what_a_household_said_besides_the_word(judged, taught, monkeypatch):
    """Devices of other households are given the head."""
    given = []
    monkeypatch.setattr(new_words_again, "voices_for", lambda word, **settings: [])
    monkeypatch.setattr(new_words, "train", lambda word, clips, **settings: given.extend(clips) or {})
    folder = taught(np.zeros(SAMPLE_RATE, np.int16), number=90, speaker=FOLDER)
    learn_again(WORD, [*calls(judged, 20, people=4), judged(number=80, called=False), folder])
    kinds = [(clip.said, clip.network_only, clip.group == FOLDER) for clip in given]
    assert Counter(kinds) == {
        (True, False, False): 20,
        (False, False, False): 1,
        (False, True, False): 20,
        (False, False, True): 1,
    }
    machines, networks = parted(given, most=900)
    assert [given[at].network_only for at in machines] == [False] * 22
    assert [given[at].network_only for at in networks] == [True] * 20


def test_of_a_call_it_is_known_where_the_word_ends_and_of_a_folders_recording_not(judged):
    clip = new_words_again._clip
    call, whole = judged(), judged(end=2.0, speaker=FOLDER)
    # A device adds a tail to where the word ended.
    assert clip(call, call.audio, said=True).word_ends == round(0.9 * SAMPLE_RATE)
    assert clip(whole, whole.audio, said=True).word_ends is None
    assert clip(call, call.audio, said=False).word_ends is None


def spoken(voice, text, *, number, timbre):
    sound = voice.synthesise(text, voice=f"en-us+{timbre}", speed=130 + 3 * number, pitch=30 + number).samples
    return np.pad(sound, (6000, 6000))


def test_judged_calls_teach_a_word_that_a_device_wakes_by(judged, taught, few, tmp_path):
    lessons = []
    with Voice() as voice:
        for number in range(1, 25):
            timbre = TIMBRES[number % 5]
            sound = spoken(voice, "computer", number=number, timbre=timbre)
            end = (len(sound) - 6000) / SAMPLE_RATE + WORD_TAIL
            command = spoken(voice, "make me a latte", number=number, timbre=timbre)
            lessons.append(
                judged(number=number, sound=np.append(sound, command), end=end, text="make me a latte", speaker=timbre)
            )
        for number in range(30, 40):
            false = spoken(voice, ("commuter", "compute it")[number % 2], number=number, timbre=TIMBRES[20])
            lessons.append(judged(number=number, sound=false, end=1.0, called=False, speaker="somebody"))
        files = learn_again(WORD, lessons, cost_of_a_miss=5.0)
        assert set(files) == {f"wake/{WORD}.json", f"wake/{WORD}.npz"}
        made = bundles.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate())
        lead = np.random.default_rng(0).normal(0, 15, 24_000).astype(np.int16)
        for said, woken in (("computer", True), ("the letter came today", False)):
            sound = voice.synthesise(said, voice="en-us+f2").samples
            ears = Listener(bundle=made, word=WORD)
            heard = PcmAudio(samples=np.concatenate([lead, sound, lead]))
            events = [event for frame in frames(heard) for event in ears.feed(frame)]
            assert any(isinstance(event, Woke) for event in events) is woken
            if woken:
                at = next(number for number, event in enumerate(events) if isinstance(event, Woke))
                began = events[at].at - len(events[at + 1].pcm) / 2 / SAMPLE_RATE
                ends = (len(lead) + np.flatnonzero(np.abs(sound) > 300)[-1]) / SAMPLE_RATE
                told = began + events[at].wake_end - WORD_TAIL
                assert told == pytest.approx(ends, abs=0.2), "the next labels say where the word ends"


@pytest.fixture
def attempt(judged, taught, tmp_path, monkeypatch):
    """A run in a house that learned a word; twenty calls to learn from, and others held out."""
    monkeypatch.setattr(waking, "learned_words", lambda bundle: (WORD,))
    sides = [*calls(judged, 20, people=4), judged(number=50, called=False, speaker="p1")]
    held = [judged(number=60 + at, speaker=f"h{at % 4}", text="stop", side="heldout") for at in range(8)]
    held += [judged(number=80 + at, called=False, speaker=f"h{at % 4}", side="heldout") for at in range(20)]
    held += [taught(np.zeros(SAMPLE_RATE, np.int16), number=120, speaker="h1", text="what a day", side="heldout")]
    return Attempt(
        current=BUILTIN,
        taught=(*sides, *held),
        drafts=tmp_path,
        key=Ed25519PrivateKey.generate(),
        progress=lambda *_: None,
    )


def listens(monkeypatch, through):
    """Say how many of the false wakes come through, before and after."""
    asked = []

    def listen(attempt, clips, bundle, word):
        asked.append((word, len(clips)))
        left = through[len(asked) - 1]
        wakes = [clip.wake or (left := left - 1) >= 0 for clip in clips]
        return [
            Outcome(speaker=clip.speaker, duration=1.0, said=clip.wake, woke=int(woke))
            for clip, woke in zip(clips, wakes, strict=True)
        ]

    monkeypatch.setattr(waking, "_listen", listen)
    return asked


@pytest.mark.parametrize(("after", "kept"), [(2, True), (20, False)])
def test_labels_make_a_learned_word_better_or_leave_it(attempt, monkeypatch, after, kept):
    asked, given = listens(monkeypatch, (20, after)), []

    def learn(word, taught, **settings):
        given.append((word, len(taught)))
        return {f"wake/{word}.json": b"{}", f"wake/{word}.npz": b""}

    monkeypatch.setattr(waking, "learn_again", learn)
    waking.wake(attempt, learn=True)
    assert given == [(WORD, 21)], "nobody who is held out"
    assert asked == [(WORD, 8 + 20 + 9)] * 2, "and by other speech, which must not wake it"
    assert [(note.part, note.learned) for note in attempt.notes] == [("wake", kept)]
    assert (f"wake/{WORD}.npz" in attempt.files) is kept


def test_the_voices_of_the_folder_do_not_judge_the_word_that_was_made_of_them(attempt, monkeypatch):
    folder = [replace(one, lesson=replace(one.lesson, speaker=FOLDER)) for one in attempt.taught[-5:]]
    attempt.taught = (*attempt.taught[:-5], *folder)
    for said, judges in (({WORD: {"recordings": 20}}, 37 - 5), ({}, 37)):
        attempt.current = replace(BUILTIN, manifest={"wake_words": said})
        asked = listens(monkeypatch, (20,))
        waking.wake(attempt, learn=False)
        assert asked == [(WORD, judges)]


def test_where_there_is_too_little_it_says_so_and_the_word_stays(attempt, monkeypatch):
    listens(monkeypatch, (20, 20))
    attempt.taught = attempt.taught[2:]
    waking.wake(attempt, learn=True)
    [note] = attempt.notes
    assert not note.learned
    assert note.why.startswith("To learn “computer” again takes 20 judged calls by 3 people, besides those held out")
    assert "there are 18 by 4." in note.why


def test_each_word_is_planned_for(attempt, judged, monkeypatch):
    listens(monkeypatch, (0, 0, 0, 0))
    attempt.taught = (*attempt.taught[2:], judged(number=200, word="alexa"))
    attempt.steps.plan(waking.PLAN)  # as a run does, before it knows of which words there is something to learn
    waking.wake(attempt, learn=True)
    assert (attempt.steps.taken, attempt.steps.expected) == (2, 6), "two trainings, each with a listening on both sides"


def test_a_word_that_nobody_learned_here_teaches_nothing(attempt, monkeypatch):
    monkeypatch.setattr(waking, "learned_words", lambda bundle: ())
    waking.wake(attempt, learn=True)
    assert [note.why for note in attempt.notes] == ["Nobody has judged a wake yet."]
