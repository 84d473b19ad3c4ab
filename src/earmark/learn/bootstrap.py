"""Bootstrap intervals over speakers, and over clips within a speaker (two-level, Davison & Hinkley 1997, 3.8). Pure.

A few people then don't pass for many, nor does a clip that was heard in several noises for several. Where nobody is
known to have said a clip twice, speakers and clips are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.learn.numbers import NUMBERS, Number
from earmark.learn.scoring import Outcome

ROUNDS = 1000
LEVEL = 0.95
_AT_ONCE = 250
"""Rounds that are drawn at a time: ten thousand sentences take 20 MB then."""

Sums = NDArray[np.float64]
"""Shape (rounds, columns)."""


def resampled(speakers: Sequence[NDArray[np.float64]], *, rounds: int, rng: np.random.Generator) -> Sums:
    """Return the column sums of as many resamples: speakers are drawn with replacement, then their clips.

    `speakers`: each one's clips, shape (clips, columns).
    """
    single = np.concatenate([clips for clips in speakers if len(clips) == 1] or [np.zeros((0, speakers[0].shape[1]))])
    several = [clips for clips in speakers if len(clips) > 1]
    chances = np.full(len(speakers), 1 / len(speakers))
    found = []
    for begin in range(0, rounds, _AT_ONCE):
        size = min(_AT_ONCE, rounds - begin)
        drawn = rng.multinomial(len(speakers), chances, size=size)
        total = drawn[:, len(several) :] @ single
        for times, clips in zip(drawn.T, several, strict=False):
            # A speaker drawn twice has twice as many clips drawn.
            total = total + rng.multinomial(times * len(clips), np.full(len(clips), 1 / len(clips))) @ clips
        found.append(total)
    return np.concatenate(found)


def interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of resampled values."""
    low, high = np.quantile(values[np.isfinite(values)], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def by_speaker(rows: Iterable[tuple[Outcome, Sequence[float]]]) -> list[NDArray[np.float64]]:
    """Put columns together by speaker, shape (clips, columns) each; all hearings of one clip are added up."""
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for outcome, columns in rows:
        clips = found.setdefault(outcome.speaker, {})
        clip = outcome.clip or f"#{len(clips)}"
        clips[clip] = clips.get(clip, np.zeros(len(columns))) + np.array(columns, dtype=float)
    return [np.array(list(clips.values())) for clips in found.values()]


def rates(outcomes: Sequence[Outcome], *, seed: int = 0) -> Mapping[str, tuple[float, float, float]]:
    """Return each number that these outcomes tell about with the ends of its 95 % interval: (value, low, high)."""
    found: dict[str, tuple[float, float, float]] = {}
    for number in NUMBERS:
        if (speakers := _weighed(number, outcomes)) and (total := np.concatenate(speakers).sum(axis=0))[1]:
            sums = resampled(speakers, rounds=ROUNDS, rng=np.random.default_rng(seed))
            with np.errstate(invalid="ignore", divide="ignore"):
                low, high = interval(sums[:, 0] / sums[:, 1])
            found[number.name] = (float(total[0] / total[1]), low, high)
    return found


def _weighed(number: Number, outcomes: Sequence[Outcome]) -> list[NDArray[np.float64]]:
    weighed = ((one, number.weigh(one)) for one in outcomes)
    return by_speaker((one, parts) for one, parts in weighed if parts is not None)
