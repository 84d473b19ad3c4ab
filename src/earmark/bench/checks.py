"""Whether the database agrees with what the clients saw: nothing leased twice, lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from earmark.bench.crew import Client
from earmark.bench.floor import SQL
from earmark.bench.ledger import Ledger
from earmark.storage import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a comparison found; 0 everywhere is what is promised."""

    lost: int
    """Acknowledged answers that the database doesn't have, and clips judged twice alike that have no label."""
    doubled: int
    """Clips that one person answered twice, or more people than were needed; answers that nobody sent; labels that too
    few answers made; clips whose count of answers is wrong."""
    labels: int


@asynccontextmanager
async def looking(owner: str) -> AsyncIterator[Connection]:
    """Connect anew as the database's owner: a pool may hold connections of a database that was killed."""
    connect = psycopg.AsyncConnection[Row].connect
    connection = await connect(owner, autocommit=True, row_factory=dict_row)
    try:
        yield connection
    finally:
        await connection.close()


async def at_rest(owner: str) -> None:
    """Wait until nothing that a killed floor began is under way in the database."""
    async with looking(owner) as connection:
        while await (await connection.execute(SQL.busy)).fetchone():  # noqa: ASYNC110 (the database can't tell us)
            await asyncio.sleep(0.01)


async def compare(owner: str, ledger: Ledger) -> Found:
    """Compare every answer; nobody may be answering meanwhile."""
    async with looking(owner) as connection:
        rows = await (await connection.execute(SQL.answers)).fetchall()
        amiss = await (await connection.execute(SQL.amiss)).fetchone()
    assert amiss is not None
    return found({row["key"]: row["task"] for row in rows}, amiss, ledger)


def found(kept: Mapping[str, str], amiss: Mapping[str, Any], ledger: Ledger) -> Found:
    """Weigh the database's answers (task by client key) and its own contradictions against the ledger."""
    lost = sum(kept.get(key) != task for key, task in ledger.acknowledged.items())
    unsent = sum(key not in ledger.sent for key in kept)
    wrong = ("judged_twice", "judged_too_often", "miscounted", "label_too_soon")
    doubled = unsent + sum(amiss[name] for name in wrong)
    return Found(lost=lost + amiss["without_label"], doubled=doubled, labels=amiss["labels"])


async def leases_amiss(owner: str, clients: Mapping[int, Client], ledger: Ledger) -> int:
    """Count clips in somebody's hands that the database says are nobody's or somebody else's.

    Asked while nobody gives any out. A lease that ends just now doesn't count: its holder will be refused.
    """
    async with looking(owner) as connection:
        rows = await (await connection.execute(SQL.leases, {"now": datetime.now(UTC)})).fetchall()
    kept, soon = {row["task"]: (row["who"], row["fence"]) for row in rows}, time.time() + 1
    return sum(
        kept.get(task) != (clients[number].person, lease.fence)
        for task, (number, lease) in ledger.holders.items()
        if lease.until > soon
    )
