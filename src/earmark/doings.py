"""Carries what leads and admins changed on the floor into the audit log: role and site, never who and about whom."""

from __future__ import annotations

from typing import Any

from earmark import audit, review
from earmark.review.doings import Doing
from earmark.storage import Stores

UNTOLD = frozenset({"reason"})
"""Details that stay on the floor: free words may name somebody."""


def told(doing: Doing) -> dict[str, Any]:
    """Return what the log says of a change. Of people it keeps that it happened, not about whom."""
    event: dict[str, Any] = {"what": doing.what, "role": doing.role, "on": doing.at.date().isoformat()}
    if doing.site:
        event["site"] = doing.site
    if not doing.what.startswith("person."):
        event["about"] = doing.about
    return event | {"detail": {name: value for name, value in doing.detail.items() if name not in UNTOLD}}


async def carry_doings(stores: Stores) -> int:
    """Append what the log does not have yet, each once; the worker does this twice a minute. Returns how many."""
    carried = 0
    while True:
        async with stores.pool.connection() as connection, connection.transaction():
            new = await review.doings.new_doings(connection)
            for doing in new:
                await audit.append_in(connection, stores, told(doing))
            await review.doings.mark_carried(connection, [doing.id for doing in new])
        carried += len(new)
        if not new:
            return carried
