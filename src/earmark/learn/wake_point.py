"""Where a wake verifier says no: the operating point, by the stated cost of a miss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.learn.wake_rows import Rows
from earmark.learn.wake_windows import COST_OF_A_MISS, STAGE1

_ENOUGH = 20
"""Rows of labelled wakes from which on the miss rate is taken from people alone, without the synthetic voices."""
_MANY = 8
"""Speakers of labelled wakes, likewise: what two or three people lose says little about the next one."""
_WIDTH = 0.5
"""How far, in log odds, a row's score may lie elsewhere for the next speaker. A threshold chosen by rows as they are
stands between two of them, and jumps when one is added or gone."""
_FARTHEST = 6.0
_EDGES = 1.0 / (1.0 + np.exp(-np.linspace(-_FARTHEST, _FARTHEST, 121)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Where the verifier says no, and what that means for speakers and phrases it was not trained on."""

    threshold: float
    miss_rate: float
    """Of the wakes that the first stage fired on at STAGE1, the share refused."""
    passed: float
    """Of what else it fired on, the share let through."""
    miss_rate_without: float
    """The same two for the first stage alone, at its own cutoff."""
    passed_without: float


def operating_point(
    scores: NDArray[np.float64],
    rows: Rows,
    *,
    cutoff: float,
    cost_of_a_miss: float = COST_OF_A_MISS,
    own: str | None = None,
) -> OperatingPoint:
    """Return the threshold of least cost of those that let through at most half as much as today.

    Today is the first stage alone at its own `cutoff`, on the same rows. Misses are counted on people's wakes where
    there are enough, half on those as their devices heard them and half on those in drawn rooms; where the people are
    few, the synthetic voices, which are more, count as well. `own`: a device whose own wakes count alone.
    """
    counted = _counted(rows, own)
    other = np.where(rows.said, 0.0, 1.0) / max(1, int((~rows.said).sum()))
    asked = np.where(rows.peak > STAGE1, scores, -1.0)  # where the first stage is silent nobody is asked
    refused = _refused(scores, rows.peak > STAGE1)
    passed_without = float((rows.peak > cutoff) @ other)
    cost = cost_of_a_miss * (refused @ counted) + 1.0 - refused @ other
    too_many = np.array([float((asked >= edge) @ other) for edge in _EDGES]) > passed_without / 2 + 1e-9
    edge = float(_EDGES[np.argmin(cost + np.where(too_many, 2 * cost_of_a_miss, 0.0))])
    return OperatingPoint(
        threshold=edge,
        miss_rate=float((asked < edge) @ counted),
        passed=float((asked >= edge) @ other),
        miss_rate_without=float((rows.peak <= cutoff) @ counted),
        passed_without=passed_without,
    )


def _counted(rows: Rows, own: str | None) -> NDArray[np.float64]:
    """Return how much each row counts as a miss when it is refused, shape (n,), 1 in all."""
    chosen = rows.said & rows.labelled
    if own is not None and (rows.said & (rows.device == own)).any():
        chosen = rows.said & (rows.device == own)
    elif chosen.sum() < _ENOUGH or len(set(rows.group[chosen].tolist())) < _MANY:
        chosen = rows.said
    shares = [part for part in (chosen & rows.as_heard, chosen & ~rows.as_heard) if part.any()]
    return np.sum([part / part.sum() for part in shares], axis=0) / len(shares)


def _refused(scores: NDArray[np.float64], asked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how surely each row is refused at each edge, shape (edges, n)."""
    odds = np.clip(np.log(np.clip(scores, 1e-9, 1 - 1e-9) / np.clip(1 - scores, 1e-9, 1)), -_FARTHEST, _FARTHEST)
    edges = np.linspace(-_FARTHEST, _FARTHEST, len(_EDGES))
    refused = 1.0 / (1.0 + np.exp(-(edges[:, None] - odds) / (_WIDTH / 2)))
    return np.where(asked, refused, 1.0)
