"""What `earmark bench lexicon` counts; running it whole is for the bench."""

from __future__ import annotations

import pytest

from earmark.bench import letter_rules, lexicon


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("", "", 0), ("K AA", "", 2), ("K AA L", "K AA L", 0), ("K AA L", "K L", 1), ("K AA L", "S AA L OW", 2)],
)
def test_phones_apart(one, other, apart):
    assert lexicon.distance(one.split(), other.split()) == apart
    assert lexicon.distance(other.split(), one.split()) == apart


def test_a_word_is_right_when_one_of_its_pronunciations_is():
    words = {"tomato": [("T", "AH", "M"), ("T", "EY", "M")], "basil": [("B", "AE"), ("B", "EY")]}
    guesses = {"tomato": ["T EY M"], "basil": ["B AH", "B EY"]}
    scores = lexicon._scores(lambda word: guesses[word], words)
    assert (scores["right"], scores["oracle"]) == (0.5, 1.0)
    assert scores["per"] == pytest.approx(1 / 5)


def test_a_word_that_nothing_is_guessed_for_is_all_wrong():
    scores = lexicon._scores(lambda word: [], {"x": [("EH", "K", "S")]})
    assert (scores["per"], scores["right"], scores["oracle"]) == (1.0, 0.0, 0.0)


def test_the_rules_guess_first_what_they_did_before():
    found = letter_rules.spellings("calo")
    assert found[0] == "K AE L OW"
    assert {"K EY L OW", "S AE L OW", "S AA L OW"} <= set(found)
    assert len(found) == len(set(found))
    assert len(letter_rules.spellings("onomatopoeia", most=50)) == 50
    assert letter_rules.spellings("李") == []
