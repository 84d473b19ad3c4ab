"""What simulated reviewers saw: who was given which clip when, and which answers the floor said it had taken."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from earmark.words import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A clip in somebody's hands."""

    task: str
    fence: int
    until: float
    """Seconds since 1970."""

    @staticmethod
    def of(task: dict[str, Any]) -> Lease:
        return Lease(task=task["id"], fence=task["fence"], until=_seconds(task["lease_until"]))

    def named(self) -> dict[str, Any]:
        """Return what names it to the floor."""
        return {"task": self.task, "fence": self.fence}

    def kept(self, until: str) -> Lease:
        """Return the lease as a heartbeat left it."""
        return replace(self, until=_seconds(until))


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Everything that all clients of one queue saw."""

    now: Callable[[], float] = time.time
    holders: dict[str, tuple[int, Lease]] = field(default_factory=dict)
    """By task: which client holds it and has not sent an answer to it."""
    fences: dict[tuple[str, int], int] = field(default_factory=dict)
    """Who was given which lease: no two may be given the same."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """By client key: the task that the floor said it took an answer to."""
    sent: set[str] = field(default_factory=set)
    """Every client key that was sent, whatever came back."""
    took: list[Seconds] = field(default_factory=list)
    """Each submit+next, from the first sending to its acknowledgement."""
    heard: list[Seconds] = field(default_factory=list)
    """Each sound, from asking for it to its last byte."""
    counts: Counter[str] = field(default_factory=Counter)
    """`leased_twice`; `refused`, of these `refused_at_once`: without a failure before; `failed` requests, which were
    sent again; `empty`: there was nothing to be given; `lost_leases`: a heartbeat came too late; `unheard`."""

    def given(self, client: int, lease: Lease) -> None:
        """Write down that somebody was given a clip, and count it when somebody else holds it."""
        before = self.holders.get(lease.task)
        overlaps = before is not None and before[0] != client and before[1].until > self.now()
        if overlaps or self.fences.setdefault((lease.task, lease.fence), client) != client:
            self.counts["leased_twice"] += 1
        self.holders[lease.task] = (client, lease)

    def kept(self, client: int, lease: Lease) -> None:
        """Write down that a heartbeat made a lease longer."""
        if self.holders.get(lease.task, (None,))[0] == client:
            self.holders[lease.task] = (client, lease)

    def let_go(self, client: int, task: str) -> None:
        """Write down that an answer is on its way: from now on somebody else may be given the clip."""
        holder = self.holders.get(task)
        if holder is not None and holder[0] == client:
            del self.holders[task]
