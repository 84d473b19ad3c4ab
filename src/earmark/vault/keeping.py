"""Recording, history and sound: how an interaction gets in and how its owner sees it."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, LiteralString

from psycopg.errors import DiskFull as PostgresDiskFull

from earmark import audio, audit, consent
from earmark.consent import Grants
from earmark.errors import BadRequest, DiskFull, EarmarkError, NoBasis, NoSound, NotFound
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
    unseal,
    unseal_json,
)
from earmark.vault.interaction import Content, Hearing, Interaction, Kind, NewInteraction, Wake
from earmark.words import DeviceId, InteractionId, PcmAudio, PersonId

SQL = Statements("earmark.vault")
PREFIX = "vault"
_END = datetime.max.replace(tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_LAST = uuid.UUID(int=2**128 - 1)
_FIRST = uuid.UUID(int=0)
_SLOTS: dict[PersonId, int] = {}
"""Where the secrets of people lie who were asked for lately; numbers, no secrets."""
_REMEMBERED = 10_000
_WORD = re.compile(r"[\w']+")
LONGEST_CORRECTION = 500
"""Letters; an utterance of 15 s has fewer."""


def recording_key_of(stores: Stores, *, person_slot: int, slot: int) -> bytes:
    """Derive a recording's AES-256 key: it needs its own secret and its person's. Raises Erased."""
    return derive(stores.vault_keys.secret(person_slot), stores.vault_keys.secret(slot), purpose="recording")


def _key_of_row(stores: Stores, row: Row) -> bytes:
    return recording_key_of(stores, person_slot=row["person_slot"], slot=row["key_slot"])


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


NEVER = datetime(9000, 1, 1, tzinfo=UTC)
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
    except BaseException:
        await asyncio.to_thread(_take_back, stores, slot, name)
        raise
    if not kept:  # imported before, or the grant was taken back between the question and now
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
    search = _search_key(stores, person_slot)
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
            "tokens": [blind(search, word) for word in words_of(new.content.text)],
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
    search = _search_key(stores, await person_slot_of(stores, person_id))
    async with stores.pool.connection() as connection:
        values = {"person": person_id, "import_hash": blind(search, digest.hex())}
        return await (await connection.execute(SQL.imported, values)).fetchone() is not None


def _interaction(stores: Stores, row: Row) -> Interaction:
    content, wake = Content(), None
    if row["key_slot"] is not None:
        key = _key_of_row(stores, row)
        content = Content.from_json(unseal_json(key, row["sealed"], place=f"interaction:{row['id']}"))
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
        content=content,
        has_sound=row["object"] is not None,
        called=row["called"],
        guest=row["guest_session"] is not None,
        grant_id=row["grant_id"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a person's history, newest first."""

    interactions: tuple[Interaction, ...]
    next: tuple[datetime, InteractionId] | None
    """Hand this to `history` as `before` for the following page; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of a history is wanted; everything that is left out is."""

    search: str = ""
    """Only what holds all these words."""
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    device_id: DeviceId | None = None
    kind: Kind | None = None


async def history(
    stores: Stores,
    person_id: PersonId,
    wanted: Filter = Filter(),
    *,
    before: tuple[datetime, InteractionId] | None = None,
    limit: int = 50,
) -> Page:
    """Return one page of a person's interactions, newest first."""
    at, last = before or (_END, _LAST)
    if wanted.until is not None and wanted.until <= at:
        at, last = wanted.until, _FIRST
    values: dict[str, object] = {
        "person": person_id,
        "before_at": at,
        "before_id": last,
        "limit": limit + 1,
        "since": wanted.since or _BEGINNING,
        "device": wanted.device_id,
        "kind": wanted.kind,
    }
    if words := words_of(wanted.search):
        key = _search_key(stores, await person_slot_of(stores, person_id))
        values["tokens"] = [blind(key, word) for word in words]
        statement = SQL.search
    elif wanted.device_id is not None:
        statement = SQL.history_of_device
    else:
        statement = SQL.history if wanted.kind is None else SQL.history_of_kind
    rows = await fetch(stores.pool, statement, values)
    following = (rows[limit - 1]["started_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(interactions=tuple(_opened(stores, rows[:limit])), next=following)


def _opened(stores: Stores, rows: Sequence[Row]) -> list[Interaction]:
    found = []
    for row in rows:
        try:
            found.append(_interaction(stores, row))
        except EarmarkError:
            continue  # its key went a moment ago: an erasure is on its way through the stores
    return found


async def interactions_of(stores: Stores, statement: LiteralString, values: Mapping[str, object]) -> list[Interaction]:
    """Return the interactions that a statement of this room selects, with `person_slot`."""
    return _opened(stores, await fetch(stores.pool, statement, values))


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
    if row["object"] is None:
        raise NoSound
    key = _key_of_row(stores, row)
    flac = unseal(key, stores.objects.get(row["object"]), place=f"sound:{row['id']}")
    return audio.read(flac, allow_silence=True)


async def sound(
    stores: Stores, person_id: PersonId, identifier: InteractionId, *, by: Literal["owner", "guest"] = "owner"
) -> PcmAudio:
    """Return the recording of one of a person's own interactions; the log keeps that its owner or a guest listened.

    Raises NotFound, NoSound, Erased.
    """
    row = await _row(stores, identifier)
    if row["person_id"] != person_id:
        raise NotFound
    if row["object"] is None:
        raise NoSound
    await audit.append(stores, {"what": "sound.opened", "by": by, "recordings": 1})
    return await asyncio.to_thread(_sound, stores, row)


async def correct(stores: Stores, person_id: PersonId, identifier: InteractionId, text: str) -> None:
    """Write down what its owner says was really said; an empty text takes that back. Raises NotFound, BadRequest."""
    text = " ".join(text.split())
    if len(text) > LONGEST_CORRECTION:
        raise BadRequest(
            why="This is longer than {most} letters; write down what was said in fewer.", most=LONGEST_CORRECTION
        )
    row = await _row(stores, identifier)
    if row["person_id"] != person_id or row["key_slot"] is None:
        raise NotFound
    key, search = _key_of_row(stores, row), _search_key(stores, row["person_slot"])
    content = replace(_interaction(stores, row).content, corrected=text or None)
    values = {
        "id": identifier,
        "sealed": seal_json(key, content.to_json(), place=f"interaction:{identifier}"),
        # What Earmark heard is found as well: it still stands beside the correction.
        "tokens": [blind(search, word) for word in words_of(f"{content.text} {text}")],
    }
    if not await fetch(stores.pool, SQL.correct, values):
        raise NotFound


async def open_for_review(stores: Stores, identifier: InteractionId) -> tuple[Interaction, PcmAudio]:
    """Open an interaction for the airlock, which makes its masked copy. Raises NotFound, NoSound, Erased."""
    row = await _row(stores, identifier)
    return _interaction(stores, row), await asyncio.to_thread(_sound, stores, row)


async def recording_keys(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, bytes]:
    """Return the keys under which labels of these interactions are sealed; erased ones are left out."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.slots_of_interactions, {"ids": list(ids)})).fetchall()
    keys = {}
    for row in rows:
        if row["key_slot"] is None:
            continue
        try:
            keys[row["id"]] = _key_of_row(stores, row)
        except EarmarkError:
            continue
    return keys


async def recording_key(stores: Stores, identifier: InteractionId) -> bytes:
    """Return the key of one recording. Raises NotFound when it was erased."""
    keys = await recording_keys(stores, [identifier])
    if identifier not in keys:
        raise NotFound
    return keys[identifier]


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


async def hearings(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, list[Hearing]]:
    """Return who listened to each of these interactions: role, site, day, purpose."""
    rows = await fetch(stores.pool, SQL.hearings, {"ids": list(ids)})
    found: dict[InteractionId, list[Hearing]] = {}
    for row in rows:
        heard = Hearing(role=row["role"], site=row["site"], day=row["day"], purpose=row["purpose"])
        found.setdefault(row["interaction_id"], []).append(heard)
    return found


async def listeners(stores: Stores, person_id: PersonId) -> list[Row]:
    """Return `role`, `site`, `day` and `times` for whoever listened to a person's interactions, newest day first."""
    return await fetch(stores.pool, SQL.listeners, {"person": person_id})
