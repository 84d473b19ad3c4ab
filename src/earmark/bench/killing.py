"""Ending what clients depend on, with SIGKILL, over and over, while they go on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from random import Random

from earmark.bench.checks import at_rest, leases_amiss
from earmark.bench.crew import Crew
from earmark.bench.floor import FloorProcess
from earmark.storage import EmbeddedPostgres
from earmark.words import Seconds

EVERY: tuple[Seconds, Seconds] = (2.0, 5.0)
"""How long it runs between coming back and the next kill."""


async def killing(crew: Crew, seconds: Seconds, kill: Callable[[Crew], Awaitable[int]], rng: Random) -> tuple[int, int]:
    """Kill and bring back while a crew works. Returns how often, and the sum of what `kill` counted."""
    kills = counted = 0
    work = asyncio.create_task(crew.work(seconds))
    try:
        while not (await asyncio.wait([work], timeout=rng.uniform(*EVERY)))[0]:
            counted += await kill(crew)
            kills += 1
    finally:
        await work
    return kills, counted


async def kill_floor(floor: FloorProcess, crew: Crew, owner: str) -> int:
    """Kill the web process, look who holds what while it is down, and start it again. Returns leases amiss."""
    floor.kill()
    await at_rest(owner)
    clients = {client.number: client for client in crew.clients}
    amiss = await leases_amiss(owner, clients, crew.ledger)
    await floor.start()
    return amiss


async def kill_database(postgres: EmbeddedPostgres, password: str) -> int:
    """Kill the postmaster and start it again; the web process is left to find its way back."""
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    while postgres.running:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.to_thread(postgres.start, password=password)
    return 0
