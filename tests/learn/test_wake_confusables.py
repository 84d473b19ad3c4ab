from __future__ import annotations

import numpy as np
import pytest

from earmark.device import WORDS
from earmark.learn import confusables as module
from earmark.learn.confusables import PRONOUNCED, confusables, distances


def phones(text: str) -> np.ndarray:
    return np.array([[module._INDEX[phone] for phone in text.split()]])


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        ("AH L EH K S AH", 0.0),
        ("AH L IH K S AH", 0.5),  # a vowel for a vowel
        ("AH L EH T S AH", 0.6),  # a stop for a stop
        ("AH L EH M S AH", 1.2),  # a nasal for a stop
        ("L EH K S AH", 1.0),
        ("AH L EH K S AH S", 1.0),
    ],
)
def test_distance(said: str, cost: float) -> None:
    assert distances(phones(said), ["AH", "L", "EH", "K", "S", "AH"]) == pytest.approx([cost])


def test_every_wake_word_has_a_pronunciation() -> None:
    assert set(PRONOUNCED) == set(WORDS)


def test_phrases_that_people_confuse_with_alexa() -> None:
    phrases = confusables("alexa", 160)
    assert len(phrases) == len(set(phrases)) == 160
    assert {"a lexus", "alexis", "elixir", "a lecture"} <= set(phrases)
    assert not any("alexa" in phrase.replace(" ", "") for phrase in phrases)


def test_nearest_first_and_always_the_same() -> None:
    few = confusables("hey_jarvis", 20)
    assert few == confusables("hey_jarvis", 40)[:20]
    confusables.cache_clear()
    assert confusables("hey_jarvis", 20) == few
