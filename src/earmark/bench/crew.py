"""Simulated reviewers.

Each is a client with a session of its own: submit, which brings the next clip, over and over. They always answer
`said`, so that the second answer makes the label. A request that fails is sent again, an answer with the same client
key, until the floor has taken or refused it; who holds nothing opens the page anew, which brings what they held before.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How clients behave; the defaults do nothing but answer."""

    think: Seconds = 0.0
    """Mean of the exponential time between being shown a clip and answering it; 0: none."""
    ahead: int = 0
    """Clips that are held besides the one that is shown."""
    undo: bool = False
    """Answers can be taken back, so that their clips rest for half a minute."""
    lay: Callable[[str], Seconds] | None = None
    """Puts the sound of a task where the floor looks for it, and returns its length. Each clip that is given is then
    fetched, as the console does. None: nobody listens."""


@dataclass(slots=True, kw_only=True)
class Client:
    """One reviewer at their console."""

    number: int
    """Different for every client of a measurement."""
    person: PersonId
    wire: Wire
    draws: Random
    held: deque[Lease] = field(default_factory=deque)
    """The first is the one that is shown."""
    lengths: dict[str, Seconds] = field(default_factory=dict)
    """Of sounds that were heard, by task."""


@dataclass(slots=True, kw_only=True)
class Crew:
    """Clients that work on one queue."""

    clients: Sequence[Client]
    ledger: Ledger
    habits: Habits = Habits()
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
            for lease in client.held:
                self.ledger.let_go(client.number, lease.task)
                await self._ask(client, "/api/review/release", lease.named())
            client.held.clear()
            client.lengths.clear()
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
        if self.habits.think:  # they don't all sit down in the same instant
            await self._pause(client.draws.uniform(0, 2 * self.habits.think))
        while not self.stopping:
            if not client.held:
                await self._open(client)
                if not client.held:
                    self.ledger.counts["empty"] += 1
                    await self._pause(_EMPTY)
                    continue
            if self.habits.think:
                await self._think(client)
                if self.stopping:
                    return
                if not client.held:
                    continue
            await self._submit(client, client.held.popleft())
            if self.enough is not None and len(self.ledger.acknowledged) >= self.enough:
                self.stopping = True

    async def _pause(self, seconds: Seconds) -> None:
        """Wait, but not past the end of the work by much: a timer is cheaper than an event for a thousand clients."""
        end = time.perf_counter() + seconds
        while not self.stopping and (left := end - time.perf_counter()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.5))

    async def _think(self, client: Client) -> None:
        """Wait, with the console's heartbeats."""
        left = client.draws.expovariate(1 / self.habits.think)
        while left > HEARTBEAT and not self.stopping and client.held:
            await self._pause(HEARTBEAT)
            left -= HEARTBEAT
            _, answer, _ = await self._ask(client, "/api/review/keep", {"held": [each.named() for each in client.held]})
            lost, until = set(answer.get("lost", ())), answer.get("lease_until")
            for lease in [each for each in client.held if each.task in lost]:
                client.held.remove(lease)
                self.ledger.let_go(client.number, lease.task)
                self.ledger.counts["lost_leases"] += 1
            if until:
                client.held = deque(lease.kept(until) for lease in client.held)
                for lease in client.held:
                    self.ledger.kept(client.number, lease)
        await self._pause(left)

    async def _open(self, client: Client) -> None:
        _, answer, _ = await self._ask(client, "/api/review/open", {"ahead": self.habits.ahead})
        for task in answer.get("tasks", ()):
            await self._given(client, task)

    async def _given(self, client: Client, task: dict[str, Any] | None) -> None:
        if task is None or any(each.task == task["id"] for each in client.held):
            return
        lease = Lease.of(task)
        client.held.append(lease)
        self.ledger.given(client.number, lease)
        if self.habits.lay is not None:
            await self._listen(client, lease, task["sound"], self.habits.lay)

    async def _listen(self, client: Client, lease: Lease, where: str, lay: Callable[[str], Seconds]) -> None:
        """Fetch a clip's sound; its address is good once, so after a failure another is asked for."""
        client.lengths[lease.task] = lay(lease.task)
        while True:
            began = time.perf_counter()
            status, _, tries = await self._ask(client, where)
            if status == 200:
                self.ledger.heard.append(time.perf_counter() - began)
                return
            _, answer, _ = await self._ask(client, "/api/review/sound", lease.named())
            if tries == 1 or "sound" not in answer:  # not for a failure that happened on the way: it is lost
                self.ledger.counts["unheard"] += 1
                return
            where = answer["sound"]

    async def _submit(self, client: Client, lease: Lease) -> None:
        key, ledger = str(uuid.UUID(int=client.draws.getrandbits(128), version=4)), self.ledger
        ledger.let_go(client.number, lease.task)
        ledger.sent.add(key)
        body: dict[str, Any] = lease.named() | {"client_key": key, "answer": ANSWER}
        if (length := client.lengths.pop(lease.task, None)) is not None:
            body["heard"] = [[0.0, length]]
        if self.habits.undo:
            body["undo"] = True
        began = time.perf_counter()
        status, answer, tries = await self._ask(client, "/api/review/submit", body)
        if status == 200:
            ledger.took.append(time.perf_counter() - began)
            ledger.acknowledged[key] = lease.task
        else:
            ledger.counts["refused"] += 1
            ledger.counts["refused_at_once"] += tries == 1
        await self._given(client, answer.get("task"))

    async def _ask(
        self, client: Client, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any], int]:
        """Ask until the floor has an answer, as a console on a bad line does. Returns how many tries that took too.

        Without a body it is a sound that is asked for, and what came is only counted.
        """
        tries = 1
        while True:
            try:
                if body is None:
                    return (await client.wire.get(path))[0], {}, tries
                status, data = await client.wire.post(path, body)
                if status < 500:
                    return status, json.loads(data) if status == 200 else {}, tries
            except (Broken, OSError):
                pass
            tries += 1
            self.ledger.counts["failed"] += 1
            await asyncio.sleep(client.draws.uniform(0, 2 * _AGAIN))
