"""Forgetting in what was learned: datasets that held a label are revoked, bundles made from them are retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from earmark import audit
from earmark.learn import runs
from earmark.learn.registry import SQL, retire_in
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores
from earmark.words import InteractionId


async def _find(stores: Stores, connection: Connection, chosen: Chosen) -> Doomed:
    # Bundles have no keys, they are files of the home; what an unfinished run has worked out is unmade by its key.
    return Doomed(vault_slots=await runs.doomed(connection, chosen.interactions))


async def _erase(stores: Stores, connection: Connection, chosen: Chosen) -> dict[str, int]:
    """Runs before the airlock's rows go: they still say which labels belong to the recordings."""
    await connection.execute(SQL.lock_bundles)
    revoked = await (await connection.execute(SQL.revoke_datasets, {"ids": list(chosen.interactions)})).fetchall()
    await runs.drop_revoked(stores, connection)
    retired = await _retire(stores, connection, by="erasure")
    return {"datasets": len(revoked), "models": len(retired)}


async def revoke(stores: Stores, versions: Sequence[str], *, by: str) -> None:
    """Revoke dataset versions and retire what was learned from them; the log keeps `by` what."""
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        await connection.execute(SQL.revoke_versions, {"versions": list(versions)})
        await runs.drop_revoked(stores, connection)
        await _retire(stores, connection, by=by)


async def _retire(stores: Stores, connection: Connection, *, by: str) -> list[str]:
    """Retire every bundle that was learned from a revoked version."""
    doomed = await (await connection.execute(SQL.bundles_of_revoked)).fetchall()
    retired = await retire_in(stores, connection, [row["version"] for row in doomed]) if doomed else []
    # What was in use, now or before, is made again without it; a candidate that nobody wanted is not missed.
    used = [row["version"] for row in doomed if row["promoted_at"] is not None and row["version"] in retired]
    await connection.execute(SQL.add_remakes, {"versions": used, "now": stores.now()})
    for version in retired:
        await audit.append_in(connection, stores, {"what": "model.retired", "version": version, "by": by})
    return retired


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What would be revoked and retired if something were deleted."""

    datasets: tuple[str, ...]
    """Versions."""
    models: tuple[str, ...]


async def touched(stores: Stores, ids: Sequence[InteractionId]) -> Touched:
    """Return which dataset versions hold labels of these recordings, and which bundles were learned from those."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.touched_datasets, {"ids": list(ids)})).fetchall()
        datasets = [row["version"] for row in rows]
        bundles = await (await connection.execute(SQL.touched_bundles, {"datasets": datasets})).fetchall()
    return Touched(datasets=tuple(datasets), models=tuple(row["version"] for row in bundles))


ERASER = Eraser(
    tables=frozenset(f"learn.{name}" for name in ("datasets", "dataset_labels", "bundles", "sides", "remakes", "runs"))
    # Counts of days and of devices, and which model went out to which share of them: nothing of a recording.
    | {"learn.rollouts", "learn.rollout_steps", "learn.live_days", "learn.fleet"},
    find=_find,
    erase=_erase,
)
