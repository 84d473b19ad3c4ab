"""`earmark bench doctor`: compare rows, files, keys, consents and tasks of very many interactions."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import psycopg

from earmark import accounts
from earmark.bench.crowd import fill_crowd
from earmark.bench.installation import installation, owner_of
from earmark.doctor import examine
from earmark.storage import Stores, open_stores
from earmark.supervisor import Progress

ROWS = 1_000_000
_SHARE = 100


def run(note: Progress, *, rows: int = ROWS) -> dict[str, float]:
    """Examine a vault of `rows` interactions in which all is well."""
    with installation(note) as (settings, postgres):

        async def measure() -> dict[str, float]:
            async with open_stores("earmark_worker", settings) as stores:
                return await _measure(stores, owner_of(settings, postgres), rows, note)

        return asyncio.run(measure())


async def _measure(stores: Stores, owner: str, rows: int, note: Progress) -> dict[str, float]:
    household = await accounts.create_household(stores)
    await fill_crowd(stores, household, rows, each=max(1, rows // _SHARE), note=note)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    began = time.perf_counter()
    found = await examine(stores, note)
    seconds = time.perf_counter() - began
    tracemalloc.start()  # in a run of its own: it makes everything slower
    await examine(stores, note)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"rows": rows, "seconds": round(seconds, 4), "peak_mb": round(peak / 1e6, 1), "findings": len(found)}
