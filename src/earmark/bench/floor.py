"""The floor that `earmark bench review` measures: a queue of any size, people with sessions, and its real process.

Every task has a key of its own and a prefill sealed under it, as the airlock makes them, so that each answer costs the
real cryptography. Only the sounds are missing: the question asked needs none.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from earmark import accounts, review
from earmark.bench.crew import Client
from earmark.bench.wire import Broken, Wire
from earmark.errors import SetUpError
from earmark.settings import Settings
from earmark.storage import Statements, Stores
from earmark.storage.postgres import die_with_parent
from earmark.supervisor import Progress
from earmark.words import Seconds, TaskId

SQL = Statements("earmark.bench", "review.sql")
QUESTION: review.Question = "wake"
_PREFILL = {"word": "alexa"}
_BATCH = 10_000
_READY: Seconds = 60.0


async def fill(stores: Stores, owner: str, count: int, note: Progress) -> None:
    """Put so many new tasks in an empty queue, and have the database look at its tables and write them to disk."""
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
    rows, day, region = [], stores.now().date(), stores.settings.site
    for _ in range(count):
        task, slot = TaskId(uuid.uuid4()), stores.review_keys.reserve()
        sealed = review.seal_prefill(review.masked_key(stores, slot), task, _PREFILL)
        shuffled, exclusion = secrets.randbits(52) / 2**52, secrets.token_bytes(8)
        name = f"{review.PREFIX}/{task.hex[:2]}/{task.hex}"
        rows.append((task, QUESTION, "en", region, "ready", shuffled, name, slot, sealed, exclusion, day))
    return rows


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
