"""Log-mel energies: what the networks of the wake word and of the recogniser see of sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.words import SAMPLE_RATE

BANDS = 40
SHIFT = 160
"""Samples from one frame to the next (10 ms)."""
WINDOW = 400
"""Samples that a frame looks at."""
_FFT = 512
_ROWS = 8
_LOWEST, _HIGHEST = 60.0, 7600.0
_FLOOR = 100.0
"""Added to each band's power: what is quieter than a microphone's own noise says nothing."""


def log_mel(samples: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return shape (frames, 40): log energies in mel bands from 60 to 7,600 Hz, a frame every 10 ms of 16 kHz sound.

    `samples` are on the scale of int16.
    """
    sound = samples.astype(np.float32)
    sound[1:] -= 0.97 * sound[:-1]
    if len(sound) < WINDOW:
        sound = np.pad(sound, (0, WINDOW - len(sound)))
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::SHIFT]
    spectrum = np.fft.rfft(windows * _HAMMING, _FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log(times(power, _FILTERS) + np.float32(_FLOOR))


def frame_count(samples: int) -> int:
    """Return how many frames `log_mel` makes of so many samples."""
    return 1 + max(0, samples - WINDOW) // SHIFT


def times(values: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values @ weights, shapes (n, k) and (k, m), eight rows at a time.

    So small a product OpenBLAS works out on this thread. For a larger one it wakes its others, which then spin: 5 ms of
    processor time each time, on a device that listens all day.
    """
    count, seen = values.shape
    padded = np.pad(values, ((0, -count % _ROWS), (0, 0))).reshape(-1, _ROWS, seen)
    return np.matmul(padded, weights).reshape(-1, weights.shape[1])[:count]


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
