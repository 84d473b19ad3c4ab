"""What is kept, read again: history, single interactions, their sound, who listened; and its owner's corrections."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, LiteralString

from earmark import audio, audit
from earmark.errors import BadRequest, EarmarkError, NoSound, NotFound
from earmark.storage import Row, Stores, blind, fetch, seal_json, unseal, unseal_json
from earmark.vault.interaction import Content, Hearing, Interaction, Kind, Wake
from earmark.vault.keeping import SQL, key_of_row, person_slot_of, search_key, words_of
from earmark.words import DeviceId, InteractionId, PcmAudio, PersonId

END = datetime.max.replace(tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)
_LAST = uuid.UUID(int=2**128 - 1)
_FIRST = uuid.UUID(int=0)
LONGEST_CORRECTION = 500
"""Letters; an utterance of 15 s has fewer."""


def _interaction(stores: Stores, row: Row) -> Interaction:
    content, wake = Content(), None
    if row["key_slot"] is not None:
        key = key_of_row(stores, row)
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
    at, last = before or (END, _LAST)
    if wanted.until is not None and wanted.until <= at:
        at, last = wanted.until, _FIRST
    values: dict[str, object] = {
        "person": person_id,
        "before_at": at,
        "before_id": last,
        "limit": limit + 1,
        "since": wanted.since or BEGINNING,
        "device": wanted.device_id,
        "kind": wanted.kind,
    }
    if words := words_of(wanted.search):
        key = search_key(stores, await person_slot_of(stores, person_id))
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
    key = key_of_row(stores, row)
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
    key, search = key_of_row(stores, row), search_key(stores, row["person_slot"])
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


async def doubts(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, float]:
    """Return how unsure the assistant was of each, 0 to 1; those of which nobody knows are left out."""
    rows = await fetch(stores.pool, SQL.interactions_of, {"ids": list(ids)})
    return await asyncio.to_thread(_doubts, stores, rows)


def _doubts(stores: Stores, rows: Sequence[Row]) -> dict[InteractionId, float]:
    found: dict[InteractionId, float] = {}
    for row in rows:
        try:
            doubt = _interaction(stores, row).content.doubt
        except EarmarkError:
            continue  # it is being erased
        if doubt is not None:
            found[row["id"]] = doubt
    return found


async def recording_keys(stores: Stores, ids: Sequence[InteractionId]) -> dict[InteractionId, bytes]:
    """Return the keys under which labels of these interactions are sealed; erased ones are left out."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.slots_of_interactions, {"ids": list(ids)})).fetchall()
    keys = {}
    for row in rows:
        if row["key_slot"] is None:
            continue
        try:
            keys[row["id"]] = key_of_row(stores, row)
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


async def listeners(stores: Stores, person_id: PersonId) -> list[Row]:
    """Return `role`, `site`, `day` and `times` for whoever listened to a person's interactions, newest day first."""
    return await fetch(stores.pool, SQL.listeners, {"person": person_id})
