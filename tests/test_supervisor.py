"""`earmark up` as a whole: it starts, is killed in every way, and starts again with everything that it acknowledged."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.asyncio.client import connect

from earmark.errors import HomeInUse, OldHome, PortInUse
from earmark.settings import Settings
from earmark.storage import EmbeddedPostgres, Home
from earmark.supervisor import Supervisor, check_ports, running_database

PLANES = ("home", "floor", "desk")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def eventually(what, *, seconds: float = 90.0) -> Any:
    """Wait until `what()` is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "this did not come"
        time.sleep(0.1)
    return found


def descendants(pid: int) -> set[int]:
    """Return a process's children, theirs, and so on."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in table.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(stat) and not stat.startswith("Z")


def command(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()


@dataclass
class Installation:
    """A home of its own with ports of its own."""

    folder: Path
    ports: dict[str, int]
    output: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        ports = {f"EARMARK_{plane.upper()}_PORT": str(port) for plane, port in self.ports.items()}
        return {**os.environ, **ports, "EARMARK_HOME": str(self.folder)}

    def up(self) -> subprocess.Popen[bytes]:
        """Start `earmark up` and wait until all three planes answer."""
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "earmark", "up"], env=self.env, stdout=output, stderr=output
            )
        self.processes.append(process)
        eventually(lambda: process.poll() is not None or all(self.healthy(plane) for plane in PLANES))
        assert process.poll() is None, self.output.read_text()
        return process

    def healthy(self, plane: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[plane]}/health", timeout=2).text == "ok"
        except httpx.HTTPError:
            return False

    def run(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "earmark", *arguments, "--json"], env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def listening(self) -> list[str]:
        """Return the planes whose port is taken."""
        taken = []
        for plane, port in self.ports.items():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    taken.append(plane)
        return taken


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    ports = dict(zip(PLANES, free_ports(3), strict=True))
    made = Installation(folder=tmp_path / "home", ports=ports, output=tmp_path / "output.txt")
    yield made
    for process in made.processes:
        below = descendants(process.pid)
        process.kill()
        process.wait()
        for pid in below:
            eventually(lambda pid=pid: not alive(pid))
    EmbeddedPostgres(made.folder).remove()


async def speak(address: str, token: str, *, cut: bool = False) -> str | None:
    """Say a second of noise by a tap; returns the acknowledged interaction, or cuts the wire in the middle."""
    sound = np.random.default_rng(1).normal(0, 2000, 16_000).astype("<i2").tobytes()
    async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as wire:
        await wire.send(json.dumps({"type": "wake", "word": "tap", "at": "2026-05-04T11:30:00+02:00"}))
        for start in range(0, len(sound) // (2 if cut else 1), 3200):
            await wire.send(sound[start : start + 3200])
        if cut:
            wire.transport.abort()
            return None
        await wire.send(json.dumps({"type": "end", "reason": "silence"}))
        while True:
            message = json.loads(await wire.recv())
            if message["type"] in ("reply", "error"):
                assert message["type"] == "reply", message
                return message["interaction"]


@pytest.mark.timeout(900)
def test_up_is_killed_outright_right_after_an_acknowledgement_and_everything_is_there(installation):
    """One long life: start, say something, cut a wire, SIGKILL, start again, lose a process, SIGTERM."""
    first = installation.up()
    installation.run("consent", "set", "save", "on")
    token = installation.run("device", "add", "Kitchen")["token"]
    address = f"ws://127.0.0.1:{installation.ports['home']}/api/device"
    asyncio.run(speak(address, token, cut=True))
    acknowledged = asyncio.run(speak(address, token))
    below = descendants(first.pid)
    assert len(below) > 4
    first.send_signal(signal.SIGKILL)
    first.wait()
    if sys.platform == "linux":  # the kernel tells the children; elsewhere the next start stops what was left over
        for pid in below:
            eventually(lambda pid=pid: not alive(pid))
        assert installation.listening() == []

    before = installation.output.read_text()  # whose database died under them may say so
    second = installation.up()
    kept = installation.run("history")
    assert [item["id"] for item in kept] == [acknowledged], "an acknowledged recording was lost, or a cut one was kept"
    assert installation.run("doctor") == {"findings": []}

    (floor,) = [pid for pid in descendants(second.pid) if command(pid).endswith("earmark web floor")]
    os.kill(floor, signal.SIGKILL)
    eventually(lambda: not alive(floor))
    eventually(lambda: installation.healthy("floor"))

    below = descendants(second.pid)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    for pid in below:
        eventually(lambda pid=pid: not alive(pid))
    assert installation.listening() == []
    told = installation.output.read_text()
    assert told.count("Earmark is running") == 2
    assert "Traceback" not in told.removeprefix(before)
    assert token not in told


def test_a_port_in_use_is_named_with_what_to_do(installation):
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.ports["floor"]))
        other.listen()
        done = subprocess.run(
            [sys.executable, "-m", "earmark", "up"], env=installation.env, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert f"setup.port: Port {installation.ports['floor']} is taken" in done.stderr
    assert "EARMARK_FLOOR_PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("terminal", "asked", "level"), [(True, None, "warning"), (True, "debug", "debug"), (False, None, None)]
)
def test_a_terminal_is_not_flooded_with_a_line_a_request(tmp_path, monkeypatch, terminal, asked, level):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    monkeypatch.delenv("EARMARK_LOG_LEVEL", raising=False)
    if asked:
        monkeypatch.setenv("EARMARK_LOG_LEVEL", asked)
    assert Supervisor(Settings(home=tmp_path))._env.get("EARMARK_LOG_LEVEL") == level


def test_check_ports_lets_free_ones_pass(tmp_path):
    home, floor, desk = free_ports(3)
    settings = Settings(home=tmp_path, home_port=home, floor_port=floor, desk_port=desk)  # pyright: ignore[reportCallIssue]
    check_ports(settings)
    with socket.socket() as other:
        other.bind(("127.0.0.1", desk))
        other.listen()
        with pytest.raises(PortInUse, match=str(desk)):
            check_ports(settings)


def test_a_data_folder_in_use_is_named(tmp_path):
    lock = Home.at(tmp_path).lock()
    with pytest.raises(HomeInUse, match="stop it first"), running_database(Settings(home=tmp_path)):  # pyright: ignore[reportCallIssue]
        pass
    lock.release()


def test_an_older_data_folder_is_left_as_it_is_and_named(tmp_path):
    about = Home.at(tmp_path).folder / "home.json"
    older = json.dumps({"format": 0, "made_by": "Earmark 0.0.1"})
    about.write_text(older)
    with pytest.raises(OldHome, match=r"made by Earmark 0\.0\.1"), running_database(Settings(home=tmp_path)):  # pyright: ignore[reportCallIssue]
        pass
    assert about.read_text() == older
