"""The append-only log: events arrive in an inbox from every plane, the worker numbers them, checkpoints seal them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg.errors import UniqueViolation

from earmark.audit.merkle import Tree, canonical, fits, leaf_hash
from earmark.errors import Forbidden, LogAltered
from earmark.storage import Connection, Row, Statements, Stores, derive

SQL = Statements("earmark.audit")
BATCH = 10_000
"""Events that one checkpoint seals at most."""


async def append_in(connection: Connection, stores: Stores, event: Mapping[str, Any]) -> str:
    """Append inside the caller's transaction: the event and what it tells of happen together or not at all.

    Events hold roles, sites, days and counts, and ids of cases and models; never a name, a word that was said, or the
    number of a person, a device or a recording. docs/audit-log.md lists them. Returns the entry as it will be hashed:
    whoever holds it can prove that it stands in the log, and nobody else can tell what its hash stands for.
    """
    entry = entry_of(stores, event)
    await connection.execute(SQL.append, {"event": entry})
    return entry


async def append(stores: Stores, event: Mapping[str, Any]) -> None:
    """Append an event of its own."""
    async with stores.pool.connection() as connection:
        await append_in(connection, stores, event)


def entry_of(stores: Stores, event: Mapping[str, Any]) -> str:
    """Return an event with its time and 16 random bytes, in the encoding that is hashed."""
    whole = {**event, "at": stores.now().isoformat(timespec="seconds"), "salt": secrets.token_hex(16)}
    return canonical(whole).decode()


def mark_key(key: Ed25519PrivateKey) -> bytes:
    """Return the key of entries' marks; who can't sign a checkpoint can't make a mark either."""
    return derive(key.private_bytes_raw(), purpose="audit-mark")


def mark_of(key: bytes, number: int, leaf: bytes) -> bytes:
    return blake2b(number.to_bytes(8, "big") + leaf, digest_size=16, key=key).digest()


async def sequence(stores: Stores) -> int:
    """Number what arrived and seal it with a signed checkpoint; the worker does this every minute.

    It goes on from the last checkpoint, whose signature and peaks it checks, and reads nothing older: what it costs
    does not grow with the log. Returns how many entries are new. Raises LogAltered when the last checkpoint is not
    ours, or when somebody else wrote entries after it.
    """
    if stores.signing_key is None:
        raise Forbidden
    numbered = 0
    while (count := await _seal_batch(stores, stores.signing_key)) == BATCH:
        numbered += count
    return numbered + count


async def _seal_batch(stores: Stores, signing_key: Ed25519PrivateKey) -> int:
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_log)
        rows = await (await connection.execute(SQL.waiting, {"limit": BATCH})).fetchall()
        if not rows:
            return 0
        tree = await _tree(connection, signing_key.public_key())
        await _number(connection, tree, rows, mark_key(signing_key))
        await connection.execute(SQL.taken, {"ids": [row["id"] for row in rows]})
        at, root = stores.now().replace(microsecond=0), tree.root()
        signature = signing_key.sign(statement(tree.size, root, at))
        values = {"size": tree.size, "root": root, "at": at, "signature": signature, "peaks": tree.peaks}
        await connection.execute(SQL.add_checkpoint, values)
    return len(rows)


async def _tree(connection: Connection, public_key: Ed25519PublicKey) -> Tree:
    """Return the tree as the last checkpoint sealed it."""
    last = await (await connection.execute(SQL.latest_checkpoint)).fetchone()
    if last is None:
        return Tree()
    if not is_signed(last, public_key):
        raise LogAltered
    peaks = bytes(last["peaks"] or b"")
    if fits(last["size"], peaks):
        tree = Tree(last["size"], peaks)
        if tree.root() == bytes(last["root"]):
            return tree
    # Sealed before peaks were kept, or they were changed: every leaf is read this once.
    leaves = await (await connection.execute(SQL.leaves, {"first": 0, "end": last["size"]})).fetchall()
    tree = Tree.of(bytes(row["hash"]) for row in leaves)
    if tree.size != last["size"] or tree.root() != bytes(last["root"]):
        raise LogAltered
    return tree


async def _number(connection: Connection, tree: Tree, rows: Sequence[Row], key: bytes) -> None:
    try:
        async with connection.cursor().copy(SQL.number) as copy:
            for row in rows:
                leaf = leaf_hash(row["event"].encode())
                await copy.write_row((tree.size, row["event"], leaf, mark_of(key, tree.size, leaf)))
                tree.add(leaf)
    except UniqueViolation:
        raise LogAltered from None
    heights, numbers, hashes = zip(*tree.blocks, strict=True) if tree.blocks else ((), (), ())
    values = {"heights": list(heights), "numbers": list(numbers), "hashes": list(hashes)}
    await connection.execute(SQL.add_subtrees, values)


def statement(size: int, root: bytes, at: datetime) -> bytes:
    """Return what a checkpoint's signature is over."""
    return canonical({"size": size, "root": root.hex(), "at": at.timestamp()})


def is_signed(checkpoint: Mapping[str, Any], public_key: Ed25519PublicKey) -> bool:
    """Tell whether a checkpoint's row carries this key's signature."""
    try:
        said = statement(checkpoint["size"], bytes(checkpoint["root"]), checkpoint["at"])
        public_key.verify(bytes(checkpoint["signature"]), said)
    except InvalidSignature:
        return False
    return True


def checkpoint_of(stores: Stores, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checkpoint as a witness keeps it: what stood in the log then can't be rewritten unseen afterwards."""
    if stores.signing_key is None:
        raise Forbidden
    return {
        "earmark_checkpoint": 1,
        "size": checkpoint["size"],
        "root": bytes(checkpoint["root"]).hex(),
        "at": checkpoint["at"].isoformat(),
        "signature": bytes(checkpoint["signature"]).hex(),
        "public_key": stores.signing_key.public_key().public_bytes_raw().hex(),
    }


async def recent(stores: Stores, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest numbered events, newest first; one that can't be read any more says so."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.recent, {"limit": limit})).fetchall()
    return [{"number": row["number"], "event": _read(row["event"])} for row in rows]


def _read(entry: str) -> dict[str, Any]:
    try:
        event = json.loads(entry)
    except ValueError:
        event = None
    return event if isinstance(event, dict) else {"what": "unreadable", "at": "1970-01-01T00:00:00+00:00"}


async def latest_checkpoint(stores: Stores) -> dict[str, Any] | None:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.latest_checkpoint)).fetchone()
