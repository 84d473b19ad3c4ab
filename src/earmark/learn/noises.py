"""Noise that is added before anybody listens: a recording of it, or one made up, which no model has learned in.

Made up: white noise, a crowd mixed from the folder's other recordings, and something like music (chords that are struck
and fade, with a beat). They are the same every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark import audio
from earmark.errors import BadRequest
from earmark.learn.clips import Clip
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

MADE = ("white", "babble", "music")
"""What can be made up, by name."""
_LASTS: Seconds = 60
_CROWD = 6
"""Voices that speak at once."""
_CLIPS = 60
"""Recordings that a crowd is made of, at most."""
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

    `clips`: those to make a crowd of. Raises BadAudio, and BadRequest where there is neither a file nor such a noise,
    or for a crowd of fewer than two speakers.
    """
    if not noise.exists() and str(noise) not in MADE:
        raise BadRequest(why=f"There is no sound file of this name; {', '.join(MADE)} can be made up without one.")
    if not made_up(noise):
        return Mixing(noise=audio.read(noise, longest=24 * 3600), snr=snr)
    name, rng, length = str(noise), np.random.default_rng(0), round(_LASTS * SAMPLE_RATE)
    if name == "babble":
        return _crowds(clips, snr, rng)
    return Mixing(noise=_levelled(rng.normal(size=length) if name == "white" else _music(length, rng)), snr=snr)


def made_up(noise: Path) -> bool:
    """Tell whether this names noise that is made up; a file of the same name goes before it."""
    return str(noise) in MADE and not noise.exists()


def _crowds(clips: Sequence[Clip], snr: float, rng: np.random.Generator) -> Mixing:
    """Make two crowds, each of half the speakers, for the other half."""
    speakers = sorted({clip.speaker for clip in clips}, key=lambda name: hashlib.sha256(name.encode()).digest())
    halves = set(speakers[::2]), set(speakers[1::2])
    if not all(halves):
        raise BadRequest(why="A crowd is made of the folder's other voices; there must be two speakers.")
    first, second = (_crowd([clip for clip in clips if clip.speaker in half], rng) for half in halves)
    return Mixing(noise=first, snr=snr, instead=dict.fromkeys(sorted(halves[0]), second))


def _crowd(clips: Sequence[Clip], rng: np.random.Generator) -> PcmAudio:
    """Let some speak at once, each one clip after the other, all equally loud."""
    some = [clips[at].sound().samples.astype(np.float64) for at in rng.permutation(len(clips))[:_CLIPS]]
    loud = [sound / max(1.0, float(np.sqrt(np.mean(sound**2)))) for sound in some if len(sound)]
    lines = [np.concatenate([loud[at] for at in rng.permutation(len(loud))]) for _ in range(_CROWD)]
    return _levelled(np.sum([np.resize(line, round(_LASTS * SAMPLE_RATE)) for line in lines], axis=0))


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
