"""The masked copy's sound: cut, hidden words replaced, band-limited, levelled, padded.

What this does not do: it does not disguise the voice. Somebody who knows the speaker will know them; that is said to
owners where they allow review, and no figure about voice masking is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

Span = tuple[Seconds, Seconds]
WAKE_LENGTHS: tuple[Seconds, ...] = (3.0,)
"""Every copy of a wake word is this long."""
COMMAND_LENGTHS: tuple[Seconds, ...] = (8.0, 16.0, 32.0)
"""Copies of commands have one of these lengths, nearly all the first; a longer recording does not leave."""
_ONE_LONGER = 0.25
"""Chance that a copy takes the next length up, so that a length does not tell even its own class for sure."""
_LEAD: Span = (0.1, 0.4)
"""Padding before the sound, drawn evenly."""
_AROUND: Seconds = 0.1
"""Cut away on both sides of a hidden word: word times are right to about this."""
_BAND = (100.0, 7000.0)
"""Hz. Below lies mains hum, whose drift can date a recording; above, what tells microphones apart."""
_LEVEL = 0.08
"""Root mean square that the louder half of the copy is brought to, of 1."""
_MOST_GAIN = 30.0
_FLOOR = (2e-4, 3e-3)
"""Least and most noise in the padding, root mean square of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSound:
    """What leaves, and how its times relate to the recording's."""

    audio: PcmAudio
    offset: Seconds
    """Time in the copy = time in the recording + offset."""


def fits(length: Seconds, lengths: Sequence[Seconds]) -> bool:
    """Tell whether a cut of this length has room in the longest copy."""
    return length + _LEAD[1] <= lengths[-1]


def mask(
    audio: PcmAudio,
    span: Span,
    hidden: Sequence[Span],
    *,
    lengths: Sequence[Seconds],
    rng: np.random.Generator,
) -> MaskedSound:
    """Return the copy of `span` without the `hidden` spans (seconds in the recording).

    Cutting comes first: nothing outside the span, and nothing hidden, passes through a filter whose ringing could carry
    it over the edge. Raises ValueError when the cut has no room in the longest of `lengths`.
    """
    if not fits(span[1] - span[0], lengths):
        raise ValueError("too long for a masked copy")
    first, last = (min(len(audio.samples), max(0, round(edge * SAMPLE_RATE))) for edge in span)
    cut = audio.samples[first:last].astype(np.float64) / 32768.0
    gaps = _gaps(hidden, first / SAMPLE_RATE, len(cut))
    for start, end in gaps:
        cut[start:end] = 0.0
    cut *= _fades(len(cut))
    cut = _level(_band_limit(cut))
    for start, end in gaps:
        cut[start:end] = _tone(end - start)
    lead = round(rng.uniform(*_LEAD) * SAMPLE_RATE)
    total = round(_length((lead + len(cut)) / SAMPLE_RATE, lengths, rng) * SAMPLE_RATE)
    floor = _floor(cut)
    whole = _band_limit(rng.standard_normal(total)) * floor
    whole[lead : lead + len(cut)] = cut
    samples = np.clip(np.rint(whole * 32767.0), -32768, 32767).astype(np.int16)
    return MaskedSound(audio=PcmAudio(samples=samples), offset=(lead - first) / SAMPLE_RATE)


def _gaps(hidden: Sequence[Span], origin: Seconds, size: int) -> list[tuple[int, int]]:
    """Return sample ranges of the cut that are to be replaced."""
    gaps = []
    for start, end in hidden:
        low = max(0, round((start - _AROUND - origin) * SAMPLE_RATE))
        high = min(size, round((end + _AROUND - origin) * SAMPLE_RATE))
        if low < high:
            gaps.append((low, high))
    return gaps


def _tone(size: int) -> NDArray[np.float64]:
    """Return a soft 440 Hz tone: the reviewer hears that something is hidden, not that nothing was said."""
    time = np.arange(size) / SAMPLE_RATE
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.01) if size else time
    return 0.05 * edge * np.sin(2 * np.pi * 440.0 * time)


def _fades(size: int) -> NDArray[np.float64]:
    """Return a gain that rises and falls over 5 ms: a hard edge would click."""
    position = np.arange(size)
    return np.minimum(1.0, np.minimum(position + 1, size - position) / 80)


def _band_limit(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep `_BAND`, with raised-cosine edges of 50 and 500 Hz, on a zero-padded transform."""
    if not len(samples):
        return samples
    size = 1 << int(np.ceil(np.log2(len(samples) + 1600)))
    spectrum = np.fft.rfft(samples, size)
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    low = 0.5 - 0.5 * np.cos(np.pi * np.clip((frequency - (_BAND[0] - 50)) / 50, 0, 1))
    high = 0.5 + 0.5 * np.cos(np.pi * np.clip((frequency - _BAND[1]) / 500, 0, 1))
    return np.fft.irfft(spectrum * low * high, size)[: len(samples)]


def _frames(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of each 20 ms."""
    count = len(samples) // 320
    if not count:
        return np.zeros(1)
    return np.sqrt(np.mean(samples[: count * 320].reshape(count, 320) ** 2, axis=1))


def _level(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the louder half to `_LEVEL`, so that loudness does not tell rooms and devices apart."""
    if not len(samples):
        return samples
    power = _frames(samples)
    loud = float(np.sqrt(np.mean(power[power >= np.median(power)] ** 2)))
    gain = min(_MOST_GAIN, _LEVEL / max(loud, 1e-6))
    peak = float(np.abs(samples).max()) * gain
    return samples * (gain if peak <= 0.95 else gain * 0.95 / peak)


def _floor(samples: NDArray[np.float64]) -> float:
    """Return the noise between the words, so that the padding does not begin with a click."""
    return float(np.clip(np.percentile(_frames(samples), 10), *_FLOOR))


def _length(needed: Seconds, lengths: Sequence[Seconds], rng: np.random.Generator) -> Seconds:
    index = next((i for i, length in enumerate(lengths) if needed <= length), len(lengths) - 1)
    if rng.random() < _ONE_LONGER:
        index = min(index + 1, len(lengths) - 1)
    return lengths[index]
