"""Pulling back: on a withdrawal nothing of the person's stays in the queue; on an erasure nothing stays at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from earmark import audit, review
from earmark.airlock.choosing import SQL, Asker, ask_owners, may_hear
from earmark.airlock.homecoming import carry_hearings_of
from earmark.errors import BadRequest, NotFound
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores, again_after_deadlock, delete_all, fetch
from earmark.words import DeviceId, InteractionId, PersonId, TaskId

_Purpose = Literal["review", "transcription", "donate"]


@again_after_deadlock
async def recall(
    stores: Stores,
    person_id: PersonId,
    *,
    purpose: _Purpose = "review",
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
        tasks, names = await _pull(stores, connection, ids, writing=narrow)
        if not narrow:
            await connection.execute(SQL.set_step, {"step": "done", "ids": ids})
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": purpose, "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return tasks


_COVERS = {"review": None, "transcription": "message", "donate": "false_wake"}
"""Purpose → of which kind of recording a withdrawal pulls the clips back; None: of all."""


async def recall_withdrawn(stores: Stores) -> int:
    """Pull back what nobody allows any more: a process that died between a withdrawal and its recall left it there.

    The worker does this every few seconds. Returns how many tasks went.
    """
    ask, gone, done = Asker(stores), 0, set[tuple[PersonId, _Purpose, DeviceId | None]]()
    for row in await fetch(stores.pool, SQL.open_tasks, {}):
        person, device, grants = row["person_id"], row["device_id"], await ask(row["person_id"])
        if row["guest"]:
            gone += await recall_these(stores, [row["interaction_id"]], "guest")
            continue
        purpose: _Purpose | None = None
        if not grants.allows("review", device):
            purpose = "review"
        elif not may_hear(grants, row["kind"], device):
            purpose = "donate"
        elif row["kind"] == "message" and row["writes"] and not grants.allows("transcription", device):
            purpose = "transcription"
        if purpose and (person, purpose, device) not in done:
            gone += await recall(stores, person, purpose=purpose, device_id=device)
            done.add((person, purpose, device))
    return gone


@again_after_deadlock
async def recall_these(stores: Stores, ids: Sequence[InteractionId], why: str) -> int:
    """Pull back every clip of these recordings, for good. Returns how many tasks went."""
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_interactions, {"ids": list(ids)})
        tasks, names = await _pull(stores, connection, ids)
        await connection.execute(SQL.set_step, {"step": "done", "ids": list(ids)})
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": why, "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return tasks


@again_after_deadlock
async def ask_first(stores: Stores, person_id: PersonId) -> int:
    """Pull back a person's clips that are under way: they wait for their owner's yes. Returns how many recordings."""
    async with stores.pool.connection() as connection, connection.transaction():
        rows = await (await connection.execute(SQL.open_choices, {"person": person_id})).fetchall()
        ids = [row["interaction_id"] for row in rows]
        await connection.execute(SQL.lock_interactions, {"ids": ids})
        tasks, names = await _pull(stores, connection, ids)
        await ask_owners(stores, connection, ids)
        await audit.append_in(connection, stores, {"what": "recalled", "purpose": "hear_first", "tasks": tasks})
    await asyncio.to_thread(delete_all, stores.objects, names)
    return len(ids)


async def _pull(
    stores: Stores, connection: Connection, ids: Sequence[InteractionId], *, writing: bool = False
) -> tuple[int, list[str]]:
    """Take the tasks of these recordings away (`writing`: those alone in which words are read or written).

    Returns how many, and the objects that are to be deleted afterwards.
    """
    tasks = await _tasks(connection, ids, writing=writing)
    names = await _remove(stores, connection, tasks)
    await carry_hearings_of(stores, connection, tasks)
    await connection.execute(SQL.drop_seals, {"ids": tasks})
    return len(tasks), names


async def remove(stores: Stores, tasks: Sequence[TaskId]) -> None:
    """Take clips off the floor with their keys, sound, answers and seals, whatever of these is still there."""
    async with stores.pool.connection() as connection, connection.transaction():
        names = await _remove(stores, connection, tasks)
        await carry_hearings_of(stores, connection, list(tasks))
        await connection.execute(SQL.drop_seals, {"ids": list(tasks)})
    await asyncio.to_thread(delete_all, stores.objects, names)


async def _tasks(connection: Connection, ids: Sequence[InteractionId], *, writing: bool = False) -> list[TaskId]:
    values = {"ids": list(ids), "writing": writing}
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
            # They go with their task, and what they hold is sealed under its key.
            *(f"review.{name}" for name in ("drafts", "consults", "consult_answers")),
            # About the people who review, their sites and their work; nothing of anybody who was recorded.
            *(f"review.{name}" for name in ("questions", "sites", "seats", "qualifications", "invitations")),
            *(f"review.{name}" for name in ("alerts", "refusals", "doings", "campaigns")),
            *(f"review.{name}" for name in ("webhooks", "deliveries", "announced")),  # ids and counts
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
