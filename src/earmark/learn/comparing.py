"""One number before and after, on the same clips in the same order, with the interval of its change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark.learn.bootstrap import LEVEL, ROUNDS, by_speaker, interval, resampled
from earmark.learn.numbers import Number
from earmark.learn.scoring import Outcome

FEWEST = 5
"""Clips that a number must rest on to speak for or against. That all of four change alike is chance once in 16: more
often than an interval of 95 % allows, and resamples of so few clips can't know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number before and after."""

    name: str
    plain: str
    n: int
    """Clips it rests on; one that was heard in several noises counts once."""
    people: int
    """Speakers it rests on."""
    before: float
    after: float
    low: float
    """Lower end of the change's interval, 95 % if nothing else is said; negative is better."""
    high: float

    @property
    def better(self) -> bool:
        return self.after < self.before

    @property
    def worse(self) -> bool:
        """Worse beyond what chance explains."""
        return self.low > 0 and self.n >= FEWEST

    @property
    def sentence(self) -> str:
        change = "fewer" if self.better else "more" if self.after > self.before else "as many"
        sure = self.n >= FEWEST and (self.low > 0 or self.high < 0)
        chance = "" if change == "as many" or sure else ", which may be chance"
        return (
            f"{self.plain}: {self.before:.1%} before, {self.after:.1%} after, {change}{chance} "
            f"({self.n} clip{'' if self.n == 1 else 's'}; change between {self.low:+.1%} and {self.high:+.1%})"
        )


def compare(
    number: Number,
    before: Sequence[Outcome],
    after: Sequence[Outcome],
    *,
    seed: int = 0,
    level: float = LEVEL,
    rounds: int = ROUNDS,
) -> Compared | None:
    """Compare one number; None when no clip tells about it."""
    rows: list[tuple[Outcome, tuple[float, ...]]] = []
    for old, new in zip(before, after, strict=True):
        parts = number.weigh(old), number.weigh(new)
        if parts[0] is not None and parts[1] is not None:
            rows.append((old, (*parts[0], *parts[1])))
    speakers = by_speaker(rows)
    total = np.concatenate(speakers).sum(axis=0) if speakers else np.zeros(4)
    if not total[1] or not total[3]:
        return None
    sums = resampled(speakers, rounds=rounds, rng=np.random.default_rng(seed))
    with np.errstate(invalid="ignore", divide="ignore"):
        changes = sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1]
    low, high = interval(changes, level)
    return Compared(
        name=number.name,
        plain=number.plain,
        n=sum(map(len, speakers)),
        people=len(speakers),
        before=float(total[0] / total[1]),
        after=float(total[2] / total[3]),
        low=low,
        high=high,
    )
