"""A sound file as a stream of frames, as if a microphone heard it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np

from earmark import audio
from earmark.device.wake import FRAME_SAMPLES
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

TAIL: Seconds = 1.0
"""Silence after a file, longer than the endpoint's 0.7 s, so that the last words are noticed to have ended."""


END_OF_SOUND = b""
"""In a source: what comes next has nothing to do with what was before; a capture that is open ends here."""


def frames(sound: PcmAudio, *, tail: Seconds = TAIL) -> Iterator[bytes]:
    """Yield 320-byte frames of `sound`, then `tail` seconds of zeros; a last partial frame is filled up with zeros."""
    length = len(sound.samples) + round(tail * SAMPLE_RATE)
    padded = np.zeros(-(-length // FRAME_SAMPLES) * FRAME_SAMPLES, dtype="<i2")
    padded[: len(sound.samples)] = sound.samples
    data = padded.tobytes()
    step = 2 * FRAME_SAMPLES
    for at in range(0, len(data), step):
        yield data[at : at + step]


class FileSource:
    """Files one after the other, at the speed of speech or as fast as they can be heard."""

    def __init__(
        self, paths: list[Path], *, real_time: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._paths = paths
        self._real_time = real_time
        self._clock = clock

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield frames, and END_OF_SOUND after each file.

        Raises BadAudio and its kin when it comes to a file that can't be used.
        """
        started, sent = self._clock(), 0
        for path in self._paths:
            sound = await asyncio.to_thread(audio.read, path)
            for frame in frames(sound):
                if self._real_time:
                    due = started + sent * FRAME_SAMPLES / SAMPLE_RATE
                    await asyncio.sleep(max(0.0, due - self._clock()))
                elif not sent % 100:
                    await asyncio.sleep(0)  # let the link send and receive
                sent += 1
                yield frame
            yield END_OF_SOUND
