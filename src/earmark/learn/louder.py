"""One utterance on other days: faster or slower, another microphone, and over what a home, a crowd or a machine makes.

Everything is drawn from the generator that is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from earmark.learn.rooms import coloured_noise
from earmark.words import SAMPLE_RATE

_SNR = (1.0, 28.0)
"""dB of speech over noise, drawn between these."""
_SPEEDS = (0.9, 1.0, 1.0, 1.1)
_GAIN = (-12.0, 3.0)
"""dB."""
_TILT = 4.0
"""dB an octave that a microphone may favour high or low sound by, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One rendering."""

    samples: NDArray[np.int16]
    speed: float
    """How much faster than it was said."""
    crowd: bool
    """Other people talk in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What can be heard beside speech."""

    noises: Sequence[NDArray[np.int16]]
    """Recordings of noise, and the home's own quiet moments; some seconds or more each."""
    voices: Sequence[NDArray[np.int16]]
    """Utterances to make a crowd of."""

    def another_day(self, samples: NDArray[np.int16], rng: np.random.Generator) -> Day:
        """Return an utterance (16 kHz) as it might have been recorded on another day."""
        speed = float(rng.choice(_SPEEDS))
        sound = samples.astype(np.float64)
        if speed != 1.0:
            length = int(len(sound) / speed)
            sound = np.interp(np.arange(length) * speed, np.arange(len(sound)), sound)
        sound = _tilted(sound, float(rng.uniform(-_TILT, _TILT)))
        noise, crowd = self._noise(len(sound), rng)
        snr, gain = rng.uniform(*_SNR), rng.uniform(*_GAIN)
        noise *= np.sqrt(np.mean(sound**2) / max(float(np.mean(noise**2)), 1e-6)) * 10 ** (-snr / 20)
        heard = (sound + noise) * 10 ** (gain / 20)
        return Day(samples=np.clip(np.rint(heard), -32768, 32767).astype(np.int16), speed=speed, crowd=crowd)

    def _noise(self, length: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], bool]:
        """Return what is heard beside speech, and whether it is a crowd."""
        kind = rng.random()
        if self.noises and kind < 0.6:
            return _stretch(self.noises[int(rng.integers(len(self.noises)))], length, rng), False
        if self.voices and kind < 0.8:
            crowd = np.zeros(length)
            for _ in range(int(rng.integers(2, 6))):
                one = _stretch(self.voices[int(rng.integers(len(self.voices)))], length, rng)
                crowd += one / max(float(np.sqrt(np.mean(one**2))), 1.0)
            return crowd, True
        return coloured_noise(length, colour=float(rng.uniform(0, 2)), rng=rng), False


def _stretch(sound: NDArray[np.int16], length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return some stretch of a sound, which begins again where it ends."""
    return sound[(int(rng.integers(len(sound))) + np.arange(length)) % len(sound)].astype(np.float64)


def _tilted(sound: NDArray[np.float64], tilt: float) -> NDArray[np.float64]:
    """Favour high (positive) or low sound by `tilt` dB an octave, even at 1 kHz."""
    from scipy.fft import next_fast_len  # half a second that only who learns waits for

    size = cast(int, next_fast_len(len(sound), real=True))  # a length that is prime takes thirty times as long
    spectrum = np.fft.rfft(sound, size)
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * SAMPLE_RATE / size, 100.0) / 1000.0)
    return np.fft.irfft(spectrum * 10 ** (tilt * octaves / 20), size)[: len(sound)]
