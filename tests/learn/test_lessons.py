from __future__ import annotations

import uuid
from datetime import UTC, datetime

import numpy as np
import pytest

from earmark.device.listener import WORD_TAIL
from earmark.learn.clips import Clip
from earmark.learn.datasets import Lesson
from earmark.learn.lessons import Taught, spoken_clips, wake_clip, wake_span
from earmark.learn.readings import enough, in_a_room
from earmark.learn.wake_windows import SETTLE
from earmark.vault import Content, Interaction, Wake
from earmark.words import InteractionId, PcmAudio, PersonId

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ORDER = ("orderDrink", {"coffeeDrink": "latte"})


def taught(*, woke=True, **found):
    identifier = InteractionId(uuid.UUID(int=1))
    audio = PcmAudio(samples=np.arange(48_000, dtype=np.int16))
    interaction = Interaction(
        id=identifier,
        person_id=PersonId(uuid.UUID(int=2)),
        device_id=None,
        started_at=NOW,
        expires_at=NOW,
        kind="command",
        duration=3.0,
        wake=Wake(word="alexa", score=0.9, start=0.5, end=1.0) if woke else None,
        bundle="builtin",
        content=Content(),
    )
    lesson = Lesson(interaction_id=identifier, side="train", speaker="p", labels=1, **found)
    return Taught(lesson=lesson, interaction=interaction, audio=audio)


def parse(text):
    return ORDER if text == "make me a latte" else None


def parts(found):
    return [(clip.part, clip.intent, round(clip.duration, 2)) for clip in spoken_clips(found, parse)]


def test_a_command_begins_after_the_wake_word_and_the_word_alone_is_no_command():
    found = taught(called=True, text="a latte", understood=False, intent="orderDrink", slots={"coffeeDrink": "latte"})
    assert parts(found) == [("wake", None, 1.0), ("commands", "orderDrink", 2.05)]
    command = spoken_clips(found, parse)[1]
    assert isinstance(command.source, PcmAudio)
    assert command.source.samples[0] == 15_200
    assert (command.text, dict(command.slots)) == (None, {"coffeeDrink": "latte"}), (
        "its transcript was written over the model's own words"
    )


def test_after_a_false_wake_all_of_it_is_other_speech():
    assert parts(taught(called=False)) == [("other", None, 3.0)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"understood": True, "intent": "orderDrink"}, ("commands", "orderDrink", 3.0)),
        ({"understood": True}, ("other", None, 3.0)),
        ({"understood": False, "text": "make me a latte"}, ("commands", "orderDrink", 3.0)),
        ({"understood": False, "text": "it will rain"}, ("other", None, 3.0)),
        ({"text": "make me a latte"}, ("commands", "orderDrink", 3.0)),
    ],
)
def test_what_was_meant_follows_from_the_labels(found, expected):
    assert parts(taught(woke=False, **found)) == [expected]


@pytest.mark.parametrize("found", [{}, {"understood": False}, {"understood": False, "text": "tell [name] hello"}])
def test_where_nobody_can_tell_nothing_is_taught(found):
    assert parts(taught(woke=False, **found)) == []


def test_the_wake_word_is_played_again_in_its_own_quiet():
    clip = wake_clip(taught(called=True))
    assert clip is not None
    assert (clip.wake, clip.keyword, clip.part) == (True, "alexa", "wake")
    assert clip.duration == pytest.approx(1.6 + 1.5 + 0.5)
    assert isinstance(clip.source, PcmAudio)
    assert np.any(clip.source.samples[:16_000])
    again = wake_clip(taught(called=True))
    assert again is not None
    assert isinstance(again.source, PcmAudio)
    assert np.array_equal(clip.source.samples, again.source.samples)
    assert wake_clip(taught()) is None
    assert wake_clip(taught(woke=False, called=True)) is None


def test_what_is_kept_of_a_wake_reaches_as_far_as_a_verifier_looks():
    """Else the end of each window, where a last consonant is, would be of another room than the rest."""
    jitter = 0.04
    span = wake_span(taught(called=True))
    after_it_fired = span.duration - (1.0 - WORD_TAIL)
    assert after_it_fired >= SETTLE + jitter


def test_enough_takes_of_every_speaker_alike():
    def clip(name, speaker, intent):
        part = "commands" if intent else "other"
        return Clip(id=name, source=PcmAudio(samples=np.zeros(1, np.int16)), part=part, speaker=speaker, intent=intent)

    clips = [clip(f"a{i}", "loud", "x") for i in range(50)] + [clip(f"b{i}", "quiet", "x") for i in range(3)]
    clips += [clip(f"c{i}", "loud", None) for i in range(5)]
    chosen = enough(clips, each=10)
    assert sum(one.speaker == "quiet" for one in chosen) == 3
    assert sum(one.intent == "x" for one in chosen) == 10
    assert sum(one.intent is None for one in chosen) == 5
    assert enough(list(reversed(clips)), each=10) == chosen


def test_another_room_is_the_same_for_the_same_clip_and_keeps_its_length():
    sound = PcmAudio(samples=(8000 * np.sin(np.arange(16_000) / 5)).astype(np.int16))
    clip = Clip(id="a", source=sound, part="commands", speaker="p", intent="x")
    first, again = in_a_room(clip).sound(), in_a_room(clip).sound()
    assert np.array_equal(first.samples, again.samples)
    assert len(first.samples) == len(sound.samples)
    assert not np.array_equal(first.samples, sound.samples)
