from __future__ import annotations

import uuid
from datetime import UTC, datetime

import numpy as np
import pytest

from earmark.device import Voice
from earmark.learn.adapting import FEWEST, half_of, means_file, spoken
from earmark.learn.datasets import Lesson
from earmark.learn.lessons import Taught, known_words, spoken_part
from earmark.vault import Content, Interaction, Wake
from earmark.words import SAMPLE_RATE, InteractionId, PcmAudio, PersonId

QUIET = np.random.default_rng(0).normal(0, 25, SAMPLE_RATE).astype(np.int16)


def taught(sound=None, *, heard=None, wake=None, **lesson):
    identifier = InteractionId(uuid.uuid4())
    interaction = Interaction(
        id=identifier,
        device_id=None,
        started_at=datetime(2026, 5, 4, tzinfo=UTC),
        kind="command",
        duration=1.0,
        bundle="builtin",
        expires_at=datetime(2026, 6, 4, tzinfo=UTC),
        wake=wake,
        content=heard or Content(),
        person_id=PersonId(uuid.uuid4()),
    )
    known = {"interaction_id": identifier, "side": "train", "speaker": "a", "labels": 1} | lesson
    return Taught(
        lesson=Lesson(**known), interaction=interaction, audio=PcmAudio(samples=QUIET if sound is None else sound)
    )


ACCEPTED = Content(text="make me a latte", accepted=True)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (taught(text="a large latte"), "a large latte"),
        (taught(text="call [name] now"), None),
        (taught(understood=True, heard=ACCEPTED), "make me a latte"),
        (taught(understood=False, heard=ACCEPTED, intent="orderDrink"), None),
        (taught(understood=True, heard=Content(text="make me a latte")), None),
        (taught(called=False, text="a letter"), None),
        (taught(), None),
    ],
)
def test_words_are_known_when_people_wrote_them_or_found_them_right(one, words):
    assert known_words(one) == words


def test_the_wake_word_is_not_part_of_what_was_said():
    one = taught(wake=Wake(word="alexa", score=0.9, start=0.1, end=0.6), text="what time is it")
    assert spoken_part(one).duration == pytest.approx(0.45, abs=0.01)


def test_halves_are_drawn_by_the_recording_not_by_the_part_it_is_of():
    names = [str(uuid.uuid4()) for _ in range(40)]
    assert {half_of(name) for name in names} == {0, 1}
    assert all(half_of(f"commands/{name}") == half_of(name) for name in names)


def test_utterances_become_means_and_a_few_do_not():
    told = []
    with Voice() as voice:
        said = voice.synthesise("what time is it", voice="en-us+f2", speed=140).samples
    sound = np.concatenate([QUIET, said, QUIET])
    lessons = [taught(sound, text="what time is it"), taught(sound, text="7"), taught(sound, text=None)]
    (one,) = spoken(lessons, progress=lambda *line: told.append(line))
    assert len(one.stretches) == 3, "as it is, and twice louder"
    lengths = {len(each.phone) for each in one.stretches}
    assert len(lengths) == 1
    assert not np.array_equal(one.stretches[0].frames, one.stretches[2].frames)
    assert told[-1][1:] == (2, 2)
    assert means_file([one] * (FEWEST - 1)) == {}
    files = means_file([one] * FEWEST)
    assert files.keys() == {"asr/means"}
    assert files == means_file([one] * FEWEST)
