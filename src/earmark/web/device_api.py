"""The assistant's doors for devices: `/api/device` for satellites, `/api/talk` for the page, bundles to fetch."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import math
import tarfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect

from earmark import accounts, airlock, learn, vault
from earmark.assistant import Action, Conversation, Doors, EngineKeeper, Place, Said
from earmark.bundle import for_device, own_name
from earmark.device import Endpointer, EndpointRule, SileroSpeechDetector
from earmark.device.vad import CHUNK_BYTES
from earmark.errors import BadRequest, EarmarkError, NotFound, SignInNeeded
from earmark.forget import forget, not_called
from earmark.guests import make_code
from earmark.storage import Stores
from earmark.vault import Wake
from earmark.web.errors import sentence
from earmark.web.sessions import session_token
from earmark.words import SAMPLE_RATE

log = structlog.get_logger()
router = APIRouter()

POLICY_VIOLATION = 1008
"""WebSocket close code of a refused sign-in."""
CLOCKS_DIFFER = timedelta(minutes=2)
"""A device's clock that is further from ours is wrong."""


class Devices:
    """The devices that are connected now; told when a new bundle is in use."""

    def __init__(self) -> None:
        self._sockets: set[WebSocket] = set()

    @contextlib.contextmanager
    def here(self, socket: WebSocket):
        self._sockets.add(socket)
        try:
            yield
        finally:
            self._sockets.discard(socket)

    async def announce(self, version: str) -> None:
        for socket in list(self._sockets):
            with contextlib.suppress(Exception):  # a socket that is closing hears of it when it comes back
                await socket.send_json({"type": "bundle", "version": version})


def _bearer(headers: Any) -> str:
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
        known = await vault.device_by_token(stores, _bearer(socket.headers))
    except SignInNeeded:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    place = Place(household_id=known.household_id, person_id=known.person_id, device_id=known.id)
    conversation = _conversation(socket, place)
    keeper: EngineKeeper = socket.app.state.assistant
    devices: Devices = socket.app.state.devices
    with devices.here(socket):
        notice = await conversation.notice()
        await socket.send_json({"type": "notice", "version": notice.version, "text": notice.text})
        # A device forgets its alarms when it restarts; the assistant, which keeps them encrypted, sends them again.
        waiting = await conversation.waiting_alarms()
        if waiting:
            await socket.send_json({"type": "actions", "actions": [_action(action) for action in waiting]})
        if keeper.version not in ("builtin", known.bundle):
            await socket.send_json({"type": "bundle", "version": keeper.version})
        await _serve(socket, conversation, None, on_bundle=lambda b: vault.device_runs(stores, known.id, b))


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
    keeper: EngineKeeper = socket.app.state.assistant
    doors = Doors(
        forget=lambda person, ids: forget(stores, person, ids, how="voice"),
        recall=lambda person: airlock.recall(stores, person),
        not_called=lambda person, item: not_called(stores, person, item, how="voice"),
        guest_code=lambda device: make_code(stores, device),
    )
    return Conversation(stores, lambda: keeper.engine, place, doors)


class _EndOfSpeech:
    """Finds the end of speech for a device that can't do it itself."""

    def __init__(self) -> None:
        self._speech = SileroSpeechDetector()
        self.reset()

    def reset(self) -> None:
        self._speech.reset()
        self._rule = Endpointer(EndpointRule(tail=0.0), wake_end=0.0)
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


async def _serve(socket: WebSocket, conversation: Conversation, ending: _EndOfSpeech | None, on_bundle=None) -> None:
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
                    await conversation.begin(at=at, wake=wake, bundle=bundle)
                    if on_bundle is not None:
                        await on_bundle(bundle)
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


@router.get("/api/device/key")
async def installation_key(request: Request) -> Response:
    """The installation's public key, 32 bytes: a device pins it at its first connection."""
    stores: Stores = request.app.state.stores
    await vault.device_by_token(stores, _bearer(request.headers))
    key = stores.home.public_key().public_bytes_raw()
    return Response(key, media_type="application/octet-stream")


@router.get("/api/device/bundle/{version}")
async def bundle(request: Request, version: str) -> Response:
    """A device's part of the promoted bundle as a tar; the device checks its signature."""
    stores: Stores = request.app.state.stores
    known = await vault.device_by_token(stores, _bearer(request.headers))
    promoted = await learn.promoted(stores)
    if promoted.folder is None or promoted.version != version:
        raise NotFound
    own = own_name(bytes.fromhex(stores.home.secret("learn-devices")), known.id)
    return Response(await asyncio.to_thread(_tar, promoted.folder, own), media_type="application/x-tar")


_SIGNED = frozenset({"manifest.json", "signature"})


def _tar(folder: Path, own: str) -> bytes:
    """Pack what the device named `own` is given: no words of people, and nothing made for another device."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (name in _SIGNED or for_device(name, own)):
                info = tarfile.TarInfo(name)
                info.size = path.stat().st_size
                with path.open("rb") as file:
                    tar.addfile(info, file)
    return buffer.getvalue()
