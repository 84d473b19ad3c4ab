"""What skills keep: shopping lists, messages, alarms; sealed under the key of the person who said it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from earmark.errors import EarmarkError, NotFound
from earmark.storage import Stores, derive, fetch, seal_json, unseal_json
from earmark.vault.keeping import SQL
from earmark.words import HouseholdId, PersonId

KeepsakeKind = Literal["shopping", "message", "alarm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepsake:
    """One line of a list, one message, one alarm."""

    id: uuid.UUID
    person_id: PersonId
    for_person_id: PersonId | None
    content: dict[str, Any]
    due_at: datetime | None
    seen_at: datetime | None
    created_at: datetime


def _key(stores: Stores, person_slot: int) -> bytes:
    return derive(stores.vault_keys.secret(person_slot), purpose="keepsake")


async def keep(
    stores: Stores,
    *,
    household_id: HouseholdId,
    person_id: PersonId,
    kind: KeepsakeKind,
    content: dict[str, Any],
    for_person_id: PersonId | None = None,
    due_at: datetime | None = None,
) -> uuid.UUID:
    """Keep something for a household."""
    identifier = uuid.uuid4()
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.key_slot_of_person, {"person": person_id})).fetchone()
        if row is None:
            raise NotFound
        await connection.execute(
            SQL.add_keepsake,
            {
                "id": identifier,
                "household": household_id,
                "person": person_id,
                "for_person": for_person_id,
                "kind": kind,
                "sealed": seal_json(_key(stores, row["key_slot"]), content, place=f"keepsake:{identifier}"),
                "due_at": due_at,
                "now": stores.now(),
            },
        )
    return identifier


async def kept(stores: Stores, household_id: HouseholdId, kind: KeepsakeKind) -> list[Keepsake]:
    """Return what a household keeps of one kind, oldest first."""
    rows = await fetch(stores.pool, SQL.keepsakes, {"household": household_id, "kind": kind})
    found = []
    for row in rows:
        try:
            key = _key(stores, row["person_slot"])
            content = unseal_json(key, row["sealed"], place=f"keepsake:{row['id']}")
        except EarmarkError:
            continue  # the person who said it is being erased
        found.append(
            Keepsake(
                id=row["id"],
                person_id=row["person_id"],
                for_person_id=row["for_person_id"],
                content=content,
                due_at=row["due_at"],
                seen_at=row["seen_at"],
                created_at=row["created_at"],
            )
        )
    return found


async def drop(stores: Stores, household_id: HouseholdId, ids: Sequence[uuid.UUID]) -> int:
    """Throw away what was kept; returns how many lines that were."""
    async with stores.pool.connection() as connection:
        return (await connection.execute(SQL.drop_keepsakes, {"household": household_id, "ids": list(ids)})).rowcount


async def mark_seen(stores: Stores, household_id: HouseholdId, ids: Sequence[uuid.UUID]) -> None:
    """Messages were read out."""
    async with stores.pool.connection() as connection:
        values = {"household": household_id, "ids": list(ids), "now": stores.now()}
        await connection.execute(SQL.see_keepsakes, values)
