"""The append-only log: events arrive in an inbox from every plane, the worker numbers them, checkpoints seal them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.types.json import Jsonb

from earmark.audit.merkle import Tree, canonical, leaf_hash
from earmark.errors import Forbidden
from earmark.storage import Connection, Statements, Stores

SQL = Statements("earmark.audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What re-computing the log found."""

    good: bool
    size: int
    """Entries read."""
    checkpoints: int
    """Checkpoints whose root and signature were compared."""
    first_bad: int | None = None
    """Number of the first entry that is not what was sealed."""
    why: str = ""


async def append_in(connection: Connection, stores: Stores, event: Mapping[str, Any]) -> None:
    """Append inside the caller's transaction: the event and what it tells of happen together or not at all.

    Events hold opaque ids, roles, sites, days and counts; never a name, a word that was said, or a device's number.
    """
    whole = {**event, "at": stores.now().isoformat(timespec="seconds"), "salt": secrets.token_hex(8)}
    await connection.execute(SQL.append, {"event": Jsonb(whole)})


async def append(stores: Stores, event: Mapping[str, Any]) -> None:
    """Append an event of its own."""
    async with stores.pool.connection() as connection:
        await append_in(connection, stores, event)


async def sequence(stores: Stores) -> int:
    """Number what arrived and seal it with a signed checkpoint; the worker does this every minute."""
    if stores.signing_key is None:
        raise Forbidden
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_log)
        rows = await (await connection.execute(SQL.waiting)).fetchall()
        if not rows:
            return 0
        leaves = await (await connection.execute(SQL.leaves)).fetchall()
        tree = Tree(bytes(row["leaf"]) for row in leaves)
        for row in rows:
            leaf = leaf_hash(row["event"])
            await connection.execute(SQL.number, {"number": tree.size, "event": Jsonb(row["event"]), "leaf": leaf})
            tree.add(leaf)
        await connection.execute(SQL.taken, {"ids": [row["id"] for row in rows]})
        at, root = stores.now().replace(microsecond=0), tree.root()
        signature = stores.signing_key.sign(_statement(tree.size, root, at))
        values = {"size": tree.size, "root": root, "at": at, "signature": signature}
        await connection.execute(SQL.add_checkpoint, values)
    return len(rows)


def _statement(size: int, root: bytes, at: datetime) -> bytes:
    return canonical({"size": size, "root": root.hex(), "at": at.timestamp()})


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


def _seal_of_witness(witness: Mapping[str, Any], key: Ed25519PublicKey) -> tuple[int, bytes] | None:
    """Return size and root of a witness's checkpoint; None when this installation never signed it."""
    try:
        size, root, at = int(witness["size"]), bytes.fromhex(witness["root"]), datetime.fromisoformat(witness["at"])
        key.verify(bytes.fromhex(witness["signature"]), _statement(size, root, at))
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        return None
    return size, root


async def verify(stores: Stores, *, witness: Mapping[str, Any] | None = None) -> Verdict:
    """Recompute every leaf and every checkpoint's root, and check the signatures.

    `witness` is a checkpoint that somebody else kept (`checkpoint_of`). Without one, whoever holds the signing key and
    the database can write another log in the place of this one.
    """
    if stores.signing_key is None:
        raise Forbidden
    key = stores.signing_key.public_key()
    seal = _seal_of_witness(witness, key) if witness is not None else None
    async with stores.pool.connection() as connection:
        checkpoints = await (await connection.execute(SQL.checkpoints)).fetchall()
        tree, first = Tree(), 0
        if witness is not None and seal is None:
            return _bad(tree, checkpoints, "the witness's checkpoint is not one of this installation's")
        waiting = list(checkpoints)
        while rows := await (await connection.execute(SQL.entries, {"first": first, "limit": 5000})).fetchall():
            for row in rows:
                leaf = leaf_hash(row["event"])
                if row["number"] != tree.size or leaf != bytes(row["leaf"]):
                    return _bad(tree, checkpoints, "this entry was changed, dropped or moved")
                tree.add(leaf)
                if waiting and waiting[0]["size"] == tree.size:
                    bad = _compare(waiting.pop(0), tree, checkpoints, key)
                    if bad is not None:
                        return bad
                if seal is not None and seal[0] == tree.size and seal[1] != tree.root():
                    why = "an entry is not what it was when the witness kept its checkpoint"
                    return Verdict(good=False, size=tree.size, checkpoints=len(checkpoints), first_bad=0, why=why)
            first = rows[-1]["number"] + 1
    if waiting:
        return _bad(tree, checkpoints, "the end of the log was cut off")
    if seal is not None and seal[0] > tree.size:
        return _bad(tree, checkpoints, "the log is shorter than when the witness kept its checkpoint")
    return Verdict(good=True, size=tree.size, checkpoints=len(checkpoints))


def _compare(
    point: dict[str, Any], tree: Tree, checkpoints: list[dict[str, Any]], key: Ed25519PublicKey
) -> Verdict | None:
    """Compare a checkpoint with the tree at its size; None when it fits."""
    if bytes(point["root"]) != tree.root():
        previous = checkpoints[checkpoints.index(point) - 1]["size"] if checkpoints[0] != point else 0
        why = "an entry since the checkpoint before was rewritten"
        return Verdict(good=False, size=tree.size, checkpoints=len(checkpoints), first_bad=previous, why=why)
    try:
        key.verify(bytes(point["signature"]), _statement(point["size"], bytes(point["root"]), point["at"]))
    except InvalidSignature:
        return _bad(tree, checkpoints, "a checkpoint's signature does not fit")
    return None


def _bad(tree: Tree, checkpoints: list[dict[str, Any]], why: str) -> Verdict:
    return Verdict(good=False, size=tree.size, checkpoints=len(checkpoints), first_bad=tree.size, why=why)


async def recent(stores: Stores, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest numbered events, newest first."""
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.recent, {"limit": limit})).fetchall()


async def latest_checkpoint(stores: Stores) -> dict[str, Any] | None:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.latest_checkpoint)).fetchone()
