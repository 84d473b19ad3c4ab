"""`earmark bench assist`: how soon the reply starts, through a real device, a real socket and the real server.

Commands are spoken (synthetic voices in a room) at the speed of speech to a device with a verifier; it finds the end of
speech and sends what lies between to a running installation, which recognises, acts, writes to disk and replies. The
reply starts when its first samples reach the loudspeaker. What listening and recognising cost is measured apart, in
processor time, so that another program on the machine slows neither.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from random import Random

from earmark import accounts, consent, vault
from earmark.assistant import Engine
from earmark.bench.installation import installation
from earmark.bench.wake import WORD, stand_in, verifier_ms
from earmark.bundle import ModelBundle
from earmark.demo.material import in_a_room, joined, room
from earmark.demo.sentences import COMMANDS
from earmark.device import (
    Answer,
    EndOfSpeech,
    Happening,
    Listener,
    MicroWakeDetector,
    Voice,
    VoiceSpeaker,
    connect,
    frames,
)
from earmark.device import listen as listen_on
from earmark.settings import Settings
from earmark.storage import open_stores
from earmark.supervisor import Progress, Supervisor
from earmark.words import PcmAudio, Seconds

UTTERANCES = 48
_QUIET: Seconds = 8.0
"""Before anybody speaks: the assistant has just been started and loads its models."""
_FRAME: Seconds = 0.01


def run(note: Progress) -> dict[str, float]:
    """Speak commands to a running installation at the speed of speech and time each reply."""
    with tempfile.TemporaryDirectory() as folder, installation(note) as (settings, _), Voice() as voice:
        bundle = stand_in(Path(folder), threshold=0.0)
        sounds = _sounds(voice)
        token = asyncio.run(_device(settings))
        supervisor = Supervisor(settings)
        supervisor.start(note)
        try:
            seconds = sum(sound.duration for sound in sounds)
            note(f"speaking {UTTERANCES} commands at the speed of speech, {seconds:.0f} s")
            clock = asyncio.run(_speak(settings, token, bundle, voice, sounds))
        finally:
            supervisor.stop()
        note("counting processor time")
        return {"utterances": len(sounds)} | clock.result() | _real_time_factors(sounds, bundle)


def _sounds(voice: Voice) -> list[PcmAudio]:
    random = Random(2)
    sounds = []
    for index in range(UTTERANCES):
        text = COMMANDS[index % len(COMMANDS)][0]
        call, command = voice.synthesise(WORD), voice.synthesise(text, speed=150)
        sounds.append(in_a_room(joined(call, room(0.3, random), command), random))
    return sounds


async def _device(settings: Settings) -> str:
    """Add a household with a device that may keep what it hears; returns the device's token."""
    async with open_stores("earmark_worker", settings) as stores:
        household = await accounts.create_household(stores)
        person = await accounts.create_person(stores, name="Bench", roles=["owner"], household_id=household)
        await consent.set_grant(stores, person, "save", True, how="api")
        _, token = await vault.add_device(stores, household_id=household, person_id=person, name="Bench")
    return token


class Stopwatch:
    """From the device's events to the first sample of each reply to an accepted command."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.due = 0.0
        """When the newest frame was heard, on the same clock."""
        self.after_endpoint: list[Seconds] = []
        self.after_voice: list[Seconds] = []
        self._decided = self._voiced = 0.0
        self._accepted = False

    def note(self, event: Happening) -> None:
        """Take what the device reports."""
        if isinstance(event, EndOfSpeech):
            self._decided = self._now()
            self._voiced = self.due - (event.duration - event.last_voiced)
        elif isinstance(event, Answer):
            self._accepted = event.accepted

    def play(self, _: PcmAudio) -> None:
        """Be the loudspeaker."""
        if self._accepted:
            now = self._now()
            self.after_endpoint.append(now - self._decided)
            self.after_voice.append(now - self._voiced)
            self._accepted = False

    def result(self) -> dict[str, float]:
        """Return the times in milliseconds; only their number when there were too few."""
        found: dict[str, float] = {"accepted": len(self.after_endpoint)}
        if len(self.after_endpoint) >= 2:
            found |= {
                "reply_p50_ms": _part(self.after_endpoint, 0.5),
                "reply_p95_ms": _part(self.after_endpoint, 0.95),
                "reply_from_last_voiced_p50_ms": _part(self.after_voice, 0.5),
                "reply_from_last_voiced_p95_ms": _part(self.after_voice, 0.95),
            }
        return found


async def _speak(
    settings: Settings, token: str, bundle: ModelBundle, voice: Voice, sounds: Sequence[PcmAudio]
) -> Stopwatch:
    clock = Stopwatch()

    async def source() -> AsyncIterator[bytes]:
        began, sent = time.perf_counter(), 0
        for sound in (room(_QUIET, Random(3)), *sounds):
            for frame in frames(sound):
                sent += 1
                clock.due = began + sent * _FRAME  # a frame is heard when it is over
                await asyncio.sleep(max(0.0, clock.due - time.perf_counter()))
                yield frame

    address = f"ws://{settings.host}:{settings.home_port}/api/device"
    listener, speaker = Listener(bundle=bundle, word=WORD), VoiceSpeaker(voice, play=clock.play)
    async with connect(token, address=address) as link:
        await link.ready()
        await listen_on(source(), listener, link, speaker, clock.note)
    return clock


def _real_time_factors(sounds: Sequence[PcmAudio], bundle: ModelBundle) -> dict[str, float]:
    """Return seconds of one core's work for each second of sound; the verifier looks once a wake."""
    seconds = sum(sound.duration for sound in sounds)
    detector = MicroWakeDetector(WORD)
    began = time.process_time()
    for sound in sounds:
        for frame in frames(sound, tail=0.0):
            detector.feed(frame)
    wake = time.process_time() - began
    look = verifier_ms(bundle)
    engine = Engine(size=1)
    engine.warm()
    began = time.process_time()
    for sound in sounds:
        engine.hear(sound)
    recogniser = time.process_time() - began
    return {
        "wake_rtf": round(wake / seconds, 5),
        "verifier_rtf": round(look * len(sounds) / 1000 / seconds, 5),
        "verifier_ms_per_wake": look,
        "recogniser_rtf": round(recogniser / seconds, 4),
    }


def _part(values: Sequence[Seconds], share: float) -> float:
    return round(1000 * statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
