"""Sound only under a live lease, and never without a line written first."""

from __future__ import annotations

import uuid

import pytest
from psycopg.errors import InsufficientPrivilege

from earmark import review
from earmark.errors import Forbidden, NotFound, StaleLease


async def heard(stores):
    async with stores.pool.connection() as connection:
        return await (await connection.execute("SELECT * FROM review.hearings ORDER BY id")).fetchall()


async def test_a_hearing_is_written_before_a_byte_leaves(floor, stores, make_task, reviewer, monkeypatch):
    task_id = await make_task(wav=b"sound")
    who = reviewer()
    served = await review.next_task(floor, who)

    def broken(name):
        raise OSError

    monkeypatch.setattr(type(floor.objects), "get", lambda self, name: broken(name))
    with pytest.raises(OSError):
        await review.sound(floor, who, task_id, served.fence)
    rows = await heard(stores)
    assert [(row["role"], row["site"], row["task_id"]) for row in rows] == [("reviewer", "Boston", task_id)]


async def test_each_address_is_good_once_for_one_sign_in_and_each_use_is_a_hearing(floor, stores, make_task, reviewer):
    task_id = await make_task(wav=b"sound")
    who = reviewer()
    served = await review.next_task(floor, who)
    first = review.address(floor, task_id, served.fence, 0, sign_in="mine")
    for stranger, sign_in in ((who, "another"), (reviewer(), "mine")):
        with pytest.raises(StaleLease):
            await review.sound_at(floor, stranger, first, sign_in=sign_in)
    assert await review.sound_at(floor, who, first, sign_in="mine") == b"sound"
    with pytest.raises(StaleLease):
        await review.sound_at(floor, who, first, sign_in="mine")
    second = await review.next_address(floor, who, task_id, served.fence, sign_in="mine")
    assert second != first
    assert await review.sound_at(floor, who, second, sign_in="mine") == b"sound"
    assert [row["serial"] for row in await heard(stores)] == [0, 1]


@pytest.mark.parametrize("where", ["", "x", "AAAA", "!" * 40, "é", "A" * 56, "A" * 400])
async def test_what_is_no_address_is_not_found(floor, reviewer, where):
    with pytest.raises((NotFound, StaleLease)):
        await review.sound_at(floor, reviewer(), where, sign_in="mine")


async def test_refused_addresses_are_counted_and_late_ones_apart(floor, stores, make_task, reviewer):
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    where = review.address(floor, served.task_id, served.fence, 0, sign_in="mine")
    with pytest.raises(StaleLease):
        await review.sound_at(floor, who, where, sign_in="other")
    await review.sound_at(floor, who, where, sign_in="mine")
    await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), {"value": "said"})
    late = review.address(floor, served.task_id, served.fence, 1, sign_in="mine")
    for _ in range(2):
        with pytest.raises(StaleLease):
            await review.sound_at(floor, who, late, sign_in="mine")
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT kind, n FROM review.refusals ORDER BY kind")).fetchall()
    assert [(row["kind"], row["n"]) for row in rows] == [("late", 2), ("refused", 1)]


async def test_nobody_else_hears_it(floor, stores, make_task, reviewer):
    task_id = await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    for other, fence in ((reviewer(), served.fence), (who, served.fence + 1), (who, served.fence - 1)):
        with pytest.raises(StaleLease):
            await review.sound(floor, other, task_id, fence)
    assert not await heard(stores)


async def test_a_recalled_clip_can_not_be_played_kept_or_answered(floor, stores, make_task, reviewer):
    task_id = await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    async with stores.pool.connection() as connection:
        slots, _ = await review.masked_parts(connection, [task_id])
    stores.review_keys.destroy(slots)
    with pytest.raises(StaleLease):
        await review.sound(floor, who, task_id, served.fence)
    async with stores.pool.connection() as connection:
        assert await review.remove_tasks(connection, [task_id]) == 1
    assert (await review.keep(floor, who, [(task_id, served.fence)]))[1] == [task_id]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM vault.interactions",
        "SELECT * FROM accounts.people",
        "SELECT * FROM airlock.seals",
        "SELECT * FROM safety.cases",
        "SELECT * FROM learn.datasets",
        "DELETE FROM review.judgements",
        "UPDATE review.judgements SET day = day",
        "UPDATE review.hearings SET day = day",
        "DELETE FROM review.hearings",
        "DELETE FROM review.labels",
        "UPDATE review.questions SET version = 2",
        "UPDATE review.doings SET what = 'nothing'",
    ],
)
async def test_the_floors_role_reads_nothing_else_and_rewrites_no_answer(floor, statement):
    with pytest.raises(InsufficientPrivilege):
        async with floor.pool.connection() as connection:
            await connection.execute(statement)


async def test_the_floor_has_no_key_of_the_vault(floor):
    with pytest.raises(Forbidden):
        floor.vault_keys.secret(0)
