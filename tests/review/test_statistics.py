"""The numbers against published examples."""

from __future__ import annotations

import random

import pytest

from earmark.review.statistics import alpha, median, newcombe, robust_z, wilson, word_errors


def units(*raters: str) -> list[list[str]]:
    """Turn lines of one rater each ('.' is no answer) into one list a clip."""
    return [
        [value for value in column if value != "."] for column in zip(*(line.split() for line in raters), strict=True)
    ]


@pytest.mark.parametrize(
    ("raters", "expected"),
    [
        # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: examples A, B and C (nominal).
        (("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"), 0.095),
        (("a a b b d c c c e d d a", "b a b b b c c c e d d d"), 0.692),
        (
            (
                "1 2 3 3 2 1 4 1 2 . . .",
                "1 2 3 3 2 2 4 1 2 5 . 3",
                ". 3 3 3 2 3 4 2 2 5 1 .",
                "1 2 3 3 2 4 4 1 2 5 1 .",
            ),
            0.743,
        ),
    ],
)
def test_alpha_is_what_krippendorff_published(raters, expected):
    assert alpha(units(*raters)) == pytest.approx(expected, abs=0.0005)


def test_alpha_knows_when_it_is_undefined():
    assert alpha([]) is None
    assert alpha([["said"], ["not_said"]]) is None
    assert alpha([["said", "said"], ["said", "said"]]) is None
    assert alpha([["said", "said"], ["not_said", "not_said"]]) == 1


def test_alpha_of_chance_is_near_zero():
    rng = random.Random(5)
    found = alpha([[rng.choice("abc"), rng.choice("abc")] for _ in range(4000)])
    assert found is not None
    assert abs(found) < 0.05


@pytest.mark.parametrize(
    ("right", "asked", "low", "high"),
    # Newcombe 1998, Statist. Med. 17:857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_its_published_interval(right, asked, low, high):
    found = wilson(right, asked)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=0.00006), pytest.approx(high, abs=0.00006))


def test_few_answers_are_said_to_be_few():
    assert wilson(0, 0) is None
    one = wilson(1, 1)
    assert one is not None
    assert one.low < 0.21
    assert one.high == 1.0


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe 1998, Statist. Med. 17:873-890, table II, method 10.
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_a_difference_has_its_published_interval(first, second, low, high):
    found = newcombe(wilson(*first), wilson(*second))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=0.0001), pytest.approx(high, abs=0.0001))
    assert found.sure


def test_no_difference_from_nothing():
    assert newcombe(wilson(5, 10), wilson(0, 0)) is None


def test_word_errors_favour_neither_side():
    assert word_errors([["play some jazz", "play jazz"]]) == pytest.approx(2 / 5)
    assert word_errors([["play jazz", "play some jazz"]]) == pytest.approx(2 / 5)
    assert word_errors([["", "hello there"]]) == 2
    assert word_errors([["", ""]]) is None
    assert word_errors([["alone"]]) is None
    assert word_errors([["a b", "a b", "a c"]]) == pytest.approx(2 / 6)


def test_a_trifle_is_not_strange_where_all_do_the_same():
    assert median([]) is None
    assert median([3, 1, 2, 4]) == 2.5
    assert robust_z(1.0, [], least_spread=1) is None
    assert robust_z(1.1, [1.0] * 20, least_spread=0.2) == pytest.approx(0.337, abs=0.001)
    strange = robust_z(30.0, [1.0, 2.0, 1.0, 3.0, 2.0, 40.0], least_spread=0.2)
    assert strange is not None
    assert strange > 6
