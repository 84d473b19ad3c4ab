"""Looking: every file and every key is put beside the rows, and the database says what disagrees.

Rows are seen as they were when the look began, files and keys a moment later; on a running installation somebody may
speak or delete meanwhile. What a look finds is therefore told only when a second look finds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, LiteralString, cast

from earmark import audit
from earmark.storage import Connection, Row, Statements, Stores

SQL = Statements("earmark.doctor")
PREFIXES = ("vault", "masked")
"""Where sound lies."""
_BATCH = 10_000

Progress = Callable[[str], None]
Code = Literal[
    "unfinished", "revived_keys", "person_keys", "sound_missing", "keys_destroyed", "keys_unreadable",
    "lines_destroyed", "lines_unreadable", "lines_without_key", "without_grant", "clip_sound_missing",
    "clip_key_destroyed", "clip_key_unreadable", "clip_without_seal", "clip_not_allowed", "clip_out_of_bounds",
    "child_sound", "false_wakes_kept", "seal_without_clip", "dataset_of_gone", "loose_objects", "unnamed_keys", "log",
]  # fmt: skip
Items = Mapping[Code, tuple[Row, ...]]
"""By kind, what disagrees: enough of each row to find it again."""

WHAT: Mapping[Code, str] = {
    "unfinished": "erasures begun and not finished",
    "revived_keys": "destroyed keys that are alive again",
    "person_keys": "people whose key is missing",
    "sound_missing": "recordings whose sound is missing",
    "keys_destroyed": "recordings whose key was destroyed",
    "keys_unreadable": "recordings whose key is missing or damaged",
    "lines_destroyed": "list lines, messages and alarms whose key was destroyed",
    "lines_unreadable": "list lines, messages and alarms whose key is missing or damaged",
    "lines_without_key": "list lines, messages and alarms without a key of their own",
    "without_grant": "recordings kept without a grant",
    "clip_sound_missing": "clips in review whose sound is missing",
    "clip_key_destroyed": "clips in review whose key was destroyed",
    "clip_key_unreadable": "clips in review whose key is missing or damaged",
    "clip_without_seal": "clips in review that belong to no recording",
    "clip_not_allowed": "clips in review whose owner does not allow it any more",
    "clip_out_of_bounds": "clips in review that may not be there: of guests, of children, before their owner's yes",
    "child_sound": "recordings of children with sound",
    "false_wakes_kept": "false wakes kept that nobody donates",
    "seal_without_clip": "links to clips that are gone",
    "dataset_of_gone": "dataset versions in use that hold a label that is gone",
    "loose_objects": "encrypted files that no recording names",
    "unnamed_keys": "keys that nothing is kept under",
    "log": "entries of the audit log that are not what was sealed",
}
"""What is looked for, in plain words, in the order in which it is mended."""
LEFTOVERS: frozenset[Code] = frozenset({"false_wakes_kept", "seal_without_clip", "loose_objects", "unnamed_keys"})
"""What a crash leaves and nobody can read or hear, and what the worker is about to drop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of disagreement."""

    code: Code
    what: str
    """In plain words."""
    count: int
    serious: bool
    """False: leftovers of a crash that hold nothing readable."""


async def examine(stores: Stores, note: Progress = lambda _: None) -> list[Finding]:
    """Compare every store with every other; an empty list is a clean bill of health."""
    return findings(await look(stores, note))


def findings(items: Items) -> list[Finding]:
    """Count what was found, in the order of `WHAT`."""
    return [
        Finding(code=code, what=what, count=len(items[code]), serious=code not in LEFTOVERS)
        for code, what in WHAT.items()
        if items.get(code)
    ]


async def look(stores: Stores, note: Progress) -> Items:
    """Look, and once more when something was found: told is what both looks saw."""
    found = await _look_once(stores, note)
    if any(found.values()):
        note("looking again at what disagrees")
        again = await _look_once(stores, note)
        both: dict[Code, tuple[Row, ...]] = {code: _both(rows, again[code]) for code, rows in found.items()}
        found = both
    note("reading the audit log")
    verdict = await audit.verify(stores)
    log: Items = {"log": () if verdict.good else ({"first_bad": verdict.first_bad},)}
    return {**found, **log}


def _both(first: Sequence[Row], second: Sequence[Row]) -> tuple[Row, ...]:
    seen = {tuple(row.values()) for row in second}
    return tuple(row for row in first if tuple(row.values()) in seen)


async def _look_once(stores: Stores, note: Progress) -> dict[Code, tuple[Row, ...]]:
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.begin)
        found: dict[Code, tuple[Row, ...]] = {"unfinished": await _rows(connection, SQL.unfinished)}
        await connection.execute(SQL.make_room)
        note("listing files")
        await _put(
            connection, SQL.put_objects, ((name,) for prefix in PREFIXES for name in stores.objects.names(prefix))
        )
        note("trying keys")
        for name, keys in (("vault", stores.vault_keys), ("review", stores.review_keys)):
            await _put(connection, SQL.put_slots, ((name, slot, state) for slot, state in keys.states()))
        await connection.execute(SQL.look_at_them)
        note("comparing them with the rows")
        for code in WHAT:
            if code not in ("unfinished", "log"):
                found[code] = await _rows(connection, cast(LiteralString, getattr(SQL, code)))
    return found


async def _rows(connection: Connection, statement: LiteralString) -> tuple[Row, ...]:
    return tuple(await (await connection.execute(statement)).fetchall())


async def _put(connection: Connection, statement: LiteralString, rows: Iterator[tuple[Any, ...]]) -> None:
    """Stream rows into the database, read off the disk beside the loop."""
    async with connection.cursor().copy(statement) as copy:
        while batch := await asyncio.to_thread(lambda: list(islice(rows, _BATCH))):
            for row in batch:
                await copy.write_row(row)
