"""What happened is told: each thing once, in counts, and nothing from before somebody asked."""

from __future__ import annotations

import pytest

from earmark import webhooks
from earmark.webhooks import announce, watch_backlog

URL = "https://hooks.example/"


def in_order(message):
    what, data = message
    return what, sorted((name, str(value)) for name, value in data.items())


@pytest.fixture
def told(stores):
    """`await told()`: the messages that wait, oldest first."""

    async def read():
        async with stores.pool.connection() as connection:
            rows = await (await connection.execute("SELECT event FROM review.deliveries")).fetchall()
        events = [row["event"] for row in rows]
        return sorted(((event["type"], event["data"]) for event in events), key=in_order)

    return read


async def test_labels_are_counted_by_question_and_how_they_were_made(stores, clock, labels, told):
    await labels(5, "wake", clock())  # before anybody asked
    clock.turn(seconds=1)
    await webhooks.add(stores, URL, ["label.agreed"])
    clock.turn(minutes=5)
    day = clock().date().isoformat()
    await labels(3, "wake", clock())
    await labels(1, "wake", clock(), made_by="adjudication")
    await labels(2, "transcript", clock())
    await announce(stores)
    assert await told() == []  # each could still be undone
    clock.turn(minutes=2)
    await announce(stores)
    await announce(stores)
    assert await told() == [
        ("label.agreed", {"count": 1, "day": day, "made_by": "adjudication", "question": "wake"}),
        ("label.agreed", {"count": 2, "day": day, "made_by": "agreement", "question": "transcript"}),
        ("label.agreed", {"count": 3, "day": day, "made_by": "agreement", "question": "wake"}),
    ]


async def test_labels_of_a_busy_hour_are_one_message_a_minute(stores, clock, labels, told):
    await webhooks.add(stores, URL, ["label.agreed"])
    for _ in range(60):
        clock.turn(seconds=5)
        await labels(1, "wake", clock())
        await announce(stores)
    clock.turn(minutes=3)
    await announce(stores)
    found = await told()
    assert sum(data["count"] for _, data in found) == 60
    assert len(found) <= 6


async def test_each_clock_of_a_case_that_runs_out_is_told_once(stores, clock, happen, told):
    await webhooks.add(stores, URL, ["case.overdue"])
    case = await happen("case")
    for _ in range(3):
        await announce(stores)
        clock.turn(hours=2)
    assert await told() == [("case.overdue", {"case": case})]
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE safety.cases SET decision = 'escalate', decided_at = %s, sealed_reason = '', due_at = %s",
            [clock(), clock()],
        )
    await announce(stores)
    assert len(await told()) == 2


async def test_a_case_in_time_or_decided_is_not_told(stores, clock, happen, told):
    await webhooks.add(stores, URL, ["case.overdue"])
    await happen("case", due_at=clock().replace(hour=23))
    await happen("case")
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE safety.cases SET decision = 'release', decided_at = %s, sealed_reason = '' WHERE due_at < %s",
            [clock(), clock()],
        )
    await announce(stores)
    assert await told() == []


async def test_a_campaign_that_is_over_is_told_once_and_old_ones_are_not(stores, clock, happen, told):
    await happen("campaign", state="closed")
    await webhooks.add(stores, URL, ["campaign.closed"])
    over = [await happen("campaign", state="closed"), await happen("campaign", state="closed")]
    await happen("campaign", state="paused")
    await happen("campaign")
    await announce(stores)
    await announce(stores)
    assert await told() == sorted((("campaign.closed", {"campaign": each}) for each in over), key=in_order)


async def test_a_backlog_is_told_when_it_falls_and_again_after_it_was_full(stores, tasks, told):
    await webhooks.add(stores, URL, ["backlog.low"], low=2)
    await watch_backlog(stores)
    await tasks(3, "wake")
    await watch_backlog(stores)
    assert await told() == []  # never was full

    async def finish(count: int) -> None:
        async with stores.pool.connection() as connection:
            await connection.execute(
                "UPDATE review.tasks SET state = 'done' WHERE id IN"
                " (SELECT id FROM review.tasks WHERE state = 'ready' LIMIT %s)",
                [count],
            )
        await watch_backlog(stores)

    await tasks(1, "wake")
    await watch_backlog(stores)
    await finish(2)
    assert await told() == []
    await finish(1)
    await finish(1)
    assert await told() == [("backlog.low", {"question": "wake", "waiting": 1})]
    await tasks(4, "wake")
    await watch_backlog(stores)
    await finish(4)
    assert len(await told()) == 2


async def test_who_did_not_ask_is_told_nothing(stores, clock, labels, happen, tasks, told):
    await webhooks.add(stores, URL, ["case.overdue"])
    await tasks(200, "wake")
    await watch_backlog(stores)
    await labels(1, "wake", clock())
    await happen("campaign", state="closed")
    clock.turn(minutes=5)
    await announce(stores)
    assert await told() == []


async def test_a_message_holds_ids_and_counts_only(stores, clock, labels, happen, told):
    await webhooks.add(stores, URL, list(webhooks.EVENTS))
    clock.turn(seconds=1)
    await labels(1, "wake", clock())
    await happen("case")
    await happen("campaign", state="closed")
    clock.turn(minutes=5)
    await announce(stores)
    assert {name: set(data) for name, data in await told()} == {
        "label.agreed": {"question", "made_by", "day", "count"},
        "case.overdue": {"case"},
        "campaign.closed": {"campaign"},
    }
