"""The machine's microphone as a stream of frames, through sounddevice (PortAudio), the optional extra `mic`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from earmark.device.wake import FRAME_SAMPLES
from earmark.errors import MissingExtra, NoMicrophone
from earmark.words import SAMPLE_RATE

_WAITING_FRAMES = 500
"""5 s of sound may wait while the machine is busy; what comes beyond is dropped, not kept."""


class Microphone:
    """The default input device, or the one named."""

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        self.dropped = 0
        """Frames lost because nobody took them in time."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield 10 ms frames (320 bytes) until the caller stops. Raises MissingExtra or NoMicrophone."""
        try:
            import sounddevice
        except ImportError as error:
            raise MissingExtra(extra="mic") from error
        except OSError as error:  # the wheel is there, PortAudio itself is not
            raise NoMicrophone from error
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[bytes] = asyncio.Queue(maxsize=_WAITING_FRAMES)

        def put(frame: bytes) -> None:
            if waiting.full():
                self.dropped += 1
            else:
                waiting.put_nowait(frame)

        def heard(data: Any, _count: int, _time: Any, _status: Any) -> None:
            loop.call_soon_threadsafe(put, bytes(data))

        try:
            stream = sounddevice.RawInputStream(
                samplerate=SAMPLE_RATE,
                blocksize=FRAME_SAMPLES,
                channels=1,
                dtype="int16",
                device=self._device,
                callback=heard,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise NoMicrophone from error
        try:
            with stream:
                while True:
                    yield await waiting.get()
        except sounddevice.PortAudioError as error:
            raise NoMicrophone from error
