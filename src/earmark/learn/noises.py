"""Noise that is added before anybody listens: a recording of it, or one made up, which no model has learned in.

Made up: white noise, a crowd mixed from the folder's other recordings, and something like music (chords that are struck
and fade, with a beat). They are the same every time, and called made up wherever their numbers stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark import audio
from earmark.errors import BadAudio, BadRequest
from earmark.learn.clips import Clip
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

MADE = ("white", "babble", "music")
"""What can be made up, by name."""
_LASTS: Seconds = 60
_CROWD = 6
"""Voices that speak at once."""
_LEVEL = 3000.0
"""RMS of what is made, on the scale of int16; mixing sets the level that is heard."""
_BEAT = SAMPLE_RATE // 2
"""Samples from one chord to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixing:
    """Noise for clips."""

    noise: PcmAudio
    snr: float
    """dB, speech over noise, over the whole clip."""
    instead: Mapping[str, PcmAudio] = field(default_factory=dict)
    """Another noise for some speakers: nobody hears themselves in a crowd."""

    def apply(self, clip: Clip, sound: PcmAudio) -> PcmAudio:
        """Add a stretch of the noise that only the clip's id decides."""
        noise = self.instead.get(clip.speaker, self.noise)
        digest = hashlib.sha256(clip.id.encode()).digest()
        start = int.from_bytes(digest[:8], "big") % len(noise.samples)
        return audio.mix(sound, noise, snr=self.snr, start=start)


def mixing(noise: Path, snr: float, clips: Sequence[Clip] = ()) -> Mixing:
    """Read a sound file of noise, or make up what `MADE` names where no file has this name.

    `clips`: those to make a crowd of. Raises BadAudio, and BadRequest for a crowd of fewer than two speakers.
    """
    if noise.exists() or str(noise) not in MADE:
        return Mixing(noise=audio.read(noise, longest=24 * 3600), snr=snr)
    rng = np.random.default_rng(list(hashlib.sha256(str(noise).encode()).digest()[:16]))
    if str(noise) == "babble":
        return _crowds(clips, snr, rng)
    length = round(_LASTS * SAMPLE_RATE)
    return Mixing(noise=_levelled(rng.normal(size=length) if str(noise) == "white" else _music(length, rng)), snr=snr)


def _crowds(clips: Sequence[Clip], snr: float, rng: np.random.Generator) -> Mixing:
    """Make two crowds, each of half the speakers, for the other half."""
    speakers = sorted({clip.speaker for clip in clips}, key=lambda name: hashlib.sha256(name.encode()).digest())
    halves = set(speakers[::2]), set(speakers[1::2])
    if not all(halves):
        raise BadRequest(why="A crowd is made of the folder's other voices; there must be two speakers.")
    first, second = (_crowd([clip for clip in clips if clip.speaker in half], rng) for half in halves)
    return Mixing(noise=first, snr=snr, instead=dict.fromkeys(sorted(halves[0]), second))


def _crowd(clips: Sequence[Clip], rng: np.random.Generator) -> PcmAudio:
    """Let some speak at once, one clip after the other, all equally loud."""
    length = round(_LASTS * SAMPLE_RATE)
    total = np.zeros(length)
    for _ in range(_CROWD):
        at = -int(rng.integers(SAMPLE_RATE))  # they don't all begin at once
        while at < length:
            samples = _heard(clips[int(rng.integers(len(clips)))])
            level = max(1.0, float(np.sqrt(np.mean(samples**2))) if len(samples) else 1.0)
            inside = samples[max(0, -at) : length - at]
            total[max(0, at) : max(0, at) + len(inside)] += inside / level
            at += max(len(samples), SAMPLE_RATE // 10)
    return _levelled(total)


def _heard(clip: Clip) -> NDArray[np.float64]:
    try:
        return clip.sound().samples.astype(np.float64)
    except BadAudio:
        return np.zeros(0)


def _music(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Strike a major chord twice a second, seven harmonics to a tone, and a drum with it."""
    total = np.zeros(length)
    time = np.arange(_BEAT) / SAMPLE_RATE
    for start in range(0, length - _BEAT + 1, _BEAT):
        root = 110.0 * 2 ** (int(rng.integers(13)) / 12)
        for interval in (1.0, 1.25, 1.5, 2.0):
            for harmonic in range(1, 8):
                tone = np.sin(2 * np.pi * root * interval * harmonic * time + rng.uniform(0, 2 * np.pi))
                total[start : start + _BEAT] += np.exp(-2 * time) * tone / harmonic
        total[start : start + 800] += 2.0 * rng.normal(size=800) * np.exp(-np.arange(800) / 120)
    return total


def _levelled(sound: NDArray[np.float64]) -> PcmAudio:
    level = _LEVEL / max(1e-9, float(np.sqrt(np.mean(sound**2))))
    return PcmAudio(samples=np.clip(np.rint(sound * level), -32768, 32767).astype(np.int16))
