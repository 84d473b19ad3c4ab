"""What happened becomes messages: each webhook gets a row for everything that it wants to be told.

    label.agreed      {"question", "made_by", "day", "count"}     at most once a minute and kind
    backlog.low       {"question", "waiting"}                     once each time it falls
    case.overdue      {"case"}                                    once for each clock that ran out
    campaign.closed   {"campaign"}                                once

What was told stands in the same transaction as the message, so a crash tells nothing twice and forgets nothing.
"""

from __future__ import annotations

from datetime import timedelta

from earmark.storage import Statements, Stores, fetch

SQL = Statements("earmark.webhooks", "webhooks.sql")
EVENTS = ("label.agreed", "backlog.low", "case.overdue", "campaign.closed")
SETTLED = timedelta(seconds=60)
"""A label younger than this can still be undone, or its transaction be open."""
BATCH = timedelta(seconds=60)


async def announce(stores: Stores) -> None:
    """Make messages of new labels, overdue cases and closed campaigns; the worker does this every few seconds."""
    now = stores.now()
    values = {
        "now": now,
        "stamp": now.isoformat(timespec="seconds"),
        "until": now - SETTLED,
        "batch": BATCH,
    }
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.labels_agreed, values)
        await connection.execute(SQL.cases_overdue, values)
        await connection.execute(SQL.campaigns_closed, values)


async def watch_backlog(stores: Stores) -> None:
    """Make messages of backlogs that fell; the worker does this every minute, because it counts what waits."""
    if not (await fetch(stores.pool, SQL.wanted, {"event": "backlog.low"}))[0]["wanted"]:
        return
    now = stores.now()
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.backlog_low, {"now": now, "stamp": now.isoformat(timespec="seconds")})
        await connection.execute(SQL.backlog_full)
