"""`earmark bench history`: server time of the owner's page among very many interactions.

Asked for are pages of somebody who has a hundredth of all interactions, and then of somebody who has as many as all
others together.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from itertools import chain, islice
from random import Random

import httpx
import psycopg

from earmark import accounts
from earmark.bench.crowd import REPLY, Resident, fill, fill_crowd, move_in, sayings
from earmark.bench.installation import installation, owner_of
from earmark.storage import Stores, open_stores
from earmark.supervisor import Progress
from earmark.words import HouseholdId

ROWS = 1_000_000
REQUESTS = 200
_SHARE = 100
_BATCH = 10_000
_OLD_WORD = "garden"
"""Said only in the oldest tenth, so that a search for it can't end early."""


def run(note: Progress, *, rows: int = ROWS) -> dict[str, float]:
    """Ask for pages of one person of a hundred, and of one who has `rows` interactions."""
    with installation(note) as (settings, postgres):

        async def measure() -> dict[str, float]:
            async with open_stores("earmark_home", settings) as stores:
                return await _measure(stores, owner_of(settings, postgres), rows, note)

        return asyncio.run(measure())


async def _measure(stores: Stores, owner: str, rows: int, note: Progress) -> dict[str, float]:
    household, own = await accounts.create_household(stores), max(10, rows // _SHARE)
    await fill_crowd(stores, household, rows - own, each=own, note=note, reviewed=False)
    one = await _remembered(stores, household, own, note)
    among = await _pages(stores, one, owner, note)
    everything = await _remembered(stores, household, rows, note)
    alone = await _pages(stores, everything, owner, note)
    of_one = {f"one_of_many_{name}": value for name, value in among.items()}
    return {"rows": rows, "own_rows_of_one_of_many": own} | alone | of_one


async def _remembered(stores: Stores, household: HouseholdId, count: int, note: Progress) -> Resident:
    """Bring in somebody whose words can be read, and who said one of them long ago only."""
    who, rng = await move_in(stores, household, "Bench"), Random(1)
    old = count - count // 10
    said = chain(islice(sayings(rng), old), sayings(rng, [_OLD_WORD]))
    for first in range(0, count, _BATCH):
        if first % (10 * _BATCH) == 0:
            note(f"filling the vault: {first:,} of {count:,} interactions of one person")
        batch = islice(said, min(_BATCH, count - first))
        await fill(stores, who, batch, own_keys=True, reviewed=False, first=first)
    return who


async def _pages(stores: Stores, who: Resident, owner: str, note: Progress) -> dict[str, float]:
    from earmark.web.apps import create_home

    note("having the database look at its tables")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    session = await accounts.start_session(stores, who.id, "home")
    transport = httpx.ASGITransport(app=create_home(stores))
    headers = {"cookie": f"earmark-home={session}"}
    base = f"http://127.0.0.1:{stores.settings.home_port}"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        note("asking for pages")
        page = await _times(client, "/history", "page")
        search = await _times(client, "/history?q=oat+milk", "search")
        old = await _times(client, f"/history?q={_OLD_WORD}", "old_search")
    return page | search | old


async def _times(client: httpx.AsyncClient, path: str, name: str) -> dict[str, float]:
    """Ask for a page again and again; its times, and the processor time that they cost this process."""
    found, work = [], []
    for index in range(REQUESTS + 5):
        began, worked = time.perf_counter(), time.process_time()
        response = await client.get(path)
        if index >= 5:  # the first ones compile templates and warm caches
            found.append(1000 * (time.perf_counter() - began))
            work.append(1000 * (time.process_time() - worked))
        response.raise_for_status()
        assert REPLY in response.text, "an empty page is soon made"
    return {
        f"{name}_p50_ms": _part(found, 0.5),
        f"{name}_p95_ms": _part(found, 0.95),
        f"{name}_processor_ms": round(statistics.median(work), 1),
    }


def _part(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
