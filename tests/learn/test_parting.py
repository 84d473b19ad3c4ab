from __future__ import annotations

import pytest

from earmark.learn.parting import Halves, parted


def said(taught, counts):
    lessons = [taught(text="feed the cat", speaker=who) for who, times in counts.items() for _ in range(times)]
    return lessons + [taught(speaker=who) for who, times in counts.items() if not times]


def test_no_speaker_is_in_both_halves_and_both_say_as_much(taught):
    counts = {"a": 25, "b": 14, "c": 13, "d": 9, "e": 7, "f": 1, "g": 1}
    halves = parted(said(taught, counts))
    sizes = [sum(counts[who] for who, half in halves.speakers.items() if half == side) for side in (0, 1)]
    assert halves.apart
    assert sizes == [35, 35]
    assert all(halves.of(who, f"commands/{who}-{at}") == half for who, half in halves.speakers.items() for at in "12")


def test_who_said_nothing_that_is_known_is_parted_too(taught):
    halves = parted(said(taught, dict.fromkeys("abcd", 3) | dict.fromkeys("efghijkl", 0)))
    assert [sum(halves.speakers[who] == side for who in "efghijkl") for side in (0, 1)] == [4, 4]


def test_the_order_of_what_was_said_decides_nothing(taught):
    lessons = said(taught, {"a": 5, "b": 4, "c": 4, "d": 2})
    assert parted(lessons) == parted(lessons[::-1])


@pytest.mark.parametrize("counts", [{}, {"a": 40}, {"a": 9, "b": 9, "c": 9}, {"a": 30, "b": 3, "c": 3, "d": 3}])
def test_where_people_are_few_or_one_says_most_recordings_are_drawn(taught, counts):
    halves = parted(said(taught, counts))
    assert not halves.apart
    assert {halves.of("a", str(at)) for at in range(40)} == {0, 1}


def test_a_drawn_half_is_that_of_the_recording_not_of_the_part_it_is_of():
    assert all(Halves().of("a", f"commands/{at}") == Halves().of("b", str(at)) for at in range(40))
