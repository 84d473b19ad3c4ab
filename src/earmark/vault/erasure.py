"""Erasing: intent, keys, rows, objects, receipt; in this order, so that a killed process can only finish it."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from earmark import audit
from earmark.errors import NotFound
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores, again_after_deadlock, delete_all, fetch
from earmark.vault.interaction import Kind
from earmark.vault.keeping import PREFIX, SQL
from earmark.vault.reading import BEGINNING, END
from earmark.words import DeviceId, InteractionId, KeepsakeId, PersonId

Receipt = dict[str, Any]
_COUNTED_AS = {"shopping": "list_lines", "message": "messages", "alarm": "alarms"}
"""Kind of keepsake → what the receipt calls it."""


async def _find(stores: Stores, connection: Connection, chosen: Chosen) -> Doomed:
    rows = await (await connection.execute(SQL.doomed_interactions, {"ids": list(chosen.interactions)})).fetchall()
    kept = await (await connection.execute(SQL.doomed_keepsakes, {"ids": list(chosen.keepsakes)})).fetchall()
    return Doomed(
        vault_slots=[row["key_slot"] for row in [*rows, *kept]],
        objects=[row["object"] for row in rows if row["object"]],
    )


async def _erase(stores: Stores, connection: Connection, chosen: Chosen) -> dict[str, int]:
    cursor = await connection.execute(SQL.erase_interactions, {"ids": list(chosen.interactions)})
    kept = await (await connection.execute(SQL.erase_keepsakes, {"ids": list(chosen.keepsakes)})).fetchall()
    return {"recordings": cursor.rowcount, **Counter(_COUNTED_AS[row["kind"]] for row in kept)}


ERASER = Eraser(
    tables=frozenset(
        f"vault.{name}"
        for name in (
            "interactions",
            "hearings",
            "devices",
            "grants",
            "keepsakes",
            "erasures",
            "tombstones",
            "guest_sessions",  # a code's hash, a device and a day's life
            "wake_checks",  # counts of a day
        )
    ),
    prefixes=frozenset({PREFIX}),
    find=_find,
    erase=_erase,
)


async def erase(
    stores: Stores,
    person_id: PersonId,
    ids: Sequence[InteractionId],
    *,
    keepsakes: Sequence[KeepsakeId] = (),
    how: str,
    erasers: Sequence[Eraser],
) -> Receipt:
    """Erase these of a person's interactions (and of what was kept for them) and return the signed receipt.

    `erasers` are those of every room, this one's last. What belongs to other people is left alone. Raises NotFound when
    none of the ids is this person's and nothing else is to go.
    """
    async with stores.pool.connection() as connection:
        chosen = Chosen(
            interactions=await _owned(connection, SQL.owned, person_id, ids),
            keepsakes=await _owned(connection, SQL.owned_keepsakes, person_id, keepsakes),
        )
        if ids and not (chosen.interactions or chosen.keepsakes):
            raise NotFound
        erasure, now = uuid.uuid4(), stores.now()
        values = {
            "id": erasure,
            "person": person_id,
            "interactions": list(chosen.interactions),
            "keepsakes": list(chosen.keepsakes),
            "how": how,
            "now": now,
        }
        async with _in_hand(connection, erasure):
            await connection.execute(SQL.add_erasure, values)
            await connection.commit()
            return await _carry_out(stores, connection, erasure, chosen, how=how, asked_at=now, erasers=erasers)


@asynccontextmanager
async def _in_hand(connection: Connection, erasure: uuid.UUID) -> AsyncIterator[bool]:
    """Hold an erasure as long as this connection lives; yields whether nobody else has it in hand.

    A killed process loses its connection: its erasure can be taken up by the next.
    """
    row = await (await connection.execute(SQL.take_in_hand, {"id": erasure})).fetchone()
    taken = row is not None and row["taken"]
    try:
        yield taken
    finally:
        await connection.rollback()
        if taken:
            await connection.execute(SQL.let_go, {"id": erasure})
            await connection.commit()


async def _owned(
    connection: Connection, statement: LiteralString, person_id: PersonId, ids: Sequence[uuid.UUID]
) -> list[Any]:
    rows = await (await connection.execute(statement, {"person": person_id, "ids": list(ids)})).fetchall()
    return [row["id"] for row in rows]


async def resume(stores: Stores, erasers: Sequence[Eraser]) -> int:
    """Finish what a killed process began; what a living one has in hand is its own. Returns how many that were."""
    finished = 0
    for waiting in await fetch(stores.pool, SQL.unfinished_erasures, {}):
        async with stores.pool.connection() as connection, _in_hand(connection, waiting["id"]) as taken:
            rows = await (await connection.execute(SQL.unfinished_erasure, {"id": waiting["id"]})).fetchall()
            for row in rows if taken else ():
                chosen = Chosen(interactions=row["interaction_ids"], keepsakes=row["keepsake_ids"])
                about = {"how": row["asked_how"], "asked_at": row["asked_at"]}
                await _carry_out(stores, connection, row["id"], chosen, erasers=erasers, **about)
                finished += 1
    return finished


async def _carry_out(
    stores: Stores,
    connection: Connection,
    erasure: uuid.UUID,
    chosen: Chosen,
    *,
    how: str,
    asked_at: datetime,
    erasers: Sequence[Eraser],
) -> Receipt:
    doomed = [await eraser.find(stores, connection, chosen) for eraser in erasers]
    vault_slots = [slot for part in doomed for slot in part.vault_slots]
    review_slots = [slot for part in doomed for slot in part.review_slots]
    await connection.execute(SQL.add_tombstones, {"store": "vault", "slots": vault_slots})
    await connection.execute(SQL.add_tombstones, {"store": "review", "slots": review_slots})
    await connection.commit()
    counts: Counter[str] = Counter()
    counts["keys"] += await asyncio.to_thread(stores.vault_keys.destroy, vault_slots)
    counts["keys"] += await asyncio.to_thread(stores.review_keys.destroy, review_slots)
    names = [name for part in doomed for name in part.objects]
    counts["files"] += await asyncio.to_thread(delete_all, stores.objects, names)

    @again_after_deadlock
    async def end() -> Receipt:
        return await _end(stores, connection, erasure, chosen, counts, how=how, asked_at=asked_at, erasers=erasers)

    return await end()


async def _end(
    stores: Stores,
    connection: Connection,
    erasure: uuid.UUID,
    chosen: Chosen,
    destroyed: Counter[str],
    *,
    how: str,
    asked_at: datetime,
    erasers: Sequence[Eraser],
) -> Receipt:
    counts = Counter(destroyed)
    async with connection.transaction():
        for eraser in erasers:
            counts.update(await eraser.erase(stores, connection, chosen))
        event = {"what": "erasure", "how": how, "erased": dict(sorted(counts.items()))}
        entry = await audit.append_in(connection, stores, event)
        receipt = audit.sign(
            stores,
            {
                "kind": "erasure",
                "id": str(erasure),
                "how": how,
                "asked_at": asked_at.isoformat(timespec="seconds"),
                "done_at": stores.now().isoformat(timespec="seconds"),
                "erased": event["erased"],
                "log_entry": entry,  # its owner can prove that this stands in the log; nobody else can tell which it is
            },
        )
        await connection.execute(SQL.end_erasure, {"id": erasure, "now": stores.now(), "receipt": Jsonb(receipt)})
    return receipt


async def holds_anything(connection: Connection, person_id: PersonId) -> bool:
    """Tell, inside the caller's transaction, whether anything is kept of a person or waits for them."""
    row = await (await connection.execute(SQL.holds_anything, {"person": person_id})).fetchone()
    return bool(row and row["held"])


async def bury(connection: Connection, person_id: PersonId, slot: int) -> None:
    """Mark the key of an account that goes as destroyed, inside the caller's transaction, and forget its receipts."""
    await connection.execute(SQL.add_tombstones, {"store": "vault", "slots": [slot]})
    await connection.execute(SQL.forget_receipts, {"person": person_id})


async def receipts(stores: Stores, person_id: PersonId) -> list[Receipt]:
    """Return a person's receipts, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.receipts, {"person": person_id})).fetchall()
    return [row["receipt"] for row in rows]


async def all_receipts(stores: Stores, person_id: PersonId) -> list[Receipt]:
    """Return every receipt of a person, newest first, however many there are."""
    return [row["receipt"] for row in await fetch(stores.pool, SQL.all_receipts, {"person": person_id})]


async def receipt(stores: Stores, person_id: PersonId, erasure: uuid.UUID) -> Receipt:
    """Return one receipt of a person. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.receipt, {"id": erasure, "person": person_id})).fetchone()
    if row is None:
        raise NotFound
    return row["receipt"]


async def replay_tombstones(stores: Stores) -> int:
    """Destroy again what a restored key store brought back; runs at every start. Returns how many that were."""
    found = 0
    async with stores.pool.connection() as connection:
        for name, keys in (("vault", stores.vault_keys), ("review", stores.review_keys)):
            rows = await (await connection.execute(SQL.tombstones, {"store": name})).fetchall()
            slots = [row["slot"] for row in rows]
            found += await asyncio.to_thread(keys.replay, slots)
    return found


async def selection(
    stores: Stores,
    person_id: PersonId,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    device_id: DeviceId | None = None,
    kind: Kind | None = None,
    ids: Sequence[InteractionId] | None = None,
) -> list[InteractionId]:
    """Return the ids of what a person said, all of it or what is narrowed down to. What isn't theirs is left out."""
    values = {
        "person": person_id,
        "since": since or BEGINNING,
        "until": until or END,
        "device": device_id,
        "kind": kind,
        "ids": None if ids is None else list(ids),
    }
    rows = await fetch(stores.pool, SQL.selected, values)
    return [row["id"] for row in rows]


async def last(stores: Stores, person_id: PersonId, device_id: uuid.UUID | None = None) -> InteractionId | None:
    """Return a person's newest interaction (on one device)."""
    async with stores.pool.connection() as connection:
        values = {"person": person_id, "device": device_id}
        row = await (await connection.execute(SQL.last_of_person, values)).fetchone()
    return row["id"] if row else None


async def expired(stores: Stores, *, limit: int = 500) -> dict[PersonId, list[InteractionId]]:
    """Return interactions whose clock has run out, by person."""
    async with stores.pool.connection() as connection:
        values = {"now": stores.now(), "limit": limit}
        rows = await (await connection.execute(SQL.expired, values)).fetchall()
    found: dict[PersonId, list[InteractionId]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row["id"])
    return found
