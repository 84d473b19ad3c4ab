"""Bulk import: recordings that were made elsewhere become interactions, each once, and every bad file is named."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from earmark import audio, vault
from earmark.assistant.conversation import content_of, kind_of
from earmark.assistant.engine import Engine, Heard
from earmark.errors import BadAudio, EarmarkError, TooLongAudio
from earmark.manifest import Entry
from earmark.storage import Stores
from earmark.vault import Content, Kind, NewInteraction
from earmark.words import PcmAudio, PersonId

AT_ONCE = 8
"""Recordings on their way to disk together: most of the time goes into waiting for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What happened to one line of the manifest."""

    entry: Entry
    state: str
    """`imported`, `known` (it was there already) or `bad`."""
    error: EarmarkError | None = None
    """Why it is bad."""


async def import_entries(
    stores: Stores,
    person_id: PersonId,
    entries: list[Entry],
    engine: Engine | None,
    progress: Callable[[Imported], None] = lambda _: None,
) -> list[Imported]:
    """Import recordings for one person; those that can't be read are reported and the rest goes on.

    With an engine each is recognised; the manifest's own words and intent are kept where it has them.
    Raises NoBasis and DiskFull: then nothing more can be kept.
    """
    results: list[Imported | None] = [None] * len(entries)
    places = asyncio.Semaphore(AT_ONCE)
    stop: list[EarmarkError] = []

    async def one(index: int, entry: Entry) -> None:
        async with places:
            if stop:
                return
            try:
                found = await _one(stores, person_id, entry, engine)
            except EarmarkError as error:
                if error.status != 422:
                    stop.append(error)
                    return
                found = Imported(entry=entry, state="bad", error=error)
            results[index] = found
            progress(found)

    async with asyncio.TaskGroup() as group:
        for index, entry in enumerate(entries):
            group.create_task(one(index, entry))
    if stop:
        raise stop[0]
    return [result for result in results if result is not None]


async def _one(stores: Stores, person_id: PersonId, entry: Entry, engine: Engine | None) -> Imported:
    data, sound = await asyncio.to_thread(_read, entry.path)
    digest = hashlib.sha256(data).digest()
    if await vault.was_imported(stores, person_id, digest):
        return Imported(entry=entry, state="known")
    heard = await asyncio.to_thread(engine.hear, sound) if engine else None
    kind, content = _content(entry, heard)
    new = NewInteraction(
        person_id=person_id,
        started_at=stores.now(),
        kind=kind,
        audio=sound,
        bundle=engine.bundle.version if engine else "builtin",
        content=content,
        import_of=digest,
    )
    await vault.record(stores, new)
    return Imported(entry=entry, state="imported")


def _read(path: Path) -> tuple[bytes, PcmAudio]:
    """Read file and sound. Raises BadAudio and its kinds, DiskFull never."""
    try:
        if path.stat().st_size > 512 * 1024 * 1024:
            raise TooLongAudio(limit_minutes=round(audio.LONGEST / 60))
        data = path.read_bytes()
    except OSError as error:
        raise BadAudio from error
    return data, audio.read(data)


def _content(entry: Entry, heard: Heard | None) -> tuple[Kind, Content]:
    if heard is not None and entry.intent is None and entry.text is None:
        return kind_of(heard), content_of(heard, "")
    spoken = content_of(heard, "") if heard else Content()
    # Only what was recognised has times, and without times nothing can be masked for reviewers: the list's own words
    # stand beside it, as its owner's would.
    both = bool(spoken.words) and entry.text not in (None, spoken.text)
    return ("command" if entry.intent or spoken.accepted else "refused"), Content(
        text=spoken.text if both else entry.text or spoken.text,
        words=spoken.words if both or entry.text in (None, spoken.text) else (),
        corrected=entry.text if both else None,
        intent=entry.intent or spoken.intent,
        slots=dict(entry.slots) or spoken.slots,
        confidence=spoken.confidence,
        accepted=bool(entry.intent) or spoken.accepted,
        source="import",
        doubt=spoken.doubt,
    )
