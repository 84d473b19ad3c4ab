"""How a device answers aloud."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np

from earmark.device.voice import Voice
from earmark.errors import MissingExtra
from earmark.words import SAMPLE_RATE, PcmAudio


class Speaker(Protocol):
    """What says a reply."""

    async def say(self, text: str, *, gain: float) -> None:
        """Say `text`, its samples times `gain` (0..1), and return when it is over."""
        ...


class PrintSpeaker:
    """Writes replies where there is nothing to hear them with."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    async def say(self, text: str, *, gain: float) -> None:
        self._write(text)


class VoiceSpeaker:
    """Speaks with espeak-ng's voice through the machine's loudspeaker (extras `voices` and `mic`)."""

    def __init__(self, voice: Voice, *, play: Callable[[PcmAudio], None] | None = None) -> None:
        self._voice = voice
        self._play = play or _play

    async def say(self, text: str, *, gain: float) -> None:
        if not gain:
            return
        sound = await asyncio.to_thread(self._voice.synthesise, text)
        quieter = np.rint(sound.samples * gain).astype(np.int16)
        await asyncio.to_thread(self._play, PcmAudio(samples=quieter))


def _play(sound: PcmAudio) -> None:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise MissingExtra(extra="mic") from error
    sounddevice.play(sound.samples, SAMPLE_RATE, blocking=True)
