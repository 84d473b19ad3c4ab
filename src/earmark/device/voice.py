"""A synthetic voice: espeak-ng in a process of its own, the optional extra `voices`.

espeak-ng is GPL; the parent never loads it and only exchanges text and samples over pipes. 4 to 9 ms an utterance.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Self

import numpy as np
import soxr

from earmark.device.tflite import wheel_folder
from earmark.errors import BadRequest, MissingExtra, SetUpError, VoiceGone
from earmark.words import SAMPLE_RATE, PcmAudio

_CHILD = Path(__file__).with_name("_espeak_child.py")
_LIBRARIES = ("libespeak-ng.so", "libespeak-ng.dylib", "espeak-ng.dll")


class Voice:
    """A running espeak-ng; safe to share between threads, one utterance at a time."""

    def __init__(self) -> None:
        """Raises MissingExtra when the espeakng-loader wheel is not installed."""
        try:
            folder = wheel_folder("espeakng_loader")
        except SetUpError as error:
            raise MissingExtra(extra="voices") from error
        library = next((folder / name for name in _LIBRARIES if (folder / name).exists()), None)
        if library is None:
            raise MissingExtra(extra="voices")
        command = [sys.executable, "-I", str(_CHILD), str(library), str(folder / "espeak-ng-data")]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def synthesise(
        self, text: str, *, voice: str = "en-us", speed: int = 165, pitch: int = 50, phonemes: bool = False
    ) -> PcmAudio:
        """Say `text`: `voice` as espeak names it (`en-us+f3`), `speed` in words a minute, `pitch` 0..99.

        With `phonemes`, what stands in `[[double brackets]]` is read as espeak's phonemes.

        Raises BadRequest (no such voice), VoiceGone (the process died).
        """
        asked = {"text": text.replace("\0", " "), "voice": voice, "speed": speed, "pitch": pitch, "phonemes": phonemes}
        with self._lock:
            into, out = self._pipes()
            try:
                into.write(json.dumps(asked).encode() + b"\n")
                into.flush()
                rate, size = struct.unpack("<II", exactly(out, 8))
                data = exactly(out, size)
            except OSError as error:
                raise VoiceGone from error
        if not rate:
            raise BadRequest(why="There is no such voice; `en`, `en-us+f3` or `en-gb-scotland+m4` are some.")
        samples = np.frombuffer(data, dtype="<i2")
        if not len(samples):
            return PcmAudio(samples=np.zeros(0, dtype=np.int16))
        resampled = soxr.resample(samples.astype(np.float32), rate, SAMPLE_RATE)
        return PcmAudio(samples=np.clip(np.rint(resampled), -32768, 32767).astype(np.int16))

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._child.stdin is None or self._child.stdout is None or self._child.stdin.closed:
            raise VoiceGone
        return self._child.stdin, self._child.stdout

    def close(self) -> None:
        """End the process; harmless when it has ended."""
        with self._lock:
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None and not pipe.closed:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue
            try:
                self._child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()


def exactly(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes of what a child says. Raises VoiceGone when it says no more."""
    data = stream.read(size)
    if len(data) != size:
        raise VoiceGone
    return data
