"""`earmark bench history`: server time of the owner's page among very many interactions."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from datetime import timedelta
from random import Random

import httpx

from earmark import accounts, consent
from earmark.bench.installation import installation
from earmark.storage import Statements, Stores, blind, derive, fetch, open_stores, seal_json
from earmark.supervisor import Progress
from earmark.vault import Content, Word
from earmark.words import PersonId

ROWS = 100_000
REQUESTS = 200
SQL = Statements("earmark.bench")
_WORDS = [
    "please",
    "turn",
    "the",
    "kitchen",
    "light",
    "on",
    "add",
    "oat",
    "milk",
    "to",
    "my",
    "shopping",
    "list",
    "what",
    "time",
    "is",
    "it",
    "set",
    "a",
    "timer",
]
_OLD_WORD = "garden"
"""Said only in the oldest tenth, so that a search for it can't end early."""


def run(note: Progress) -> dict[str, float]:
    """Fill a vault with 100,000 interactions of one person and ask for pages of it."""
    with installation(note) as (settings, _):

        async def measure() -> dict[str, float]:
            async with open_stores("earmark_home", settings) as stores:
                return await _measure(stores, note)

        return asyncio.run(measure())


async def _measure(stores: Stores, note: Progress) -> dict[str, float]:
    from earmark.web.apps import create_home

    household = await accounts.create_household(stores)
    person = await accounts.create_person(stores, name="Bench", roles=["owner"], household_id=household)
    grant = await consent.set_grant(stores, person, "save", True, how="api")
    note(f"filling the vault with {ROWS:,} interactions")
    await _fill(stores, person, grant)
    note("waiting until the database has looked at them")
    while not (await fetch(stores.pool, SQL.analysed, {}))[0]["done"]:  # noqa: ASYNC110 - in the database
        await asyncio.sleep(0.5)
    session = await accounts.start_session(stores, person, "home")
    app = create_home(stores)
    transport = httpx.ASGITransport(app=app)
    headers = {"cookie": f"earmark-home={session}"}
    base = f"http://127.0.0.1:{stores.settings.home_port}"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        note("asking for pages")
        page = await _times(client, "/history", "page")
        search = await _times(client, "/history?q=oat+milk", "search")
        old = await _times(client, f"/history?q={_OLD_WORD}", "old_search")
    return {"rows": ROWS} | page | search | old


async def _fill(stores: Stores, person: PersonId, grant: int) -> None:
    random = Random(1)
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.person_slot, {"person": person})).fetchone()
        assert row is not None
        mine = stores.vault_keys.secret(row["key_slot"])
        search = derive(mine, purpose="search")
        tokens = {word: blind(search, word) for word in [*_WORDS, _OLD_WORD]}
        async with connection.cursor().copy(SQL.fill) as copy:
            for index in range(ROWS):
                slot = stores.vault_keys.reserve()
                key = derive(mine, stores.vault_keys.secret(slot), purpose="recording")
                said = random.choices(_WORDS, k=6)
                if index >= 0.9 * ROWS:
                    said.append(_OLD_WORD)
                times = ((text, 0.3 * place) for place, text in enumerate(said))
                words = tuple(Word(text=text, start=at, end=at + 0.2, confidence=0.9) for text, at in times)
                content = Content(text=" ".join(said), words=words, reply="Done.", accepted=True)
                identifier = uuid.uuid4()
                sealed = seal_json(key, content.to_json(), place=f"interaction:{identifier}")
                at = stores.now() - timedelta(minutes=7 * index)
                till = at + timedelta(days=3650)
                found = sorted({tokens[word] for word in said})
                row_of = (
                    identifier,
                    person,
                    grant,
                    at,
                    "command",
                    slot,
                    "vault/00/none",
                    3.0,
                    "builtin",
                    till,
                    sealed,
                    found,
                )
                await copy.write_row(row_of)


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
    return {
        f"{name}_p50_ms": _part(found, 0.5),
        f"{name}_p95_ms": _part(found, 0.95),
        f"{name}_processor_ms": round(statistics.median(work), 1),
    }


def _part(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
