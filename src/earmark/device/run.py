"""A device at work: frames in, wakes out to the assistant, replies back, timers ringing, new bundles taken up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from earmark.bundle import BUILTIN, ModelBundle
from earmark.device.actions import Desk, Ringing
from earmark.device.events import Captured, EndOfSpeech, Event, Woke
from earmark.device.files import END_OF_SOUND
from earmark.device.link import Answer, Answers, Connection, Errands, Message, NewBundle, Problem
from earmark.device.listener import Listener
from earmark.device.notice import Notice, Notices
from earmark.device.speaker import Speaker
from earmark.errors import EarmarkError, RetiredBundle
from earmark.words import Seconds

Happening = Event | Answer | Problem | Ringing | Notice | EarmarkError | ModelBundle
"""What `listen` reports: the listener's events, the answer or problem of an utterance, an alarm that rings, the notice
that is given, an error that cost one utterance or one bundle, and a bundle that came into use."""
_TICK: Seconds = 0.2


@dataclass(slots=True, kw_only=True)
class DeviceState:
    """What a device keeps between utterances, in memory only."""

    desk: Desk = field(default_factory=Desk)
    """Alarms and volume."""
    wanted: str | None = None
    """Version of a bundle that the assistant announced and that is not in use yet."""
    taken_back: str | None = None
    """Version that the assistant answers no more: when nothing newer can be had, the last good one is run."""
    notice: Notice | None = None
    """To be given before the next frame is heard, if it is new."""
    settled: bool = False
    """The first connection is over. A notice belongs to a start: no device speaks up by itself at night, because its
    assistant came back with another wording."""

    def note(self, message: Message) -> None:
        """Take a message of the link: call it from `connect(on_message=…)`."""
        if isinstance(message, NewBundle):
            self.wanted = message.version
        elif isinstance(message, Errands):
            self.carry_out(message)
        elif isinstance(message, Notice) and not self.settled:
            self.notice = message
        elif isinstance(message, Connection) and not message.up:
            self.settled = True

    def carry_out(self, message: Errands | Answer) -> None:
        for action in message.actions:
            self.desk = self.desk.apply(action)


async def listen(
    source: AsyncIterable[bytes],
    listener: Listener,
    link: Answers,
    speaker: Speaker,
    on_event: Callable[[Happening], None],
    *,
    state: DeviceState | None = None,
    notices: Notices | None = None,
    fetch: Callable[[str], Awaitable[ModelBundle]] | None = None,
    last_good: Callable[[str], ModelBundle] = lambda _: BUILTIN,
    now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone(),
) -> None:
    """Run until the source ends; END_OF_SOUND in it ends an open capture.

    What goes wrong with one utterance is reported, and the next one is heard.

    `notices` knows which notices this device has given; without it, each start gives its own.
    `fetch` downloads an announced bundle by its version, see `bundles.fetch`; `last_good` says what to run instead of
    a version that the assistant answers no more, when nothing could be fetched.
    """
    state = state or DeviceState()
    device = _Device(listener, link, speaker, on_event, state, notices or Notices(None), now)
    tasks = [asyncio.create_task(device.ring())]
    if fetch:
        tasks.append(asyncio.create_task(device.update(fetch, last_good)))
    try:
        await device.give_notice()  # before the microphone opens, where the notice is there already
        async for frame in source:
            await device.give_notice()
            for event in listener.finish() if frame == END_OF_SOUND else listener.feed(frame):
                await device.handle(event)
        for event in listener.finish():
            await device.handle(event)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Device:
    def __init__(
        self,
        listener: Listener,
        link: Answers,
        speaker: Speaker,
        on_event: Callable[[Happening], None],
        state: DeviceState,
        notices: Notices,
        now: Callable[[], datetime],
    ) -> None:
        self._listener, self._link, self._speaker = listener, link, speaker
        self._tell, self._state, self._notices, self._now = on_event, state, notices, now
        self._sending = False
        self._woke_with = BUILTIN.version

    async def handle(self, event: Event) -> None:
        self._tell(event)
        try:
            match event:
                case Woke():
                    self._woke_with = event.bundle
                    await self._link.begin(event, at=self._now())
                    self._sending = True
                case Captured() if self._sending:
                    await self._link.send(event.pcm)
                case EndOfSpeech() if self._sending:
                    self._sending = False
                    await self._answered(await self._link.end(event.reason))
                case _:
                    pass
        except EarmarkError as error:
            self._sending = False
            self._tell(error)

    async def _answered(self, answer: Answer | Problem) -> None:
        self._tell(answer)
        if isinstance(answer, Answer):
            self._state.carry_out(answer)
        elif answer.code == RetiredBundle.code:
            self._state.taken_back = self._woke_with
        text = answer.text if isinstance(answer, Answer) else answer.message
        if text:
            await self._speaker.say(text, gain=self._state.desk.gain)

    async def give_notice(self) -> None:
        """Say what waits to be said about this device, unless it was said before or somebody is being heard."""
        notice = self._state.notice
        if notice is None or self._sending:
            return
        self._state.notice = None
        if self._notices.given(notice.version):
            return
        self._tell(notice)
        try:
            await self._speaker.say(notice.text, gain=self._state.desk.gain)
        except EarmarkError as error:  # not heard is not given: the next start tries again
            self._tell(error)
            return
        self._notices.remember(notice.version)

    async def ring(self) -> None:
        while True:
            self._state.desk, due = self._state.desk.ring(self._now())
            for alarm in due:
                self._tell(alarm)
                with contextlib.suppress(EarmarkError):  # an alarm without a voice still shows
                    await self._speaker.say(alarm.sentence, gain=max(self._state.desk.gain, 0.25))
            await asyncio.sleep(_TICK)

    async def update(
        self, fetch: Callable[[str], Awaitable[ModelBundle]], last_good: Callable[[str], ModelBundle]
    ) -> None:
        while True:
            version, self._state.wanted = self._state.wanted, None
            gone, self._state.taken_back = self._state.taken_back, None
            if version is not None and version != self._listener.bundle.version:
                try:
                    self._swap(await fetch(version))
                except EarmarkError as error:
                    self._tell(error)
            if gone is not None and gone == self._listener.bundle.version:
                self._swap(await asyncio.to_thread(last_good, gone))
            await asyncio.sleep(_TICK)

    def _swap(self, bundle: ModelBundle) -> None:
        self._listener.swap(bundle)
        self._tell(bundle)
