"""`earmark doctor`: do rows, sound, keys, consents and tasks agree?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass

from earmark import audit
from earmark.errors import EarmarkError
from earmark.storage import KeyStore, Statements, Stores

SQL = Statements("earmark", "doctor.sql")
PREFIXES = ("vault", "masked")
"""Where sound lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of disagreement."""

    what: str
    """In plain words."""
    count: int
    serious: bool
    """False: leftovers of a crash that hold nothing readable."""


async def examine(stores: Stores) -> list[Finding]:
    """Compare every store with every other; an empty list is a clean bill of health."""
    async with stores.pool.connection() as connection:
        kept = await (await connection.execute(SQL.kept)).fetchall()
        keepsakes = await (await connection.execute(SQL.keepsakes)).fetchall()
        tombstones = await (await connection.execute(SQL.tombstones)).fetchall()
        masked = await (await connection.execute(SQL.masked)).fetchall()
        loose = await (await connection.execute(SQL.seals_without_task)).fetchall()
        forbidden = await (await connection.execute(SQL.not_allowed)).fetchall()
        unfinished = await (await connection.execute(SQL.unfinished)).fetchone()
    in_vault = await asyncio.to_thread(lambda: set(stores.objects.names("vault")))
    in_masked = await asyncio.to_thread(lambda: set(stores.objects.names("masked")))
    vault_names, masked_names = {row["object"] for row in kept}, {row["object"] for row in masked}
    recording_slots = [row["key_slot"] for row in kept] + [row["person_slot"] for row in kept]
    own_slots = [row["key_slot"] for row in keepsakes if row["key_slot"] is not None]
    keepsake_slots = own_slots + [row["person_slot"] for row in keepsakes]
    back = _alive(stores.vault_keys, [row["slot"] for row in tombstones if row["store"] == "vault"])
    back += _alive(stores.review_keys, [row["slot"] for row in tombstones if row["store"] == "review"])
    verdict = await audit.verify(stores)
    found = [
        ("recordings whose sound is missing", len(vault_names - in_vault), True),
        ("recordings whose key is missing", _dead(stores.vault_keys, recording_slots), True),
        ("list lines, messages and alarms whose key is missing", _dead(stores.vault_keys, keepsake_slots), True),
        ("list lines, messages and alarms without a key of their own", len(keepsakes) - len(own_slots), True),
        ("recordings kept without a grant", sum(not row["allowed"] for row in kept), True),
        ("clips in review whose sound is missing", len(masked_names - in_masked), True),
        ("clips in review whose key is missing", _dead(stores.review_keys, [row["key_slot"] for row in masked]), True),
        ("clips in review that belong to no recording", sum(row["interaction_id"] is None for row in masked), True),
        ("clips in review whose owner does not allow it any more", len(forbidden), True),
        ("destroyed keys that are alive again", back, True),
        ("erasures begun and not finished", unfinished["n"] if unfinished else 0, True),
        ("links to clips that are gone", len(loose), False),
        ("encrypted files that no recording names", len(in_vault - vault_names) + len(in_masked - masked_names), False),
        ("entries of the audit log that are not what was sealed", int(not verdict.good), True),
    ]
    return [Finding(what=what, count=count, serious=serious) for what, count, serious in found if count]


def _dead(keys: KeyStore, slots: Sequence[int]) -> int:
    dead = 0
    for slot in set(slots):
        try:
            keys.secret(slot)
        except EarmarkError:
            dead += 1
    return dead


def _alive(keys: KeyStore, slots: Sequence[int]) -> int:
    return len(set(slots)) - _dead(keys, slots)


async def sweep(stores: Stores, suspected: Set[str]) -> set[str]:
    """Delete stored sound that no row names, left by a crash between sound and row: else no clock would ever reach it.

    Deleted is what was `suspected` by an earlier round already, because sound is written a moment before its row.
    Returns what is to be suspected in the next round.
    """
    found = await asyncio.to_thread(lambda: {n for prefix in PREFIXES for n in stores.objects.names(prefix)})
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.named_objects)).fetchall()
    loose = found - {row["object"] for row in rows}
    for name in loose & suspected:
        await asyncio.to_thread(stores.objects.delete, name)
    return loose - suspected
