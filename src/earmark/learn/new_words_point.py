"""Where a learned wake word fires: the cutoff of least cost, on speakers and phrases that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.learn.wake_streams import Stream
from earmark.learn.wake_windows import WakeClip

_WIDTH = 0.35
"""Log odds by which a clip's score may lie elsewhere for the next speaker."""
_PEOPLE = 2.0
"""Weight of a person's window against a synthetic one."""
_NEAR = 0.15
"""Score above which talk has come near: how often and how far says how soon something wakes."""
_THIN = 1.0
"""Log odds in which what comes near thins out to 1 / e, before any was heard: where scores are true odds, sounds that
are not the word lie e times thinner against those that are for each unit."""
_SURE = 10.0
"""Sounds that came near that this is believed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Everything that one wake word learns from."""

    streams: Sequence[Stream]
    clips: Sequence[WakeClip]
    """What the streams were made of: `stream.clip` is an index into it."""

    def group(self, stream: Stream) -> str:
        return self.clips[stream.clip].group

    def weight(self, stream: Stream) -> float:
        return 1.0 if self.clips[stream.clip].synthetic else _PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where it fires, and what that means for speakers and phrases that it was not trained on."""

    cutoff: float
    miss_rate: float
    """Of people's recordings of the word, half counted as they are and half in drawn rooms; of synthetic voices where
    there is nobody."""
    passed: float
    """Of the phrases that sound like it."""
    false_per_hour: float
    """Wakes an hour of other speech: people's recordings, and synthetic talk."""
    hours: float
    """Of that speech."""


def operating_point(known: Streams, peaks: NDArray[np.float64], *, cost_of_a_miss: float) -> Point:
    """Return the cutoff of least cost: a miss costs as much as that many false wakes.

    Counted for an hour in which the word is called once, one phrase like it is said, and people talk all the time. The
    steps between clips are smoothed, as the next speaker's score lies a little elsewhere.
    """
    clips = [known.clips[stream.clip] for stream in known.streams]
    said = np.array([clip.said for clip in clips])
    synthetic = np.array([clip.synthetic for clip in clips])
    misses = _counted(said & ~synthetic if (said & ~synthetic).any() else said, known)
    at_length = np.array([clip.talk for clip in clips])
    alike, talk = ~said & synthetic & ~at_length, ~said & (~synthetic | at_length)
    hours = sum(stream.seconds for stream, one in zip(known.streams, talk, strict=True) if one) / 3600
    edges = np.linspace(0.02, 0.98, 97)
    likely = 1.0 / (1.0 + np.exp(-(_odds(peaks) - _odds(edges)[:, None]) / _WIDTH))  # shape (edges, streams)
    missed = (1.0 - likely) @ misses
    passed = likely[:, alike].mean(axis=1) if alike.any() else np.zeros(len(edges))
    hourly = _hourly(_odds(peaks[talk]), _odds(edges), hours) if hours else np.zeros(len(edges))
    cutoff = float(edges[np.argmin(cost_of_a_miss * missed + passed + hourly)])
    return Point(
        cutoff=cutoff,
        miss_rate=float((peaks <= cutoff) @ misses),
        passed=float(np.mean(peaks[alike] > cutoff)) if alike.any() else 0.0,
        false_per_hour=float(np.sum(peaks[talk] > cutoff)) / hours if hours else 0.0,
        hours=float(hours),
    )


def _hourly(near: NDArray[np.float64], edges: NDArray[np.float64], hours: float) -> NDArray[np.float64]:
    """Return how often an hour talk is likely to pass each edge, shape (edges,); all in log odds.

    In an hour nothing may wake, and in the next something does. So what came near is counted, and how far it came is
    carried on: an exponential tail of its mean excess (peaks over a threshold, Pickands 1975).
    """
    least = float(_odds(np.array(_NEAR)))
    excess = near[near > least] - least
    scale = (excess.sum() + _SURE * _THIN) / (len(excess) + _SURE)
    return (len(excess) + 0.5) / hours * np.exp(-np.maximum(edges - least, 0.0) / scale)


def _counted(said: NDArray[np.bool_], known: Streams) -> NDArray[np.float64]:
    """Return how much each stream counts as a miss, shape (streams,), 1 in all: a clip is in rooms more often than not,
    and most calls are not from a noisy one."""
    as_heard = np.array([stream.as_heard for stream in known.streams])
    shares = [part / part.sum() for part in (said & as_heard, said & ~as_heard) if part.any()]
    return np.sum(shares, axis=0) / len(shares) if shares else np.zeros(len(said))


def _odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = np.clip(scores, 1e-3, 1.0 - 1e-3)
    return np.log(sure / (1.0 - sure))
