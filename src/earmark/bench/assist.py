"""`earmark bench assist`: how soon the reply starts, through a real device, a real socket and the real server."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from random import Random

import numpy as np

from earmark import accounts, consent, vault
from earmark.assistant import Engine
from earmark.bench.installation import installation
from earmark.demo.material import in_a_room, joined, room
from earmark.demo.sentences import COMMANDS
from earmark.device import (
    Answer,
    EndOfSpeech,
    Happening,
    Listener,
    MicroWakeDetector,
    PrintSpeaker,
    SpeechEmbedder,
    Voice,
    connect,
    frames,
)
from earmark.device import listen as listen_on
from earmark.settings import Settings
from earmark.storage import open_stores
from earmark.supervisor import Progress, Supervisor
from earmark.words import PcmAudio

UTTERANCES = 24
_FRAME = 0.01


def run(note: Progress) -> dict[str, float]:
    """Speak commands to a running installation at the speed of speech and time each reply."""
    with installation(note) as (settings, _), Voice() as voice:
        supervisor = Supervisor(settings)
        supervisor.start(note)
        try:
            note(f"speaking {UTTERANCES} commands at the speed of speech")
            sounds = _sounds(voice)
            timed = asyncio.run(_speak(settings, voice, sounds))
        finally:
            supervisor.stop()
        return timed | _real_time_factors(sounds)


def _sounds(voice: Voice) -> list[PcmAudio]:
    random = Random(2)
    sounds = []
    for index in range(UTTERANCES):
        text = COMMANDS[index % len(COMMANDS)][0]
        call, command = voice.synthesise("alexa"), voice.synthesise(text, speed=150)
        sounds.append(in_a_room(joined(call, room(0.3, random), command), random))
    return sounds


async def _speak(settings: Settings, voice: Voice, sounds: list[PcmAudio]) -> dict[str, float]:
    async with open_stores("earmark_worker", settings) as stores:
        household = await accounts.create_household(stores)
        person = await accounts.create_person(stores, name="Bench", roles=["owner"], household_id=household)
        await consent.set_grant(stores, person, "save", True, how="api")
        _, token = await vault.add_device(stores, household_id=household, person_id=person, name="Bench")
    replies: list[float] = []
    from_voice: list[float] = []
    accepted = 0
    ended: list[tuple[float, float]] = []

    def note(event: Happening) -> None:
        nonlocal accepted
        if isinstance(event, EndOfSpeech):
            ended.append((time.perf_counter(), event.duration - event.last_voiced))
        elif isinstance(event, Answer) and ended:
            at, silence = ended.pop()
            voice.synthesise(event.text)  # the first word can be heard once the reply is synthesised
            if event.accepted:
                accepted += 1
                replies.append(time.perf_counter() - at)
                from_voice.append(replies[-1] + silence)

    async def source() -> AsyncIterator[bytes]:
        began, sent = time.perf_counter(), 0
        for sound in sounds:
            for frame in frames(sound):
                await asyncio.sleep(max(0.0, began + sent * _FRAME - time.perf_counter()))
                sent += 1
                yield frame

    address = f"ws://{settings.host}:{settings.home_port}/api/device"
    async with connect(token, address=address) as link:
        await link.ready()
        await listen_on(source(), Listener(), link, PrintSpeaker(lambda _: None), note)
    if len(replies) < 2:
        return {"utterances": len(sounds), "accepted": accepted}
    return {
        "utterances": len(sounds),
        "accepted": accepted,
        "reply_p50_ms": _part(replies, 0.5),
        "reply_p95_ms": _part(replies, 0.95),
        "from_last_voiced_p50_ms": _part(from_voice, 0.5),
        "from_last_voiced_p95_ms": _part(from_voice, 0.95),
    }


def _real_time_factors(sounds: list[PcmAudio]) -> dict[str, float]:
    """Return seconds of work for each second of sound: wake word, verifier's features (once a wake), recogniser."""
    seconds = sum(sound.duration for sound in sounds)
    detector = MicroWakeDetector("alexa")
    began = time.perf_counter()
    for sound in sounds:
        for frame in frames(sound, tail=0.0):
            detector.feed(frame)
    wake = time.perf_counter() - began
    embedder = SpeechEmbedder()
    two_seconds = np.zeros(32_000, dtype=np.int16)
    began = time.perf_counter()
    for sound in sounds:
        two_seconds[: len(sound.samples[:32_000])] = sound.samples[:32_000]
        embedder.embed(two_seconds)
    verifier = (time.perf_counter() - began) / len(sounds)
    engine = Engine(size=1)
    engine.warm()
    began = time.perf_counter()
    for sound in sounds:
        engine.hear(sound)
    recogniser = time.perf_counter() - began
    return {
        "wake_rtf": round(wake / seconds, 5),
        "verifier_ms_per_wake": round(1000 * verifier, 1),
        "recogniser_rtf": round(recogniser / seconds, 4),
    }


def _part(values: list[float], share: float) -> float:
    return round(1000 * statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
