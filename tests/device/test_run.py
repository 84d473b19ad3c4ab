"""A device at work, with a listener, a link and a speaker that do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import (
    END_OF_SOUND,
    Answer,
    Captured,
    Connection,
    DeviceState,
    EndOfSpeech,
    Errands,
    Event,
    Happening,
    Listener,
    NewBundle,
    Notice,
    Notices,
    Problem,
    Ringing,
    Woke,
    listen,
)
from earmark.errors import AssistantUnreachable, BadBundle, ConnectionCut, EarmarkError, RetiredBundle, VoiceGone

WOKE = Woke(word="alexa", at=1.0, score=0.9, verifier=None, wake_start=0.5, wake_end=1.0, bundle="builtin")
END = EndOfSpeech(reason="silence", duration=2.0, last_voiced=1.3)
UTTERANCE: list[Event] = [WOKE, Captured(pcm=b"ab"), Captured(pcm=b"cd"), END]
NOON = datetime(2027, 3, 4, 12, tzinfo=UTC)


class FakeListener:
    """Gives one event a frame."""

    def __init__(self, events: list[Event]) -> None:
        self.events, self.bundle = events, BUILTIN
        self.ends: list[Event] = []

    def feed(self, frame: bytes) -> list[Event]:
        return [self.events.pop(0)] if self.events else []

    def finish(self) -> list[Event]:
        ended, self.ends = self.ends, []
        return ended

    def swap(self, bundle: ModelBundle) -> None:
        self.bundle = bundle


class FakeLink:
    def __init__(self, *, begin: EarmarkError | None = None, send: EarmarkError | None = None, say: Any = None) -> None:
        self.errors, self.say, self.sent = {"begin": begin, "send": send}, say, []

    async def begin(self, woke: Woke, *, at: datetime) -> None:
        if error := self.errors.pop("begin", None):
            raise error
        self.sent.append("wake")

    async def send(self, pcm: bytes) -> None:
        if error := self.errors.pop("send", None):
            raise error
        self.sent.append(pcm)

    async def end(self, reason: str) -> Answer | Problem:
        self.sent.append(reason)
        return self.say or Answer(text="Fine.")


class FakeSpeaker:
    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []

    async def say(self, text: str, *, gain: float) -> None:
        self.said.append((text, gain))


async def work(
    events: list[Event], link: FakeLink, *, state: DeviceState | None = None, wait: float = 0.0, **more: Any
) -> tuple[list[Happening], FakeSpeaker, FakeListener]:
    async def source() -> AsyncIterator[bytes]:
        for _ in range(len(events) + 2):
            yield bytes(320)
        await asyncio.sleep(wait)

    told: list[Happening] = []
    speaker, listener = FakeSpeaker(), FakeListener(list(events))
    await listen(
        source(), cast(Listener, listener), link, speaker, told.append, state=state,
        now=lambda: NOON, **more,
    )  # fmt: skip
    return told, speaker, listener


async def test_an_utterance_is_sent_answered_and_spoken() -> None:
    link = FakeLink()
    told, speaker, _ = await work(UTTERANCE, link)
    assert link.sent == ["wake", b"ab", b"cd", "silence"]
    assert told == [*UTTERANCE, Answer(text="Fine.")]
    assert [text for text, _ in speaker.said] == ["Fine."]


async def test_volume_holds_for_the_reply_that_sets_it() -> None:
    answer = Answer(text="Louder.", actions=({"kind": "volume.set", "data": {"percent": 100}},))
    _, speaker, _ = await work(UTTERANCE, FakeLink(say=answer))
    assert speaker.said == [("Louder.", 1.0)]


async def test_a_problem_is_spoken() -> None:
    _, speaker, _ = await work(UTTERANCE, FakeLink(say=Problem(code="x", message="The disk is full.")))
    assert [text for text, _ in speaker.said] == ["The disk is full."]


@pytest.mark.parametrize(
    ("where", "error"), [("begin", AssistantUnreachable(address="here")), ("send", ConnectionCut())]
)
async def test_a_lost_utterance_is_told_once_and_the_next_one_works(where: str, error: EarmarkError) -> None:
    link = FakeLink(**{where: error})
    told, _, _ = await work([*UTTERANCE, *UTTERANCE], link)
    assert [happening for happening in told if isinstance(happening, EarmarkError)] == [error]
    assert link.sent[-4:] == ["wake", b"ab", b"cd", "silence"]
    assert link.sent.count("silence") == 1, "half a sentence is never closed as if it were whole"


async def test_a_timer_rings_even_when_muted() -> None:
    state = DeviceState()
    due = (NOON - timedelta(seconds=1)).isoformat()
    state.note(Errands(actions=({"kind": "volume.mute", "data": {"on": True}},)))
    state.note(Errands(actions=({"kind": "timer.set", "data": {"id": "a", "due": due, "label": "tea"}},)))
    told, speaker, _ = await work([], FakeLink(), state=state, wait=0.01)
    assert [type(happening) for happening in told] == [Ringing]
    assert speaker.said == [("Your tea timer is ringing.", 0.25)]


async def test_an_announced_bundle_comes_into_use() -> None:
    new, state = ModelBundle(version="f" * 16), DeviceState()
    state.note(NewBundle(version=new.version))

    async def fetch(version: str) -> ModelBundle:
        assert version == new.version
        return new

    told, _, listener = await work([], FakeLink(), state=state, wait=0.01, fetch=fetch)
    assert listener.bundle is new
    assert told == [new]


async def test_a_bundle_that_is_refused_is_told_and_the_old_one_stays() -> None:
    state, error = DeviceState(wanted="f" * 16), BadBundle(why="it is a test")

    async def fetch(version: str) -> ModelBundle:
        raise error

    told, _, listener = await work([], FakeLink(), state=state, wait=0.01, fetch=fetch)
    assert told == [error]
    assert listener.bundle is BUILTIN


async def test_models_that_are_answered_no_more_give_way_to_the_last_good_ones() -> None:
    """They were taken back, and what was announced can't be had: nobody shall be left with a mute device."""
    state, good = DeviceState(wanted="f" * 16), ModelBundle(version="a" * 16)
    problem = Problem(code=RetiredBundle.code, message=RetiredBundle().message)
    asked = []

    async def fetch(version: str) -> ModelBundle:
        raise AssistantUnreachable(address="here")

    def last_good(version: str) -> ModelBundle:
        asked.append(version)
        return good

    told, speaker, listener = await work(
        UTTERANCE, FakeLink(say=problem), state=state, wait=0.5, fetch=fetch, last_good=last_good
    )
    assert [text for text, _ in speaker.said] == [problem.message]
    assert (asked, listener.bundle, told[-1]) == (["builtin"], good, good)


async def test_the_newer_models_that_came_meanwhile_stay() -> None:
    state, new = DeviceState(wanted="f" * 16), ModelBundle(version="f" * 16)

    async def fetch(version: str) -> ModelBundle:
        return new

    def last_good(version: str) -> ModelBundle:
        raise AssertionError

    problem = Problem(code=RetiredBundle.code, message="Taken back.")
    _, _, listener = await work(
        UTTERANCE, FakeLink(say=problem), state=state, wait=0.5, fetch=fetch, last_good=last_good
    )
    assert listener.bundle is new


NOTICE = Notice(version="notice-1-saved", text="I hear my name.")


async def test_a_notice_is_given_before_anything_else_and_once(tmp_path) -> None:
    for start in range(3):
        state = DeviceState()
        state.note(NOTICE)
        notices = Notices(tmp_path / "notices.json")
        told, speaker, _ = await work(UTTERANCE, FakeLink(), state=state, notices=notices)
        given = start == 0
        assert (told[0] == NOTICE) == given
        assert [text for text, _ in speaker.said] == [NOTICE.text, "Fine."][not given :]


async def test_without_a_memory_each_start_gives_it() -> None:
    for _ in range(2):
        _, speaker, _ = await work([], FakeLink(), state=DeviceState(notice=NOTICE))
        assert [text for text, _ in speaker.said] == [NOTICE.text]


async def test_a_notice_waits_for_the_end_of_what_is_being_said() -> None:
    state = DeviceState()

    class Link(FakeLink):
        async def send(self, pcm: bytes) -> None:
            state.note(NOTICE)
            await super().send(pcm)

    _, speaker, _ = await work(UTTERANCE, Link(), state=state)
    assert [text for text, _ in speaker.said] == ["Fine.", NOTICE.text]


async def test_a_connection_that_comes_back_gives_no_notice() -> None:
    """The assistant may be started anew at night."""
    state = DeviceState()
    for message in (Connection(up=True), Connection(up=False), Connection(up=True), NOTICE):
        state.note(message)
    _, speaker, _ = await work([], FakeLink(), state=state)
    assert speaker.said == []


async def test_what_could_not_be_said_is_not_given(tmp_path) -> None:
    class Mute:
        async def say(self, text: str, *, gain: float) -> None:
            raise VoiceGone

    notices, told = Notices(tmp_path / "notices.json"), []

    async def source() -> AsyncIterator[bytes]:
        yield bytes(320)

    await listen(
        source(), cast(Listener, FakeListener([])), FakeLink(), Mute(), told.append,
        state=DeviceState(notice=NOTICE), notices=notices,
    )  # fmt: skip
    assert [type(each) for each in told] == [Notice, VoiceGone]
    assert not Notices(tmp_path / "notices.json").given(NOTICE.version)


async def test_an_error_of_the_source_comes_through() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(320)
        raise ConnectionCut

    with pytest.raises(ConnectionCut):
        await listen(broken(), cast(Listener, FakeListener([])), FakeLink(), FakeSpeaker(), lambda _: None)


async def test_the_end_of_a_file_ends_its_utterance() -> None:
    """What comes in the next file is another matter."""
    listener, link = FakeListener(UTTERANCE[:2]), FakeLink()
    listener.ends = [END]

    async def source() -> AsyncIterator[bytes]:
        for frame in (bytes(320), bytes(320), END_OF_SOUND, bytes(320)):
            yield frame

    await listen(source(), cast(Listener, listener), link, FakeSpeaker(), lambda _: None)
    assert link.sent == ["wake", b"ab", "silence"]
