"""The wire between a device and its assistant: one WebSocket, JSON for what happens, binary for sound.

The protocol stands in docs/device-protocol.md. `connect()` keeps the wire up with back-off; an utterance is begun, fed
and ended by the caller, and `end()` gives the assistant's reply, which it sends once the interaction is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as ws_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from earmark.device.events import Woke
from earmark.device.notice import Notice
from earmark.errors import AssistantUnreachable, ConnectionCut, SignInNeeded
from earmark.words import Seconds

ADDRESS = "ws://127.0.0.1:8040/api/device"
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries; each failed one doubles the pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What the assistant has understood so far."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The assistant's reply; having it means that the interaction is on disk, or by the owner's wish nowhere."""

    text: str
    """To be spoken."""
    intent: str | None = None
    accepted: bool = False
    """Whether what was said was a command."""
    interaction: str | None = None
    """Its id in the owner's history; None when nothing was saved."""
    actions: Sequence[Mapping[str, Any]] = ()
    """For `Desk.apply`, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something the assistant could not do, in its own words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The wire went up or down."""

    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBundle:
    """The assistant has another model bundle for this device."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """Actions outside a reply, such as the alarms that were set before this device restarted."""

    actions: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


Message = Partial | Answer | Problem | Connection | NewBundle | Errands | Notice


class Answers(Protocol):
    """What a device asks: the link to its assistant, or whatever answers in its place."""

    async def begin(self, woke: Woke, *, at: datetime) -> None:
        """Open an utterance; `at` is the device's local time."""
        ...

    async def send(self, pcm: bytes) -> None:
        """Take sound of the open utterance: int16 LE, 16 kHz, mono."""
        ...

    async def end(self, reason: str) -> Answer | Problem:
        """Close the utterance and say what is to be answered."""
        ...


class Link:
    """A device's end of the wire; made by `connect`."""

    def __init__(self, address: str, token: str, on_message: Callable[[Message], None]) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tell = on_message
        self._socket: ClientConnection | None = None
        self._answer: asyncio.Future[Answer | Problem | None] | None = None
        """What the open utterance waits for; None as its result says that the wire broke."""
        self._refused = False
        self._tried = asyncio.Event()

    @property
    def up(self) -> bool:
        return self._socket is not None

    async def ready(self, patience: Seconds = 10.0) -> None:
        """Wait for the first try. Raises AssistantUnreachable, or SignInNeeded when the token is refused."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), patience)
        self._connected()

    def _connected(self) -> ClientConnection:
        if self._socket is None:
            raise SignInNeeded if self._refused else AssistantUnreachable(address=self._address)
        return self._socket

    async def begin(self, woke: Woke, *, at: datetime) -> None:
        """Open an utterance. Raises AssistantUnreachable, ConnectionCut or SignInNeeded."""
        socket = self._connected()
        self._answer = asyncio.get_running_loop().create_future()
        message = {
            "type": "wake",
            "word": woke.word,
            "score": round(woke.score, 4),
            "verifier": None if woke.verifier is None else round(woke.verifier, 4),
            "wake_start": round(woke.wake_start, 3),
            "wake_end": round(woke.wake_end, 3),
            "bundle": woke.bundle,
            "at": at.isoformat(),
        }
        await self._send(socket, json.dumps(message))

    async def send(self, pcm: bytes) -> None:
        """Send sound of the open utterance. Raises ConnectionCut."""
        await self._send(self._open(), pcm)

    async def end(self, reason: str, *, patience: Seconds = 30.0) -> Answer | Problem:
        """Close the utterance and wait for what the assistant says. Raises ConnectionCut."""
        socket, answer = self._open(), self._answer
        assert answer is not None
        try:
            await self._send(socket, json.dumps({"type": "end", "reason": reason}))
            said = await asyncio.wait_for(answer, patience)
        except TimeoutError as error:
            raise ConnectionCut from error
        finally:
            self._answer = None
        if said is None:
            raise ConnectionCut
        return said

    def _open(self) -> ClientConnection:
        """Return the wire that the open utterance began on; another one would carry half a sentence."""
        answer = self._answer
        if self._socket is None or answer is None or (answer.done() and answer.result() is None):
            raise ConnectionCut
        return self._socket

    async def _send(self, socket: ClientConnection, data: str | bytes) -> None:
        try:
            await socket.send(data)
        except ConnectionClosed as error:
            raise ConnectionCut from error

    async def _keep_up(self) -> None:
        pause = _SHORTEST_PAUSE
        while True:
            try:
                async with ws_connect(
                    self._address, additional_headers=self._headers, open_timeout=10, max_size=1 << 20
                ) as socket:
                    pause, self._refused = _SHORTEST_PAUSE, False
                    self._socket = socket
                    self._tell(Connection(up=True))
                    self._tried.set()
                    async for data in socket:
                        self._take(data)
            except InvalidStatus as error:
                self._refused = error.response.status_code in (401, 403)
            except (OSError, WebSocketException, TimeoutError):
                self._refused = False
            finally:
                self._down()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _down(self) -> None:
        was_up, self._socket = self._socket is not None, None
        self._tried.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
        if was_up:
            self._tell(Connection(up=False))

    def _take(self, data: str | bytes) -> None:
        message = parse(data)
        if isinstance(message, Answer | Problem) and self._answer is not None and not self._answer.done():
            self._answer.set_result(message)
        if message is not None:
            self._tell(message)


def parse(data: str | bytes) -> Message | None:
    """Read one message of the assistant; None for one that this device does not know, so that old devices go on."""
    try:
        body = json.loads(data)
        match body["type"]:
            case "partial":
                return Partial(text=str(body["text"]))
            case "reply":
                return Answer(
                    text=str(body["text"]),
                    intent=body.get("intent"),
                    accepted=bool(body.get("accepted")),
                    interaction=body.get("interaction"),
                    actions=tuple(body.get("actions") or ()),
                )
            case "error":
                return Problem(code=str(body["code"]), message=str(body["message"]))
            case "bundle":
                return NewBundle(version=str(body["version"]))
            case "notice":
                return Notice(version=str(body["version"]), text=str(body["text"]))
            case "actions":
                return Errands(actions=tuple(body["actions"]))
    except (ValueError, KeyError, TypeError):
        return None
    return None


@asynccontextmanager
async def connect(
    token: str, *, address: str = ADDRESS, on_message: Callable[[Message], None] = lambda _: None
) -> AsyncIterator[Link]:
    """Keep a link to the assistant up for as long as the block runs; does not wait for it, see `Link.ready`."""
    link = Link(address, token, on_message)
    task = asyncio.create_task(link._keep_up())
    try:
        yield link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
