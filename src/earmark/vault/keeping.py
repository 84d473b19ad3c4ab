"""Recording, history and sound: how an interaction gets in and how its owner sees it."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.errors import DiskFull as PostgresDiskFull

from earmark import audio, consent
from earmark.errors import DiskFull, EarmarkError, NoBasis, NotFound
from earmark.storage import Row, Statements, Stores, blind, derive, fetch, seal, seal_json, unseal, unseal_json
from earmark.vault.interaction import Content, Hearing, Interaction, NewInteraction, Wake
from earmark.words import InteractionId, PcmAudio, PersonId

SQL = Statements("earmark.vault")
PREFIX = "vault"
_END = datetime.max.replace(tzinfo=UTC)
_LAST = uuid.UUID(int=2**128 - 1)
_SLOTS: dict[PersonId, int] = {}
"""Where the secrets of people lie who were asked for lately; numbers, no secrets."""
_REMEMBERED = 10_000
_WORD = re.compile(r"[\w']+")


def recording_key_of(stores: Stores, *, person_slot: int, slot: int) -> bytes:
    """Derive a recording's AES-256 key: it needs its own secret and its person's. Raises Erased."""
    return derive(stores.vault_keys.secret(person_slot), stores.vault_keys.secret(slot), purpose="recording")


def _search_key(stores: Stores, person_slot: int) -> bytes:
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


async def record(stores: Stores, new: NewInteraction) -> InteractionId:
    """Keep an interaction, encrypted; sound, row and keys are on disk when this returns.

    Raises NoBasis when the person does not allow keeping (on this device), DiskFull.
    """
    grants = await consent.current(stores, new.person_id)
    grant = grants.grant("save", new.device_id)
    if grant is None:
        raise NoBasis
    person_slot = await person_slot_of(stores, new.person_id)
    identifier = new.id or InteractionId(uuid.uuid4())
    slot, name, values = await asyncio.to_thread(_seal_and_put, stores, new, identifier, person_slot)
    values |= {
        "id": identifier,
        "person": new.person_id,
        "device": new.device_id,
        "grant": grant.id,
        "started_at": new.started_at,
        "kind": new.kind,
        "slot": slot,
        "object": name,
        "duration": new.audio.duration,
        "bundle": new.bundle,
        "expires_at": stores.now() + timedelta(days=stores.settings.retention_days),
    }
    try:
        kept = await fetch(stores.pool, SQL.add_interaction, values)
    except PostgresDiskFull as error:
        await asyncio.to_thread(_take_back, stores, slot, name)
        raise DiskFull from error
    except BaseException:
        await asyncio.to_thread(_take_back, stores, slot, name)
        raise
    if not kept:  # imported before, or the grant was taken back between the question and now
        await asyncio.to_thread(_take_back, stores, slot, name)
        kept = await fetch(stores.pool, SQL.imported, values)
        if not kept:
            raise NoBasis
    return kept[0]["id"]


def _seal_and_put(
    stores: Stores, new: NewInteraction, identifier: InteractionId, person_slot: int
) -> tuple[int, str, dict[str, object]]:
    slot = stores.vault_keys.reserve()
    key = recording_key_of(stores, person_slot=person_slot, slot=slot)
    search = _search_key(stores, person_slot)
    sound = seal(key, audio.encode(new.audio), place=f"sound:{identifier}")
    try:
        name = stores.objects.put(PREFIX, sound)
    except BaseException:
        with suppress(DiskFull):  # a tombstone needs room too; a key that seals nothing may stay
            stores.vault_keys.destroy([slot])
        raise
    wake = new.wake
    return (
        slot,
        name,
        {
            "sealed": seal_json(key, new.content.to_json(), place=f"interaction:{identifier}"),
            "tokens": [blind(search, word) for word in words_of(new.content.text)],
            "import_hash": blind(search, new.import_of.hex()) if new.import_of else None,
            "wake_start": wake.start if wake else None,
            "wake_end": wake.end if wake else None,
            "wake_word": wake.word if wake else None,
            "wake_score": wake.score if wake else None,
            "verifier_score": wake.verifier_score if wake else None,
        },
    )


def _take_back(stores: Stores, slot: int, name: str) -> None:
    stores.objects.delete(name)
    with suppress(DiskFull):  # a tombstone needs room too; without its sound and its row the key seals nothing
        stores.vault_keys.destroy([slot])


async def was_imported(stores: Stores, person_id: PersonId, digest: bytes) -> bool:
    """Tell whether a file (its SHA-256) is already among a person's interactions."""
    search = _search_key(stores, await person_slot_of(stores, person_id))
    async with stores.pool.connection() as connection:
        values = {"person": person_id, "import_hash": blind(search, digest.hex())}
        return await (await connection.execute(SQL.imported, values)).fetchone() is not None


def _interaction(stores: Stores, row: Row) -> Interaction:
    key = recording_key_of(stores, person_slot=row["person_slot"], slot=row["key_slot"])
    wake = None
    if row["wake_word"] is not None:
        wake = Wake(
            word=row["wake_word"],
            score=row["wake_score"],
            verifier_score=row["verifier_score"],
            start=row["wake_start"],
            end=row["wake_end"],
        )
    return Interaction(
        id=row["id"],
        person_id=row["person_id"],
        device_id=row["device_id"],
        started_at=row["started_at"],
        expires_at=row["expires_at"],
        kind=row["kind"],
        duration=row["duration"],
        wake=wake,
        bundle=row["bundle"],
        content=Content.from_json(unseal_json(key, row["sealed"], place=f"interaction:{row['id']}")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a person's history, newest first."""

    interactions: tuple[Interaction, ...]
    next: tuple[datetime, InteractionId] | None
    """Hand this to `history` as `before` for the following page; None at the end."""


async def history(
    stores: Stores,
    person_id: PersonId,
    *,
    before: tuple[datetime, InteractionId] | None = None,
    limit: int = 50,
    search: str = "",
) -> Page:
    """Return one page of a person's interactions; `search` keeps those that hold all its words."""
    at, last = before or (_END, _LAST)
    values: dict[str, object] = {"person": person_id, "before_at": at, "before_id": last, "limit": limit + 1}
    statement = SQL.history
    if wanted := words_of(search):
        key = _search_key(stores, await person_slot_of(stores, person_id))
        values["tokens"] = [blind(key, word) for word in wanted]
        statement = SQL.search
    rows = await fetch(stores.pool, statement, values)
    found = []
    for row in rows[:limit]:
        try:
            found.append(_interaction(stores, row))
        except EarmarkError:
            continue  # its key went a moment ago: an erasure is on its way through the stores
    following = (rows[limit - 1]["started_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(interactions=tuple(found), next=following)


async def count(stores: Stores, person_id: PersonId) -> int:
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.count_of_person, {"person": person_id})).fetchone()
    return row["n"] if row else 0


async def _row(stores: Stores, identifier: InteractionId) -> Row:
    rows = await fetch(stores.pool, SQL.interaction, {"id": identifier})
    if not rows:
        raise NotFound
    return rows[0]


async def interaction(stores: Stores, person_id: PersonId, identifier: InteractionId) -> Interaction:
    """Return one of a person's own interactions. Raises NotFound for anybody else's."""
    row = await _row(stores, identifier)
    if row["person_id"] != person_id:
        raise NotFound
    return _interaction(stores, row)


def _sound(stores: Stores, row: Row) -> PcmAudio:
    key = recording_key_of(stores, person_slot=row["person_slot"], slot=row["key_slot"])
    flac = unseal(key, stores.objects.get(row["object"]), place=f"sound:{row['id']}")
    return audio.read(flac, allow_silence=True)


async def sound(stores: Stores, person_id: PersonId, identifier: InteractionId) -> PcmAudio:
    """Return the recording of one of a person's own interactions. Raises NotFound, Erased."""
    row = await _row(stores, identifier)
    if row["person_id"] != person_id:
        raise NotFound
    return await asyncio.to_thread(_sound, stores, row)


async def open_for_review(stores: Stores, identifier: InteractionId) -> tuple[Interaction, PcmAudio]:
    """Open an interaction for the airlock, which makes its masked copy. Raises NotFound, Erased."""
    row = await _row(stores, identifier)
    return _interaction(stores, row), await asyncio.to_thread(_sound, stores, row)


async def recording_keys(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, bytes]:
    """Return the keys under which labels of these interactions are sealed; erased ones are left out."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.slots_of_interactions, {"ids": list(ids)})).fetchall()
    keys = {}
    for row in rows:
        try:
            keys[row["id"]] = recording_key_of(stores, person_slot=row["person_slot"], slot=row["key_slot"])
        except EarmarkError:
            continue
    return keys


async def recording_key(stores: Stores, identifier: InteractionId) -> bytes:
    """Return the key of one recording. Raises NotFound when it was erased."""
    keys = await recording_keys(stores, [identifier])
    if identifier not in keys:
        raise NotFound
    return keys[identifier]


async def hearings(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, list[Hearing]]:
    """Return who listened to each of these interactions: role, site, day, purpose."""
    rows = await fetch(stores.pool, SQL.hearings, {"ids": list(ids)})
    found: dict[InteractionId, list[Hearing]] = {}
    for row in rows:
        heard = Hearing(role=row["role"], site=row["site"], day=row["day"], purpose=row["purpose"])
        found.setdefault(row["interaction_id"], []).append(heard)
    return found
