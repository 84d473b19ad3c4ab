"""`earmark up` on one machine: database, three web processes and a worker, started, watched and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import httpx
from psycopg.conninfo import make_conninfo

from earmark.errors import DatabaseDown, PortInUse, SetUpError
from earmark.settings import Settings
from earmark.storage import EmbeddedPostgres, Home, prepare
from earmark.storage.postgres import die_with_parent

Progress = Callable[[str], None]
_PATIENCE = 60.0
_CALM = 10.0
"""A process that lived this many seconds is restarted at once; one that dies sooner waits a little longer each time."""


@contextmanager
def running_database(settings: Settings, progress: Progress = lambda _: None) -> Iterator[EmbeddedPostgres | None]:
    """Hold the home's lock with a prepared database behind it; None when the database is somebody else's server.

    Raises HomeInUse, OldHome, DatabaseDown.
    """
    home = Home.at(settings.home)
    lock = home.lock()
    postgres = None
    try:
        if settings.database_url is None:
            postgres = EmbeddedPostgres(home.folder)
            password = home.secret("database-password")
            postgres.start(password=password, progress=progress)
            owner = make_conninfo("", host=str(postgres.socket), user="earmark", password=password, dbname="postgres")
            prepare(home, owner, base=postgres.base)
        else:
            owner = settings.database_url.get_secret_value()
            prepare(home, owner)
        home.signing_key()
        yield postgres
    finally:
        if postgres is not None:
            postgres.stop()
        lock.release()


def check_ports(settings: Settings) -> None:
    """Raise PortInUse for the first port that another program holds."""
    for name in ("home_port", "floor_port", "desk_port"):
        port = getattr(settings, name)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError:
                raise PortInUse(port=port, setting=f"EARMARK_{name.upper()}") from None


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    again_at: float = field(default=0.0)

    def start(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        self.started = time.monotonic()


class Supervisor:
    """Runs the children until it is told to stop; restarts one that dies."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._env = {**os.environ, "EARMARK_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
        if (
            sys.stderr.isatty()
        ):  # a line a request is for a log's reader, not for somebody who sees the links among them
            self._env.setdefault("EARMARK_LOG_LEVEL", "warning")
        for name in ("home_port", "floor_port", "desk_port", "host"):
            self._env[f"EARMARK_{name.upper()}"] = str(getattr(settings, name))
        this = [sys.executable, "-m", "earmark"]
        self._children = [_Child(f"web {plane}", [*this, "web", plane]) for plane in ("home", "floor", "desk")]
        self._children.append(_Child("worker", [*this, "worker"]))
        self._stopping = False

    def start(self, progress: Progress = lambda _: None) -> None:
        """Start every process and wait until each web process answers. Raises SetUpError when one doesn't."""
        for child in self._children:
            child.start(self._env)
        deadline = time.monotonic() + _PATIENCE
        for plane in ("home", "floor", "desk"):
            progress(f"starting {plane}")
            url = f"http://{self.settings.host}:{getattr(self.settings, f'{plane}_port')}/health"
            while not self._answers(url):
                if time.monotonic() > deadline or self._gave_up():
                    self.stop()
                    raise SetUpError
                time.sleep(0.1)

    def _answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def _gave_up(self) -> bool:
        return any(child.process is not None and child.process.poll() is not None for child in self._children)

    def run(self, postgres: EmbeddedPostgres | None) -> None:
        """Watch until SIGINT or SIGTERM, or until the database dies."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stopping = True

        previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping:
                if postgres is not None and not postgres.running:
                    raise DatabaseDown(why="it stopped by itself")
                self._restart_dead()
                time.sleep(0.2)
        finally:
            self.stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            if not child.again_at:
                child.pause = 0.5 if now - child.started > _CALM else min(child.pause * 2, 30.0)
                child.again_at = now + child.pause
            elif now >= child.again_at:
                child.again_at = 0.0
                child.start(self._env)

    def stop(self) -> None:
        """Stop the web processes and the worker; the database is stopped after them by whoever started it."""
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(10)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
