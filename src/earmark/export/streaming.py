"""Putting the ZIP together while it leaves: sound and pages as they are read, `data.json` last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Literal

from earmark import accounts, audit, vault
from earmark.export import gathering, offline
from earmark.export.archive import Archive, Folded
from earmark.export.document import VERSION, Document, Entry, around_entries, entry_json, schema_text
from earmark.storage import Stores
from earmark.words import PersonId

How = Literal["page", "command", "api"]
SCHEMA_NAME = f"schema-{VERSION}.json"


async def stream(
    stores: Stores, person_id: PersonId, *, how: How, tell: Callable[[int], None] = lambda done: None
) -> AsyncGenerator[bytes, None]:
    """Yield a ZIP of everything that is held about a person, piece by piece. It holds speech in plain.

    The log learns of it before the first byte leaves. What is said after it began is not in it; what is deleted while
    it runs is left out, unless it has left already, and `data.json`, written last, lists what is in the ZIP and nothing
    else. `tell` is called with the number of recordings that are done. Raises NotFound for an unknown person.
    """
    account = await accounts.own_data(stores, person_id)
    waiting = set(await vault.selection(stores, person_id))
    await audit.append(stores, {"what": "exported", "how": how, "recordings": len(waiting)})
    archive, data = Archive(), Folded()
    yield archive.add(SCHEMA_NAME, [schema_text().encode()], at=stores.now(), deflate=True)
    first: list[Entry] = []
    number, done, cursor, more = 0, 0, None, False
    while number == 0 or cursor is not None:
        page = await vault.history(stores, person_id, before=cursor, limit=gathering.PAGE)
        number, cursor = number + 1, page.next
        shown: list[Entry] = []
        known = [each for each in page.interactions if each.id in waiting]
        async for entry, flac in gathering.entries(stores, person_id, known):
            if entry.file is not None and flac is not None:
                yield archive.add(entry.file, [flac], at=entry.interaction.started_at, deflate=False)
            data.add((b",\n" if done else b"") + entry_json(entry))
            waiting.discard(entry.interaction.id)
            shown.append(entry)
            done += 1
            tell(done)
        if number == 1:
            first, more = shown, cursor is not None
        else:
            yield await asyncio.to_thread(_page, archive, shown, number, cursor is not None, stores)
    document = await gathering.about(stores, account, left_out=len(waiting))
    yield await asyncio.to_thread(_ending, archive, document, first, done, more, data)


def _page(archive: Archive, entries: Sequence[Entry], number: int, more: bool, stores: Stores) -> bytes:
    text = offline.page(entries, number=number, more=more)
    return archive.add(offline.page_name(number), [text.encode()], at=stores.now(), deflate=True)


def _ending(
    archive: Archive, document: Document, first: Sequence[Entry], total: int, more: bool, data: Folded
) -> bytes:
    text = offline.page(first, number=1, more=more, document=document, total=total)
    before, after = around_entries(document)
    index = archive.add(offline.page_name(1), [text.encode()], at=document.made_at, deflate=True)
    listed = archive.add("data.json", _joined(before, data, after), at=document.made_at, deflate=True)
    return index + listed + archive.end()


def _joined(before: bytes, data: Folded, after: bytes) -> Iterator[bytes]:
    yield before
    yield from data.unfold()
    yield after
