"""One round of the airlock: choose, copy, hide what was flagged."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from earmark.airlock.choosing import SQL, draw
from earmark.airlock.copying import make_due
from earmark.storage import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What one round did."""

    eligible: int
    """Recordings that were offered for the first time."""
    chosen: int
    """Of all offered and not drawn over yet; never above the published rate over the days."""
    tasks: int
    """Tasks that joined the queue; a chosen recording that can't be masked makes none."""


async def run(stores: Stores, rng: Random) -> Sampled:
    """Draw what the published rate allows and make its first tasks.

    `rng` decides the draw and the padding; ids, keys and the order of the queue come from the system's randomness.
    """
    await hide_flagged(stores)
    drawn = await draw(stores, rng)
    tasks = await make_due(stores, rng)
    return Sampled(eligible=drawn.eligible, chosen=len(drawn.chosen), tasks=tasks)


async def hide_flagged(stores: Stores) -> int:
    """Hide the other copies of recordings of which one is flagged, and show them again after a release.

    The floor can't do this itself: it does not know which copies belong together. Returns how many were hidden.
    """
    async with stores.pool.connection() as connection, connection.transaction():
        hidden = (await connection.execute(SQL.hide_siblings)).rowcount
        await connection.execute(SQL.show_siblings)
    return hidden
