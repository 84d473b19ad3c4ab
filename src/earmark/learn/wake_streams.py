"""From clips to what a learned wake word's detector sees: a speech embedding every 80 ms, and where the word ends.

Clips of people and of synthesisers, with the word and without, go through the same padding, rooms, channels and noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earmark.device import DIMENSIONS, SHIFT, SpeechEmbedder, wake_network
from earmark.learn import compute
from earmark.learn.rooms import another_channel, another_throat, draw_room, hear, pad
from earmark.learn.wake_windows import WakeClip
from earmark.words import SAMPLE_RATE, Seconds

STEP = SAMPLE_RATE * 8 // 100
"""Samples between embeddings."""
NEWEST = 9
"""Embeddings looked at: 1.4 s."""
_LEAD: Seconds = 1.6
_TAIL: Seconds = 0.8
_BUCKET = 8
"""Lengths are rounded up to so many embeddings: a network is laid out anew for each length."""
_GAP = 25
"""Frames (10 ms) of quiet inside a word of several words."""
_FRAME = SAMPLE_RATE // 100
_ENOUGH = 60
"""Clips below which starting further processes costs more than they save."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One clip as a device would hear it."""

    embeddings: NDArray[np.float32]
    """Shape (n, 96), one each 80 ms."""
    ends: NDArray[np.int64]
    """Shape (n,): the sample at which each ends, counted from the stream's start."""
    mel: NDArray[np.float16]
    """Shape (frames, 40): log-mel energies each 10 ms, of which the last frame ends with the stream."""
    span: tuple[int, int] | None
    """First and last sample of the wake word; None where it is not said."""
    clip: int
    """Index of the clip that it was made of."""
    as_heard: bool
    """False for a clip that was put into a drawn room."""
    seconds: Seconds
    """Of the clip itself, without what stands around it."""

    def windows(self, at: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the windows whose last embedding is at these indices (≥ NEWEST - 1), shape (len(at), 9 * 96)."""
        index = at[:, None] + np.arange(1 - NEWEST, 1)
        return self.embeddings[index].reshape(len(at), NEWEST * DIMENSIONS)

    def seen(self, at: int) -> NDArray[np.float16]:
        """Return what a network behind it sees when the newest embedding is that one, shape (144, 40)."""
        last = len(self.mel) - (int(self.ends[-1]) - int(self.ends[at])) // SHIFT
        lead = max(0, wake_network.SEEN - last)
        return np.pad(self.mel[max(0, last - wake_network.SEEN) : last], ((lead, 0), (0, 0)), mode="edge")

    @property
    def all(self) -> NDArray[np.int64]:
        """Indices of every whole window."""
        return np.arange(NEWEST - 1, len(self.ends))


class StreamMaker:
    """Runs the device's embedder over whole clips at once: the numbers are those of a stream, to 1e-4."""

    def __init__(self) -> None:
        self._embedders: dict[int, SpeechEmbedder] = {}

    def make(
        self,
        clips: Sequence[WakeClip],
        *,
        rooms: int,
        seed: int,
        first: int = 0,
        plain: bool = True,
        noise: NDArray[np.int16] | None = None,
    ) -> list[Stream]:
        """Hear every clip as it is and in `rooms` drawn rooms; half of these with `noise`, where there is some.

        `first` is the index of the first clip among all: what is drawn depends on it. Without `plain` there are only
        the drawn rooms.
        """
        streams: list[Stream] = []
        for index, clip in enumerate(clips, start=first):
            rng = np.random.default_rng([seed, index])
            for room in range(0 if plain else 1, rooms + 1):
                audio = another_throat(clip.audio, rng) if room else clip.audio
                sound = pad(audio, before=_LEAD, after=_TAIL, rng=rng)
                stretched = len(audio.samples) / max(1, len(clip.audio.samples))
                span = _span(sound, clip, stretched) if clip.said else None
                if room:
                    sound = another_channel(sound, rng) if rng.random() < 0.6 else sound
                    background = noise if noise is not None and rng.random() < 0.5 else None
                    samples = hear(sound, draw_room(rng), rng, noise=background)
                else:
                    samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
                found = self.heard(samples)
                streams.append(replace(found, span=span, clip=index, as_heard=not room, seconds=audio.duration))
        return streams

    def heard(self, samples: NDArray[np.int16]) -> Stream:
        """Return sound (16 kHz) as a device hears it."""
        embeddings, ends = self.embed(samples)
        mel = wake_network.look_along(samples).astype(np.float16)
        known = {"span": None, "clip": 0, "as_heard": True, "seconds": len(samples) / SAMPLE_RATE}
        return Stream(embeddings=embeddings, ends=ends, mel=mel, **known)

    def embed(self, samples: NDArray[np.int16]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the embeddings of a clip, shape (n, 96), and the samples at which they end, shape (n,)."""
        count = -(-max(1, len(samples) // STEP) // _BUCKET) * _BUCKET
        if count not in self._embedders:
            self._embedders[count] = SpeechEmbedder(count)
        found = self._embedders[count].embed(samples)
        ends = len(samples) - STEP * np.arange(count - 1, -1, -1)
        return found[ends > 0], ends[ends > 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How often a clip is heard."""

    clip: WakeClip
    number: int
    rooms: int
    plain: bool


def make_streams(
    hearings: Sequence[Hearing],
    *,
    seed: int,
    noise: NDArray[np.int16] | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> list[Stream]:
    """Do what `StreamMaker.make` does, wherever `compute.map` chooses; the result does not depend on where."""
    parts = compute.map(partial(_Streamer, seed, noise), hearings, enough=_ENOUGH, told=told)
    return [stream for part in parts for stream in part]


class _Streamer:
    """One process's stream maker."""

    def __init__(self, seed: int, noise: NDArray[np.int16] | None) -> None:
        self._make = partial(StreamMaker().make, seed=seed, noise=noise)

    def __call__(self, one: Hearing) -> list[Stream]:
        return self._make([one.clip], rooms=one.rooms, first=one.number, plain=one.plain)


def _span(sound: NDArray[np.float64], clip: WakeClip, stretched: float) -> tuple[int, int]:
    """Return where in a padded clip the word is: its loudest stretch, or before where more follows."""
    start, end = loudest(sound)
    if clip.word_ends is not None:
        ends = round(_LEAD * SAMPLE_RATE + clip.word_ends * stretched)
        return min(start, ends - 1), ends
    return start, end


def loudest(sound: NDArray[np.float64]) -> tuple[int, int]:
    """Return first and last sample of the loudest stretch of a clip, in which no gap is longer than 0.25 s."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1.0)
    floor, top = float(np.percentile(levels, 10)), float(levels.max())
    loud = np.flatnonzero(levels > floor + (top - floor) / 3)
    parts = np.split(loud, np.flatnonzero(np.diff(loud) > _GAP) + 1)
    best = max(parts, key=lambda part: float(np.sum(frames[part] ** 2)))
    return int(best[0]) * _FRAME, (int(best[-1]) + 1) * _FRAME
