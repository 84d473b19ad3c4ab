"""Guarantee 20: off is one action, the default, complete, and costs no function; local-only lets nothing out."""

from __future__ import annotations

import json
import os
import socket
import sys
import uuid
from contextlib import nullcontext, suppress
from datetime import timedelta
from http import HTTPStatus
from random import Random

import numpy as np
import pytest
import structlog
from typer.testing import CliRunner
from websockets.asyncio.server import serve

from earmark import accounts, audio, consent, vault
from earmark.assistant import Conversation, Doors, Engine, Place
from earmark.cli import app
from earmark.demo.material import in_a_room, joined, room
from earmark.device import (
    Answer,
    FileSource,
    Happening,
    Listener,
    PrintSpeaker,
    Voice,
    VoiceSpeaker,
    connect,
    frames,
    listen,
)
from earmark.errors import NoBasis
from earmark.local import LASTS, LocalAssistant
from earmark.settings import settings
from earmark.words import PcmAudio

OFF_BY_DEFAULT = ("review", "transcription")
DIALOGUE = (
    "what time is it",
    "can I get a large latte",
    "turn the volume up",
    "what is on my shopping list",
    "add eggs to my shopping list",
    "what is on my shopping list",
    "set a timer for ten minutes",
    "cancel the timer",
    "the neighbours have bought a new car",
)
"""Questions, orders, things to keep, and speech that is no command."""


async def _never(*_) -> None:
    raise AssertionError("nothing is to be erased or pulled back")


NO_DOORS = Doors(forget=_never, recall=_never)


async def test_off_is_the_default(ring, household, open_page):
    """We made new people and asked what they allow: no person may listen, nothing may be used to improve anything, and
    somebody who was never asked allows nothing at all."""
    cleo = await accounts.create_person(ring.stores, name="Cleo", roles=["owner"], household_id=household.id)
    grants = await consent.current(ring.stores, cleo)
    assert not any(grants.allows(purpose) for purpose in consent.PURPOSES)
    for person in (household.ada, household.ben):
        grants = await consent.current(ring.stores, person)
        assert [purpose for purpose in OFF_BY_DEFAULT if grants.allows(purpose)] == []


async def test_off_is_one_action_and_complete(ring, canary, open_page):
    """We turned every switch on, then each off with one request, and went on recording and sampling: no row, no file,
    no task."""
    for purpose in consent.PURPOSES:
        await consent.set_grant(ring.stores, ring.ada, purpose, True, how="settings")
    home = await open_page("home", ring.ada)
    for purpose in consent.PURPOSES:
        answer = await home.post("/settings/account/privacy", data={"purpose": purpose, "allowed": "false"})
        assert answer.status_code in (200, 303)
    grants = await consent.current(ring.stores, ring.ada)
    assert not any(grants.allows(purpose) for purpose in consent.PURPOSES)
    for _ in range(3):
        with pytest.raises(NoBasis):
            await ring.say(canary)
    assert (await ring.sample()).tasks == 0
    for table in ("vault.interactions", "airlock.offers", "review.tasks"):
        assert await ring.rows(f"SELECT * FROM {table}") == []
    assert list(ring.stores.objects.names("vault")) == []


async def test_off_costs_no_function(ring, household):
    """We asked for the time in a synthetic voice, once with saving on and once with it off: word for word the same was
    understood and answered, and only the first was kept."""
    engine = Engine(names=["ada"], size=1)
    place = Place(household_id=household.id, person_id=ring.ada, device_id=ring.device)
    with Voice() as voice:
        spoken = voice.synthesise("what time is it").samples
    room = np.random.default_rng(3).normal(0, 20, 12_000).astype(np.int16)
    said = []
    for saving in (True, False):
        await consent.set_grant(ring.stores, ring.ada, "save", saving, how="settings")
        conversation = Conversation(ring.stores, lambda: engine, place, NO_DOORS)
        await conversation.begin(at=ring.clock() + timedelta(hours=2), wake=None)
        await conversation.feed(PcmAudio(samples=np.concatenate([room, spoken, room])).pcm)
        said.append(await conversation.end())
    on, off = said
    assert off.heard.understanding.intent == "getTime"
    assert (on.text, on.heard.text, on.heard.understanding) == (off.text, off.heard.text, off.heard.understanding)
    assert on.interaction is not None
    assert off.interaction is None
    assert await vault.count(ring.stores, ring.ada) == len(list(ring.stores.objects.names("vault"))) == 1


class Socket:
    """An assistant that writes down every byte it is sent."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []

    async def handle(self, connection) -> None:
        async for message in connection:
            self.messages.append(message)
            if isinstance(message, str) and json.loads(message)["type"] == "end":
                await connection.send(json.dumps({"type": "reply", "text": "Yes.", "accepted": True}))

    def check(self, connection, request):
        token = request.headers.get("Authorization")
        return None if token == "Bearer t" else connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")


class WakesAfter:
    """A wake word detector that hears its word in one given frame, or never."""

    word, cutoff, lag = "alexa", 0.5, 0.0

    def __init__(self, frame: int | None) -> None:
        self.frame, self.count = frame, 0

    def feed(self, frame: bytes) -> float | None:
        self.count += 1
        return 0.99 if self.count == self.frame else 0.0

    def reset(self) -> None:
        self.count = -(10**9)


async def one_by_one(sound: PcmAudio):
    for frame in frames(sound):
        yield frame


async def heard_by_socket(source, listener) -> list[str | bytes]:
    """Run the real device over a real socket and return everything that arrived."""
    socket, told = Socket(), []
    async with serve(socket.handle, "127.0.0.1", 0, process_request=socket.check) as server:
        address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/device"
        async with connect("t", address=address) as link:
            await link.ready()
            await listen(source, listener, link, PrintSpeaker(told.append), told.append)
    return socket.messages


async def test_a_device_sends_nothing_before_it_is_called(canary, tmp_path):
    """We ran the real device with its real wake word model on seven seconds of sound without its name, and watched the
    socket: after the handshake not one message, not one byte."""
    file = tmp_path / "talk.wav"
    file.write_bytes(audio.encode(canary.audio, format="WAV"))
    source = FileSource([file, file])
    assert await heard_by_socket(source, Listener(word="alexa")) == []


async def test_a_called_device_sends_from_the_word_on(canary):
    """We had the detector hear its name in the third second and watched the socket: the first message was the wake, and
    of what was said before its half second of run-up not one byte arrived."""
    rng = np.random.default_rng(uuid.uuid4().int)
    before = rng.normal(0, 3000, 2 * 16_000).astype(np.int16)
    sound = PcmAudio(samples=np.concatenate([before, canary.audio.samples, np.zeros(16_000, np.int16)]))
    fired = 320
    messages = await heard_by_socket(one_by_one(sound), Listener(word="alexa", detector=WakesAfter(fired)))
    kinds = [json.loads(message)["type"] if isinstance(message, str) else "sound" for message in messages]
    assert kinds[0] == "wake"
    assert kinds[-1] == "end"
    sent = b"".join(message for message in messages if isinstance(message, bytes))
    assert sent, "nothing was sent after the wake"
    at = sound.pcm.index(sent[:640])
    assert at >= (fired * 160 - round((1.1 + 0.5 + 0.02) * 16_000)) * 2
    assert before[:16_000].tobytes()[:640] not in sent


class Watch:
    """Sees every name that this process looks up, every socket it makes and uses, and every file it writes."""

    NETWORK = ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
    FILES = (
        "os.mkdir",
        "os.rename",
        "os.link",
        "os.symlink",
        "shutil.copyfile",
        "tempfile.mkstemp",
        "tempfile.mkdtemp",
    )

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self._hook)  # it stays for the life of the process, and sleeps while `on` is False

    def _hook(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event == "socket.__new__":
            if arguments[1] != socket.AF_UNIX:  # an event loop wakes itself through a pair of those
                self.seen.append(event)
        elif event.removeprefix("socket.") in self.NETWORK or event in self.FILES:
            self.seen.append(event)
        elif event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR) and arguments[0] != os.devnull:
            self.seen.append(f"open {arguments[0]}")

    def __enter__(self) -> Watch:
        self.seen, self.on = [], True
        return self

    def __exit__(self, *_: object) -> None:
        self.on = False


@pytest.fixture(scope="module")
def watch(tmp_path_factory) -> Watch:
    """Eyes that were tried: they see what they must not find later."""
    watch, file = Watch(), tmp_path_factory.mktemp("watch") / "file"
    with watch:
        file.write_text("x")
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=5).close()
    assert f"open {file}" in watch.seen
    assert {"socket.__new__", "socket.connect", "socket.getaddrinfo"} <= set(watch.seen)
    return watch


@pytest.fixture(scope="module")
def spoken() -> PcmAudio:
    """The dialogue in a synthetic voice, in a quiet room."""
    random = Random(5)
    with Voice() as voice:
        call = voice.synthesise("alexa")
        said = [joined(call, room(0.3, random), voice.synthesise(text, speed=150)) for text in DIALOGUE]
    return joined(*(in_a_room(sound, random) for sound in said))


def test_local_only_opens_no_connection_and_writes_nothing(watch, spoken, tmp_path, monkeypatch):
    """We held a whole dialogue in a synthetic voice with `earmark listen --local`, nothing else running, and watched
    the process: it looked up no name, opened no connection, wrote no file, and its data folder never came to be."""
    recording, temp = tmp_path / "dialogue.wav", tmp_path / "temp"
    recording.write_bytes(audio.encode(spoken, format="WAV"))
    temp.mkdir()
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    settings.cache_clear()
    try:
        with watch:
            result = CliRunner().invoke(app, ["listen", "--local", "--json", str(recording)])
    finally:
        settings.cache_clear()
        structlog.reset_defaults()
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0]["event"] == "notice"
    assert sum(event["event"] == "reply" and event["accepted"] for event in events) == len(DIALOGUE) - 1
    assert watch.seen == []
    assert sorted(tmp_path.iterdir()) == [recording, temp]
    assert list(temp.iterdir()) == []


class ToAssistant:
    """In a link's place: the assistant's own conversation, whose word is compared with the local one's."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    async def begin(self, woke, *, at) -> None:
        wake = vault.Wake(word=woke.word, score=woke.score, start=woke.wake_start, end=woke.wake_end)
        await self.conversation.begin(at=at, wake=wake)

    async def send(self, pcm: bytes) -> None:
        await self.conversation.feed(pcm)

    async def end(self, reason: str) -> Answer:
        said = await self.conversation.end()
        understood = said.heard.understanding
        return Answer(
            text=said.text, intent=understood.intent if understood.accepted else None, accepted=understood.accepted
        )


async def test_local_only_costs_no_function(ring, household, spoken, watch):
    """We held the same dialogue with a local-only device and with the assistant: word for word the same was understood
    and answered; where something was put down, the local one added that it keeps it only until it is turned off."""
    at = ring.clock() + timedelta(hours=2)
    engine = Engine(names=["ada"], size=1)
    place = Place(household_id=household.id, person_id=ring.ada, device_id=ring.device)
    assistant = ToAssistant(Conversation(ring.stores, lambda: engine, place, NO_DOORS))
    local = LocalAssistant(engine=engine, names=["ada"], now=lambda: at)
    answers: list[list[Answer]] = []
    for answering, eyes in ((assistant, nullcontext()), (local, watch)):
        told: list[Happening] = []
        with Voice() as voice, eyes:
            speaker = VoiceSpeaker(voice, play=lambda _: None)
            await listen(one_by_one(spoken), Listener(), answering, speaker, told.append, now=lambda: at)
        answers.append([each for each in told if isinstance(each, Answer)])
    assert watch.seen == []
    theirs, ours = answers
    put_down = [answer.intent in ("addToList", "setTimer") for answer in ours]
    assert (len(ours), sum(put_down)) == (len(DIALOGUE), 2)
    assert [(each.intent, each.accepted) for each in theirs] == [(each.intent, each.accepted) for each in ours]
    endings = [f" {LASTS}" if kept else "" for kept in put_down]
    assert [each.text + ending for each, ending in zip(theirs, endings, strict=True)] == [each.text for each in ours]
