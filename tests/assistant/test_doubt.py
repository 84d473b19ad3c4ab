from __future__ import annotations

import pytest

from earmark.assistant import NOTHING, Hypothesis, Word
from earmark.assistant.doubt import agreement, doubt


def reading(text, *, source="grammar", confidence=1.0, **more):
    words = tuple(Word(text=word, start=0.0, end=0.0, confidence=1.0) for word in text.split())
    return Hypothesis(words=words, text=text, confidence=confidence, source=source, **more)


def test_two_readings_that_say_the_same_leave_no_doubt():
    both = reading("make me a latte", rival=reading("make me a latte", source="ngram"))
    assert doubt(both, threshold=0.3) == 0.0
    assert agreement(both) == 1.0


def test_readings_that_say_something_else_leave_more_the_less_they_share():
    texts = ("make me a latte", "make me a lot", "what a lot of tea", "no")
    found = [doubt(reading(texts[0], rival=reading(text, source="ngram")), threshold=0.3) for text in texts]
    assert found == sorted(found)
    assert len(set(found)) == 4
    assert found[-1] == doubt(reading(texts[0]), threshold=0.3) == 0.5


def test_what_a_recogniser_found_out_itself_counts_before_the_texts():
    told = reading("make me a latte", evidence={"ngram_agreement": 0.8}, rival=reading("no", source="ngram"))
    assert doubt(told, threshold=0.3) == pytest.approx(0.1)


@pytest.mark.parametrize(("confidence", "expected"), [(0.3, 0.5), (0.65, 0.25), (1.0, 0.0), (0.15, 0.25), (0.0, 0.0)])
def test_near_the_threshold_it_might_have_gone_the_other_way(confidence, expected):
    sure = reading("stop", confidence=confidence, rival=reading("stop", source="ngram"))
    assert doubt(sure, threshold=0.3) == pytest.approx(expected)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_a_threshold_at_either_end_is_one_too(threshold):
    assert 0.0 <= (doubt(reading("stop", confidence=1.0), threshold=threshold) or 0.0) <= 1.0


def test_where_there_is_nothing_to_compare_there_is_no_doubt_to_speak_of():
    assert doubt(NOTHING, threshold=0.3) is None
    assert doubt(reading("hello there", source="ngram"), threshold=0.3) is None
