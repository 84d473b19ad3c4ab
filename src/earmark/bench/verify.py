"""`earmark bench verify`: how fast the audit log is recomputed, reading it from the database included."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import timedelta
from random import Random

from earmark import audit
from earmark.bench.installation import installation
from earmark.storage import Statements, Stores, open_stores
from earmark.supervisor import Progress

EVENTS = 300_000
SEALED_TOGETHER = 100
"""Entries a checkpoint: as on an installation with a hundred events a minute."""
ROUNDS = 3
SQL = Statements("earmark.bench")


def run(note: Progress) -> dict[str, float]:
    """Fill a log with 300,000 entries and 3,000 checkpoints, and verify it three times; the median counts."""
    with installation(note) as (settings, _):

        async def measure() -> dict[str, float]:
            async with open_stores("earmark_worker", settings) as stores:
                note(f"filling the log with {EVENTS:,} entries")
                await _fill(stores)
                note("verifying it")
                return await _measure(stores)

        return asyncio.run(measure())


async def _fill(stores: Stores) -> None:
    random = Random(1)
    for _ in range(EVENTS // SEALED_TOGETHER):
        async with stores.pool.connection() as connection, connection.cursor().copy(SQL.arrive) as copy:
            for _ in range(SEALED_TOGETHER):
                await copy.write_row((audit.entry_of(stores, _event(stores, random)),))
        await audit.sequence(stores)


def _event(stores: Stores, random: Random) -> dict[str, object]:
    """Return one of the events that are most frequent."""
    day = (stores.now() - timedelta(days=random.randrange(30))).date().isoformat()
    return random.choice(
        [
            {"what": "sound.opened", "by": "owner"},
            {"what": "consent", "purpose": "review", "allowed": True, "how": "settings", "wording": "review-1"},
            {
                "what": "hearing",
                "role": "reviewer",
                "site": random.choice(["Bucharest", "San José", "Boston"]),
                "day": day,
                "purpose": "checking the wake word",
            },
            {"what": "erasure", "how": "clock", "erased": {"keys": 4, "files": 4, "recordings": 4, "tasks": 0}},
        ]
    )


async def _measure(stores: Stores) -> dict[str, float]:
    times, work, verdict = [], [], None
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        verdict = await audit.verify(stores)
        times.append(time.perf_counter() - began)
        work.append(time.process_time() - worked)
        assert verdict.good, verdict.why
    assert verdict is not None
    seconds = statistics.median(times)
    return {
        "events": verdict.size,
        "checkpoints": verdict.checkpoints,
        "seconds": round(seconds, 2),
        "events_per_s": round(verdict.size / seconds),
        "processor_seconds": round(statistics.median(work), 2),
    }
