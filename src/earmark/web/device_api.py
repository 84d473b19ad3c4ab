"""The assistant's doors for devices: `/api/device` for satellites, `/api/talk` for the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from earmark import accounts, airlock, vault
from earmark.assistant import Action, Conversation, Doors, Place, Said
from earmark.device import Endpointer, EndpointRule, SileroSpeechDetector
from earmark.device.vad import CHUNK_BYTES
from earmark.errors import BadRequest, EarmarkError, RetiredBundle, SignInNeeded
from earmark.forget import forget, not_called
from earmark.guests import make_code
from earmark.storage import Stores
from earmark.vault import Wake
from earmark.web.errors import sentence
from earmark.web.in_force import InForce
from earmark.web.sessions import session_token
from earmark.words import SAMPLE_RATE, DeviceId

log = structlog.get_logger()
router = APIRouter()

POLICY_VIOLATION = 1008
"""WebSocket close code of a refused sign-in."""
CLOCKS_DIFFER = timedelta(minutes=2)
"""A device's clock that is further from ours is wrong."""


class Devices:
    """The devices that are connected now; told when another bundle is in force for them."""

    def __init__(self) -> None:
        self._told: dict[WebSocket, tuple[DeviceId, str]] = {}
        """Which device it is, and the version that it runs or was told of last."""

    @contextlib.contextmanager
    def here(self, socket: WebSocket, device_id: DeviceId, runs: str) -> Iterator[None]:
        self._told[socket] = device_id, runs
        try:
            yield
        finally:
            self._told.pop(socket, None)

    async def announce(self, version_for: Callable[[DeviceId], str | None]) -> None:
        """Tell each device the bundle that it shall run, where that is another one."""
        for socket in list(self._told):
            with contextlib.suppress(Exception):  # a socket that is closing hears of it when it comes back
                await self.tell(socket, version_for)

    async def tell(self, socket: WebSocket, version_for: Callable[[DeviceId], str | None]) -> None:
        device_id, told = self._told[socket]
        version = version_for(device_id)
        if version not in (None, told):
            self._told[socket] = device_id, version
            await socket.send_json({"type": "bundle", "version": version})

    def runs(self, socket: WebSocket, version: str) -> None:
        """A device says what it runs: told of another one before, it is told again."""
        self._told[socket] = self._told[socket][0], version


def bearer(headers: Any) -> str:
    """Return the device's token. Raises SignInNeeded."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SignInNeeded
    return token


async def _send_error(socket: WebSocket, error: EarmarkError) -> None:
    await socket.send_json({"type": "error", "code": error.code, "message": sentence(error)})


def _reply(said: Said) -> dict[str, Any]:
    understood = said.heard.understanding
    return {
        "type": "reply",
        "text": said.text,
        "heard": said.heard.text,
        "intent": understood.intent if understood.accepted else None,
        "accepted": understood.accepted,
        "interaction": str(said.interaction) if said.interaction else None,
        "actions": [_action(action) for action in said.actions],
    }


def _action(action: Action) -> dict[str, Any]:
    return {"kind": action.kind, "data": dict(action.data)}


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _word(value: Any, longest: int) -> str:
    word = str(value)[:longest]
    if not word.isprintable():
        raise ValueError
    return word


def _moment(at: datetime, now: datetime) -> datetime:
    """Return when it was, in the device's time zone: by its clock, or by ours where that is wrong.

    A recording of another day than today lies outside of what its owner, a guest and the clocks would look at.
    """
    return at if abs(at - now) <= CLOCKS_DIFFER else now.astimezone(at.tzinfo)


def _wake(message: dict[str, Any], now: datetime) -> tuple[Wake | None, datetime, str]:
    """Read a `wake` message. Raises BadRequest when it doesn't follow the protocol."""
    try:
        at = datetime.fromisoformat(message["at"])
        if at.tzinfo is None:
            raise ValueError
        at, bundle = _moment(at, now), _word(message.get("bundle") or "builtin", 64)
        if message.get("word") == "tap":
            return None, at, bundle
        start, end = _number(message["wake_start"]), _number(message["wake_end"])
        verifier = message.get("verifier")
        wake = Wake(
            word=_word(message["word"], 40),
            score=_number(message["score"]),
            verifier_score=None if verifier is None else _number(verifier),
            start=max(0.0, min(start, end)),
            end=max(0.0, min(end, 5.0)),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadRequest(why="This wake message does not follow the device protocol.") from None
    return wake, at, bundle


@router.websocket("/api/device")
async def device(socket: WebSocket) -> None:
    """One satellite: wakes, sound, ends; replies come back once they are on disk."""
    stores: Stores = socket.app.state.stores
    try:
        known = await vault.device_by_token(stores, bearer(socket.headers))
    except SignInNeeded:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    place = Place(household_id=known.household_id, person_id=known.person_id, device_id=known.id)
    conversation = _conversation(socket, place)
    devices: Devices = socket.app.state.devices
    in_force: InForce = socket.app.state.in_force

    async def woke(runs: str) -> None:
        devices.runs(socket, runs)
        await devices.tell(socket, in_force.version_for)
        try:
            in_force.check(stores, runs)
        except RetiredBundle:
            await vault.device_runs(stores, known.id, runs)
            raise

    with devices.here(socket, known.id, known.bundle):
        notice = await conversation.notice()
        await socket.send_json({"type": "notice", "version": notice.version, "text": notice.text})
        # A device forgets its alarms when it restarts; the assistant, which keeps them encrypted, sends them again.
        waiting = await conversation.waiting_alarms()
        if waiting:
            await socket.send_json({"type": "actions", "actions": [_action(action) for action in waiting]})
        await devices.tell(socket, in_force.version_for)
        began = partial(vault.device_runs, stores, known.id)
        await _serve(socket, conversation, None, woke=woke, began=began)


@router.websocket("/api/talk")
async def talk(socket: WebSocket) -> None:
    """The page `/talk`: a tap is the wake, and the end of speech is found here."""
    stores: Stores = socket.app.state.stores
    origin = urlsplit(socket.headers.get("origin", ""))
    token = session_token(socket, "home")
    account = await accounts.whoami(stores, token, "home") if token else None
    if account is None or account.household_id is None or origin.netloc != socket.headers.get("host"):
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    place = Place(household_id=account.household_id, person_id=account.person_id, device_id=None)
    await _serve(socket, _conversation(socket, place), _EndOfSpeech())


def _conversation(socket: WebSocket, place: Place) -> Conversation:
    stores: Stores = socket.app.state.stores
    in_force: InForce = socket.app.state.in_force
    doors = Doors(
        forget=lambda person, ids: forget(stores, person, ids, how="voice"),
        recall=lambda person: airlock.recall(stores, person),
        not_called=lambda person, item: not_called(stores, person, item, how="voice"),
        guest_code=lambda device: make_code(stores, device),
    )
    made = Conversation(stores, lambda: in_force.engine_for(place.device_id, made.bundle), place, doors)
    return made


class _EndOfSpeech:
    """Finds the end of speech for a device that can't do it itself."""

    def __init__(self) -> None:
        self._speech = SileroSpeechDetector()
        self.reset()

    def reset(self) -> None:
        self._speech.reset()
        self._rule = Endpointer(EndpointRule(), wake_end=0.0)
        self._unread = b""
        self._seconds = 0.0

    def feed(self, pcm: bytes) -> bool:
        self._unread += pcm
        while len(self._unread) >= CHUNK_BYTES:
            chunk, self._unread = self._unread[:CHUNK_BYTES], self._unread[CHUNK_BYTES:]
            self._seconds += CHUNK_BYTES / 2 / SAMPLE_RATE
            if self._rule.update(self._speech(chunk), self._seconds) is not None:
                return True
        return False


Told = Callable[[str], Awaitable[None]]
"""Told the version of the bundle that the device runs."""


async def _serve(
    socket: WebSocket,
    conversation: Conversation,
    ending: _EndOfSpeech | None,
    *,
    woke: Told | None = None,
    began: Told | None = None,
) -> None:
    """Serve one wire; `woke` is told before an utterance is begun, and may refuse it, and `began` after."""
    shown = ""
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                if (pcm := message.get("bytes")) is not None:
                    if not conversation.open:
                        continue  # sound after the end of an utterance is nobody's
                    words = await conversation.feed(pcm)
                    if words and words != shown:
                        shown = words
                        await socket.send_json({"type": "partial", "text": words})
                    if ending is not None and await asyncio.to_thread(ending.feed, pcm):
                        await socket.send_json({"type": "stop"})
                        await socket.send_json(_reply(await conversation.end()))
                    continue
                body = _body(message.get("text"))
                if body["type"] == "wake":
                    shown = ""
                    wake, at, bundle = _wake(body, socket.app.state.stores.now())
                    if ending is not None:
                        await asyncio.to_thread(ending.reset)
                    if woke is not None:
                        await woke(bundle)
                    await conversation.begin(at=at, wake=wake, bundle=bundle)
                    if began is not None:
                        await began(bundle)
                elif body["type"] == "end" and conversation.open:
                    await socket.send_json(_reply(await conversation.end()))
                elif body["type"] == "cancel":
                    conversation.abandon()
            except EarmarkError as error:
                conversation.abandon()
                await _send_error(socket, error)
    except (WebSocketDisconnect, RuntimeError):
        log.info("device left in the middle of an utterance" if conversation.open else "device left")
    finally:
        conversation.abandon()


def _body(text: str | None) -> dict[str, Any]:
    try:
        body = json.loads(text or "")
        if isinstance(body, dict) and isinstance(body.get("type"), str):
            return body
    except ValueError:
        pass
    raise BadRequest(why="This message does not follow the device protocol.")
