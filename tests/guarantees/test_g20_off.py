"""Guarantee 20: off is one action, the default, complete, and costs no function."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from http import HTTPStatus

import numpy as np
import pytest
from websockets.asyncio.server import serve

from earmark import accounts, audio, consent, vault
from earmark.assistant import Conversation, Engine, Place
from earmark.device import FileSource, Listener, PrintSpeaker, Voice, connect, frames, listen
from earmark.errors import NoBasis
from earmark.words import PcmAudio

OFF_BY_DEFAULT = ("review", "transcription")


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

    async def erase(person, ids):
        raise AssertionError("nothing is to be erased")

    place = Place(household_id=household.id, person_id=ring.ada, device_id=ring.device)
    with Voice() as voice:
        spoken = voice.synthesise("what time is it").samples
    room = np.random.default_rng(3).normal(0, 20, 12_000).astype(np.int16)
    said = []
    for saving in (True, False):
        await consent.set_grant(ring.stores, ring.ada, "save", saving, how="settings")
        conversation = Conversation(ring.stores, lambda: engine, place, erase)
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

    word, cutoff = "alexa", 0.5

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
