"""Forgetting in what was learned: datasets that held a label are revoked, bundles made from them are retired."""

from __future__ import annotations

from collections.abc import Sequence

from earmark import audit
from earmark.learn.registry import SQL, retire_in
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores


async def _find(stores: Stores, connection: Connection, chosen: Chosen) -> Doomed:
    return Doomed()  # what is learned has no keys of its own; bundles are files of the home


async def _erase(stores: Stores, connection: Connection, chosen: Chosen) -> dict[str, int]:
    """Runs before the airlock's rows go: they still say which labels belong to the recordings."""
    await connection.execute(SQL.lock_bundles)
    revoked = await (await connection.execute(SQL.revoke_datasets, {"ids": list(chosen.interactions)})).fetchall()
    retired = await _retire(stores, connection, by="erasure")
    return {"datasets": len(revoked), "models": len(retired)}


async def revoke(stores: Stores, versions: Sequence[str], *, by: str) -> None:
    """Revoke dataset versions and retire what was learned from them; the log keeps `by` what."""
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        await connection.execute(SQL.revoke_versions, {"versions": list(versions)})
        await _retire(stores, connection, by=by)


async def _retire(stores: Stores, connection: Connection, *, by: str) -> list[str]:
    """Retire every bundle that was learned from a revoked version."""
    doomed = await (await connection.execute(SQL.bundles_of_revoked)).fetchall()
    retired = await retire_in(stores, connection, [row["version"] for row in doomed]) if doomed else []
    for version in retired:
        await audit.append_in(connection, stores, {"what": "model.retired", "version": version, "by": by})
    return retired


ERASER = Eraser(
    tables=frozenset({"learn.datasets", "learn.dataset_labels", "learn.bundles", "learn.sides"}),
    find=_find,
    erase=_erase,
)
