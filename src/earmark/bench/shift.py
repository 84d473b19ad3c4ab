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
from earmark.bench.crew import Client, Crew, Habits
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
    heard: Sequence[Seconds]
    """Each sound that was fetched."""
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
            heard=[each for part in parts for each in part.heard],
            counts=counts,
            found=Found(
                lost=sum(part.found.lost for part in parts),
                doubled=sum(part.found.doubled for part in parts),
                labels=sum(part.found.labels for part in parts),
            ),
        )

    def told(self, prefix: str = "") -> dict[str, Any]:
        """Return the numbers under their fixed names."""
        told: dict[str, Any] = {"annotations_per_s": round(self.per_second, 1)} | _times(self.took)
        told |= {"leased_twice": self.counts["leased_twice"], "lost": self.found.lost, "doubled": self.found.doubled}
        told |= {"answers": self.answers, "labels_in_queue": self.found.labels}
        told |= {name: self.counts[name] for name in ("refused", "refused_at_once", "failed", "empty")}
        if self.heard:
            told |= {"sounds_per_s": round(len(self.heard) / self.seconds, 1), "unheard": self.counts["unheard"]}
            told |= {f"sound_{name}": value for name, value in _times(self.heard).items()}
        told |= {name: self.counts[name] for name in ("kills", "lost_leases") if self.counts[name]}
        for name in () if self.counts["kills"] else ("floor", "database", "clients"):  # who was killed starts from 0
            told[f"{name}_processors"] = round(self.counts[name] / 1000 / self.seconds, 2)
        return {f"{prefix}{name}": value for name, value in told.items()}


def _times(took: Sequence[Seconds]) -> dict[str, float]:
    if len(took) < 2:
        return {}
    cuts = statistics.quantiles([1000 * each for each in took], n=100, method="inclusive")
    shares = {f"p{share}_ms": round(cuts[share - 1], 1) for share in (50, 95, 99)}
    return shares | {"max_ms": round(1000 * max(took), 1)}


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
        habits: Habits = Habits(),
        during: During | None = None,
    ) -> Part:
        """Let clients work, compare what they saw with the database, and let them go home.

        What happens in the first `warm` seconds counts for everything but times and rates.
        """
        ledger = self._ledger
        before = Counter(ledger.counts)
        enough = int(_SHARE * self.tasks * min(2, len(clients)))
        crew = Crew(clients=clients, ledger=ledger, habits=habits, enough=enough)
        work = asyncio.ensure_future(during(crew, seconds) if during else _undisturbed(crew, warm + seconds))
        start = self._mark()
        if warm:
            await asyncio.wait([work], timeout=warm)
            start = start if work.done() else self._mark()
        kills, amiss = await work
        end = self._mark()
        counts = Counter({name: end.used[name] - start.used[name] for name in end.used})
        counts.update(Counter(ledger.counts) - before)
        numbered = {client.number: client for client in clients}
        counts.update(kills=kills, leased_twice=amiss + await leases_amiss(self._owner, numbered, ledger))
        part = Part(
            answers=end.answers - start.answers,
            seconds=end.at - start.at,
            took=ledger.took[start.took :],
            heard=ledger.heard[start.heard :],
            counts=counts,
            found=await compare(self._owner, ledger),
        )
        await crew.go_home()
        return part

    def _mark(self) -> _Mark:
        database, ledger = self._postgres.pid, self._ledger
        seconds = {
            "floor": processor_seconds([self._floor.pid]),
            "database": processor_seconds([database, *children(database)]) if database else 0.0,
            "clients": time.process_time(),
        }
        return _Mark(
            at=time.perf_counter(),
            answers=len(ledger.acknowledged),
            took=len(ledger.took),
            heard=len(ledger.heard),
            used={name: round(1000 * each) for name, each in seconds.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """How far everything has come at one moment."""

    at: Seconds
    answers: int
    took: int
    heard: int
    used: dict[str, int]
    """Processor time so far, in ms: floor, database, clients."""


async def _undisturbed(crew: Crew, seconds: Seconds) -> tuple[int, int]:
    await crew.work(seconds)
    return 0, 0
