"""Recomputing the log: entries, checkpoints, a witness's words; the first entry that differs is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.rows import tuple_row

from earmark.audit.cosigning import Seen, seen_by, witness_key
from earmark.audit.log import SQL, is_signed, mark_key, statement
from earmark.audit.merkle import Tree
from earmark.errors import Forbidden
from earmark.storage import Row, Stores

_BATCH = 20_000
"""Entries fetched at once."""
_Entry = tuple[int, bytes, bytes, bytes | None]
"""Number, entry, leaf, mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What re-computing the log found."""

    good: bool
    size: int
    """Entries read."""
    checkpoints: int
    """Checkpoints whose root and signature were compared."""
    witnessed: int
    """Entries that stand as a witness elsewhere saw them; 0 without a witness."""
    first_bad: int | None = None
    """Number of the first entry that is not what was sealed, or that no good seal covers."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """A size at which the tree must have a certain root."""

    size: int
    root: bytes
    of_witness: bool
    signed: bool = True


class _Bad(Exception):
    """The check ends here."""

    def __init__(self, first: int, why: str) -> None:
        super().__init__(why)
        self.first, self.why = first, why


class _Recount:
    """Computes the tree again and compares it at every stop."""

    def __init__(self, stops: Iterable[_Stop], key: bytes) -> None:
        self.tree = Tree()
        self.witnessed = 0
        self._good = 0
        """The tree's size at the last stop that was as it should be."""
        self._stops = sorted(stops, key=lambda stop: stop.size, reverse=True)
        self._key = key
        self._marked = False

    def feed(self, entries: Sequence[_Entry]) -> None:
        """Take the next entries in order. Raises _Bad."""
        at = 0
        while at < len(entries):
            if not self._stops:
                raise _Bad(self.tree.size, "no seal covers this entry and those after it")
            end = min(len(entries), at + self._stops[-1].size - self.tree.size)
            self._add(entries[at:end])
            at = end
            self._compare()

    def _add(self, entries: Sequence[_Entry]) -> None:
        tree, key, expected = self.tree, self._key, self.tree.size
        add = tree.add
        for number, entry, leaf, mark in entries:
            if number != expected:
                raise _Bad(expected, "this entry was dropped")
            if sha256(b"\x00" + entry).digest() != leaf:
                raise _Bad(expected, "this entry was changed")
            if mark is None:
                if self._marked:
                    raise _Bad(expected, "this entry's mark was taken off")
            elif blake2b(number.to_bytes(8, "big") + leaf, digest_size=16, key=key).digest() != mark:
                raise _Bad(expected, "this entry was rewritten or moved")
            else:
                self._marked = True
            add(leaf)
            expected += 1

    def _compare(self) -> None:
        while self._stops and self._stops[-1].size == self.tree.size:
            stop = self._stops.pop()
            if not stop.signed:
                raise _Bad(self._good, f"the seal over the first {stop.size} entries is not this installation's")
            if stop.root != self.tree.root():
                who = "the witness saw them" if stop.of_witness else "they were sealed"
                raise _Bad(self._good, f"these entries are not what they were when {who}")
            if stop.of_witness:
                self.witnessed = stop.size
            self._good = stop.size

    def end(self) -> None:
        """Say that there are no more entries. Raises _Bad when there should be."""
        if not self._stops:
            return
        if any(not stop.of_witness for stop in self._stops):
            raise _Bad(self.tree.size, "the end of the log was cut off")
        raise _Bad(self.tree.size, "the log is shorter than when the witness saw it")


async def verify(stores: Stores, *, kept: Iterable[Mapping[str, Any]] = ()) -> Verdict:
    """Recompute every leaf, mark, subtree and checkpoint's root, and check every signature.

    `kept` is what was kept elsewhere: checkpoints of ours (`checkpoint_of`) and words of the witness. Without either,
    whoever holds the signing key and the database can write another log in the place of this one.
    """
    if stores.signing_key is None:
        raise Forbidden
    public, trusted = stores.signing_key.public_key(), witness_key(stores.settings)
    count, checkpoints = _Recount((), b""), []
    try:
        stops = [_kept_stop(each, public, trusted) for each in kept]
        async with stores.pool.connection() as connection, connection.transaction():
            await connection.execute(SQL.one_picture)
            checkpoints = await (await connection.execute(SQL.checkpoints)).fetchall()
            words = []
            if trusted is not None:
                values = {"witness": trusted.public_bytes_raw()}
                words = await (await connection.execute(SQL.cosignatures, values)).fetchall()
            stops += await asyncio.to_thread(_stored_stops, checkpoints, words, public, trusted)
            count = _Recount(stops, mark_key(stores.signing_key))
            async with connection.cursor("entries", row_factory=tuple_row) as cursor:
                await cursor.execute(SQL.entries, binary=True)
                entries = await cursor.fetchmany(_BATCH)
                while entries:  # the next ones are fetched while these are checked
                    check = asyncio.create_task(asyncio.to_thread(count.feed, entries))
                    try:
                        entries = await cursor.fetchmany(_BATCH)
                    finally:
                        await check
            count.end()
            _compare_subtrees(count.tree, await (await connection.execute(SQL.all_subtrees)).fetchall())
    except _Bad as bad:
        why = {"first_bad": bad.first, "why": bad.why}
        return Verdict(good=False, size=count.tree.size, checkpoints=len(checkpoints), witnessed=count.witnessed, **why)
    return Verdict(good=True, size=count.tree.size, checkpoints=len(checkpoints), witnessed=count.witnessed)


def _stored_stops(
    checkpoints: Sequence[Row], words: Sequence[Row], public: Ed25519PublicKey, trusted: Ed25519PublicKey | None
) -> list[_Stop]:
    stops = [
        _Stop(size=row["size"], root=bytes(row["root"]), of_witness=False, signed=is_signed(row, public))
        for row in checkpoints
    ]
    for row in words:
        seen = Seen.of_row(row)
        if trusted is not None and seen.is_signed(trusted, public):
            stops.append(_Stop(size=seen.size, root=seen.root, of_witness=True))
    return stops


def _kept_stop(kept: Mapping[str, Any], public: Ed25519PublicKey, trusted: Ed25519PublicKey | None) -> _Stop:
    """Read what was kept elsewhere: a word of the witness, or a checkpoint of ours. Raises _Bad."""
    if "earmark_cosignature" in kept:
        seen = seen_by(trusted, public, kept) if trusted is not None else None
        if seen is None:
            raise _Bad(0, "what was given is not signed by this installation's witness")
        return _Stop(size=seen.size, root=seen.root, of_witness=True)
    try:
        size, root, at = int(kept["size"]), bytes.fromhex(kept["root"]), datetime.fromisoformat(kept["at"])
        public.verify(bytes.fromhex(kept["signature"]), statement(size, root, at))
    except (InvalidSignature, ValueError, OverflowError, KeyError, TypeError, AttributeError):
        raise _Bad(0, "the checkpoint that was given is not one of this installation's") from None
    return _Stop(size=size, root=root, of_witness=True)


def _compare_subtrees(tree: Tree, rows: Sequence[Row]) -> None:
    """Compare the hashes that proofs are made of; those that are missing come back with the next checkpoint."""
    wanted = {(height, number): value for height, number, value in tree.blocks}
    for row in rows:
        if wanted.get((row["height"], row["number"])) != bytes(row["hash"]):
            first = row["number"] << row["height"]
            raise _Bad(first, "the stored hash over the entries from this one on was changed, so proofs would fail")
