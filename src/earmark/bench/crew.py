"""Simulated reviewers.

Each is a client with a session of its own: submit, which brings the next clip, over and over. They answer the wake
question, which needs no listening, and always with `said`, so that the second answer makes the label. A request that
fails is sent again with the same client key until the floor has taken or refused it.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from earmark.bench.ledger import Lease, Ledger
from earmark.bench.wire import Broken, Wire
from earmark.words import PersonId, Seconds

ANSWER = {"value": "said"}
HEARTBEAT: Seconds = 4.0
"""As the console does."""
_AGAIN: Seconds = 0.05
"""Until a failed request is sent again, on average."""
_EMPTY: Seconds = 0.2
"""Until somebody with nothing to do asks again."""


@dataclass(slots=True, kw_only=True)
class Client:
    """One reviewer at their console."""

    number: int
    """Different for every client of a measurement."""
    person: PersonId
    wire: Wire
    draws: Random
    lease: Lease | None = None


@dataclass(slots=True, kw_only=True)
class Crew:
    """Clients that work on one queue."""

    clients: Sequence[Client]
    ledger: Ledger
    think: Seconds = 0.0
    """Mean of the exponential time between being given a clip and answering it; 0: none."""
    enough: int | None = None
    """Stop at so many answers in all, before the queue runs dry."""
    stopping: bool = False

    async def work(self, seconds: Seconds) -> None:
        """Let all of them work for so long; at the end each still holds a clip."""
        self.stopping = False
        watch = asyncio.create_task(self._watch(time.perf_counter() + seconds))
        try:
            await asyncio.gather(*(self._reviewer(client) for client in self.clients))
        finally:
            watch.cancel()

    async def go_home(self) -> None:
        """Give back what is held, as a console does when it is closed."""
        for client in self.clients:
            if client.lease is not None:
                self.ledger.let_go(client.number, client.lease.task)
                held = {"task": client.lease.task, "fence": client.lease.fence}
                await self._ask(client, "/api/review/release", held)
            client.lease = None
            client.wire.close()

    async def _watch(self, end: float) -> None:
        """End the work in time, and requests that nobody answers."""
        while True:
            left = end - time.perf_counter()
            self.stopping = self.stopping or left <= 0
            for client in self.clients:
                client.wire.give_up(time.monotonic())
            await asyncio.sleep(min(0.5, left) if left > 0 else 0.5)

    async def _reviewer(self, client: Client) -> None:
        if self.think:  # they don't all sit down in the same instant
            await self._pause(client.draws.uniform(0, self.think))
        while not self.stopping:
            if client.lease is None:
                _, answer, _ = await self._ask(client, "/api/review/next", {})
                self._given(client, answer)
                if client.lease is None:
                    self.ledger.counts["empty"] += 1
                    await self._pause(_EMPTY)
                    continue
            if self.think:
                await self._think(client, client.lease)
                if self.stopping:
                    return
            await self._submit(client, client.lease)
            if self.enough is not None and len(self.ledger.acknowledged) >= self.enough:
                self.stopping = True

    async def _pause(self, seconds: Seconds) -> None:
        """Wait, but not past the end of the work by much: a timer is cheaper than an event for a thousand clients."""
        end = time.perf_counter() + seconds
        while not self.stopping and (left := end - time.perf_counter()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.5))

    async def _think(self, client: Client, lease: Lease) -> None:
        """Wait, with the console's heartbeats."""
        left = client.draws.expovariate(1 / self.think)
        while left > HEARTBEAT and not self.stopping:
            await self._pause(HEARTBEAT)
            left -= HEARTBEAT
            held = {"task": lease.task, "fence": lease.fence}
            _, answer, _ = await self._ask(client, "/api/review/heartbeat", held)
            if "lease_until" in answer:
                self.ledger.kept(client.number, lease.kept(answer["lease_until"]))
        await self._pause(left)

    def _given(self, client: Client, answer: dict[str, Any]) -> None:
        task = answer.get("task")
        client.lease = Lease.of(task) if task else None
        if client.lease is not None:
            self.ledger.given(client.number, client.lease)

    async def _submit(self, client: Client, lease: Lease) -> None:
        key, ledger = str(uuid.UUID(int=client.draws.getrandbits(128), version=4)), self.ledger
        ledger.let_go(client.number, lease.task)
        ledger.sent.add(key)
        body = {"task": lease.task, "fence": lease.fence, "client_key": key, "answer": ANSWER}
        began = time.perf_counter()
        status, answer, tries = await self._ask(client, "/api/review/submit", body)
        if status == 200:
            ledger.took.append(time.perf_counter() - began)
            ledger.acknowledged[key] = lease.task
        else:
            ledger.counts["refused"] += 1
            ledger.counts["refused_at_once"] += tries == 1
        self._given(client, answer)

    async def _ask(self, client: Client, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], int]:
        """Ask until the floor has an answer, as a console on a bad line does. Returns how many tries that took too."""
        tries = 1
        while True:
            try:
                status, data = await client.wire.post(path, body)
                if status < 500:
                    return status, json.loads(data) if status == 200 else {}, tries
            except (Broken, OSError):
                pass
            tries += 1
            self.ledger.counts["failed"] += 1
            await asyncio.sleep(client.draws.uniform(0, 2 * _AGAIN))
