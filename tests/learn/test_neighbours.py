"""Words next to a wake word, phone for phone."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.device import Voice
from earmark.learn.confusables import distances, index_of, pronounced
from earmark.learn.neighbours import neighbours, spoken


def cost(phones: tuple[str, ...], word: str) -> float:
    row = np.array([[index_of(phone) for phone in phones]])
    return float(distances(row, pronounced(word)[0].split())[0])


def test_they_sound_like_the_word_and_are_none() -> None:
    found = neighbours("alexa", 60, seed=0)
    assert len(set(found)) == 60
    assert all(cost(phones, "alexa") >= 0.6 for phones in found)
    assert np.median([cost(phones, "alexa") for phones in found]) < 4
    assert found == neighbours("alexa", 60, seed=0)
    assert found != neighbours("alexa", 60, seed=1)


def test_the_word_said_with_another_vowel_is_the_word() -> None:
    found = neighbours("alexa", 300, seed=2)
    assert ("AE", "L", "EH", "K", "S", "AH") not in found
    assert ("IH", "L", "EH", "K", "S", "AH") not in found


def test_what_is_left_for_judging_is_not_among_them() -> None:
    usual = neighbours("alexa", 300, seed=5)
    ends = [phones for phones in usual if phones[:6] == ("AH", "L", "EH", "K", "S", "AH") and len(phones) == 7]
    assert ends, "without such a word there is nothing to leave out"
    held = ("AH", "L", "EH", "K", "S", "AH", "S")
    left = neighbours("alexa", 300, seed=5, without=("a lexus",))
    assert held not in left
    assert all(cost(phones, "a_lexus") >= 0.6 for phones in left)


@pytest.mark.parametrize("word", ["computer", "smart_mirror"])
def test_any_word_has_some(word: str) -> None:
    assert len(neighbours(word, 40, seed=0)) == 40


def test_espeak_says_them() -> None:
    assert spoken(("AH", "L", "EH", "K", "S", "AH")) == "[[@l'Eks@]]"
    with Voice() as voice:
        said = voice.synthesise(spoken(("AH", "L", "EH", "K", "S", "AH")), phonemes=True)
        letters = voice.synthesise(spoken(("AH", "L", "EH", "K", "S", "AH")))
    assert 0.3 < said.duration < 1.2
    assert letters.duration > 1.2 * said.duration, "without the flag it spells what stands there"
