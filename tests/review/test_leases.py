"""Leases: atomic, fenced, expiring; answers kept once."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress

import pytest

from earmark import review
from earmark.errors import BadRequest, StaleLease

SAID = {"value": "said"}


async def answer(floor, who, served, value=SAID, key=None):
    """Listen and answer, as a page does; return what follows."""
    with suppress(StaleLease):  # a late one is refused here already
        await review.sound(floor, who, served.task_id, served.fence)
    taken = await review.submit_and_next(floor, who, served.task_id, served.fence, key or uuid.uuid4(), value)
    return taken.next


async def task_row(stores, task_id):
    async with stores.pool.connection() as connection:
        return await (await connection.execute("SELECT * FROM review.tasks WHERE id = %s", [task_id])).fetchone()


async def count(stores, table):
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) AS n FROM review.{table}")).fetchone()
        return row["n"]


async def test_a_lease_says_what_is_asked_and_until_when(floor, make_task, reviewer, clock):
    task_id = await make_task("wake")
    served = await review.next_task(floor, reviewer())
    assert served is not None
    assert (served.task_id, served.question, served.prefill) == (task_id, "wake", {"word": "alexa"})
    assert (served.lease_until - clock()).total_seconds() == floor.settings.lease_seconds


async def test_nothing_to_do_is_none(floor, reviewer):
    assert await review.next_task(floor, reviewer()) is None


async def test_eight_at_once_never_get_the_same_task(floor, make_task, reviewer):
    for _ in range(40):
        await make_task()

    async def one(who):
        found = []
        while (served := await review.next_task(floor, who, most=40)) is not None:
            found.append(served.task_id)
        return found

    got = await asyncio.gather(*(one(reviewer()) for _ in range(8)))
    leased = [task_id for each in got for task_id in each]
    assert len(leased) == 40
    assert len(set(leased)) == 40


async def test_eight_reviewers_answering_at_once_lose_and_double_nothing(floor, stores, make_task, reviewer):
    for _ in range(30):
        await make_task()
    current: dict[uuid.UUID, int] = {}
    clashes = []

    async def work(who):
        served = await review.next_task(floor, who)
        while served is not None:
            if served.task_id in current:
                clashes.append(served.task_id)
            current[served.task_id] = served.fence
            await asyncio.sleep(0)
            del current[served.task_id]
            served = await answer(floor, who, served)

    await asyncio.gather(*(work(reviewer()) for _ in range(8)))
    # A worker may have found the queue empty while a task was in another's hands: two more sweep up.
    for _ in range(2):
        await work(reviewer())
    assert not clashes
    assert await count(stores, "judgements") == 60
    assert await count(stores, "labels") == 30


async def test_only_languages_that_the_reviewer_knows(floor, make_task, reviewer):
    await make_task(language="ro")
    assert await review.next_task(floor, reviewer(languages=("en", "es"))) is None
    assert await review.next_task(floor, reviewer(languages=("en", "ro"))) is not None


async def test_no_clip_to_its_own_household(floor, make_task, reviewer):
    await make_task(secret=b"household one")
    assert await review.next_task(floor, reviewer(secrets=(b"another", b"household one"))) is None
    assert await review.next_task(floor, reviewer(secrets=(b"another",))) is not None


async def test_nobody_judges_the_same_task_twice(floor, make_task, reviewer):
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    assert await answer(floor, who, served) is None
    assert await review.next_task(floor, who) is None
    assert await review.next_task(floor, reviewer()) is not None


async def test_an_expired_holder_is_turned_away_and_the_next_one_is_not(floor, make_task, reviewer, clock, stores):
    await make_task()
    late, next_one = reviewer(), reviewer()
    old = await review.next_task(floor, late)
    clock.turn(seconds=floor.settings.lease_seconds + 1)
    assert (await review.keep(floor, late, [(old.task_id, old.fence)]))[1] == [old.task_id]
    new = await review.next_task(floor, next_one)
    assert new.task_id == old.task_id
    assert new.fence > old.fence
    with pytest.raises(StaleLease):
        await answer(floor, late, old)
    with pytest.raises(StaleLease):
        await review.sound(floor, late, old.task_id, old.fence)
    await answer(floor, next_one, new)
    assert await count(stores, "judgements") == 1


async def test_an_expired_lease_is_stale_even_before_the_reaper_came(floor, make_task, reviewer, clock):
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    clock.turn(seconds=floor.settings.lease_seconds + 1)
    with pytest.raises(StaleLease):
        await answer(floor, who, served)
    assert await review.expire_leases(floor) == 1
    assert await review.next_task(floor, who) is not None


async def test_a_heartbeat_keeps_the_lease(floor, make_task, reviewer, clock):
    await make_task()
    who = reviewer()
    served = await review.next_task(floor, who)
    for _ in range(5):
        clock.turn(seconds=floor.settings.lease_seconds - 1)
        assert (await review.keep(floor, who, [(served.task_id, served.fence)]))[1] == []
    assert await answer(floor, who, served) is None


async def test_a_fence_of_another_lease_is_refused(floor, make_task, reviewer):
    await make_task()
    who = reviewer()
    first = await review.next_task(floor, who)
    await review.release(floor, who, first.task_id, first.fence)
    second = await review.next_task(floor, who)
    with pytest.raises(StaleLease):
        await answer(floor, who, first)
    await answer(floor, who, second)


async def test_sending_an_answer_again_keeps_one_and_brings_the_same_next_task(floor, stores, make_task, reviewer):
    for _ in range(5):
        await make_task()
    who, key = reviewer(), uuid.uuid4()
    served = await review.next_task(floor, who)
    first = await answer(floor, who, served, key=key)
    again = await answer(floor, who, served, key=key)
    assert again.task_id == first.task_id
    assert again.fence == first.fence
    assert await count(stores, "judgements") == 1


async def test_the_same_answer_sent_eight_times_at_once_is_kept_once(floor, stores, make_task, reviewer):
    for _ in range(12):
        await make_task()
    who, key = reviewer(), uuid.uuid4()
    served = await review.next_task(floor, who)
    got = await asyncio.gather(*(answer(floor, who, served, key=key) for _ in range(8)))
    assert await count(stores, "judgements") == 1
    assert len({each.task_id for each in got}) == 1


async def test_a_client_key_of_another_answer_is_refused(floor, make_task, reviewer):
    await make_task()
    await make_task()
    who, key = reviewer(), uuid.uuid4()
    served = await review.next_task(floor, who)
    following = await answer(floor, who, served, key=key)
    with pytest.raises(StaleLease):
        await answer(floor, who, following, key=key)


async def test_an_answer_to_another_question_changes_nothing(floor, stores, make_task, reviewer):
    task_id = await make_task("wake")
    who = reviewer()
    served = await review.next_task(floor, who)
    with pytest.raises(BadRequest):
        await answer(floor, who, served, {"text": "hello"})
    assert await count(stores, "judgements") == 0
    row = await task_row(stores, task_id)
    assert (row["state"], row["lease_by"]) == ("leased", who.id)


async def test_judgements_and_labels_lie_sealed(floor, stores, make_task, reviewer):
    await make_task("transcript")
    for _ in range(2):
        who = reviewer()
        served = await review.next_task(floor, who)
        await answer(floor, who, served, {"text": "canary canary"})
    async with stores.pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT sealed FROM review.judgements UNION SELECT sealed FROM review.labels")
        ).fetchall()
    assert len(rows) == 3
    assert not any(b"canary" in bytes(row["sealed"]) for row in rows)


async def test_a_third_person_settles_a_tie(floor, stores, make_task, reviewer):
    task_id = await make_task("wake")
    for value in ("said", "not_said", "said"):
        who = reviewer()
        served = await review.next_task(floor, who)
        await answer(floor, who, served, {"value": value})
    row = await task_row(stores, task_id)
    assert (row["state"], row["judgements"], row["needed"]) == ("done", 3, 3)
    async with stores.pool.connection() as connection:
        labels = await review.labels_of(stores, connection, [task_id])
    assert [(label.answer, label.made_by) for label in labels] == [({"value": "said"}, "majority")]


async def test_three_answers_go_to_a_lead_who_sees_them_without_names(floor, stores, make_task, reviewer):
    task_id = await make_task("wake")
    for value in ("said", "not_said", "unclear"):
        who = reviewer()
        served = await review.next_task(floor, who)
        await answer(floor, who, served, {"value": value})
    assert await review.next_task(floor, reviewer()) is None
    lead = reviewer(role="lead")
    served = await review.next_adjudication(floor, lead)
    assert sorted(each["value"] for each in served.given) == ["not_said", "said", "unclear"]
    await review.sound(floor, lead, served.task_id, served.fence)
    with pytest.raises(StaleLease):
        await answer(floor, lead, served)
    await review.adjudicate(floor, lead, served.task_id, served.fence, {"value": "unclear"})
    async with stores.pool.connection() as connection:
        labels = await review.labels_of(stores, connection, [task_id])
    assert [(label.answer, label.made_by) for label in labels] == [({"value": "unclear"}, "adjudication")]
    with pytest.raises(StaleLease):
        await review.adjudicate(floor, lead, served.task_id, served.fence, {"value": "said"})


async def test_a_tie_left_by_a_lead_goes_back_to_the_leads(floor, make_task, reviewer, clock):
    await make_task("wake")
    for value in ("said", "not_said", "unclear"):
        who = reviewer()
        await answer(floor, who, await review.next_task(floor, who), {"value": value})
    lead = reviewer(role="lead")
    assert await review.next_adjudication(floor, lead) is not None
    clock.turn(seconds=floor.settings.lease_seconds + 1)
    assert await review.next_task(floor, reviewer()) is None
    assert await review.next_adjudication(floor, lead) is not None


async def test_the_backlog_counts(floor, make_task, reviewer, clock):
    await make_task("wake")
    await make_task("transcript")
    await review.next_task(floor, reviewer())
    assert sum(row.tasks for row in await review.backlog(floor)) == 2
    assert {row.state for row in await review.backlog(floor)} == {"ready", "leased"}
