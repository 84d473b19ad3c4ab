"""Attempts to break the floor: gold that tells itself, answers that get lost, clips that pile up or stay."""

# pyright: reportOptionalMemberAccess=false
from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest

from earmark import review
from earmark.errors import StaleLease, TooLate
from earmark.review import Lanes, lanes_for, own_quality
from earmark.review.gold import tend_gold
from earmark.review.sites import put_site

SAID, NOT = {"value": "said"}, {"value": "not_said"}


async def rows(stores, statement, values=()):
    async with stores.pool.connection() as connection:
        return await (await connection.execute(statement, values)).fetchall()


async def run(stores, statement, values=()):
    async with stores.pool.connection() as connection:
        await connection.execute(statement, values)


async def say(floor, who, served, answer, *, key=None, **more):
    await review.sound(floor, who, served.task_id, served.fence)
    return await review.submit_and_next(floor, who, served.task_id, served.fence, key or uuid.uuid4(), answer, **more)


@pytest.fixture
async def lead(reviewer):
    return reviewer(role="lead")


@pytest.fixture
async def gold(floor, make_task, reviewer, lead):
    """A clip that three people could not agree on and a lead settled as `said`."""
    await make_task()
    for value in ("said", "not_said", "unclear"):
        who = reviewer()
        await say(floor, who, await review.next_task(floor, who), {"value": value})
    served = await review.next_adjudication(floor, lead)
    await review.sound(floor, lead, served.task_id, served.fence)
    await review.adjudicate(floor, lead, served.task_id, served.fence, SAID)
    return served.task_id


async def all_gold(floor, who) -> Lanes:
    return replace(await lanes_for(floor, who), gold_share=1.0)


# ------------------------------------------------------------------------------------------ gold that tells itself


async def test_a_fence_does_not_count_how_often_a_clip_was_handed_out(floor, make_task, reviewer):
    who = reviewer()
    fences = []
    for _ in range(6):
        await make_task()
        fences.append((await review.next_task(floor, who)).fence)
    assert len(set(fences)) == 6, "a clip nobody had before has fence 1, and gold a fence of 5 or more"
    assert max(fences) < 2**53, "a page's numbers are exact below it"


async def test_gold_of_an_older_version_is_not_served_beside_clips_of_the_newest(
    floor, stores, make_task, reviewer, gold, lead
):
    spec = json.loads(json.dumps((await review.current(floor))["wake"].to_json()))
    await review.publish(floor, lead, spec | {"title": "Did somebody call “{word}”?"})
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    assert (served.spec.version, served.task_id == gold) == (2, False)


async def test_ones_own_numbers_do_not_tell_whether_the_last_clip_was_gold(floor, reviewer, gold, clock):
    who = reviewer()
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    await say(floor, who, served, NOT, undo=True)
    assert (await own_quality(floor, who)).accuracy is None, "look, take it back, answer better"
    clock.turn(days=1)
    assert (await own_quality(floor, who)).accuracy.asked == 1


async def test_a_lead_is_not_measured_by_what_they_decided(floor, gold, lead):
    assert await review.next_task(floor, lead, lanes=await all_gold(floor, lead)) is None


# --------------------------------------------------------------------------------------------- taking answers back


async def test_gold_does_not_end_while_an_answer_to_it_can_be_taken_back(floor, stores, reviewer, gold, clock):
    who, key = reviewer(), uuid.uuid4()
    clock.turn(days=30)
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    await say(floor, who, served, NOT, key=key, undo=True)
    clock.turn(seconds=5)
    await run(stores, "UPDATE review.labels SET agreed_on = agreed_on - 40")
    await tend_gold(stores)
    again = await review.undo(floor, who, served.task_id, key)
    await say(floor, who, again, SAID)  # a label that is there already can't be made once more
    (task,) = await rows(stores, "SELECT state, held_for FROM review.tasks")
    assert (task["state"], task["held_for"]) == ("held", "gold")


async def test_the_key_of_an_answer_that_was_taken_back_is_not_a_key_that_was_kept(floor, stores, make_task, reviewer):
    await make_task()
    who, key = reviewer(), uuid.uuid4()
    served = await review.next_task(floor, who)
    await say(floor, who, served, SAID, key=key, undo=True)
    again = await review.undo(floor, who, served.task_id, key)
    with pytest.raises(StaleLease):  # never "kept already" for an answer that is not
        await review.submit_and_next(floor, who, again.task_id, again.fence, key, NOT)


async def test_taking_back_again_and_again_piles_up_no_clips(floor, make_task, reviewer):
    for _ in range(14):
        await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    for _ in range(12):
        key = uuid.uuid4()
        await say(floor, who, served, SAID, key=key, undo=True)
        served = await review.undo(floor, who, served.task_id, key)
    assert len(await review.resume(floor, who)) <= 7


async def test_who_was_locked_out_takes_nothing_back(floor, stores, make_task, reviewer):
    await make_task()
    who, key = reviewer(), uuid.uuid4()
    served = await review.next_task(floor, who)
    await say(floor, who, served, SAID, key=key, undo=True)
    await review.seats.lock_out(floor, None, who.id, "looked at too much")
    with pytest.raises(TooLate):
        await review.undo(floor, who, served.task_id, key)


# -------------------------------------------------------------------------------------------------------- training


@pytest.fixture
async def learner(floor, reviewer, make_task):
    await put_site(
        floor, None, {"name": "Boston", "region": "home", "serves": ["home"], "languages": ["en"], "pass_mark": 0.5}
    )
    for _ in range(13):
        await make_task(region="training", known=SAID)
    return reviewer()


async def test_training_clips_fetched_ahead_are_no_gold_once_the_round_is_over(floor, stores, learner, make_task):
    held = [await review.next_task(floor, learner) for _ in range(3)]
    assert all(each.training for each in held)
    for _ in range(10):
        taken = await say(floor, learner, held.pop(0), SAID)
        held.append(taken.next)
    assert taken.taught.passed is True
    for each in [each for each in held if each is not None and each.training]:
        await say(floor, learner, each, NOT)
    assert await rows(stores, "SELECT * FROM review.judgements WHERE correct IS NOT NULL AND round = 0") == []


async def test_a_training_clip_that_was_flagged_and_released_is_there_to_learn_on(floor, stores, learner):
    served = await review.next_task(floor, learner)
    await review.flag(floor, learner, served.task_id, served.fence, "other")
    async with stores.pool.connection() as connection:
        await review.give_back(connection, served.task_id)
    (task,) = await rows(stores, "SELECT state, held_for FROM review.tasks WHERE id = %s", (served.task_id,))
    assert (task["state"], task["held_for"]) == ("held", "training")
