"""Sound as rooms make it: gain, echo and background, so that a classifier can't learn how a clip was made.

Clips of people and of synthesisers, wakes and not, go through the same padding and the same rooms. What differs between
the two sides is then what was said. Everything is drawn from the generator that is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

Sound = NDArray[np.float64]
"""Shape (n,), 16 kHz, on the scale of int16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How a clip is heard."""

    gain: float
    """dB."""
    echo: Seconds
    """Time in which the echo falls by 60 dB; 0 for none."""
    direct: float
    """dB of the direct sound over the echo."""
    snr: float
    """dB of the clip over the background."""
    colour: float
    """Exponent of the background's 1/f power spectrum: 0 white, 1 pink, 2 brown."""
    clatter: float
    """Knocks a second in the background."""


def draw_room(rng: np.random.Generator) -> Room:
    """Draw a living room, kitchen or hall: half without echo to speak of, a quarter with knocks."""
    return Room(
        gain=float(rng.uniform(-14, 4)),
        echo=float(rng.uniform(0.15, 0.6)) if rng.random() < 0.5 else 0.0,
        direct=float(rng.uniform(0, 12)),
        snr=float(rng.uniform(0, 30)),
        colour=float(rng.uniform(0, 2)),
        clatter=float(rng.uniform(2, 12)) if rng.random() < 0.25 else 0.0,
    )


def pad(audio: PcmAudio, *, before: Seconds, after: Seconds, rng: np.random.Generator) -> Sound:
    """Put the clip's own quiet around it: noise at the level of its quietest tenth, and never digital silence."""
    samples = audio.samples.astype(np.float64)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level = float(np.percentile(np.sqrt(np.mean(frames**2, axis=1)), 10)) if len(frames) else 0.0
    level = float(np.clip(level, 3.0, 150.0))
    lead, tail = round(before * SAMPLE_RATE), round(after * SAMPLE_RATE)
    out = level * coloured_noise(lead + len(samples) + tail, colour=1.0, rng=rng)
    quiet_inside = out[lead : lead + len(samples)] * 0.3
    out[lead : lead + len(samples)] = samples + quiet_inside
    return out


def hear(
    sound: Sound, room: Room, rng: np.random.Generator, *, noise: NDArray[np.int16] | None = None
) -> NDArray[np.int16]:
    """Return `sound` as int16 samples as a microphone in `room` would give it.

    `noise`: a recording (16 kHz) of which a random stretch is the background, in place of a drawn one.
    """
    heard = sound
    if room.echo:
        length = round(room.echo * SAMPLE_RATE)
        decay = 10 ** (-3.0 * np.arange(length) / length)
        tail = rng.normal(size=length) * decay
        tail *= 10 ** (-room.direct / 20) / np.sqrt(np.sum(tail**2))
        tail[0] += 1.0
        size = _fast(len(heard) + length)
        heard = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    power = float(np.mean(heard**2))
    if noise is not None and len(noise):
        background = noise[(int(rng.integers(len(noise))) + np.arange(len(heard))) % len(noise)].astype(np.float64)
    else:
        background = coloured_noise(len(heard), colour=room.colour, rng=rng)
    if room.clatter and noise is None:
        background = 0.4 * background + _clatter(len(heard), room.clatter, rng)
    background *= np.sqrt(power / 10 ** (room.snr / 10) / max(float(np.mean(background**2)), 1e-12))
    heard = (heard + background) * 10 ** (room.gain / 20)
    peak = float(np.abs(heard).max())
    if peak > 32000:
        heard = heard * (32000 / peak)
    return np.rint(heard).astype(np.int16)


def another_channel(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return `sound` through a drawn microphone: bands of the spectrum louder and softer, 4 dB as a rule."""
    spectrum = np.fft.rfft(sound)
    across = np.sqrt(np.linspace(0.0, 1.0, len(spectrum)))
    gain = np.interp(across, np.linspace(0.0, 1.0, 8), rng.normal(0.0, 4.0, 8))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(sound))


def another_throat(audio: PcmAudio, rng: np.random.Generator) -> PcmAudio:
    """Return the clip played up to an eighth faster and higher, or slower and lower: another speaker, nearly."""
    ratio = float(rng.uniform(0.88, 1.14))
    samples = soxr.resample(audio.samples.astype(np.float32), SAMPLE_RATE * ratio, SAMPLE_RATE)
    return PcmAudio(samples=np.clip(np.rint(samples), -32768, 32767).astype(np.int16))


def coloured_noise(length: int, *, colour: float, rng: np.random.Generator) -> Sound:
    """Return Gaussian noise with power falling as 1/f^colour above 40 Hz and an RMS of 1."""
    if not length:
        return np.zeros(0)
    size = _fast(length)
    spectrum = np.fft.rfft(rng.normal(size=size))
    frequencies = np.maximum(np.arange(len(spectrum)) * (SAMPLE_RATE / size), 40.0)
    noise = np.fft.irfft(spectrum * frequencies ** (-colour / 2), size)[:length]
    return noise / max(float(np.sqrt(np.mean(noise**2))), 1e-12)


def _clatter(length: int, rate: float, rng: np.random.Generator) -> Sound:
    """Return knocks: bursts of ringing noise of 20 to 120 ms at random times, RMS about 1."""
    out = np.zeros(length)
    for _ in range(rng.poisson(rate * length / SAMPLE_RATE)):
        start = int(rng.integers(0, length))
        size = min(int(rng.integers(320, 1920)), length - start)
        ring = np.sin(2 * np.pi * rng.uniform(400, 4000) * np.arange(size) / SAMPLE_RATE)
        burst = (rng.normal(size=size) + ring) * np.exp(-5 * np.arange(size) / size)
        out[start : start + size] += burst * rng.uniform(0.3, 2)
    return out + 0.01 * rng.normal(size=length)


def _fast(length: int) -> int:
    """The next size with no prime factor above 5; other sizes can cost many times as much to transform."""
    sizes = (2**a * 3**b * 5**c for b in range(5) for c in range(4) for a in range(1, 24))
    return min(size for size in sizes if size >= length)
