from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.assistant import Heard, Hypothesis
from earmark.assistant.understanding import Understanding
from earmark.learn.choice import Utterance, Weights, by_usefulness, disagreement, doubt, uniformly, utterance
from earmark.learn.hearing import Reading, Result

ONLY_SOUNDS = Weights(disagreement=0, doubt=0, speakers=0)
ONLY_SPEAKERS = Weights(disagreement=0, doubt=0, sounds=0)


def said(identifier, reading="make me a latte", rival=None, *, speaker="a", confidence=0.9):
    rival = reading if rival is None else rival
    return Utterance(
        id=identifier,
        speaker=speaker,
        reading=tuple(reading.split()),
        rival=tuple(rival.split()),
        confidence=confidence,
    )


many = st.lists(
    st.builds(
        said,
        st.uuids().map(str),
        st.sampled_from(["", "make me a latte", "turn it up", "two mochas please"]),
        st.sampled_from(["", "make me a latte", "tern it up"]),
        speaker=st.sampled_from("abc"),
        confidence=st.floats(0, 1),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@settings(deadline=None)  # the first call reads the dictionary
@given(many, st.randoms(use_true_random=False))
def test_every_utterance_once_in_an_order_that_only_its_content_decides(utterances, random):
    order = by_usefulness(utterances, threshold=0.3)
    assert sorted(order) == sorted(one.id for one in utterances)
    mixed = random.sample(utterances, len(utterances))
    assert by_usefulness(mixed, threshold=0.3) == order
    assert by_usefulness(mixed, threshold=0.3, most=3) == order[:3]
    assert sorted(uniformly(mixed, seed=1)) == sorted(order)
    assert uniformly(mixed, seed=1) == uniformly(utterances, seed=1)


def test_readings_that_disagree_come_first():
    agreed, half, apart = said("1"), said("2", rival="make me a ladder"), said("3", rival="may he bet")
    assert [disagreement(one) for one in (agreed, half, apart)] == [0.0, 0.25, 1.0]
    order = by_usefulness([agreed, half, apart], threshold=0.3, weights=Weights(doubt=0, sounds=0, speakers=0))
    assert order == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("", "", 0.0),
        ("a", "", 1.0),
        ("", "a b", 1.0),
        ("a b c", "a c", 1 / 3),
        ("a b", "b a", 1.0),
        ("a b c d", "x a b c d", 0.2),
    ],
)
def test_words_are_compared_by_edits(one, other, far):
    assert disagreement(said("1", one, other)) == pytest.approx(far)
    assert disagreement(said("1", other, one)) == pytest.approx(far)


def test_near_the_threshold_is_most_in_doubt():
    assert doubt(0.3, threshold=0.3) == 1.0
    assert doubt(1.0, threshold=0.3) == pytest.approx(0.0)
    assert doubt(0.2, threshold=0.3) > doubt(0.9, threshold=0.3) > 0
    sure, unsure = said("1", confidence=0.99), said("2", confidence=0.35)
    assert by_usefulness([sure, unsure], threshold=0.3)[0] == "2"


def test_the_same_sounds_again_are_worth_less():
    again = [said("1"), said("2"), said("3", "switch off kitchen lights")]
    assert "3" in by_usefulness(again, threshold=0.3, weights=ONLY_SOUNDS, most=2)


def test_speakers_take_turns():
    by_a = [said(f"a{number}") for number in range(6)]
    others = [said("b", speaker="b"), said("c", speaker="c")]
    first = by_usefulness([*by_a, *others], threshold=0.3, weights=ONLY_SPEAKERS, most=3)
    assert {name[0] for name in first} == {"a", "b", "c"}


def test_chosen_utterances_hold_more_sounds_and_people_than_uniform_ones():
    rng = np.random.default_rng(4)
    rare = ["switch off the garage", "volume eleven", "jazz by the fire", "thirty three minutes"]
    pool = [said(str(number), speaker="a") for number in range(96)]
    pool += [said(f"rare {number}", text, speaker=f"s{number}") for number, text in enumerate(rare)]
    pool = [pool[index] for index in rng.permutation(len(pool))]
    chosen = by_usefulness(pool, threshold=0.3, most=6)
    assert sum(name.startswith("rare") for name in chosen) == 4
    drawn = [uniformly(pool, seed=seed)[:6] for seed in range(50)]
    assert np.mean([sum(name.startswith("rare") for name in names) for names in drawn]) < 1
    assert len({tuple(names) for names in drawn}) == 50


def test_what_was_heard_becomes_an_utterance():
    rival = Hypothesis(words=(), text="make me a ladder", confidence=0.5, source="ngram")
    grammar = Hypothesis(words=(), text="make me a latte", confidence=0.4, source="grammar", rival=rival)
    heard = Heard(hypothesis=grammar, understanding=Understanding(intent="orderDrink"))
    result = Result(wakes=None, reading=Reading(heard=heard, duration=1.0, seconds=0.1))
    assert utterance("x", "a", result) == said("x", rival="make me a ladder", confidence=0.4)
    with pytest.raises(ValueError):
        utterance("x", "a", Result(wakes=1, reading=None))
