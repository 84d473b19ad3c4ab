"""The wire, against a small assistant on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve

from earmark.device import Answer, Connection, Errands, Message, NewBundle, Notice, Partial, Problem, Woke, connect
from earmark.device import link as module
from earmark.device.link import parse
from earmark.errors import AssistantUnreachable, ConnectionCut, SignInNeeded

WOKE = Woke(word="alexa", at=3.0, score=0.97123, verifier=0.9, wake_start=0.5, wake_end=1.234567, bundle="builtin")
NOON = datetime(2027, 3, 4, 12, tzinfo=UTC)
REPLY = {"type": "reply", "text": "It is noon.", "intent": "getTime", "accepted": True, "interaction": "i"}


@asynccontextmanager
async def assistant(handle: Callable[[ServerConnection], Awaitable[None]], *, port: int = 0) -> AsyncIterator[str]:
    def check(connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != "Bearer right":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async with serve(handle, "127.0.0.1", port, process_request=check) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/device"


async def test_an_utterance() -> None:
    heard: list[str | bytes] = []

    async def handle(socket: ServerConnection) -> None:
        async for message in socket:
            heard.append(message)
            if isinstance(message, bytes) and len(heard) == 2:
                await socket.send(json.dumps({"type": "partial", "text": "what"}))
            if isinstance(message, str) and json.loads(message)["type"] == "end":
                await socket.send(json.dumps(REPLY))

    told: list[Message] = []
    async with assistant(handle) as address, connect("right", address=address, on_message=told.append) as link:
        await link.ready()
        await link.begin(WOKE, at=NOON)
        await link.send(b"\1\0" * 160)
        await link.send(b"\2\0" * 160)
        answer = await link.end("silence")
    assert answer == Answer(text="It is noon.", intent="getTime", accepted=True, interaction="i")
    assert json.loads(heard[0]) == {
        "type": "wake", "word": "alexa", "score": 0.9712, "verifier": 0.9, "wake_start": 0.5, "wake_end": 1.235,
        "bundle": "builtin", "at": "2027-03-04T12:00:00+00:00",
    }  # fmt: skip
    assert heard[1:3] == [b"\1\0" * 160, b"\2\0" * 160]
    assert json.loads(heard[3]) == {"type": "end", "reason": "silence"}
    assert told[:3] == [Connection(up=True), Partial(text="what"), answer]


async def test_an_error_in_place_of_a_reply() -> None:
    async def handle(socket: ServerConnection) -> None:
        async for message in socket:
            if isinstance(message, str) and "end" in message:
                await socket.send(json.dumps({"type": "error", "code": "setup.disk-full", "message": "Full."}))

    async with assistant(handle) as address, connect("right", address=address) as link:
        await link.ready()
        await link.begin(WOKE, at=NOON)
        assert await link.end("silence") == Problem(code="setup.disk-full", message="Full.")


async def test_cut_in_the_middle_of_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """One plain sentence, nothing resumed on the next connection, and the next utterance works."""
    monkeypatch.setattr(module, "_SHORTEST_PAUSE", 0.02)
    connections = 0
    later: list[str | bytes] = []

    async def handle(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await socket.recv()
            await socket.recv()
            socket.transport.abort()
            return
        async for message in socket:
            later.append(message)
            if isinstance(message, str) and "end" in message:
                await socket.send(json.dumps(REPLY))

    up = asyncio.Event()
    ups = 0

    def note(message: Message) -> None:
        nonlocal ups
        if message == Connection(up=True):
            ups += 1
            if ups == 2:
                up.set()

    async with assistant(handle) as address, connect("right", address=address, on_message=note) as link:
        await link.ready()
        await link.begin(WOKE, at=NOON)
        await link.send(bytes(320))
        await asyncio.wait_for(up.wait(), 10)
        with pytest.raises(ConnectionCut, match="say it again"):
            await link.send(bytes(320))
        with pytest.raises(ConnectionCut):
            await link.end("silence")
        assert later == []
        await link.begin(WOKE, at=NOON)
        assert isinstance(await link.end("silence"), Answer)


async def test_cut_while_waiting_for_the_reply() -> None:
    async def handle(socket: ServerConnection) -> None:
        async for message in socket:
            if isinstance(message, str) and "end" in message:
                socket.transport.abort()

    async with assistant(handle) as address, connect("right", address=address) as link:
        await link.ready()
        await link.begin(WOKE, at=NOON)
        with pytest.raises(ConnectionCut):
            await link.end("silence")


async def test_no_reply_in_time() -> None:
    async def handle(socket: ServerConnection) -> None:
        async for _ in socket:
            pass

    async with assistant(handle) as address, connect("right", address=address) as link:
        await link.ready()
        await link.begin(WOKE, at=NOON)
        with pytest.raises(ConnectionCut):
            await link.end("silence", patience=0.05)


async def test_nobody_there_and_then_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SHORTEST_PAUSE", 0.02)
    up = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with assistant(handle) as address:
        port = int(address.split(":")[2].split("/")[0])

    def note(message: Message) -> None:
        if message == Connection(up=True):
            up.set()

    async with connect("right", address=address, on_message=note) as link:
        with pytest.raises(AssistantUnreachable, match=r"earmark up"):
            await link.ready()
        with pytest.raises(AssistantUnreachable):
            await link.begin(WOKE, at=NOON)
        async with assistant(handle, port=port):
            await asyncio.wait_for(up.wait(), 10)
            assert link.up


async def test_a_refused_token() -> None:
    async def handle(socket: ServerConnection) -> None: ...

    async with assistant(handle) as address, connect("wrong", address=address) as link:
        with pytest.raises(SignInNeeded):
            await link.ready()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"type": "bundle", "version": "ab"}', NewBundle(version="ab")),
        ('{"type": "actions", "actions": [{"kind": "timer.set"}]}', Errands(actions=({"kind": "timer.set"},))),
        ('{"type": "reply", "text": "Yes."}', Answer(text="Yes.")),
        ('{"type": "notice", "version": "n", "text": "I hear."}', Notice(version="n", text="I hear.")),
        ('{"type": "notice", "text": "I hear."}', None),
        ('{"type": "weather"}', None),
        ('{"type": "reply"}', None),
        ("[]", None),
        ("{", None),
        (b"\x00\xff", None),
    ],
)
def test_parse(data: str | bytes, expected: Message | None) -> None:
    assert parse(data) == expected
