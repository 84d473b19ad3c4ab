"""Proofs for anybody: that an entry is in the log, and that the log of today begins with that of yesterday."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.audit.log import SQL, latest_checkpoint
from earmark.audit.merkle import BLOCK, Range, Tree, consistency, fold, inclusion, pieces
from earmark.errors import BadRequest, LogAltered, NotFound
from earmark.storage import Connection, Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Shows that an entry with this leaf is in the tree of this size."""

    number: int
    leaf: bytes
    size: int
    proof: tuple[bytes, ...]
    """Hashes as in RFC 9162, section 2.1.3."""


async def inclusion_proof(
    stores: Stores, *, leaf: bytes | None = None, number: int | None = None, size: int | None = None
) -> Inclusion:
    """Prove an entry, named by its leaf or its number, in the tree of `size` (the last checkpoint's if left out).

    Raises BadRequest for a size that the log has not reached, NotFound for an entry that is not in it.
    """
    size = await _sealed(stores, size)
    async with stores.pool.connection() as connection:
        if leaf is not None:
            row = await (await connection.execute(SQL.by_leaf, {"leaf": leaf})).fetchone()
            number = row["number"] if row else None
        if number is None or not 0 <= number < size:
            raise NotFound
        (found,) = await _hashes(connection, 0, number, number + 1)
        proof = [await _root(connection, wanted) for wanted in inclusion(number, size)]
    return Inclusion(number=number, leaf=found, size=size, proof=tuple(proof))


async def consistency_proof(stores: Stores, first: int, second: int | None = None) -> tuple[bytes, ...]:
    """Prove that the tree of `second` entries (the last checkpoint's) begins with that of `first`.

    Raises BadRequest for sizes that the log has not reached or that are the wrong way round.
    """
    second = await _sealed(stores, second)
    if not 0 < first <= second:
        raise BadRequest(why="Ask from a smaller size to a larger one, beginning with 1.")
    async with stores.pool.connection() as connection:
        return tuple([await _root(connection, wanted) for wanted in consistency(first, second)])


async def _sealed(stores: Stores, size: int | None) -> int:
    latest = await latest_checkpoint(stores)
    newest = latest["size"] if latest else 0
    if size is not None and not 0 < size <= newest:
        raise BadRequest(why=f"The log has {newest} sealed entries; ask for a size from 1 to that.")
    if not newest:
        raise NotFound
    return size or newest


async def _root(connection: Connection, wanted: Range) -> bytes:
    return fold([await _subtree(connection, height, number) for height, number in pieces(wanted)])


async def _subtree(connection: Connection, height: int, number: int) -> bytes:
    """Return the hash of a full subtree, from the stored ones below it: at most 128 of them."""
    below = height % BLOCK
    hashes = await _hashes(connection, height - below, number << below, (number + 1) << below)
    return Tree.of(hashes).root()


async def _hashes(connection: Connection, height: int, first: int, end: int) -> list[bytes]:
    statement = SQL.subtrees if height else SQL.leaves
    rows = await (await connection.execute(statement, {"height": height, "first": first, "end": end})).fetchall()
    if len(rows) != end - first:
        raise LogAltered
    return [bytes(row["hash"]) for row in rows]
