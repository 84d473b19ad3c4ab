"""Handing recordings to their owner as they are kept: for the export."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from earmark.errors import NotFound
from earmark.storage import Row, Stores, fetch, unseal
from earmark.vault.keeping import SQL, recording_key_of
from earmark.words import InteractionId, PersonId, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much of one person is kept."""

    recordings: int
    seconds: Seconds
    """All of them together."""


async def held(stores: Stores, person_id: PersonId) -> Held:
    """Return how many recordings of a person there are and how long they are."""
    (row,) = await fetch(stores.pool, SQL.held_of_person, {"person": person_id})
    return Held(**row)


async def flac(stores: Stores, person_id: PersonId, identifier: InteractionId) -> bytes | None:
    """Return the FLAC file of one of a person's own interactions, byte for byte as it was kept; None: it has no sound.

    Raises NotFound when the interaction is gone or somebody else's, Erased when its key is gone already.
    """
    rows = await fetch(stores.pool, SQL.interaction, {"id": identifier})
    if not rows or rows[0]["person_id"] != person_id:
        raise NotFound
    return await asyncio.to_thread(_flac, stores, rows[0]) if rows[0]["object"] else None


def _flac(stores: Stores, row: Row) -> bytes | None:
    slots = {"person_slot": row["person_slot"], "slot": row["key_slot"]}
    key = recording_key_of(stores, **slots)
    try:
        sealed = stores.objects.get(row["object"])
    except NotFound:
        recording_key_of(stores, **slots)  # an erasure destroys keys before files: then this raises Erased
        return None  # the key lives and the file is lost: `earmark doctor` says so, and its words are still the owner's
    return unseal(key, sealed, place=f"sound:{row['id']}")
