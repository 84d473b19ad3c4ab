"""A receiver on this machine, and things that happen on a floor."""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from earmark.storage import Stores


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers every request with `status` after `delay` seconds; a status of 0 hangs up."""

    url: str = ""
    port: int = 0
    status: int = 204
    delay: float = 0.0
    got: list[Got] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(headers=headers, body=body, path=head[0].split(" ")[1]))
            await asyncio.sleep(self.delay)
            if self.status:
                writer.write(
                    f"HTTP/1.1 {self.status} X\r\nLocation: {self.url}else\r\nContent-Length: 0\r\n\r\n".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


Receive = Callable[..., Awaitable[Receiver]]


@pytest.fixture
async def receive() -> AsyncIterator[Receive]:
    """`await receive(status=500)`: a receiver on 127.0.0.1; with `tls` it has that certificate."""
    async with AsyncExitStack() as stack:

        async def start(*, tls: ssl.SSLContext | None = None, **how: Any) -> Receiver:
            receiver = Receiver(**how)
            server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
            receiver.port = server.sockets[0].getsockname()[1]
            receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{receiver.port}/"
            return receiver

        yield start


@pytest.fixture
def labels(stores: Stores, tasks) -> Callable[..., Awaitable[None]]:
    """`await labels(3, "wake", at)`: tasks of a question that got a label."""

    async def make(count: int, question: str, at: datetime, *, made_by: str = "agreement") -> None:
        done = await tasks(count, question, "done")
        async with stores.pool.connection() as connection:
            for task in done:
                await connection.execute(
                    "INSERT INTO review.labels (task_id, sealed, made_by, agreed_on, agreed_at)"
                    " VALUES (%s, '', %s, %s, %s)",
                    [task, made_by, at.date(), at],
                )

    return make


TASK = (
    "INSERT INTO review.tasks (id, question, language, region, state, shuf, object, key_slot, sealed, exclusion,"
    " created_on) VALUES (%s, %s, 'en', 'home', %s, random(), 'x', %s, '', '', %s)"
)


@pytest.fixture
def tasks(stores: Stores, clock) -> Callable[..., Awaitable[list[uuid.UUID]]]:
    """`await tasks(3, "wake")`: tasks that wait."""

    async def make(count: int, question: str, state: str = "ready") -> list[uuid.UUID]:
        made = [uuid.uuid4() for _ in range(count)]
        async with stores.pool.connection() as connection:
            for task in made:
                await connection.execute(TASK, [task, question, state, task.int % 2**62, clock().date()])
        return made

    return make


@pytest.fixture
def happen(stores: Stores, clock) -> Callable[..., Awaitable[str]]:
    """`await happen("case")`, `"campaign"`: something with a number of its own, which is returned."""

    async def make(what: str, **changes: Any) -> str:
        identifier = uuid.uuid4()
        async with stores.pool.connection() as connection:
            if what == "case":
                due = changes.get("due_at", clock() - timedelta(minutes=1))
                await connection.execute(
                    "INSERT INTO safety.cases (id, flag_id, kind, opened_at, due_at)"
                    " VALUES (%s, %s, 'distress', %s, %s)",
                    [identifier, uuid.uuid4(), due - timedelta(hours=4), due],
                )
            else:
                values = {"state": "open", "spent": 0, "deadline": clock().date() + timedelta(days=9)} | changes
                await connection.execute(
                    "INSERT INTO review.campaigns (id, name, purpose, questions, languages, budget, spent, deadline,"
                    " gold_share, blind_share, state, made_by, made_at)"
                    " VALUES (%s, 'n', 'p', '{wake}', '{en}', 100, %s, %s, 0, 0, %s, %s, %s)",
                    [identifier, values["spent"], values["deadline"], values["state"], uuid.uuid4(), clock()],
                )
        return str(identifier)

    return make
