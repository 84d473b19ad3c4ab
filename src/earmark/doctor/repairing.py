"""Mending: what is safe, and nothing that a restored backup or a person could still put right.

A key that was destroyed is never coming back, so what it sealed is erased like anything else, with a receipt. A key
that is missing may lie in a backup, and so may a file: these are told and left. Files and keys that no row names are
taken away only when no other process is at work, because one that keeps a recording makes them a moment before the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from earmark import airlock, audit, learn, vault
from earmark.doctor.examining import SQL, WHAT, Code, Finding, Progress, findings, look
from earmark.errors import NotFound
from earmark.forget import ERASERS, drop_false_wakes, finish_interrupted
from earmark.storage import ROLES, Row, Stores, delete_all, fetch
from earmark.words import DeviceId, InteractionId, KeepsakeId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """One kind of disagreement that was put right."""

    code: Code
    count: int
    how: str
    """What was done, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair did and what it left."""

    mended: tuple[Mended, ...]
    left: tuple[Finding, ...]
    """What a second examination still found; `WHY_LEFT` says why."""


WHY_LEFT: Mapping[Code, str] = {
    "person_keys": "restore the keys from their backup, or delete what these people had kept",
    "sound_missing": "restore the files from a backup; their owners still see the words, and may delete them",
    "keys_unreadable": "restore the keys from their backup; a destroyed key would be marked as such",
    "lines_unreadable": "restore the keys from their backup; a destroyed key would be marked as such",
    "lines_without_key": "they go when they have served, or when their owners delete everything",
    "without_grant": "ask their owners; nothing is deleted behind anybody's back",
    "clip_key_unreadable": "restore the keys from their backup",
    "child_sound": "ask who looks after them; nothing is deleted behind anybody's back",
    "loose_objects": "while Earmark runs, whose worker deletes them within two hours; or stop it and run this again",
    "unnamed_keys": "while Earmark runs; stop it and run this again",
    "log": "it can't be mended; `earmark audit verify` names the first bad entry",
}
"""What to do about what a repair leaves."""


async def is_alone(stores: Stores) -> bool:
    """Tell whether no other process of this installation is connected to its database."""
    rows = await fetch(stores.pool, SQL.connected, {"roles": list(ROLES)})
    return rows[0]["n"] <= stores.pool.get_stats()["pool_size"]


async def repair(stores: Stores, *, alone: bool, note: Progress = lambda _: None) -> Repaired:
    """Examine, mend what is safe, and examine again. Safe to repeat, and to kill.

    `alone`: nobody else is at work on this installation (`is_alone`).
    """
    items = await look(stores, note)
    mended = []
    for code, (how, mend) in _MENDERS.items():
        if items[code] and (alone or code not in _ONLY_ALONE):
            note(f"mending {WHAT[code]}: {len(items[code]):,}")
            await mend(stores, items[code])
            mended.append(Mended(code=code, count=len(items[code]), how=how))
    if mended:
        await audit.append(stores, {"what": "repaired", "mended": {each.code: each.count for each in mended}})
        items = await look(stores, note)
    return Repaired(mended=tuple(mended), left=tuple(findings(items)))


async def _finish(stores: Stores, rows: Sequence[Row]) -> None:
    await finish_interrupted(stores)


async def _destroy_again(stores: Stores, rows: Sequence[Row]) -> None:
    for name, keys in (("vault", stores.vault_keys), ("review", stores.review_keys)):
        await asyncio.to_thread(keys.replay, [row["slot"] for row in rows if row["store"] == name])


async def _erase_recordings(stores: Stores, rows: Sequence[Row]) -> None:
    for person, ids in _by_person(rows).items():
        with suppress(NotFound):  # an erasure that was finished a moment ago took them
            await vault.erase(stores, person, [InteractionId(each) for each in ids], how="repair", erasers=ERASERS)


async def _erase_lines(stores: Stores, rows: Sequence[Row]) -> None:
    for person, ids in _by_person(rows).items():
        kept = [KeepsakeId(each) for each in ids]
        await vault.erase(stores, person, [], keepsakes=kept, how="repair", erasers=ERASERS)


def _by_person(rows: Sequence[Row]) -> dict[PersonId, list[UUID]]:
    found: dict[PersonId, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row["id"])
    return found


async def _remove_clips(stores: Stores, rows: Sequence[Row]) -> None:
    await airlock.remove(stores, [row["id"] for row in rows])


async def _recall(stores: Stores, rows: Sequence[Row]) -> None:
    wanted: set[tuple[PersonId, Literal["review", "transcription"], DeviceId | None]] = {
        (row["person_id"], row["purpose"], row["device_id"]) for row in rows
    }
    for person, purpose, device in wanted:
        await airlock.recall(stores, person, purpose=purpose, device_id=device)


async def _drop_false_wakes(stores: Stores, rows: Sequence[Row]) -> None:
    for person in _by_person(rows):
        await drop_false_wakes(stores, person)


async def _revoke(stores: Stores, rows: Sequence[Row]) -> None:
    await learn.revoke(stores, [row["id"] for row in rows], by="repair")


async def _delete_files(stores: Stores, rows: Sequence[Row]) -> None:
    await asyncio.to_thread(delete_all, stores.objects, [row["id"] for row in rows])


async def _destroy_keys(stores: Stores, rows: Sequence[Row]) -> None:
    for name, keys in (("vault", stores.vault_keys), ("review", stores.review_keys)):
        slots = [row["slot"] for row in rows if row["store"] == name]
        async with stores.pool.connection() as connection:
            await connection.execute(SQL.add_tombstones, {"store": name, "slots": slots})
        await asyncio.to_thread(keys.destroy, slots)


_MENDERS: Mapping[Code, tuple[str, Callable[[Stores, Sequence[Row]], Awaitable[None]]]] = {
    "unfinished": ("finished, with their receipts", _finish),
    "revived_keys": ("destroyed again", _destroy_again),
    "keys_destroyed": ("erased everywhere; their owners have receipts", _erase_recordings),
    "lines_destroyed": ("erased; their owners have receipts", _erase_lines),
    "clip_sound_missing": ("taken off the floor; the recordings stay", _remove_clips),
    "clip_key_destroyed": ("taken off the floor; the recordings stay", _remove_clips),
    "clip_without_seal": ("taken off the floor with their keys and sound", _remove_clips),
    "clip_not_allowed": ("pulled back, as their owners asked", _recall),
    "clip_out_of_bounds": ("taken off the floor; the recordings stay", _remove_clips),
    "false_wakes_kept": ("reduced to the line that the device woke", _drop_false_wakes),
    "seal_without_clip": ("removed", _remove_clips),
    "dataset_of_gone": ("revoked; models made from them are retired", _revoke),
    "loose_objects": ("deleted", _delete_files),
    "unnamed_keys": ("destroyed", _destroy_keys),
}
HOW_MENDED: Mapping[Code, str] = {code: how for code, (how, _) in _MENDERS.items()}
"""What a repair does about each kind that it can mend."""
_ONLY_ALONE: frozenset[Code] = frozenset({"loose_objects", "unnamed_keys"})
