"""What the acoustic network sees of sound: log-mel energies every 10 ms and speech embeddings every 80 ms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.device import DIMENSIONS, SpeechEmbedder
from earmark.device.embeddings import WINDOW_SAMPLES, WINDOWS
from earmark.words import SAMPLE_RATE

BANDS = 40
SHIFT = 160
"""Samples from one frame to the next (10 ms)."""
EMBEDDED_EVERY = 8
"""Frames from one embedding to the next (80 ms)."""
_BEFORE = 38 * SHIFT
"""Samples that an embedding sees before the moment it stands for: half of what it sees."""
WINDOW = 400
"""Samples that a frame looks at."""
_FFT = 512
_LOWEST, _HIGHEST = 60.0, 7600.0
_FLOOR = 100.0
"""Added to each band's power: what is quieter than a microphone's own noise says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One utterance, as the network sees it."""

    mel: NDArray[np.float32]
    """Shape (frames, 40)."""
    embeddings: NDArray[np.float32]
    """Shape (frames / 8 rounded up, 96)."""


class Eyes:
    """Turns whole utterances into what the network sees; keeps the embedder's models, so make one and reuse it."""

    def __init__(self) -> None:
        self._embedder = SpeechEmbedder(WINDOWS)

    def look(self, samples: NDArray[np.int16]) -> Sight:
        """`samples`: mono, 16 kHz, at least one."""
        mel = log_mel(samples)
        return Sight(mel=mel, embeddings=self._embeddings(samples, -(-len(mel) // EMBEDDED_EVERY)))

    def _embeddings(self, samples: NDArray[np.int16], count: int) -> NDArray[np.float32]:
        """Sixteen at a time; before and after the utterance it was quiet."""
        step = WINDOWS * EMBEDDED_EVERY * SHIFT
        windows = -(-count // WINDOWS)
        sound = np.zeros(windows * step + WINDOW_SAMPLES, dtype=np.int16)
        kept = samples[: len(sound) - _BEFORE]
        sound[_BEFORE : _BEFORE + len(kept)] = kept
        found = [self._embedder.embed(sound[at * step : at * step + WINDOW_SAMPLES]) for at in range(windows)]
        return np.concatenate([np.zeros((0, DIMENSIONS), np.float32), *found])[:count]


def log_mel(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return shape (frames, 40): log energies in mel bands from 60 to 7,600 Hz, a frame every 10 ms of 16 kHz sound."""
    sound = samples.astype(np.float32)
    sound[1:] -= 0.97 * sound[:-1]
    if len(sound) < WINDOW:
        sound = np.pad(sound, (0, WINDOW - len(sound)))
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::SHIFT]
    spectrum = np.fft.rfft(windows * _HAMMING, _FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log(power @ _FILTERS + np.float32(_FLOOR))


def _filters() -> NDArray[np.float32]:
    """Return shape (257, 40): triangles that overlap by half, of equal width in mel."""

    def mel(hertz: Any) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    points = np.linspace(mel(_LOWEST), mel(_HIGHEST), BANDS + 2)
    bins = mel(np.arange(_FFT // 2 + 1) * (SAMPLE_RATE / _FFT))[:, None]
    rising = (bins - points[:-2]) / (points[1:-1] - points[:-2])
    falling = (points[2:] - bins) / (points[2:] - points[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)


_FILTERS = _filters()
_HAMMING = np.hamming(WINDOW).astype(np.float32)
