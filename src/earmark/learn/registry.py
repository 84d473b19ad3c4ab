"""The registry: which bundles there are, which one is in use, and how to go back.

A bundle is a `candidate` when it is registered, `promoted` while it is in use (one at most), and a candidate again
when another takes its place, so that one can go back to it. It is `refused` when somebody went back from it, and
`retired` when what it was learned from was revoked: then its files go too. Where none is promoted, the built-in
bundle is in use. A candidate that goes out in stages (`rollout.py`) stays a candidate until all devices have it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from earmark import audit
from earmark.bundle import BUILTIN, ModelBundle, load, write
from earmark.errors import BadBundle, Conflict, Forbidden, NotFound
from earmark.learn.rollout_steps import SQL, end, going_on
from earmark.storage import Connection, Stores

State = Literal["candidate", "promoted", "retired", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A line of the registry."""

    version: str
    dataset: str | None
    """The dataset version it was learned from; None when it was not learned here."""
    parent: str | None
    """The bundle in use when it was made."""
    state: State
    manifest: Mapping[str, Any]
    """Lineage, scores and the files' hashes, as signed."""
    made_at: datetime
    promoted_at: datetime | None
    ended_at: datetime | None = None
    """When it was refused or retired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A bundle that no device shall run any more."""

    version: str
    state: State
    """`refused` or `retired`."""
    ended_at: datetime | None
    """None: before this was written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remake:
    """A bundle that was retired for something deleted, and what was made in its place."""

    retired: str
    asked_at: datetime
    done_at: datetime | None
    """When learning ran again without it; None: it waits for tonight, or for `earmark learn`."""
    made: str | None
    """The bundle that came of it; None when the labels that are left taught nothing better."""


async def remakes(stores: Stores) -> list[Remake]:
    """Return what is to be made again, then what was, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.remakes)).fetchall()
    return [Remake(**row) for row in rows]


async def end_remakes(stores: Stores, began: datetime, made: str | None) -> None:
    """Write down that learning has run since; what was asked for afterwards stays."""
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.end_remakes, {"began": began, "now": stores.now(), "made": made})


async def register(stores: Stores, files: Mapping[str, bytes], about: Mapping[str, Any]) -> ModelBundle:
    """Write and sign a bundle, and enter it as a candidate.

    `about` becomes the manifest: `dataset` (version or None), `datasets` (file → version it was learned from),
    `parent`, `scores`, and whatever else tells how it was made. The same files and manifest give the same version.
    Raises Forbidden in a process without the signing key, Conflict when a dataset it names was revoked.
    """
    if stores.signing_key is None:
        raise Forbidden
    named = {*dict(about.get("datasets") or {}).values(), about.get("dataset")} - {None}
    bundle = await asyncio.to_thread(write, stores.home.models, files=files, about=about, key=stores.signing_key)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        revoked = await connection.execute(SQL.revoked_datasets_of, {"versions": list(named)})
        if await revoked.fetchone():
            await asyncio.to_thread(_drop, stores, bundle.version)
            raise Conflict
        values = {
            "version": bundle.version,
            "dataset": about.get("dataset"),
            "parent": about.get("parent"),
            "manifest": Jsonb(dict(bundle.manifest)),
            "now": stores.now(),
        }
        await connection.execute(SQL.add_bundle, values)
        event = {"what": "model.registered", "version": bundle.version, "dataset": about.get("dataset")}
        await audit.append_in(connection, stores, event)
    return bundle


async def promoted(stores: Stores) -> ModelBundle:
    """Return the bundle in use, verified; when it is damaged the last good one, in the end the built-in one."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.good_bundles)).fetchall()
    # Without a promoted one, somebody chose the built-in bundle; those before it are no fallback then.
    if not rows or rows[0]["state"] != "promoted":
        return BUILTIN
    for row in rows:
        try:
            return await asyncio.to_thread(load, stores.home.models / row["version"], stores.home.public_key())
        except BadBundle:
            continue
    return BUILTIN


async def bundle(stores: Stores, version: str) -> ModelBundle:
    """Return one bundle, verified. Raises NotFound, Conflict (retired), BadBundle."""
    if version == BUILTIN.version:
        return BUILTIN
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.bundle, {"version": version})).fetchone()
    if row is None:
        raise NotFound
    if row["state"] == "retired":
        raise Conflict
    return await asyncio.to_thread(load, stores.home.models / version, stores.home.public_key())


async def model(stores: Stores, version: str) -> Model:
    """Return one line of the registry. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.bundle, {"version": version})).fetchone()
    if row is None:
        raise NotFound
    return Model(**row)


async def sound(stores: Stores, version: str) -> bool | None:
    """Tell whether a bundle's files are what was signed; None when they are gone."""
    if not (stores.home.models / version).is_dir():
        return None
    try:
        await asyncio.to_thread(load, stores.home.models / version, stores.home.public_key())
    except BadBundle:
        return False
    return True


async def models(stores: Stores) -> list[Model]:
    """Return every bundle that was registered, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.bundles)).fetchall()
    return [Model(**row) for row in rows]


async def taken_back(stores: Stores) -> list[TakenBack]:
    """Return every bundle that was refused or retired."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.taken_back)).fetchall()
    return [TakenBack(**row) for row in rows]


async def promote(stores: Stores, version: str, by: str) -> None:
    """Put a bundle into use for all devices at once; `builtin` goes back to the packaged models.

    `by`: a role, or `policy`. A roll-out that is going on ends. Running assistants and devices are told. Raises
    NotFound, Conflict (retired, or its dataset was revoked), BadBundle (damaged).
    """
    if version != BUILTIN.version:
        await bundle(stores, version)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        if out := await going_on(connection):
            if out.version == version:
                await end(stores, connection, out, "promoted", by=by, why="All devices got it at once.")
            else:
                await end(stores, connection, out, "stopped", by=by, why="All devices got another bundle at once.")
        await promote_in(stores, connection, version, by)


async def promote_in(stores: Stores, connection: Connection, version: str, by: str) -> None:
    """Put a bundle into use inside the caller's transaction, which holds the lock. Raises NotFound, Conflict."""
    if version != BUILTIN.version:
        await check_usable(connection, version)
    await connection.execute(SQL.stand_down, {"state": "candidate", "now": None})
    if version != BUILTIN.version:
        await connection.execute(SQL.set_promoted, {"version": version, "now": stores.now()})
    await audit.append_in(connection, stores, {"what": "model.promoted", "version": version, "by": by})
    await connection.execute(SQL.announce, {"version": version})


async def check_usable(connection: Connection, version: str) -> State:
    """Return a bundle's state. Raises NotFound, and Conflict when it is retired or learned from something revoked."""
    row = await (await connection.execute(SQL.bundle, {"version": version})).fetchone()
    if row is None:
        raise NotFound
    named = {*dict(row["manifest"].get("datasets") or {}).values(), row["dataset"]} - {None}
    revoked = await connection.execute(SQL.revoked_datasets_of, {"versions": list(named)})
    if row["state"] == "retired" or await revoked.fetchone():
        raise Conflict
    return row["state"]


async def rollback(stores: Stores, by: str = "engineer") -> str:
    """Go back to the bundle that was in use before, and refuse the present one; returns what is in use now.

    While a candidate goes out in stages, that one is refused, and what is in use stays. Raises Conflict when the
    built-in bundle is in use: there is nothing before it.
    """
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        if out := await going_on(connection):
            await end(stores, connection, out, "rolled-back", by=by, why="Somebody took it back.")
            return out.base
        refused = await connection.execute(SQL.stand_down, {"state": "refused", "now": stores.now()})
        if await refused.fetchone() is None:
            raise Conflict
        version = await fall_back(stores, connection)
        await audit.append_in(connection, stores, {"what": "model.rolled-back", "version": version, "by": by})
    return version


async def retire(stores: Stores, version: str, by: str = "engineer") -> None:
    """Take a bundle out of use for good and delete its files. Raises NotFound."""
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        row = await (await connection.execute(SQL.bundle, {"version": version})).fetchone()
        if row is None:
            raise NotFound
        await retire_in(stores, connection, [version])
        await audit.append_in(connection, stores, {"what": "model.retired", "version": version, "by": by})


async def retire_in(stores: Stores, connection: Connection, versions: list[str]) -> list[str]:
    """Retire bundles inside the caller's transaction and delete their files; returns those that were not yet.

    When the promoted one is among them, the newest good one that was promoted before takes its place.
    """
    promoted_now = await (await connection.execute(SQL.good_bundles)).fetchone()
    if (out := await going_on(connection)) and {out.version, out.base} & set(versions):
        await end(stores, connection, out, "stopped", by="policy", why="A bundle that it compared was retired.")
    values = {"versions": versions, "now": stores.now()}
    rows = await (await connection.execute(SQL.set_retired, values)).fetchall()
    if promoted_now and promoted_now["state"] == "promoted" and promoted_now["version"] in versions:
        await fall_back(stores, connection)
    for version in versions:
        await asyncio.to_thread(_drop, stores, version)
    return [row["version"] for row in rows]


async def fall_back(stores: Stores, connection: Connection) -> str:
    """Promote the newest sound bundle of those in use before, else the built-in one, inside the caller's work."""
    chosen = BUILTIN.version
    for row in await (await connection.execute(SQL.good_bundles)).fetchall():
        try:
            await asyncio.to_thread(load, stores.home.models / row["version"], stores.home.public_key())
        except BadBundle:
            continue
        chosen = row["version"]
        await connection.execute(SQL.set_promoted, {"version": chosen, "now": None})
        break
    await connection.execute(SQL.announce, {"version": chosen})
    return chosen


def _drop(stores: Stores, version: str) -> None:
    shutil.rmtree(stores.home.models / version, ignore_errors=True)
