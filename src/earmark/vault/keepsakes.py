"""What skills keep: lines of lists, messages, alarms; each under a key made of its own secret and its person's."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from earmark.errors import DiskFull, EarmarkError
from earmark.storage import Row, Stores, derive, fetch, seal_json, unseal_json
from earmark.vault.keeping import SQL, person_slot_of
from earmark.words import HouseholdId, KeepsakeId, PersonId

KeepsakeKind = Literal["shopping", "message", "alarm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepsake:
    """One line of a list, one message, one alarm."""

    id: KeepsakeId
    kind: KeepsakeKind
    person_id: PersonId
    """Who said it."""
    for_person_id: PersonId | None
    """Whom a message waits for; None for everything else."""
    content: dict[str, Any]
    due_at: datetime | None
    created_at: datetime


def _key(stores: Stores, *, person_slot: int, slot: int | None) -> bytes:
    """Derive a keepsake's AES-256 key; `slot` is None for what was kept before each had its own. Raises Erased."""
    slots = [person_slot] if slot is None else [person_slot, slot]
    return derive(*(stores.vault_keys.secret(each) for each in slots), purpose="keepsake")


async def keep(
    stores: Stores,
    *,
    household_id: HouseholdId,
    person_id: PersonId,
    kind: KeepsakeKind,
    content: dict[str, Any],
    for_person_id: PersonId | None = None,
    due_at: datetime | None = None,
) -> KeepsakeId:
    """Keep something for a household."""
    identifier = KeepsakeId(uuid.uuid4())
    person_slot = await person_slot_of(stores, person_id)
    slot = await asyncio.to_thread(stores.vault_keys.reserve)
    try:
        key = _key(stores, person_slot=person_slot, slot=slot)
        values = {
            "id": identifier,
            "household": household_id,
            "person": person_id,
            "for_person": for_person_id,
            "kind": kind,
            "slot": slot,
            "sealed": seal_json(key, content, place=f"keepsake:{identifier}"),
            "due_at": due_at,
            "now": stores.now(),
        }
        async with stores.pool.connection() as connection:
            await connection.execute(SQL.add_keepsake, values)
    except BaseException:
        with suppress(DiskFull):  # a tombstone needs room too; without its row the key seals nothing
            await asyncio.to_thread(stores.vault_keys.destroy, [slot])
        raise
    return identifier


async def kept(stores: Stores, household_id: HouseholdId, kind: KeepsakeKind) -> list[Keepsake]:
    """Return what a household keeps of one kind, oldest first."""
    return _opened(stores, await fetch(stores.pool, SQL.keepsakes, {"household": household_id, "kind": kind}))


async def held_for(stores: Stores, person_id: PersonId) -> list[Keepsake]:
    """Return what one person had kept, and the messages that wait for them, oldest first."""
    return _opened(stores, await fetch(stores.pool, SQL.keepsakes_held, {"person": person_id}))


def _opened(stores: Stores, rows: Sequence[Row]) -> list[Keepsake]:
    found = []
    for row in rows:
        try:
            key = _key(stores, person_slot=row["person_slot"], slot=row["key_slot"])
            content = unseal_json(key, row["sealed"], place=f"keepsake:{row['id']}")
        except EarmarkError:
            continue  # its key went a moment ago: an erasure is on its way through the stores
        found.append(
            Keepsake(
                id=row["id"],
                kind=row["kind"],
                person_id=row["person_id"],
                for_person_id=row["for_person_id"],
                content=content,
                due_at=row["due_at"],
                created_at=row["created_at"],
            )
        )
    return found


async def kept_of_person(stores: Stores, person_id: PersonId) -> dict[KeepsakeKind, list[KeepsakeId]]:
    """Return what goes when everything of a person goes: what they had kept, and the messages that wait for them."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.keepsakes_of_person, {"person": person_id})).fetchall()
    found: dict[KeepsakeKind, list[KeepsakeId]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append(row["id"])
    return found


async def drop(stores: Stores, household_id: HouseholdId, ids: Sequence[KeepsakeId]) -> int:
    """Throw away what was kept, keys included; returns how many lines that were."""
    async with stores.pool.connection() as connection:
        values = {"household": household_id, "ids": list(ids)}
        rows = await (await connection.execute(SQL.drop_keepsakes, values)).fetchall()
    return await _destroy(stores, rows)


async def drop_rung(stores: Stores) -> int:
    """Throw away the timers and alarms whose time has come; returns how many that were."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.drop_rung, {"now": stores.now()})).fetchall()
    return await _destroy(stores, rows)


async def _destroy(stores: Stores, rows: Sequence[Row]) -> int:
    """Destroy the keys of rows that went. Killed before this, the next replay of the tombstones does it."""
    slots = [row["key_slot"] for row in rows if row["key_slot"] is not None]
    await asyncio.to_thread(stores.vault_keys.destroy, slots)
    return len(rows)
