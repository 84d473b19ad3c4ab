from __future__ import annotations

import numpy as np
import pytest

from earmark.device import Voice
from earmark.learn.adapting import FEWEST, SPOKEN, means_file, spoken
from earmark.learn.lessons import known_words, spoken_part
from earmark.vault import Content, Wake

ACCEPTED = Content(text="make me a latte", accepted=True)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"text": "a large latte"}, "a large latte"),
        ({"text": "call [name] now"}, None),
        ({"understood": True, "heard": ACCEPTED}, "make me a latte"),
        ({"understood": False, "heard": ACCEPTED, "intent": "orderDrink"}, None),
        ({"understood": True, "heard": Content(text="make me a latte")}, None),
        ({"called": False, "text": "a letter"}, None),
        ({}, None),
    ],
)
def test_words_are_known_when_people_wrote_them_or_found_them_right(taught, known, words):
    assert known_words(taught(**known)) == words


def test_the_wake_word_is_not_part_of_what_was_said(taught):
    one = taught(wake=Wake(word="alexa", score=0.9, start=0.0, end=0.3), text="what time is it")
    assert spoken_part(one).duration == pytest.approx(0.25, abs=0.01)


def test_utterances_become_means_and_a_few_do_not(taught, quiet):
    told = []
    with Voice() as voice:
        said = voice.synthesise("what time is it", voice="en-us+f2", speed=140).samples
    sound = np.concatenate([quiet, quiet, said, quiet, quiet])
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


def test_where_utterances_are_aligned_changes_nothing(taught, quiet):
    texts = ("lights on", "stop", "louder")
    with Voice() as voice:
        said = [voice.synthesise(text, voice="en-us+m3", speed=180).samples for text in texts]
    lessons = [
        taught(np.concatenate([quiet, said[number % 3], quiet]), number=number, text=texts[number % 3])
        for number in range(24)
    ]
    alone = spoken(lessons, progress=lambda *_: None, workers=1)
    together = spoken(lessons, progress=lambda *_: None, workers=2)
    assert len(alone) == 24
    assert SPOKEN.write(alone) == SPOKEN.write(together)
