"""Sound that a crash left between its file and its row: found by the worker each hour."""

from __future__ import annotations

import asyncio
from collections.abc import Set

from earmark.doctor.examining import PREFIXES, SQL
from earmark.storage import Stores, delete_all


async def sweep(stores: Stores, suspected: Set[str]) -> set[str]:
    """Delete stored sound that no row names, left by a crash between sound and row: else no clock would ever reach it.

    Deleted is what was `suspected` by an earlier round already, because sound is written a moment before its row.
    Returns what is to be suspected in the next round.
    """
    found = await asyncio.to_thread(lambda: {n for prefix in PREFIXES for n in stores.objects.names(prefix)})
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.named_objects)).fetchall()
    loose = found - {row["object"] for row in rows}
    await asyncio.to_thread(delete_all, stores.objects, list(loose & suspected))
    return loose - suspected
