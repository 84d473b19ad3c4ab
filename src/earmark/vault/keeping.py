"""Keeping: how an interaction gets in, under which keys, and when its clock runs out."""

from __future__ import annotations

import asyncio
import re
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg.errors import DiskFull as PostgresDiskFull
from psycopg.errors import ForeignKeyViolation

from earmark import audio, consent
from earmark.consent import Grants
from earmark.errors import DiskFull, NoBasis, NotFound
from earmark.storage import (
    Row,
    Statements,
    Stores,
    again_after_deadlock,
    blind,
    derive,
    fetch,
    seal,
    seal_json,
)
from earmark.vault.interaction import NEVER, NewInteraction
from earmark.words import DeviceId, InteractionId, PersonId

SQL = Statements("earmark.vault")
PREFIX = "vault"
_SLOTS: dict[PersonId, int] = {}
"""Where the secrets of people lie who were asked for lately; numbers, no secrets."""
_REMEMBERED = 10_000
_WORD = re.compile(r"[\w']+")


def recording_key_of(stores: Stores, *, person_slot: int, slot: int) -> bytes:
    """Derive a recording's AES-256 key: it needs its own secret and its person's. Raises Erased."""
    return derive(stores.vault_keys.secret(person_slot), stores.vault_keys.secret(slot), purpose="recording")


def key_of_row(stores: Stores, row: Row) -> bytes:
    return recording_key_of(stores, person_slot=row["person_slot"], slot=row["key_slot"])


def search_key(stores: Stores, person_slot: int) -> bytes:
    return derive(stores.vault_keys.secret(person_slot), purpose="search")


def words_of(text: str) -> list[str]:
    """Split a text into the words that search compares: case folded, in order, each once."""
    return list(dict.fromkeys(_WORD.findall(text.casefold())))


async def person_slot_of(stores: Stores, person_id: PersonId) -> int:
    """Return where a person's secret lies: asked of the database once, because nobody ever changes slots."""
    if person_id not in _SLOTS:
        rows = await fetch(stores.pool, SQL.key_slot_of_person, {"person": person_id})
        if not rows:
            raise NotFound
        if len(_SLOTS) >= _REMEMBERED:
            _SLOTS.clear()
        _SLOTS[person_id] = rows[0]["key_slot"]
    return _SLOTS[person_id]


"""When something ends that lives until its owner deletes it."""
GUEST_PAUSE = timedelta(minutes=10)
"""A guest's voice session ends when nobody has spoken for this long."""


def end_of(kept_at: datetime, days: int) -> datetime:
    """Return when the clock of something runs out."""
    return NEVER if days == consent.UNTIL_DELETED else kept_at + timedelta(days=days)


def seems_false(new: NewInteraction) -> bool:
    """Guess that nobody had called: a wake word woke the device, and nothing that followed was anything to do.

    A call that Earmark didn't understand looks just the same and is thrown away with them. How often this guess is
    wrong is counted (`wake_checks`) and told to owners.
    """
    return new.wake is not None and new.kind in ("refused", "false_wake")


async def record(stores: Stores, new: NewInteraction) -> InteractionId:
    """Keep an interaction, encrypted; sound, row and keys are on disk when this returns.

    Of a suspected false wake only the bare line is kept, unless its owner donates those; of a child, no sound. Raises
    NoBasis when the person does not allow keeping (on this device), DiskFull.
    """
    grants = await consent.current(stores, new.person_id)
    grant = grants.grant("save", new.device_id)
    if grant is None:
        raise NoBasis
    if seems_false(new):
        new = replace(new, kind="false_wake")
    bare = new.kind == "false_wake" and not grants.allows("donate", new.device_id)
    identifier, now = new.id or InteractionId(uuid.uuid4()), stores.now()
    slot, name, values = None, None, _BARE
    if not bare:
        person_slot = await person_slot_of(stores, new.person_id)
        slot, name, values = await asyncio.to_thread(
            _seal_and_put, stores, new, identifier, person_slot, with_sound=not grants.child
        )
    wake = new.wake
    values = values | {
        "id": identifier,
        "person": new.person_id,
        "device": new.device_id,
        "grant": grant.id,
        "started_at": new.started_at,
        "kind": new.kind,
        "slot": slot,
        "object": name,
        "duration": new.audio.duration,
        "wake_start": wake.start if wake else None,
        "wake_end": wake.end if wake else None,
        "wake_word": wake.word if wake else None,
        "wake_score": wake.score if wake else None,
        "verifier_score": wake.verifier_score if wake else None,
        "bundle": new.bundle,
        "now": now,
        "guests_since": now - GUEST_PAUSE,
        "expires_at": end_of(now, grants.keep_days(stores.settings.retention_days, new.device_id)),
    }
    try:
        kept = await fetch(stores.pool, SQL.add_interaction, values)
    except PostgresDiskFull as error:
        await asyncio.to_thread(_take_back, stores, slot, name)
        raise DiskFull from error
    except ForeignKeyViolation:
        kept = []
    except BaseException:
        await asyncio.to_thread(_take_back, stores, slot, name)
        raise
    if not kept:  # imported before, or the grant was taken back or its owner left between the question and now
        await asyncio.to_thread(_take_back, stores, slot, name)
        kept = await fetch(stores.pool, SQL.imported, values)
        if not kept:
            raise NoBasis
    if _clocks(await consent.current(stores, new.person_id)) != _clocks(grants):
        await reset_clocks(stores, new.person_id, new.device_id)  # one was changed while this was being written
    return kept[0]["id"]


def _clocks(grants: Grants) -> set[int]:
    return {word.id for word in grants.latest if word.purpose == "save"}


_BARE: dict[str, object] = {"sealed": None, "tokens": [], "import_hash": None}


def _seal_and_put(
    stores: Stores, new: NewInteraction, identifier: InteractionId, person_slot: int, *, with_sound: bool
) -> tuple[int, str | None, dict[str, object]]:
    slot = stores.vault_keys.reserve()
    key = recording_key_of(stores, person_slot=person_slot, slot=slot)
    search = search_key(stores, person_slot)
    name = None
    if with_sound:
        sound = seal(key, audio.encode(new.audio), place=f"sound:{identifier}")
        try:
            name = stores.objects.put(PREFIX, sound)
        except BaseException:
            with suppress(DiskFull):  # a tombstone needs room too; a key that seals nothing may stay
                stores.vault_keys.destroy([slot])
            raise
    return (
        slot,
        name,
        {
            "sealed": seal_json(key, new.content.to_json(), place=f"interaction:{identifier}"),
            "tokens": [blind(search, word) for word in words_of(f"{new.content.text} {new.content.corrected or ''}")],
            "import_hash": blind(search, new.import_of.hex()) if new.import_of else None,
        },
    )


def _take_back(stores: Stores, slot: int | None, name: str | None) -> None:
    if name is not None:
        stores.objects.delete(name)
    if slot is None:
        return
    with suppress(DiskFull):  # a tombstone needs room too; without its sound and its row the key seals nothing
        stores.vault_keys.destroy([slot])


async def was_imported(stores: Stores, person_id: PersonId, digest: bytes) -> bool:
    """Tell whether a file (its SHA-256) is already among a person's interactions."""
    search = search_key(stores, await person_slot_of(stores, person_id))
    async with stores.pool.connection() as connection:
        values = {"person": person_id, "import_hash": blind(search, digest.hex())}
        return await (await connection.execute(SQL.imported, values)).fetchone() is not None


@again_after_deadlock
async def reset_clocks(stores: Stores, person_id: PersonId, device_id: DeviceId | None = None) -> None:
    """Have what is kept follow a clock that was changed: a device's own, or everybody's but those."""
    grants, before = await consent.current(stores, person_id), None
    while grants != before:  # turned twice at once, the last word holds
        own = [g.device_id for g in grants.latest if g.purpose == "save" and g.device_id and g.keep_days is not None]
        values = {
            "person": person_id,
            "device": device_id,
            "days": grants.keep_days(stores.settings.retention_days, device_id),
            "never": NEVER,
            "but": [] if device_id else own,
        }
        async with stores.pool.connection() as connection:
            await connection.execute(SQL.reset_clocks, values)
        grants, before = await consent.current(stores, person_id), grants
