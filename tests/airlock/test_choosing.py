"""Only those who allow it, and never above the published rate."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from datetime import date
from random import Random

import numpy as np
import pytest

from earmark import airlock, consent, vault
from earmark.airlock import choosing as airlock_choosing
from earmark.words import InteractionId, PcmAudio


async def test_nobody_is_chosen_who_did_not_allow_it(say, sample, all_tasks):
    await say()
    assert await sample() == airlock.Sampled(eligible=0, chosen=0, tasks=0)
    assert await all_tasks() == []


async def test_only_the_willing_are_chosen(stores, say, sample, all_tasks, household):
    mine, others = await say(), await say(person_id=household.ben)
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    sampled = await sample()
    assert (sampled.eligible, sampled.chosen) == (1, 1)
    assert {task["interaction_id"] for task in await all_tasks()} == {mine} != {others}


async def test_a_devices_own_no_beats_the_general_yes(stores, say, sample, willing, household):
    await consent.set_grant(stores, household.ada, "review", False, how="settings", device_id=household.kitchen)
    await say()
    assert (await sample()).eligible == 0


async def test_a_withdrawal_before_the_draw_counts(stores, role_stores, say, willing, household):
    tenth = await role_stores("earmark_worker", review_rate=0.1)
    for _ in range(9):
        await say()
    assert await airlock.run(tenth, Random(1)) == airlock.Sampled(eligible=9, chosen=0, tasks=0)
    await consent.set_grant(stores, household.ada, "review", False, how="settings")
    await say(person_id=household.ben)
    await airlock.run(tenth, Random(1))
    chosen = await airlock.choice_of(stores, [i.id for i in (await vault.history(stores, household.ada)).interactions])
    assert chosen == {}


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 0.5, 1.0])
async def test_never_above_the_rate_on_any_day_and_never_a_whole_one_below(
    stores, role_stores, household, willing, clock, rate
):
    worker = await role_stores("earmark_worker", review_rate=rate)
    random = Random(7)
    offered = chosen = 0
    for _ in range(6):
        for _ in range(random.randrange(6)):
            await vault.record(
                stores,
                vault.NewInteraction(
                    person_id=household.ada,
                    started_at=clock(),
                    kind="command",
                    audio=PcmAudio(samples=np.full(1600, 99, np.int16)),
                ),
            )
            offered += 1
        chosen += (await airlock.run(worker, random)).chosen
        assert chosen <= rate * offered
        assert chosen > rate * offered - 1
        clock.turn(days=1)
    days = await airlock.days(stores)
    assert (sum(day.eligible for day in days), sum(day.chosen for day in days)) == (offered, chosen)


async def test_two_runs_at_once_count_once(everything, say, willing):
    for _ in range(5):
        await say()
    both = await asyncio.gather(airlock.run(everything, Random(1)), airlock.run(everything, Random(2)))
    assert sum(one.eligible for one in both) == 5
    assert sum(one.chosen for one in both) == 5
    assert sum(one.tasks for one in both) == 15


async def test_running_again_chooses_nothing_twice(say, sample, willing, all_tasks):
    await say()
    await sample()
    again = await sample()
    assert (again.eligible, again.chosen, again.tasks) == (0, 0, 0)
    assert len(await all_tasks()) == 3


async def test_what_was_drawn_over_is_not_drawn_over_again(stores, role_stores, say, willing):
    half = await role_stores("earmark_worker", review_rate=0.5)
    for _ in range(4):
        await say()
    assert (await airlock.run(half, Random(3))).chosen == 2
    assert (await airlock.run(half, Random(3))).chosen == 0
    for _ in range(2):
        await say()
    assert (await airlock.run(half, Random(3))).chosen == 1


async def test_a_choice_says_rule_rate_and_day(stores, role_stores, say, willing, clock):
    half = await role_stores("earmark_worker", review_rate=0.5)
    ids = [await say(), await say()]
    await airlock.run(half, Random(1))
    chosen = await airlock.choice_of(stores, ids)
    assert list(chosen.values()) == [airlock.Choice(rule="random", rate=0.5, day=clock().date())]


async def test_the_same_generator_draws_the_same(stores, role_stores, say, willing):
    third = await role_stores("earmark_worker", review_rate=0.34)
    ids = sorted([await say() for _ in range(6)])
    await airlock.run(third, Random(11))
    assert set(await airlock.choice_of(stores, ids)) == set(Random(11).sample(ids, 2))


async def test_a_changed_rate_counts_from_then_on(role_stores, say, willing):
    low = await role_stores("earmark_worker", review_rate=0.01)
    high = await role_stores("earmark_worker", review_rate=1.0)
    for _ in range(5):
        await say()
    assert (await airlock.run(low, Random(1))).chosen == 0
    assert (await airlock.run(high, Random(1))).chosen == 0
    for _ in range(3):
        await say()
    assert (await airlock.run(high, Random(1))).chosen == 3
    [day] = await airlock.days(high)
    assert (day.eligible, day.chosen, day.rate) == (8, 3, 1.0)
    assert day.allowed == pytest.approx(3.05)


def ids(number, *, start=0):
    return [InteractionId(uuid.UUID(int=start + at)) for at in range(number)]


def pool_of(doubts):
    return dict(zip(ids(len(doubts)), doubts, strict=True))


@pytest.mark.parametrize("number", [0, 1, 2, 7, 40, 100])
@pytest.mark.parametrize("doubts", [[None] * 100, [0.9] * 5 + [None] * 95, [at / 100 for at in range(100)]])
def test_a_draw_is_as_large_as_it_is_allowed_whatever_is_unsure(number, doubts):
    picked = airlock_choosing.pick(pool_of(doubts), number, Random(number))
    assert len(picked) == number
    rules = Counter(picked.values())
    assert rules["random"] == number if doubts[0] is None else rules["random"] >= number // 2
    assert number - rules["random"] <= 20
    assert all(pool_of(doubts)[one] is not None for one, rule in picked.items() if rule == "unsure")


def test_the_least_sure_fifth_comes_three_times_as_often():
    """Half of the draws go to a fifth of the pool, a fifth of the other half too: 0.6 instead of 0.2."""
    pool, rng = pool_of([(at * 37 % 500) / 500 for at in range(500)]), Random(11)
    found = [pool[one] >= 0.8 for _ in range(2000) for one in airlock_choosing.pick(pool, 1, rng)]
    assert np.mean(found) == pytest.approx(0.6, abs=0.04)


def test_of_equal_doubts_each_has_the_same_chance():
    pool, rng = pool_of([0.5] * 10), Random(5)
    drawn = Counter(one for _ in range(4000) for one in airlock_choosing.pick(pool, 1, rng))
    assert np.array(sorted(drawn.values())) / 4000 == pytest.approx(np.full(10, 0.1), abs=0.02)


def test_the_even_half_stands_for_everything():
    """Whatever the other half takes, each recording's chance to be in the even half is the same."""
    pool, rng = pool_of([at / 40 for at in range(40)]), Random(3)
    drawn = Counter[InteractionId]()
    rounds = 4000
    for _ in range(rounds):
        rules = airlock_choosing.pick(pool, 10, rng)
        drawn.update(one for one, rule in rules.items() if rule == "random")
    shares = np.array([drawn[one] for one in pool]) / rounds
    assert shares == pytest.approx(np.full(40, 5 / 40), abs=5 * np.sqrt(0.125 * 0.875 / rounds))
    assert np.mean(shares[-8:]) == pytest.approx(0.125, abs=0.01)


def test_when_the_doubtful_run_out_the_draw_is_even():
    for seed in range(20):
        rules = Counter(airlock_choosing.pick(pool_of([0.9] + [None] * 19), 10, Random(seed)).values())
        assert (rules["random"], rules["unsure"] + rules["rest"]) == (9, 1)


async def test_doubtful_ones_are_preferred_within_the_rate(stores, role_stores, say, willing):
    """A stream of 100 of which a fifth is doubtful, at a rate of 20 %: 20 are chosen, no more, and of those ten by
    doubt; the days' counts are as without."""
    fifth = await role_stores("earmark_worker", review_rate=0.2)
    doubts = [0.9, 0.1, None, 0.49, 0.3]
    made = {await say(doubt=doubts[at % 5]): doubts[at % 5] for at in range(100)}
    sampled = await airlock.run(fifth, Random(5))
    assert (sampled.eligible, sampled.chosen) == (100, 20)
    (day,) = await airlock.days(stores)
    assert (day.eligible, day.chosen, day.allowed) == (100, 20, pytest.approx(20))
    chosen = await airlock.choice_of(stores, list(made))
    assert Counter(choice.rule for choice in chosen.values()) == {"random": 10, "unsure": 10}
    assert {made[one] for one, choice in chosen.items() if choice.rule == "unsure"} == {0.9}
    assert await airlock.run(fifth, Random(6)) == airlock.Sampled(eligible=0, chosen=0, tasks=0)


async def test_nothing_tells_a_reviewer_by_which_half_a_clip_came(everything, stores, say, willing, all_tasks):
    for at in range(12):
        await say(doubt=(0.9, 0.0)[at % 2])
    await airlock.run(everything, Random(4))
    tasks = await all_tasks()
    chosen = await airlock.choice_of(stores, list({task["interaction_id"] for task in tasks}))
    assert {choice.rule for choice in chosen.values()} > {"random"}
    by_rule: dict[str, set[tuple[object, ...]]] = {}
    for task in tasks:
        plain = {name for name, value in task.items() if isinstance(value, str | int | date)} - {
            "object",
            "key_slot",
            "fence",
        }
        seen = tuple((name, task[name]) for name in sorted(plain) if name != "shuf")
        by_rule.setdefault(chosen[task["interaction_id"]].rule, set()).add(seen)
    assert len({frozenset(seen) for seen in by_rule.values()}) == 1
    assert not any("unsure" in str(value) or "doubt" in str(value) for task in tasks for value in task.values())
