"""Labels and hearings come home: labels under the recording's key, hearings into the owner's history."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from random import Random, SystemRandom
from typing import Any

from psycopg.errors import ForeignKeyViolation

from earmark import audit, review, vault
from earmark.airlock.choosing import SQL
from earmark.airlock.copying import machine_first, make_due
from earmark.errors import BadRequest, EarmarkError, Erased
from earmark.storage import Connection, Row, Stores, fetch, seal_json, unseal_json
from earmark.vault import Hearing
from earmark.words import InteractionId, PersonId, TaskId

_BATCH = 200
_CHANCE = SystemRandom()
_QUESTION_OF = {"wake": "wake", "asr": "transcript", "nlu": "understood"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLabel:
    """A label beside the recording it is about."""

    id: uuid.UUID
    interaction_id: InteractionId
    person_id: PersonId
    question: review.Question
    answer: dict[str, Any]
    """As `earmark.review` describes it; words that were cut out stay `[name]`, `[number]`, `[address]`.
    An `understood` that was right holds the `intent` and `slots` that were right."""
    made_by: review.MadeBy
    agreed_on: date


async def take_labels(stores: Stores, rng: Random = _CHANCE) -> int:
    """Bring finished labels home, carry hearings over, and make the tasks that a label opens the way to.

    Returns how many labels came home. Safe to repeat; the worker does it every few seconds.
    """
    taken = 0
    await carry_hearings(stores)
    while batch := await _due(stores):
        await _take(stores, batch)
        taken += len(batch)
    await make_due(stores, rng)
    return taken


async def _due(stores: Stores) -> list[Row]:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.labels_due, {"limit": _BATCH, "now": stores.now()})).fetchall()


async def _take(stores: Stores, rows: list[Row]) -> None:
    ids = list({row["interaction_id"] for row in rows})
    keys = await vault.recording_keys(stores, ids)
    by_task = {row["task_id"]: row for row in rows}
    async with stores.pool.connection() as connection, connection.transaction():
        held = await (await connection.execute(SQL.hold_interactions, {"ids": ids})).fetchall()
        alive = {row["id"] for row in held} & keys.keys()
        for label in await review.labels_of(stores, connection, list(by_task)):
            row = by_task[label.task_id]
            if row["interaction_id"] in alive:
                with suppress(Erased):  # keys go first, rows a moment later
                    await _bring(stores, connection, label, row, keys[row["interaction_id"]])
        # A label that can't be opened any more belongs to a recall or an erasure on its way: it is not asked for again.
        for task_id in by_task:
            await connection.execute(SQL.label_taken, {"task": task_id})


async def _bring(stores: Stores, connection: Connection, label: review.Label, row: Row, key: bytes) -> None:
    answer = dict(label.answer)
    if label.question == "understood" and answer["value"] == "right":
        answer |= await _what_was_right(stores, row)
    if label.question == "compare" and answer["value"] in ("a", "b"):
        answer["whose"] = "machine" if (answer["value"] == "a") == machine_first(label.task_id) else "owner"
    identifier = uuid.uuid4()
    values = {
        "id": identifier,
        "interaction": row["interaction_id"],
        "question": label.question,
        "sealed": seal_json(key, {"answer": answer, "made_by": label.made_by}, place=f"label:{identifier}"),
        "on": label.agreed_on,
    }
    await connection.execute(SQL.add_label, values)
    if label.question == "wake":
        called = answer["value"] == "said"
        if answer["value"] in ("said", "not_said"):
            await vault.set_called(connection, stores, row["interaction_id"], called)
        await connection.execute(SQL.wake_said if called else SQL.wake_not_said, values)


async def _what_was_right(stores: Stores, row: Row) -> dict[str, Any]:
    content = (await vault.interaction(stores, row["person_id"], row["interaction_id"])).content
    return {"intent": content.intent, "slots": dict(content.slots)}


async def carry_hearings(stores: Stores) -> None:
    """Write hearings into the histories of those who were heard, and each once into the log.

    The floor can't write into the log itself; what it wrote down before the sound left it can't take back.
    """
    try:
        async with stores.pool.connection() as connection, connection.transaction():
            await carry_hearings_of(stores, connection, None)
            rows = await (await connection.execute(SQL.hearings_carried)).fetchall()
            for row in rows:
                await audit.append_in(connection, stores, {"what": "hearing", **row, "day": row["day"].isoformat()})
    except ForeignKeyViolation:
        return  # a recording was erased under our hands; the next round finds the rest


async def carry_hearings_of(stores: Stores, connection: Connection, tasks: list[TaskId] | None) -> None:
    """Carry the hearings of some tasks (None: all), inside the caller's transaction, while their seals still stand."""
    await connection.execute(SQL.carry_hearings, {"ids": tasks, "purposes": await _purposes(stores)})


async def _purposes(stores: Stores) -> str:
    return json.dumps(await review.purposes(stores))


async def hearings_of(stores: Stores, ids: list[InteractionId]) -> dict[InteractionId, list[Hearing]]:
    """Return who listened to each of these interactions, hearings included that were not carried over yet."""
    found: dict[InteractionId, list[Hearing]] = {}
    for row in await fetch(stores.pool, SQL.hearings_of, {"ids": ids, "purposes": await _purposes(stores)}):
        found.setdefault(row.pop("interaction_id"), []).append(Hearing(**row))
    return found


async def labels(stores: Stores, purpose: str) -> list[HomeLabel]:
    """Return the labels of a question (`wake`, `transcript`, `understood`) or of what is learnt from it (`asr`, `nlu`).

    Labels whose recording is being erased are left out. Raises BadRequest for another purpose.
    """
    question = _QUESTION_OF.get(purpose, purpose)
    if question not in await review.current(stores):
        raise BadRequest(why="There is no such question.")
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.home_labels, {"question": question})).fetchall()
    return await _opened(stores, rows)


async def labels_of(stores: Stores, ids: list[InteractionId]) -> dict[InteractionId, list[HomeLabel]]:
    """Return what people found out about each of these interactions; those that are being erased are left out."""
    found: dict[InteractionId, list[HomeLabel]] = {}
    for label in await _opened(stores, await fetch(stores.pool, SQL.labels_of, {"ids": ids})):
        found.setdefault(label.interaction_id, []).append(label)
    return found


async def _opened(stores: Stores, rows: list[Row]) -> list[HomeLabel]:
    keys = await vault.recording_keys(stores, [row["interaction_id"] for row in rows])
    found = []
    for row in rows:
        try:
            content = unseal_json(keys[row["interaction_id"]], row["sealed"], place=f"label:{row['id']}")
        except (KeyError, EarmarkError):
            continue
        found.append(
            HomeLabel(
                id=row["id"],
                interaction_id=row["interaction_id"],
                person_id=row["person_id"],
                question=row["question"],
                answer=content["answer"],
                made_by=content["made_by"],
                agreed_on=row["agreed_on"],
            )
        )
    return found


async def count_of(stores: Stores, ids: Sequence[InteractionId]) -> tuple[int, int]:
    """Return how many copies in review and how many labels at home these recordings have."""
    row = (await fetch(stores.pool, SQL.count_of, {"ids": list(ids)}))[0]
    return row["copies"], row["labels"]
