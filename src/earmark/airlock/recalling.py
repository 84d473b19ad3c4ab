"""Pulling back: on a withdrawal nothing of the person's stays in the queue; on an erasure nothing stays at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from earmark import audit, review
from earmark.airlock.choosing import HEAR_FIRST, SQL
from earmark.airlock.homecoming import carry_hearings_of
from earmark.errors import BadRequest, NotFound
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores, delete_all
from earmark.words import DeviceId, InteractionId, PersonId, TaskId


async def recall(
    stores: Stores,
    person_id: PersonId,
    *,
    purpose: Literal["review", "transcription", "donate"] = "review",
    device_id: DeviceId | None = None,
) -> int:
    """Pull back what a withdrawal covers: tasks, leases, answers on the floor, masked copies and their keys.

    Call it right after the withdrawal was written down. When it returns, no page can play or answer such a clip. Labels
    that came home before stay with their recordings; hearings stay in the history. Returns how many tasks went.
    """
    narrow = purpose == "transcription"
    person = {"person": person_id, "device": device_id, "kind": _COVERS[purpose]}
    async with stores.pool.connection() as connection, connection.transaction():
        rows = await (await connection.execute(SQL.lock_person, person)).fetchall()
        ids = [row["id"] for row in rows]
        tasks, names = await _pull(stores, connection, ids, question="transcript" if narrow else None)
        if not narrow:
            await connection.execute(SQL.set_step, {"step": "done", "ids": ids})
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": purpose, "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return tasks


_COVERS = {"review": None, "transcription": "message", "donate": "false_wake"}
"""Purpose → of which kind of recording a withdrawal pulls the clips back; None: of all."""


async def recall_these(stores: Stores, ids: Sequence[InteractionId], why: str) -> int:
    """Pull back every clip of these recordings, for good. Returns how many tasks went."""
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_interactions, {"ids": list(ids)})
        tasks, names = await _pull(stores, connection, ids)
        await connection.execute(SQL.set_step, {"step": "done", "ids": list(ids)})
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": why, "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return tasks


async def ask_first(stores: Stores, person_id: PersonId) -> int:
    """Pull back a person's clips that are under way: they wait for their owner's yes. Returns how many recordings."""
    async with stores.pool.connection() as connection, connection.transaction():
        rows = await (await connection.execute(SQL.open_choices, {"person": person_id})).fetchall()
        ids = [row["interaction_id"] for row in rows]
        await connection.execute(SQL.lock_interactions, {"ids": ids})
        tasks, names = await _pull(stores, connection, ids)
        await connection.execute(SQL.ask_owner, {"ids": ids, "until": stores.now() + HEAR_FIRST})
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": "hear_first", "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return len(ids)


async def _pull(
    stores: Stores, connection: Connection, ids: Sequence[InteractionId], *, question: str | None = None
) -> tuple[int, list[str]]:
    """Take the tasks of these recordings away; returns how many, and the objects that are to be deleted afterwards."""
    tasks = await _tasks(connection, ids, question=question)
    names = await _remove(stores, connection, tasks)
    await carry_hearings_of(connection, tasks)
    await connection.execute(SQL.drop_seals, {"ids": tasks})
    return len(tasks), names


async def remove(stores: Stores, tasks: Sequence[TaskId]) -> None:
    """Take clips off the floor with their keys, sound, answers and seals, whatever of these is still there."""
    async with stores.pool.connection() as connection, connection.transaction():
        names = await _remove(stores, connection, tasks)
        await carry_hearings_of(connection, list(tasks))
        await connection.execute(SQL.drop_seals, {"ids": list(tasks)})
    await asyncio.to_thread(delete_all, stores.objects, names)


async def _tasks(connection: Connection, ids: Sequence[InteractionId], *, question: str | None = None) -> list[TaskId]:
    values = {"ids": list(ids), "question": question}
    rows = await (await connection.execute(SQL.tasks_of, values)).fetchall()
    return [row["task_id"] for row in rows]


async def _remove(stores: Stores, connection: Connection, tasks: Sequence[TaskId]) -> list[str]:
    """Destroy the keys, then the rows; returns the names of the objects, which mean nothing from here on.

    The keys go before the commit: were it the other way round, a process killed in between would leave them alive.
    """
    slots, names = await review.masked_parts(connection, tasks)
    await connection.execute(SQL.add_tombstones, {"slots": slots})
    await asyncio.to_thread(stores.review_keys.destroy, slots)
    await review.remove_tasks(connection, tasks)
    return names


async def _find(stores: Stores, connection: Connection, chosen: Chosen) -> Doomed:
    slots, names = await review.masked_parts(connection, await _tasks(connection, chosen.interactions))
    return Doomed(review_slots=slots, objects=names)


async def _erase(stores: Stores, connection: Connection, chosen: Chosen) -> Mapping[str, int]:
    ids = list(chosen.interactions)
    await connection.execute(SQL.lock_interactions, {"ids": ids})
    tasks = await _tasks(connection, ids)
    # Tasks may have joined the queue since `find` looked: their keys and objects go here.
    names = await _remove(stores, connection, tasks)
    row = await (await connection.execute(SQL.forget, {"ids": ids})).fetchone()
    await asyncio.to_thread(delete_all, stores.objects, names)
    return {"tasks": len(tasks), "labels": row["labels"] if row else 0}


ERASER = Eraser(
    tables=frozenset(
        {
            *(f"airlock.{name}" for name in ("offers", "choices", "seals", "labels")),
            *(f"review.{name}" for name in ("tasks", "judgements", "labels", "flags")),
            "airlock.days",  # counts a day
            "review.hearings",  # once the seal is gone, a task's id says nothing about anybody
            "safety.cases",  # a case outlives its clip: somebody must still decide it, and its reason names no owner
        }
    ),
    prefixes=frozenset({review.PREFIX}),
    find=_find,
    erase=_erase,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """Whose a flagged clip is."""

    interaction_id: InteractionId
    person_id: PersonId


async def unseal(stores: Stores, task_id: TaskId, case_id: UUID, reason: str) -> Unsealed:
    """Tell which recording a flagged clip came from, for the case that was made of it; the log keeps that it was asked.

    Raises BadRequest without a reason, NotFound when the case is about another task or the recording is gone.
    """
    if not reason.strip():
        raise BadRequest(why="Say why this clip must be traced to its recording.")
    async with stores.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(SQL.unseal, {"task": task_id, "case": case_id})).fetchone()
        if row is None:
            raise NotFound
        await audit.append_in(connection, stores, {"what": "unsealed", "case": str(case_id)})
    return Unsealed(interaction_id=row["interaction_id"], person_id=row["person_id"])
