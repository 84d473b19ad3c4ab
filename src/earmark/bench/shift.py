"""Letting clients work on one queue for a while, and telling what came of it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.bench.checks import Found, compare, leases_amiss
from earmark.bench.crew import Client, Crew
from earmark.bench.floor import FloorProcess
from earmark.bench.ledger import Ledger
from earmark.bench.load import children, processor_seconds
from earmark.storage import EmbeddedPostgres
from earmark.words import Seconds

WARM: Seconds = 2.0
_SHARE = 0.75
"""So much of a queue's answers is taken, and no more: looking for the last clips is a search, not a measurement."""
_ROOM = 0.25
"""When more than this is taken, the next part gets a new queue."""

During = Callable[[Crew, Seconds], Awaitable[tuple[int, int]]]
"""Lets a crew work for so long while something goes wrong; how often it did, and how many leases were amiss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part of the measurement found."""

    answers: int
    """Acknowledged in the time that was measured."""
    seconds: Seconds
    took: Sequence[Seconds]
    """Each submit+next."""
    counts: Counter[str]
    """As `Ledger` has them, of this part; `kills`; processor time in ms: `floor`, `database`, `clients`."""
    found: Found

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds

    @staticmethod
    def sum(parts: Sequence[Part]) -> Part:
        counts: Counter[str] = Counter()
        for part in parts:
            counts.update(part.counts)
        return Part(
            answers=sum(part.answers for part in parts),
            seconds=sum(part.seconds for part in parts),
            took=[each for part in parts for each in part.took],
            counts=counts,
            found=Found(
                lost=sum(part.found.lost for part in parts),
                doubled=sum(part.found.doubled for part in parts),
                labels=sum(part.found.labels for part in parts),
            ),
        )

    def told(self, prefix: str = "") -> dict[str, Any]:
        """Return the numbers under their fixed names."""
        milliseconds = statistics.quantiles([1000 * each for each in self.took], n=100, method="inclusive")
        told: dict[str, Any] = {
            "annotations_per_s": round(self.per_second, 1),
            "p50_ms": round(milliseconds[49], 1),
            "p95_ms": round(milliseconds[94], 1),
            "p99_ms": round(milliseconds[98], 1),
            "max_ms": round(1000 * max(self.took), 1),
            "leased_twice": self.counts["leased_twice"],
            "lost": self.found.lost,
            "doubled": self.found.doubled,
            "answers": self.answers,
            "labels": self.found.labels,
        }
        told |= {name: self.counts[name] for name in ("refused", "refused_at_once", "failed", "empty")}
        if self.counts["kills"]:
            told["kills"] = self.counts["kills"]
        for name in ("floor", "database", "clients"):
            told[f"{name}_processors"] = round(self.counts[name] / 1000 / self.seconds, 2)
        return {f"{prefix}{name}": value for name, value in told.items()}


class Shift:
    """Works parts off on one queue after another."""

    def __init__(self, owner: str, floor: FloorProcess, postgres: EmbeddedPostgres) -> None:
        self._owner, self._floor, self._postgres = owner, floor, postgres
        self._ledger = Ledger()
        self.tasks = 0

    def begin(self, tasks: int) -> None:
        """Take note of a new queue."""
        self._ledger, self.tasks = Ledger(), tasks

    @property
    def worn(self) -> bool:
        """More of the queue is taken than another part should find gone."""
        return len(self._ledger.acknowledged) > _ROOM * 2 * self.tasks

    async def work(
        self,
        clients: Sequence[Client],
        seconds: Seconds,
        *,
        warm: Seconds = WARM,
        think: Seconds = 0.0,
        during: During | None = None,
    ) -> Part:
        """Let clients work, compare what they saw with the database, and let them go home.

        What happens in the first `warm` seconds counts for everything but times and rates.
        """
        ledger = self._ledger
        before = Counter(ledger.counts)
        enough = int(_SHARE * self.tasks * min(2, len(clients)))
        crew = Crew(clients=clients, ledger=ledger, think=think, enough=enough)
        work = asyncio.ensure_future(during(crew, seconds) if during else _undisturbed(crew, warm + seconds))
        if warm:
            await asyncio.wait([work], timeout=warm)
        answers, first, began, used = len(ledger.acknowledged), len(ledger.took), time.perf_counter(), self._used()
        if work.done():
            answers = first = 0
        kills, amiss = await work
        took = max(time.perf_counter() - began, 1e-9)
        counts = Counter(self._used())
        counts.subtract(used)
        counts.update(ledger.counts)
        counts.subtract(before)
        counts["kills"] += kills
        counts["leased_twice"] += amiss + await leases_amiss(
            self._owner, {each.number: each for each in clients}, ledger
        )
        found = await compare(self._owner, ledger)
        part = Part(
            answers=len(ledger.acknowledged) - answers,
            seconds=took,
            took=ledger.took[first:],
            counts=counts,
            found=found,
        )
        await crew.go_home()
        return part

    def _used(self) -> dict[str, int]:
        """Return the processor time used so far, in ms."""
        database = self._postgres.pid
        seconds = {
            "floor": processor_seconds([self._floor.pid]),
            "database": processor_seconds([database, *children(database)]) if database else 0.0,
            "clients": time.process_time(),
        }
        return {name: round(1000 * each) for name, each in seconds.items()}


async def _undisturbed(crew: Crew, seconds: Seconds) -> tuple[int, int]:
    await crew.work(seconds)
    return 0, 0
