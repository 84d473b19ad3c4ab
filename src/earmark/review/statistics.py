"""The statistics of quality: how sure a share is, how far two shares differ, how well people agree. Pure.

Nothing here knows a database or a person. Every function returns None rather than a number that nothing stands behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import sqrt
from statistics import median as middle

import jiwer

Z = 1.959964
"""Standard normal quantile of a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, and how sure that is."""

    right: int
    asked: int
    low: float
    """Lower end of the 95 % interval, 0 to 1."""
    high: float
    """Upper end."""

    @property
    def value(self) -> float:
        """Return the share itself, 0 to 1."""
        return self.right / self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much larger the first of two shares is."""

    value: float
    """-1 to 1."""
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Tell whether the 95 % interval leaves no difference out."""
        return self.low > 0 or self.high < 0


def wilson(right: int, asked: int) -> Share | None:
    """Return a share with its score interval (Wilson 1927; method 3 of Newcombe 1998, Statist. Med. 17:857-872).

    Unlike the textbook's p ± 1.96 s it stays honest with few answers and near 0 and 1. None of none is None.
    """
    if asked <= 0:
        return None
    p, square = right / asked, Z * Z
    middle = (p + square / (2 * asked)) / (1 + square / asked)
    half = Z / (1 + square / asked) * sqrt(p * (1 - p) / asked + square / (4 * asked * asked))
    low = 0.0 if right == 0 else max(0.0, middle - half)
    high = 1.0 if right == asked else min(1.0, middle + half)
    return Share(right=right, asked=asked, low=low, high=high)


def newcombe(first: Share | None, second: Share | None) -> Difference | None:
    """Return first - second with its hybrid score interval (method 10 of Newcombe 1998, Statist. Med. 17:873-890).

    It assumes that the answers of both are independent. None when either is.
    """
    if first is None or second is None:
        return None
    difference = first.value - second.value
    down = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    up = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Difference(value=difference, low=difference - down, high=difference + up)


def alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Return Krippendorff's alpha for nominal data: 1 agreed on everything, 0 as chance would.

    Each unit holds the values that people gave to one clip, in any order; units with one value can't disagree and are
    left out. None where alpha is undefined: nothing to compare, or nobody ever used a second value.

    By the coincidence matrix (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability). Written here because the
    PyPI package of that name is under the GPL.
    """
    totals: Counter[Hashable] = Counter()
    disagreed = 0.0
    for unit in units:
        if (size := len(unit)) < 2:
            continue
        counts = Counter(unit)
        totals.update(counts)
        disagreed += (size * size - sum(n * n for n in counts.values())) / (size - 1)
    n = sum(totals.values())
    by_chance = n * n - sum(count * count for count in totals.values())
    return 1 - (n - 1) * disagreed / by_chance if by_chance else None


def word_errors(units: Iterable[Sequence[str]]) -> float | None:
    """Return the WER between people's transcripts of the same clips: edits in all pairs, over the pairs' mean length.

    Neither of two is the reference, so that exchanging them changes nothing. None without a pair that has a word.
    """
    edits, words = 0, 0
    for unit in units:
        for one, other in combinations(unit, 2):
            lengths = len(one.split()), len(other.split())
            words += sum(lengths)
            edits += _edits(one, other) if all(lengths) else sum(lengths)
    return 2 * edits / words if words else None


@lru_cache(maxsize=8192)
def _edits(one: str, other: str) -> int:
    if one == other:
        return 0
    found = jiwer.process_words(one, other)
    return found.substitutions + found.insertions + found.deletions


def median(values: Iterable[float]) -> float | None:
    """Return the middle value; None of none."""
    known = list(values)
    return middle(known) if known else None


def robust_z(value: float, peers: Sequence[float], *, least_spread: float) -> float | None:
    """Return how far a value lies from its peers' median, in standard deviations estimated from their MAD.

    0.6745 x (value - median) / MAD (Iglewicz and Hoaglin 1993): what a few of the peers do moves it little.
    `least_spread` stands in for a smaller MAD: where all peers do the same, the next one isn't strange for a trifle.
    """
    middle = median(peers)
    if middle is None:
        return None
    spread = median(abs(peer - middle) for peer in peers)
    return 0.6745 * (value - middle) / max(spread or 0.0, least_spread)
