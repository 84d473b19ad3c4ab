"""The floor that `earmark bench review` measures: a queue of any size, people with sessions, and its real process.

Every task has a key of its own and a prefill sealed under it, as the airlock makes them, so that each answer costs the
real cryptography. Sounds are sealed when somebody is about to listen: those of a million clips would fill a disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections import OrderedDict
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import psycopg

from earmark import accounts, audio, review
from earmark.bench.crew import Client
from earmark.bench.wire import Broken, Wire
from earmark.errors import SetUpError
from earmark.settings import Settings
from earmark.storage import FolderObjects, Statements, Stores
from earmark.storage.postgres import die_with_parent
from earmark.supervisor import Progress
from earmark.words import PcmAudio, PersonId, Seconds, TaskId

SQL = Statements("earmark.bench", "review.sql")
QUESTION: review.Question = "wake"
_LENGTH: Seconds = 3.0
SPEECH: Seconds = 2.0
_PREFILL = {"word": "alexa", "speech": [[0.5, 0.5 + SPEECH]]}
_BATCH = 10_000
_READY: Seconds = 60.0


async def fill(stores: Stores, owner: str, count: int, note: Progress) -> None:
    """Put so many new tasks in an empty queue, and have the database look at its tables and write them to disk."""
    await stores.pool.check()  # the database may have been killed since
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(SQL.clear)
    for first in range(0, count, _BATCH):
        if first % (5 * _BATCH) == 0:
            note(f"filling the queue: {first:,} of {count:,} tasks")
        rows = await asyncio.to_thread(_tasks, stores, min(_BATCH, count - first))
        async with stores.pool.connection() as connection, connection.cursor().copy(SQL.fill) as copy:
            for row in rows:
                await copy.write_row(row)
    note("having the database look at its tables")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _tasks(stores: Stores, count: int) -> list[tuple[Any, ...]]:
    rows, day, region = [], stores.now().date(), stores.settings.region
    for _ in range(count):
        slot = stores.review_keys.reserve()
        task = TaskId(uuid.UUID(int=secrets.randbits(64) << 64 | slot))  # random where it matters, and says its slot
        sealed = review.seal_prefill(review.masked_key(stores, slot), task, _PREFILL)
        shuffled, exclusion = secrets.randbits(52) / 2**52, secrets.token_bytes(8)
        rows.append((task, QUESTION, "en", region, "ready", shuffled, _name(task), slot, sealed, exclusion, day))
    return rows


def _name(task: TaskId) -> str:
    return f"{review.PREFIX}/{task.hex[:2]}/{task.hex}"


class Sounds:
    """Seals a clip's sound when it is wanted, and keeps no more of them than are listened to at a time."""

    def __init__(self, stores: Stores, *, most: int = 5_000) -> None:
        objects = stores.objects
        assert isinstance(objects, FolderObjects), "a measurement keeps its objects in a folder"
        self._stores, self._folder, self._most = stores, objects.folder, most
        self._laid: OrderedDict[Path, None] = OrderedDict()
        noise = np.random.default_rng(1).normal(0, 3000, round(_LENGTH * 16_000)).astype(np.int16)
        self._wav = audio.encode(PcmAudio(samples=noise), format="WAV")

    def lay(self, task: str) -> Seconds:
        """Put a task's sound where the floor looks for it; nobody waits for the disk. Returns its length."""
        task_id = TaskId(uuid.UUID(task))
        path = self._folder / _name(task_id)
        if path not in self._laid:
            key = review.masked_key(self._stores, task_id.int & 2**64 - 1)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(review.seal_sound(key, task_id, self._wav))
            self._laid[path] = None
            while len(self._laid) > self._most:
                self._laid.popitem(last=False)[0].unlink()
        return _LENGTH


async def ask(stores: Stores, *, listening: bool) -> None:
    """Publish the question as it is asked from now on: with or without a clip's having to be heard first."""
    asked = json.loads(json.dumps(review.QUESTIONS[QUESTION].to_json()))
    needs = asked["needs_heard"] if listening else 0
    lead = review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="bench", role="lead")
    await review.publish(stores, lead, asked | {"needs_heard": needs})


async def hire(stores: Stores, count: int, *, first: int = 0) -> list[Client]:
    """Add reviewers, numbered from `first`, each signed in with a bearer token."""
    found, where = [], stores.settings
    for number in range(first, first + count):
        person = await accounts.create_person(stores, name=f"Reviewer {number}", roles=["reviewer"])
        token = await accounts.start_session(stores, person, "floor")
        wire = Wire(where.host, where.floor_port, token)
        found.append(Client(number=number, person=person, wire=wire, draws=Random(number)))
    return found


class FloorProcess:
    """`earmark web floor`, as `earmark up` starts it, with its log in a file."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings = settings
        self._log = log
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")}
        self._env |= {"EARMARK_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
        for name in ("home_port", "floor_port", "desk_port", "host"):
            self._env[f"EARMARK_{name.upper()}"] = str(getattr(settings, name))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it answers. Raises SetUpError when it doesn't."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 (its parent must be this thread, which lives on)
                [sys.executable, "-m", "earmark", "web", "floor"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGTERM),
            )
        wire = Wire(self._settings.host, self._settings.floor_port, "")
        deadline = time.monotonic() + _READY
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if (await wire.get("/health"))[0] == 200:
                    wire.close()
                    return
            except (OSError, Broken):
                await asyncio.sleep(0.05)
        raise SetUpError

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
