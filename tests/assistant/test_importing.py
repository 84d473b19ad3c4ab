"""What an imported recording is kept as: the list's words count, and only recognised words have times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from earmark.assistant.engine import Heard
from earmark.assistant.importing import _content
from earmark.assistant.recogniser import Hypothesis, Word
from earmark.assistant.understanding import Understanding
from earmark.manifest import Entry

ENTRY = Entry(line=1, path=Path("a.wav"), name="a.wav")


def heard(text: str) -> Heard:
    words = tuple(Word(text=word, start=i / 2, end=i / 2 + 0.4, confidence=0.5) for i, word in enumerate(text.split()))
    return Heard(
        hypothesis=Hypothesis(text=text, words=words, source="ngram", confidence=0.2),
        understanding=Understanding(intent=None),
    )


def test_the_lists_words_stand_beside_what_was_recognised():
    kind, content = _content(replace(ENTRY, text="make me a latte"), heard("take me a later"))
    assert (content.text, content.corrected, content.said) == ("take me a later", "make me a latte", "make me a latte")
    assert len(content.words) == 4
    assert (kind, content.source) == ("refused", "import")


def test_where_both_say_the_same_there_is_nothing_to_correct():
    _, content = _content(replace(ENTRY, text="make me a latte", intent="orderDrink"), heard("make me a latte"))
    assert (content.text, content.corrected, len(content.words)) == ("make me a latte", None, 4)


def test_without_a_recogniser_the_lists_words_are_all_there_is():
    kind, content = _content(replace(ENTRY, text="make me a latte", intent="orderDrink"), None)
    assert (kind, content.text, content.corrected, content.words) == ("command", "make me a latte", None, ())
    _, content = _content(replace(ENTRY, text="make me a latte"), heard(""))
    assert (content.text, content.corrected) == ("make me a latte", None)
