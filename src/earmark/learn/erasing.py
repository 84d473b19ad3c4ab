"""Forgetting in what was learned: datasets that held a label are revoked, bundles made from them are retired."""

from __future__ import annotations

from earmark import audit
from earmark.learn.registry import SQL, retire_in
from earmark.storage import Chosen, Connection, Doomed, Eraser, Stores


async def _find(stores: Stores, connection: Connection, chosen: Chosen) -> Doomed:
    return Doomed()  # what is learned has no keys of its own; bundles are files of the home


async def _erase(stores: Stores, connection: Connection, chosen: Chosen) -> dict[str, int]:
    """Runs before the airlock's rows go: they still say which labels belong to the recordings."""
    await connection.execute(SQL.lock_bundles)
    revoked = await (await connection.execute(SQL.revoke_datasets, {"ids": list(chosen.interactions)})).fetchall()
    doomed = await (await connection.execute(SQL.bundles_of_revoked)).fetchall()
    retired = await retire_in(stores, connection, [row["version"] for row in doomed]) if doomed else []
    for version in retired:
        await audit.append_in(connection, stores, {"what": "model.retired", "version": version, "by": "erasure"})
    return {"datasets": len(revoked), "models": len(retired)}


ERASER = Eraser(
    tables=frozenset({"learn.datasets", "learn.dataset_labels", "learn.bundles", "learn.sides"}),
    find=_find,
    erase=_erase,
)
