"""Cepstra as the embedded recogniser's own front end computes them, in memory.

pocketsphinx can only write its cepstra to files, and cepstra can be turned back into speech: sound that was decrypted
for one run must not touch a disk. So its front end stands here again, for the packaged model's `feat.params`: mel
cepstra (Davis & Mermelstein 1980) of 25 bands from 130 to 6800 Hz, noise removed by spectral minima (Doblinger 1995)
with the temporal masking of PNCC (Kim & Stern 2016), liftered, a frame every 10 ms. A test holds them to what
pocketsphinx writes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.words import SAMPLE_RATE

ORDER = 13
STREAMS = 3
"""Cepstra, their slope, and the slope's slope."""
_WINDOW, _SHIFT, _FFT, _BANDS = 410, 160, 512, 25
_LOWEST, _HIGHEST = 130.0, 6800.0
_LIFTER = 22
_PREEMPHASIS = 0.97
_MOST_GAIN = 20.0

Cepstra = NDArray[np.float32]
"""Shape (frames, 13)."""


def cepstra(samples: NDArray[np.int16]) -> Cepstra:
    """Return the cepstra of one utterance (mono, 16 kHz), noise removed, their mean still in them."""
    bands = _remove_noise(_mel_power(samples))
    return (np.log(bands + 1e-4) @ _COSINES).astype(np.float32)


def plain_cepstra(samples: NDArray[np.int16]) -> Cepstra:
    """Return the cepstra of any sound with its noise still in them: a hundred times as fast."""
    return (np.log(_mel_power(samples) + 1e-4) @ _COSINES).astype(np.float32)


def with_slopes(found: Cepstra, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Subtract a mean cepstrum, shape (13,), and add slopes over 4 frames: shape (frames, 3, 13)."""
    centred = found - mean
    around = np.pad(centred, ((3, 3), (0, 0)), mode="edge")

    def at(step: int) -> NDArray[np.float32]:
        return around[3 + step : 3 + step + len(centred)]

    return np.stack([centred, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))], axis=1)


def _mel_power(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return shape (frames, 25): power in mel bands; the last frame is filled up with zeros."""
    sound = samples.astype(np.float64)
    sound[1:] -= _PREEMPHASIS * sound[:-1]
    frames = 1 + max(0, -(-(len(sound) - _WINDOW) // _SHIFT))
    padded = np.zeros((frames - 1) * _SHIFT + _WINDOW)
    padded[: len(sound)] = sound[: len(padded)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_SHIFT]
    spectrum = np.fft.rfft(windows * np.hamming(_WINDOW), _FFT)
    return (spectrum.real**2 + spectrum.imag**2) @ _FILTERS


def _remove_noise(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh every band by how far it stands out of its own slow minimum; the weights are smoothed over bands."""
    smooth = power[0].copy()
    noise, floor, peak = power[0] / _MOST_GAIN, power[0] / _MOST_GAIN, np.zeros(_BANDS)
    weights = np.empty_like(power)
    for index, frame in enumerate(power):
        smooth = 0.7 * smooth + 0.3 * frame
        noise = _lower_envelope(smooth, noise)
        signal = np.maximum(smooth - noise, 1.0)
        floor = _lower_envelope(signal, floor)
        peak *= 0.85
        masked = np.where(signal < 0.85 * peak, 0.2 * peak, signal)
        peak = np.maximum(peak, signal)
        weights[index] = np.clip(np.maximum(masked, floor) / np.maximum(smooth, 1e-9), 1 / _MOST_GAIN, _MOST_GAIN)
    return power * (weights @ _SMOOTHING)


def _lower_envelope(value: NDArray[np.float64], envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """Follow a value up slowly and down fast."""
    keep = np.where(value >= envelope, 0.995, 0.5)
    return keep * envelope + (1.0 - keep) * value


def _filters() -> NDArray[np.float64]:
    """Return shape (257, 25): triangles of equal width in mel and of equal area, their corners on FFT bins."""

    def mel(hertz: float) -> float:
        return 2595.0 * np.log10(1.0 + hertz / 700.0)

    step = SAMPLE_RATE / _FFT
    points = np.linspace(mel(_LOWEST), mel(_HIGHEST), _BANDS + 2)
    corners = np.floor(700.0 * (10.0 ** (points / 2595.0) - 1.0) / step + 0.5) * step
    hertz = np.arange(_FFT // 2 + 1)[:, None] * step
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (hertz - left) / (centre - left), (right - hertz) / (right - centre)
    return np.maximum(np.minimum(rising, falling), 0.0) * 2.0 / (right - left)


def _cosines() -> NDArray[np.float64]:
    """Return shape (25, 13): the orthonormal cosine transform and the lifter."""
    band, order = np.arange(_BANDS)[:, None], np.arange(ORDER)
    cosines = np.sqrt(2.0 / _BANDS) * np.cos(np.pi * order * (band + 0.5) / _BANDS)
    cosines[:, 0] /= np.sqrt(2.0)
    return cosines * (1.0 + _LIFTER / 2 * np.sin(order * np.pi / _LIFTER))


def _smoothing() -> NDArray[np.float64]:
    """Return shape (25, 25): means over each band and the four on both sides of it."""
    near = np.abs(np.subtract.outer(np.arange(_BANDS), np.arange(_BANDS))) <= 4
    return near / near.sum(axis=0)


_FILTERS, _COSINES, _SMOOTHING = _filters(), _cosines(), _smoothing()
