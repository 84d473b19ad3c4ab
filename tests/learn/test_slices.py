from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from earmark.learn.bootstrap import by_speaker, interval, rates, resampled
from earmark.learn.promotion import judge
from earmark.learn.scoring import Outcome
from earmark.learn.slices import FEWEST, FEWEST_PEOPLE, sliced


def commands(right, *, people=10, each=12, **traits):
    """Outcomes of as many commands of as many people; `right` says by number which were done right."""
    return [
        Outcome(speaker=f"{traits}{index % people}", duration=2.0, right=bool(right(index)), traits=traits)
        for index in range(people * each)
    ]


def always(_):
    return True


def most(index):
    return index % 4 != 0


def half(index):
    return index % 2 != 0


def test_what_helps_most_and_hurts_one_voice_cluster_is_refused():
    before = commands(half, voices="A", people=30) + commands(always, voices="B")
    after = commands(always, voices="A", people=30) + commands(most, voices="B")
    verdict = judge(before, after)
    assert not any(number.worse for number in verdict.numbers)
    assert not verdict.promote
    assert "It is worse for some of them: voice cluster B: commands that were not done right" in verdict.why
    found = {one.slice: one for one in verdict.slices}
    assert found["A"].compared.high < 0
    assert found["B"].compared.low > 0
    told = found["B"].to_json()
    assert (told["kind"], told["number"], told["n"], told["people"]) == ("voices", "not_accepted", 120, 10)
    assert (told["before"], told["after"]) == (0.0, 0.25)


def test_without_that_cluster_it_would_have_passed():
    before, after = commands(half, voices="A", people=30), commands(always, voices="A", people=30)
    assert judge(before, after).promote


@pytest.mark.parametrize(("people", "each"), [(FEWEST_PEOPLE - 1, 20), (FEWEST_PEOPLE, FEWEST // FEWEST_PEOPLE)])
def test_a_slice_of_few_people_or_clips_decides_nothing(people, each):
    size = {"people": people, "each": each}
    assert sliced(commands(always, noise="loud", **size), commands(half, noise="loud", **size)) == ()


def test_a_device_has_one_owner_and_is_a_slice_all_the_same():
    size = {"people": 1, "each": FEWEST}
    (one,) = sliced(commands(always, device="d", **size), commands(half, device="d", **size))
    assert (one.compared.people, one.worse) == (1, True)


def test_looking_at_many_slices_does_not_refuse_what_changed_nothing():
    """Forty slices whose people are right or wrong by chance, before and after alike."""
    rng = np.random.default_rng(4)
    before, after = [], []
    for number in range(40):
        people, each = 8, 5
        chance = rng.random((2, people * each)) < 0.8
        for found, row in ((before, chance[0]), (after, chance[1])):
            found += commands(lambda index, row=row: row[index], people=people, each=each, voices=f"{number:03}")
    slices = sliced(before, after)
    assert len(slices) == 40
    assert not any(one.worse for one in slices)
    # Each by itself at 95 % would have refused it: the test could fail.
    alone = [
        sliced(
            [one for one in before if one.traits == {"voices": f"{number:03}"}],
            [one for one in after if one.traits == {"voices": f"{number:03}"}],
        )[0]
        for number in range(40)
    ]
    assert any(one.worse for one in alone)


def test_an_interval_counts_people_and_not_clips():
    many = commands(lambda index: index % 10 != 0, people=100, each=1)
    few = [replace(one, speaker=str(number % 2)) for number, one in enumerate(commands(lambda i: i % 2, each=10))]
    value, low, high = rates(many)["not_accepted"]
    assert value == pytest.approx(0.1)
    assert 0.03 < low < 0.08 < 0.12 < high < 0.18
    value, low, high = rates(few)["not_accepted"]
    assert value == pytest.approx(0.5)
    assert (low, high) == (0.0, 1.0)  # one of the two is always right, the other never


def test_resampling_in_bulk_is_resampling_one_by_one():
    rng = np.random.default_rng(5)
    speakers = [rng.random((size, 2)) for size in (1, 1, 1, 4, 9, 2)]
    bulk = resampled(speakers, rounds=4000, rng=rng)
    plain = []
    for _ in range(4000):
        chosen = [speakers[index] for index in rng.integers(len(speakers), size=len(speakers))]
        plain.append(sum(clips[rng.integers(len(clips), size=len(clips))].sum(axis=0) for clips in chosen))
    plain = np.array(plain)
    assert bulk.shape == (4000, 2)
    assert bulk.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.03)
    assert bulk.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.06)
    assert interval(bulk[:, 0]) == pytest.approx(interval(plain[:, 0]), rel=0.08)


def test_clips_of_one_speaker_come_together_and_hearings_of_one_clip_are_added_up():
    said = [("a", "", (1.0, 1.0)), ("b", "", (0.0, 1.0)), ("a", "", (2.0, 1.0))]
    said += [("c", "one", (1.0, 1.0)), ("c", "two", (0.0, 1.0)), ("c", "one", (1.0, 1.0))]
    grouped = by_speaker((Outcome(speaker=who, clip=clip, duration=1.0), columns) for who, clip, columns in said)
    assert [clips.tolist() for clips in grouped] == [
        [[1.0, 1.0], [2.0, 1.0]],
        [[0.0, 1.0]],
        [[2.0, 2.0], [0.0, 1.0]],
    ]


def test_a_clip_that_is_heard_four_times_is_no_surer_than_once():
    rng = np.random.default_rng(3)
    right = [bool(one) for one in rng.random(60) < 0.8]
    once = [Outcome(speaker=f"s{at % 6}", clip=f"c{at}", duration=1.0, right=one) for at, one in enumerate(right)]
    assert rates(once * 4) == rates(once)
    nameless = [replace(one, clip="") for one in once]
    assert rates(nameless) == rates(once)
    _, low, high = rates(nameless * 4)["not_accepted"]
    _, lower, higher = rates(once * 4)["not_accepted"]
    assert high - low < higher - lower, "were they other clips, they would say more"
