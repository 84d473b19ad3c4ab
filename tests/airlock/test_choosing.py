"""Only those who allow it, and never above the published rate."""

from __future__ import annotations

import asyncio
from random import Random

import numpy as np
import pytest

from earmark import airlock, consent, vault
from earmark.words import PcmAudio


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
