"""`earmark bench review`: answers a second on the floor, over HTTP, with as many tasks and clients as are wanted.

The server is a real `earmark web floor` process with its own database role; the database is the embedded one, as it is.
Every task has a key of its own, and each answer is opened, compared and sealed as always; two people are asked about
each clip. The clients are sockets in this one process, which shares the processors with the server. They are asked the
wake question, in a version that takes an answer without listening, so that answers alone are measured; where it says
so, in its usual version, and every clip's sound is fetched as the console does.

    annotations_per_s, p50_ms, p95_ms    submit+next: one request, from its sending to the next clip
    leased_twice, lost, doubled          what clients saw, compared with the database; 0 is what is promised
    listen_…                             the same when every clip is listened to; sounds are timed apart
    snapshot_…                           the same while another connection holds an old snapshot, as a backup does
    think_…                              1,000 reviewers who take their time: they listen, hold two clips more, can take
                                         answers back, and send heartbeats
    kill_floor_…, kill_database_…        while a process is ended with SIGKILL every few seconds and comes back
    flat_…                               with 1,000 and with 1,000,000 tasks
    expert_…                             a scripted expert at the console in Chromium: seconds a clip, and what the page
                                         takes from a key to the next clip's sound
    peer_…                               Label Studio, after it, on the same machine
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg

import earmark
from earmark import accounts
from earmark.bench import expert, peer
from earmark.bench.checks import looking
from earmark.bench.crew import HEARTBEAT, Client, Habits
from earmark.bench.floor import SPEECH, SQL, FloorProcess, Sounds, ask, fill, hire
from earmark.bench.installation import installation, owner_of
from earmark.bench.killing import kill_database, kill_floor, killing
from earmark.bench.shift import Part, Shift
from earmark.storage import EmbeddedPostgres, Home, Stores, open_stores
from earmark.supervisor import Progress
from earmark.web.serve import event_loop
from earmark.words import Seconds

THINKERS = 1000
THINK: Seconds = 9.0
"""Mean of an exponential distribution: from a clip's coming to its answer."""
AHEAD = 2
"""Clips that the console fetches ahead."""
KILLING: Seconds = 60.0
"""At least so long for each of the two that are killed."""
EXPERT_CLIPS = 40
SMALL, LARGE = 1_000, 1_000_000
_ROUNDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is measured."""

    tasks: int = 10_000
    clients: int = 8
    seconds: Seconds = 20.0
    """For each part of the measurement."""
    flat: bool = False
    listen: bool = False
    snapshot: bool = False
    think: bool = False
    kill: bool = False
    expert: bool = False
    """A scripted expert at the real console, in Chromium."""
    peer: bool = False
    peer_script: Path | None = None
    peer_command: str = "label-studio"
    peer_tasks: int = 10_000
    """At most: its import takes minutes."""


def run(note: Progress, wanted: Wanted | None = None) -> dict[str, Any]:
    """Measure all that is wanted, in one installation that is thrown away."""
    wanted = wanted or Wanted()
    if wanted.expert:
        expert.browser()
    if wanted.peer:
        peer.program(wanted.peer_script, wanted.peer_command)  # before an hour of our own
    with installation(note) as (settings, postgres):

        async def measure() -> dict[str, Any]:
            async with AsyncExitStack() as stack:
                stores = await stack.enter_async_context(open_stores("earmark_worker", settings, size=2))
                floor = FloorProcess(settings, Path(settings.home) / "floor.log")
                stack.callback(floor.stop)
                return await _Bench(stores, postgres, floor, note, wanted).measure()

        with asyncio.Runner(loop_factory=event_loop) as runner:  # the server's, so that clients cost little
            result = runner.run(measure())
    if wanted.peer:
        result |= _beside(result, wanted, note)
    return result


def _beside(ours: dict[str, Any], wanted: Wanted, note: Progress) -> dict[str, Any]:
    note("measuring Label Studio")
    theirs = peer.measure(
        wanted.peer_script or Path(),
        wanted.peer_command,
        tasks=min(wanted.tasks, wanted.peer_tasks),
        clients=wanted.clients,
        seconds=wanted.seconds,
    )
    per_second = theirs["peer_annotations_per_s"]
    return theirs | {"peer_ratio": round(ours["annotations_per_s"] / per_second, 1) if per_second else None}


class _Bench:
    """One floor with one queue; the parts of the measurement take turns on it."""

    def __init__(
        self, stores: Stores, postgres: EmbeddedPostgres, floor: FloorProcess, note: Progress, wanted: Wanted
    ) -> None:
        self._stores, self._postgres, self._floor, self._note, self._wanted = stores, postgres, floor, note, wanted
        self._owner = owner_of(stores.settings, postgres)
        self._shift = Shift(self._owner, floor, postgres)
        self._sounds = Sounds(stores)

    async def measure(self) -> dict[str, Any]:
        wanted, load = self._wanted, os.getloadavg()[0]
        await self._floor.start()
        crew = await hire(self._stores, wanted.clients)
        await ask(self._stores, listening=False)
        await self._fill(wanted.tasks)
        found = await self._about() | (await self._part("answering", crew)).told()
        if wanted.snapshot:
            found |= await self._beside_a_snapshot(crew)
        if wanted.kill:
            found |= await self._killed(crew)
        if wanted.flat:
            found |= await self._flat(crew)
        # From here on clips are asked about that must be listened to, and keep that version of the question.
        if wanted.listen:
            found |= (await self._listening("listening and answering", crew, Habits(lay=self._sounds.lay))).told(
                "listen_"
            )
        if wanted.think:
            found |= await self._with_thought()
        if wanted.expert:
            found |= await self._by_an_expert()
        return found | {"load_before": round(load, 2), "load_after": round(os.getloadavg()[0], 2)}

    async def _about(self) -> dict[str, Any]:
        async with looking(self._owner) as connection:
            row = await (await connection.execute(SQL.version)).fetchone()
        assert row is not None
        return {
            "tasks": self._wanted.tasks,
            "clients": self._wanted.clients,
            "seconds": self._wanted.seconds,
            "question": "wake",
            "answers_a_clip": 2,
            "processors": os.cpu_count(),
            "earmark": earmark.__version__,
            "python": platform.python_version(),
            "postgres": row["version"],
            "uvicorn": importlib.metadata.version("uvicorn"),
        }

    async def _fill(self, tasks: int) -> None:
        await fill(self._stores, self._owner, tasks, self._note)
        self._shift.begin(tasks)

    async def _part(self, doing: str, clients: list[Client], **how: Any) -> Part:
        """Let clients work for as long as is wanted, on a queue that has enough left for them."""
        if self._shift.worn:
            await self._fill(self._shift.tasks)
        self._note(f"{doing}: {len(clients):,} clients, {self._shift.tasks:,} tasks")
        return await self._shift.work(clients, how.pop("seconds", self._wanted.seconds), **how)

    async def _listening(self, doing: str, clients: list[Client], habits: Habits, **how: Any) -> Part:
        """The same, and no answer is taken to a clip that was not listened to."""
        await ask(self._stores, listening=True)
        try:
            return await self._part(doing, clients, habits=habits, **how)
        finally:
            await ask(self._stores, listening=False)

    async def _beside_a_snapshot(self, crew: list[Client]) -> dict[str, Any]:
        async with looking(self._owner) as backup:
            await backup.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            async with backup.transaction():
                await backup.execute(SQL.snapshot)
                part = await self._part("answering beside an old snapshot", crew)
        return part.told("snapshot_")

    async def _by_an_expert(self) -> dict[str, Any]:
        """On a queue of its own, whose sounds all lie there: a browser asks for them by itself."""
        await fill(self._stores, self._owner, EXPERT_CLIPS + 10, self._note)
        async with self._stores.pool.connection() as connection:
            for row in await (await connection.execute(SQL.tasks)).fetchall():
                self._sounds.lay(row["id"])
        await ask(self._stores, listening=True)
        person = await accounts.create_person(self._stores, name="Expert", roles=["reviewer"])
        token = await accounts.start_session(self._stores, person, "floor")
        wanted = self._stores.settings
        self._note(f"a scripted expert answers {EXPERT_CLIPS} clips at the console")
        return await expert.work(f"http://{wanted.host}:{wanted.floor_port}", token, EXPERT_CLIPS, SPEECH)

    async def _with_thought(self) -> dict[str, Any]:
        self._note(f"signing {THINKERS:,} reviewers in")
        crew = await hire(self._stores, THINKERS, first=self._wanted.clients)
        seconds = max(self._wanted.seconds, 3 * THINK)
        habits = Habits(think=THINK, ahead=AHEAD, undo=True, lay=self._sounds.lay)
        part = await self._listening("thinking", crew, habits, seconds=seconds, warm=3 * THINK)
        about = {
            "think_reviewers": THINKERS,
            "think_mean_s": THINK,
            "think_heartbeat_s": HEARTBEAT,
            "think_ahead": AHEAD,
        }
        return about | part.told("think_")

    async def _killed(self, crew: list[Client]) -> dict[str, Any]:
        password = Home.at(self._stores.settings.home).secret("database-password")
        ways = {
            "kill_floor_": lambda crew: kill_floor(self._floor, crew, self._owner),
            "kill_database_": lambda _: kill_database(self._postgres, password),
        }
        found: dict[str, Any] = {}
        for name, way in ways.items():
            during = partial(killing, kill=way, rng=Random(1))
            seconds = max(self._wanted.seconds, KILLING)
            part = await self._part("being killed", crew, seconds=seconds, warm=0, during=during)
            found |= part.told(name)
        return found

    async def _flat(self, crew: list[Client]) -> dict[str, Any]:
        """Measure a small queue, a large one, and the small one again, so that a slower hour slows both."""
        small: list[Part] = []
        await self._small(crew, small)
        await self._fill(LARGE)
        large = await self._part("answering", crew)
        await self._small(crew, small)
        one = Part.sum(small)
        found = one.told(f"flat_{SMALL}_") | large.told(f"flat_{LARGE}_")
        return found | {"flat_ratio": round(one.per_second / large.per_second, 2), "flat_rounds": len(small)}

    async def _small(self, crew: list[Client], parts: list[Part]) -> None:
        """Work through so many small queues that it takes half as long as a large one is measured."""
        end = sum(part.seconds for part in parts) + self._wanted.seconds / 2
        for _ in range(_ROUNDS):
            await self._fill(SMALL)
            parts.append(await self._part("answering", crew, warm=0))
            if sum(part.seconds for part in parts) >= end:
                return
