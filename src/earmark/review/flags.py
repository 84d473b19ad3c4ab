"""One key hides a clip that nobody should have to hear again; what it becomes is the safety room's to see through."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from earmark.errors import BadRequest, NotFound, StaleLease
from earmark.review.people import Reviewer
from earmark.review.sql import SQL
from earmark.storage import Connection, Stores
from earmark.words import TaskId

FlagKind = Literal["distress", "crime", "identity", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Somebody said: not this one."""

    id: uuid.UUID
    task_id: TaskId
    kind: FlagKind
    at: datetime


async def flag(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int, kind: str) -> uuid.UUID:
    """Hide the clip that this reviewer holds; no lease on it is good any more. Raises BadRequest, StaleLease."""
    if kind not in get_args(FlagKind):
        raise BadRequest(why=f"A flag must be one of: {', '.join(get_args(FlagKind))}.")
    values = {
        "flag": uuid.uuid4(),
        "task": task_id,
        "reviewer": reviewer.id,
        "fence": fence,
        "kind": kind,
        "now": stores.now(),
    }
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.flag, values)).fetchone()
    if row is None:
        raise StaleLease
    return row["id"]


async def flags(stores: Stores) -> list[Flag]:
    """Return every flag whose clip still exists, oldest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.flags)).fetchall()
    return [Flag(**row) for row in rows]


async def give_back(connection: Connection, task_id: TaskId) -> None:
    """Let a flagged clip go on as before. Raises NotFound when it is gone or not flagged."""
    if await (await connection.execute(SQL.give_back, {"task": task_id})).fetchone() is None:
        raise NotFound


async def still_held(stores: Stores, ids: list[TaskId]) -> set[TaskId]:
    """Return which of these tasks still exist and are hidden for safety: the ones that can be listened to."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.live_tasks, {"ids": ids})).fetchall()
    return {row["id"] for row in rows if row["state"] == "held" and row["held_for"] == "safety"}
