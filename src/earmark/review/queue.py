"""How tasks join the queue, leave it, and what was made of them: the airlock's side of the floor."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from earmark.errors import Erased
from earmark.review.agreement import MadeBy
from earmark.review.masked import masked_key, open_label, seal_label
from earmark.review.questions import Question
from earmark.review.sql import SQL
from earmark.storage import Connection, Stores
from earmark.words import TaskId

_SHUFFLE = secrets.SystemRandom()
_FENCE_BITS = 40
"""A clip's fence begins anywhere: counted from zero it would tell gold, which is handed out again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """One question about one masked copy, ready to join the queue."""

    id: TaskId
    question: Question
    language: str
    region: str
    object: str
    """Name of the sealed sound under `masked`."""
    key_slot: int
    sealed: bytes
    """The prefill, sealed."""
    exclusion: bytes
    """8 bytes by which reviewers of the household it came from are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What agreement made of a task's judgements."""

    task_id: TaskId
    question: Question
    answer: dict[str, Any]
    made_by: MadeBy
    agreed_on: date


async def add_task(
    connection: Connection,
    stores: Stores,
    task: NewTask,
    *,
    at: float | None = None,
    known: Mapping[str, Any] | None = None,
) -> None:
    """Put a task in the queue at place `at`, 0 to 1, or at a random one, inside the caller's transaction.

    With a `known` answer it is a training clip: nobody is asked what it says, everybody may learn on it.
    """
    values = {
        "id": task.id,
        "question": task.question,
        "language": task.language,
        "region": task.region,
        "shuf": _SHUFFLE.random() if at is None else at,
        "object": task.object,
        "slot": task.key_slot,
        "sealed": task.sealed,
        "exclusion": task.exclusion,
        "on": stores.now().date(),
        "fence": _SHUFFLE.getrandbits(_FENCE_BITS),
    }
    await connection.execute(SQL.add_task, values)
    if known is not None:
        values["label"] = seal_label(masked_key(stores, task.key_slot), task.id, dict(known))
        await connection.execute(SQL.make_training, values)


async def masked_parts(connection: Connection, ids: Sequence[TaskId]) -> tuple[list[int], list[str]]:
    """Return key slots and object names of tasks."""
    rows = await (await connection.execute(SQL.masked_parts, {"ids": list(ids)})).fetchall()
    return [row["key_slot"] for row in rows], [row["object"] for row in rows]


async def remove_tasks(connection: Connection, ids: Sequence[TaskId]) -> int:
    """Delete tasks with their judgements, labels and flags; waits for a hearing that is being written."""
    return (await connection.execute(SQL.remove_tasks, {"ids": list(ids)})).rowcount


async def labels_of(stores: Stores, connection: Connection, ids: Sequence[TaskId]) -> list[Label]:
    """Open the labels that were made of these tasks; tasks without one, or recalled ones, are left out."""
    rows = await (await connection.execute(SQL.labels_of, {"ids": list(ids)})).fetchall()
    found = []
    for row in rows:
        try:
            answer = open_label(masked_key(stores, row["key_slot"]), row["task_id"], row["sealed"])
        except Erased:
            continue
        found.append(
            Label(
                task_id=row["task_id"],
                question=row["question"],
                answer=answer,
                made_by=row["made_by"],
                agreed_on=row["agreed_on"],
            )
        )
    return found
