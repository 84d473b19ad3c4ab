"""Taking an answer back, and what was written when a page crashed."""

from __future__ import annotations

import uuid

import pytest

from earmark import review
from earmark.errors import BadRequest, StaleLease, TooLate

SAID, NOT = {"value": "said"}, {"value": "not_said"}


async def rows(stores, statement):
    async with stores.pool.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def answered(floor, who, answer, *, undo=True):
    """Take the next clip, listen, answer; return the clip and its client key."""
    served = await review.next_task(floor, who)
    assert served is not None
    await review.sound(floor, who, served.task_id, served.fence)
    key = uuid.uuid4()
    taken = await review.submit_and_next(floor, who, served.task_id, served.fence, key, answer, undo=undo)
    return served, key, taken


async def test_an_answer_that_was_taken_back_counts_for_nothing_and_can_be_given_again(
    floor, stores, make_task, reviewer
):
    await make_task()
    who, other = reviewer(), reviewer()
    served, key, taken = await answered(floor, who, SAID)
    assert (taken.undo_until - floor.now()).total_seconds() == review.UNDO_SECONDS
    again = await review.undo(floor, who, served.task_id, key)
    assert (again.task_id, again.draft) == (served.task_id, SAID)
    assert again.fence > served.fence
    await review.submit_and_next(floor, who, again.task_id, again.fence, uuid.uuid4(), NOT)
    await answered(floor, other, NOT)
    (label,) = await rows(stores, "SELECT made_by FROM review.labels")
    assert label["made_by"] == "agreement"
    assert len(await rows(stores, "SELECT * FROM review.judgements WHERE undone_at IS NOT NULL")) == 1


async def test_a_label_is_unmade_and_never_came_home_before(floor, stores, make_task, reviewer, clock):
    await make_task()
    await answered(floor, reviewer(), SAID, undo=False)
    who = reviewer()
    served, key, _ = await answered(floor, who, SAID)
    assert len(await rows(stores, "SELECT * FROM review.labels")) == 1
    (task,) = await rows(stores, "SELECT state, rest_until FROM review.tasks")
    assert task["state"] == "done"
    assert task["rest_until"] > clock()
    again = await review.undo(floor, who, served.task_id, key)
    assert await rows(stores, "SELECT * FROM review.labels") == []
    (task,) = await rows(stores, "SELECT state, judgements, needed FROM review.tasks")
    assert (task["state"], task["judgements"], task["needed"]) == ("leased", 1, 2)
    await review.submit_and_next(floor, who, again.task_id, again.fence, uuid.uuid4(), NOT)
    (task,) = await rows(stores, "SELECT state, judgements, needed FROM review.tasks")
    assert (task["state"], task["judgements"], task["needed"]) == ("ready", 2, 3)


async def test_nobody_else_gets_a_clip_whose_answer_can_be_taken_back(floor, make_task, reviewer, clock):
    await make_task()
    who, other = reviewer(), reviewer()
    served, key, _ = await answered(floor, who, SAID)
    assert await review.next_task(floor, other) is None
    clock.turn(seconds=review.UNDO_SECONDS + 1)
    assert (await review.next_task(floor, other)).task_id == served.task_id
    with pytest.raises(TooLate):
        await review.undo(floor, who, served.task_id, key)


@pytest.mark.parametrize("how", ["other person", "other key", "twice", "without undo", "late", "flagged"])
async def test_what_can_not_be_taken_back(floor, stores, make_task, reviewer, clock, how):
    await make_task()
    who = reviewer()
    served, key, _ = await answered(floor, who, SAID, undo=how != "without undo")
    asking, by = who, key
    if how == "other person":
        asking = reviewer()
    if how == "other key":
        by = uuid.uuid4()
    if how == "twice":
        await review.undo(floor, who, served.task_id, key)
    if how == "late":
        clock.turn(seconds=review.UNDO_SECONDS)
    if how == "flagged":
        async with stores.pool.connection() as connection:
            await connection.execute("UPDATE review.tasks SET state = 'held', held_for = 'sibling'")
    with pytest.raises(TooLate):
        await review.undo(floor, asking, served.task_id, by)


async def test_a_tie_that_was_taken_back_is_no_tie(floor, stores, make_task, reviewer):
    await make_task()
    for value in ("said", "not_said"):
        await answered(floor, reviewer(), {"value": value}, undo=False)
    who = reviewer()
    served, key, _ = await answered(floor, who, {"value": "unclear"})
    (task,) = await rows(stores, "SELECT held_for FROM review.tasks")
    assert task["held_for"] == "adjudication"
    again = await review.undo(floor, who, served.task_id, key)
    await review.submit_and_next(floor, who, again.task_id, again.fence, uuid.uuid4(), SAID)
    (label,) = await rows(stores, "SELECT made_by FROM review.labels")
    assert label["made_by"] == "majority"


async def test_a_page_that_crashed_comes_back_with_its_draft_and_the_old_page_is_out(floor, make_task, reviewer):
    await make_task("transcript")
    who = reviewer()
    served = await review.next_task(floor, who)
    await review.keep_draft(floor, who, served.task_id, served.fence, {"text": "half a sen"})
    await review.keep_draft(floor, who, served.task_id, served.fence, {"text": "half a sentence"})
    (again,) = await review.resume(floor, who)
    assert again.task_id == served.task_id
    assert again.draft == {"text": "half a sentence"}
    with pytest.raises(StaleLease):
        await review.keep_draft(floor, who, served.task_id, served.fence, {"text": "from the old page"})
    with pytest.raises(StaleLease):
        await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), {"text": "old"})
    await review.sound(floor, who, again.task_id, again.fence)
    await review.submit_and_next(floor, who, again.task_id, again.fence, uuid.uuid4(), {"text": "whole"})
    assert await review.resume(floor, who) == []


async def test_drafts_lie_sealed_and_go_with_the_answer(floor, stores, make_task, reviewer):
    await make_task("transcript")
    who = reviewer()
    served = await review.next_task(floor, who)
    await review.keep_draft(floor, who, served.task_id, served.fence, {"text": "canary words"})
    (draft,) = await rows(stores, "SELECT sealed FROM review.drafts")
    assert b"canary" not in draft["sealed"]
    await review.sound(floor, who, served.task_id, served.fence)
    await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), {"text": "x"})
    assert await rows(stores, "SELECT * FROM review.drafts") == []


@pytest.mark.parametrize("draft", ["text", None, [1], {"text": "x" * 5000}])
async def test_what_is_no_draft(floor, make_task, reviewer, draft):
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    with pytest.raises(BadRequest):
        await review.keep_draft(floor, who, served.task_id, served.fence, draft)


async def test_nobody_hoards(floor, make_task, reviewer):
    for _ in range(8):
        await make_task()
    who = reviewer()
    held = [await review.next_task(floor, who) for _ in range(6)]
    with pytest.raises(BadRequest, match="6 clips already"):
        await review.next_task(floor, who)
    await review.release(floor, who, held[0].task_id, held[0].fence)
    assert await review.next_task(floor, who) is not None


@pytest.mark.parametrize("swept", [False, True])
async def test_a_draft_outlives_its_lease_until_somebody_else_has_the_clip(floor, make_task, reviewer, clock, swept):
    for _ in range(20):
        await make_task("transcript")
    who, other = reviewer(), reviewer()
    served = await review.next_task(floor, who)
    await review.keep_draft(floor, who, served.task_id, served.fence, {"text": "half a sentence"})
    clock.turn(minutes=10)
    if swept:
        assert await review.expire_leases(floor) == 1
    (again,) = await review.resume(floor, who)
    assert (again.task_id, again.draft) == (served.task_id, {"text": "half a sentence"})
    await review.sound(floor, who, again.task_id, again.fence)
    clock.turn(minutes=10)
    await review.expire_leases(floor)
    while (taken := await review.next_task(floor, other, most=40)) is not None and taken.task_id != served.task_id:
        pass
    assert taken is not None
    assert await review.resume(floor, who) == []
