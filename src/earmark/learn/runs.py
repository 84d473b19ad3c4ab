"""Unfinished runs of learning: one at a time, resumed when it was killed, gone when anything in it is deleted.

What a run works out holds traces of recordings, so it lies encrypted in `runs/<id>` of the home, under a key of the
run's own in the key store: outside the data backups, and destroyed when the run is done, when another is begun, and by
the erasure of any recording in it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from earmark.errors import AlreadyLearning, Erased, Revoked
from earmark.storage import Connection, KeyStore, Statements, Stores, derive, seal, unseal

SQL = Statements("earmark.learn", "runs.sql")
FOLDER = "runs"
KEPT_FOR = timedelta(days=7)
"""How long a run that nobody takes up again is kept."""
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where one run keeps the results of its steps."""

    id: str
    folder: Path
    keys: KeyStore
    slot: int
    """Of its key."""

    def done(self) -> int:
        """Return how many steps have a result."""
        return sum(path.suffix == ".step" for path in self.folder.iterdir()) if self.folder.exists() else 0

    def find(self, step: str) -> Files | None:
        """Return a step's result; None when it has none, or one that was cut off. Raises Revoked."""
        key, path = self._key(), self.folder / f"{step}.step"
        if not path.exists():
            return None
        try:
            return unpack(unseal(key, path.read_bytes(), place=f"run:{self.id}:{step}"))
        except Erased:
            return None  # a disk lost the end of it: it is worked out again

    def keep(self, step: str, files: Files) -> None:
        """Write a step's result down; it is there whole or not at all. Raises Revoked."""
        sealed = seal(self._key(), pack(files), place=f"run:{self.id}:{step}")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f"{step}.draft"
        with draft.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self.folder / f"{step}.step")

    def _key(self) -> bytes:
        """Asked for each time: once something in the run is deleted, nothing more is worked out of it."""
        try:
            return derive(self.keys.secret(self.slot), purpose="run")
        except Erased:
            raise Revoked from None


def pack(files: Files) -> bytes:
    """Put files behind one another: a line of JSON with their names and lengths, then their bytes."""
    head = json.dumps([[name, len(data)] for name, data in files.items()])
    return head.encode() + b"\n" + b"".join(files.values())


def unpack(data: bytes) -> Files:
    """Take apart what `pack` made."""
    head, _, rest = data.partition(b"\n")
    files: dict[str, bytes] = {}
    at = 0
    for name, length in json.loads(head):
        files[name] = rest[at : at + length]
        at += length
    return files


def run_id(inputs: Mapping[str, Any], *, secret: bytes) -> str:
    """Return the first 16 hex digits of a keyed hash over everything that decides about a run's results.

    Keyed, because a hash over words could be tried with guesses.
    """
    return hmac.digest(secret, json.dumps(inputs, sort_keys=True).encode(), "sha256").hex()[:16]


@asynccontextmanager
async def alone(stores: Stores) -> AsyncIterator[None]:
    """Hold the installation's only place to learn. Raises AlreadyLearning.

    The lock belongs to a connection of its own, so a killed process lets go of it at once, on whichever machine it ran.
    """
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.try_alone)).fetchone()
        await connection.commit()
        if row is None or not row["alone"]:
            raise AlreadyLearning
        try:
            yield
        finally:
            await connection.execute(SQL.let_go)
            await connection.commit()


async def begin(stores: Stores, inputs: Mapping[str, Any], datasets: Sequence[str]) -> Run:
    """Take up the run that was begun with these inputs, or begin it; every other run is deleted.

    `datasets`: every version of which something will be in it. The caller holds `alone`. Raises Revoked when one of
    them was revoked since.
    """
    identifier = run_id(inputs, secret=bytes.fromhex(stores.home.secret("learn-runs")))
    slots = {row["id"]: row["key_slot"] for row in await _all(stores)}
    alive = identifier in slots and await asyncio.to_thread(_opens, stores.vault_keys, slots[identifier])
    await drop(stores, [each for each in slots if not alive or each != identifier])
    await asyncio.to_thread(_sweep, stores.home.folder / FOLDER, {identifier} if alive else set())
    if alive:
        return _run(stores, identifier, slots[identifier])
    slot = await asyncio.to_thread(stores.vault_keys.reserve)
    values = {"id": identifier, "datasets": list(datasets), "slot": slot, "now": stores.now()}
    async with stores.pool.connection() as connection, connection.transaction():
        # An erasure has ended, and what it revoked is known here, or it will find this run.
        await connection.execute(SQL.lock_bundles)
        begun = await (await connection.execute(SQL.add_run, values)).fetchone()
    if begun is None:
        await asyncio.to_thread(stores.vault_keys.destroy, [slot])
        raise Revoked
    return _run(stores, identifier, slot)


async def drop(stores: Stores, ids: Sequence[str]) -> None:
    """Delete runs: their keys, their files, their rows; in this order, so that a killed process can only finish it."""
    slots = [row["key_slot"] for row in await _all(stores) if row["id"] in ids]
    if not slots:
        return
    await asyncio.to_thread(stores.vault_keys.destroy, slots)
    await asyncio.to_thread(_delete, stores.home.folder / FOLDER, ids)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.bury, {"slots": slots})
        await connection.execute(SQL.drop_runs, {"ids": list(ids)})


async def sweep(stores: Stores) -> None:
    """Delete runs that nobody took up again, and folders that belong to none."""
    rows = await _all(stores)
    old = [row["id"] for row in rows if stores.now() - row["begun_at"] > KEPT_FOR]
    try:
        async with alone(stores):
            await drop(stores, old)
            known = {row["id"] for row in await _all(stores)}
            await asyncio.to_thread(_sweep, stores.home.folder / FOLDER, known)
    except AlreadyLearning:
        return  # it sweeps before it begins


async def doomed(connection: Connection, ids: Iterable[Any]) -> list[int]:
    """Return the key slots of runs with anything of these recordings in them."""
    rows = await (await connection.execute(SQL.doomed_runs, {"ids": list(ids)})).fetchall()
    return [row["key_slot"] for row in rows]


async def drop_revoked(stores: Stores, connection: Connection) -> None:
    """Delete runs of revoked versions inside the caller's transaction, those that were begun a moment ago included."""
    rows = await (await connection.execute(SQL.drop_revoked_runs)).fetchall()
    if not rows:
        return
    slots = [row["key_slot"] for row in rows]
    await connection.execute(SQL.bury, {"slots": slots})
    await asyncio.to_thread(stores.vault_keys.destroy, slots)
    await asyncio.to_thread(_delete, stores.home.folder / FOLDER, [row["id"] for row in rows])


async def _all(stores: Stores) -> list[dict[str, Any]]:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.runs)).fetchall()


def _run(stores: Stores, identifier: str, slot: int) -> Run:
    return Run(id=identifier, folder=stores.home.folder / FOLDER / identifier, keys=stores.vault_keys, slot=slot)


def _opens(keys: KeyStore, slot: int) -> bool:
    try:
        keys.secret(slot)
    except Erased:
        return False
    return True


def _delete(folder: Path, ids: Iterable[str]) -> None:
    for identifier in ids:
        shutil.rmtree(folder / identifier, ignore_errors=True)


def _sweep(folder: Path, known: set[str]) -> None:
    _delete(folder, [path.name for path in folder.iterdir() if path.name not in known] if folder.exists() else ())
