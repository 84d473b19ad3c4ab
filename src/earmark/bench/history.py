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
from earmark.storage import Statements, Stores, blind, derive, open_stores, seal_json
from earmark.supervisor import Progress
from earmark.vault import Content, Word
from earmark.words import PersonId

ROWS = 100_000
REQUESTS = 60
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
    session = await accounts.start_session(stores, person, "home")
    app = create_home(stores)
    transport = httpx.ASGITransport(app=app)
    headers = {"cookie": f"earmark-home={session}"}
    base = f"http://127.0.0.1:{stores.settings.home_port}"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        note("asking for pages")
        first = await _times(client, "/history")
        search = await _times(client, "/history?q=oat+milk")
    return {
        "rows": ROWS,
        "page_p50_ms": _part(first, 0.5),
        "page_p95_ms": _part(first, 0.95),
        "search_p50_ms": _part(search, 0.5),
        "search_p95_ms": _part(search, 0.95),
    }


async def _fill(stores: Stores, person: PersonId, grant: int) -> None:
    random = Random(1)
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.person_slot, {"person": person})).fetchone()
        assert row is not None
        mine = stores.vault_keys.secret(row["key_slot"])
        search = derive(mine, purpose="search")
        tokens = {word: blind(search, word) for word in _WORDS}
        async with connection.cursor().copy(SQL.fill) as copy:
            for index in range(ROWS):
                slot = stores.vault_keys.reserve()
                key = derive(mine, stores.vault_keys.secret(slot), purpose="recording")
                said = random.choices(_WORDS, k=6)
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
        await connection.execute(SQL.analyse)


async def _times(client: httpx.AsyncClient, path: str) -> list[float]:
    found = []
    for index in range(REQUESTS + 5):
        began = time.perf_counter()
        response = await client.get(path)
        if index >= 5:  # the first ones compile templates and warm caches
            found.append(1000 * (time.perf_counter() - began))
        response.raise_for_status()
    return found


def _part(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
