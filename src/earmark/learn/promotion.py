"""Whether a candidate may take over: better on people it never heard, and nowhere worse. Pure.

Both bundles heard the same held-out clips. Each number's change gets a bootstrap interval over speakers, and over clips
within a speaker (two-level resampling, Davison & Hinkley 1997, 3.8), so that a few people don't pass for many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from earmark.learn.scoring import Outcome

_ROUNDS = 1000
_LEVEL = 0.95
MOST_FALSE_ACCEPTED = 0.05
"""Share of other speech that may become a command; a candidate may not go above it unless it was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number that is compared; lower is better."""

    name: str
    plain: str
    """What it counts, for people."""
    weigh: Callable[[Outcome], tuple[float, float] | None]
    """An outcome's part in numerator and denominator; None when it says nothing about this number."""


def _missed(one: Outcome) -> tuple[float, float] | None:
    return (float(not one.woke), 1.0) if one.said is True else None


def _false_wake(one: Outcome) -> tuple[float, float] | None:
    return (float(bool(one.woke)), 1.0) if one.said is False else None


def _refused(one: Outcome) -> tuple[float, float] | None:
    return None if one.right is None else (float(not one.right), 1.0)


def _took(one: Outcome) -> tuple[float, float] | None:
    return None if one.took is None else (float(one.took), 1.0)


def _word_errors(one: Outcome) -> tuple[float, float] | None:
    return (float(one.errors or 0), float(one.words)) if one.words else None


def _misunderstood(one: Outcome) -> tuple[float, float] | None:
    return None if one.intent_right is None else (float(not one.intent_right), 1.0)


def _slot_errors(one: Outcome) -> tuple[float, float] | None:
    if one.slots_true is None or one.slots_given is None or one.slots_right is None:
        return None
    both = one.slots_true + one.slots_given
    return (both - 2.0 * one.slots_right, float(both)) if both else None


NUMBERS = (
    Number(name="miss_rate", plain="calls that were missed", weigh=_missed),
    Number(name="false_wakes", plain="false wakes that came through", weigh=_false_wake),
    Number(name="not_accepted", plain="commands that were not done right", weigh=_refused),
    Number(name="false_accepted", plain="other speech that became a command", weigh=_took),
    Number(name="wer", plain="words that were heard wrong", weigh=_word_errors),
    Number(name="intent_errors", plain="written sentences that were misunderstood", weigh=_misunderstood),
    Number(name="slot_errors", plain="details of them that were missed or made up", weigh=_slot_errors),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number before and after."""

    name: str
    plain: str
    n: int
    """Clips it rests on."""
    before: float
    after: float
    low: float
    """Lower end of the change's 95 % interval; negative is better."""
    high: float

    @property
    def better(self) -> bool:
        return self.after < self.before

    @property
    def worse(self) -> bool:
        """Worse beyond what chance explains."""
        return self.low > 0

    @property
    def sentence(self) -> str:
        change = "fewer" if self.better else "more" if self.after > self.before else "as many"
        sure = "" if change == "as many" or self.low > 0 or self.high < 0 else ", which may be chance"
        return (
            f"{self.plain}: {self.before:.1%} before, {self.after:.1%} after, {change}{sure} "
            f"({self.n} clips; change between {self.low:+.1%} and {self.high:+.1%})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May it be promoted, and why."""

    promote: bool
    why: str
    """One plain sentence."""
    numbers: tuple[Compared, ...]


def judge(before: Sequence[Outcome], after: Sequence[Outcome], *, seed: int = 0) -> Verdict:
    """Compare two bundles on the same clips in the same order.

    A candidate is promoted when at least one number is better, none is worse beyond its interval, and other speech that
    becomes a command stays within `MOST_FALSE_ACCEPTED` (or what it was).
    """
    numbers = tuple(
        found for number in NUMBERS if (found := _compare(number, before, after, np.random.default_rng(seed)))
    )
    if not numbers:
        return Verdict(promote=False, why="No held-out person said anything to judge it by.", numbers=())
    worse = [number for number in numbers if number.worse]
    better = [number for number in numbers if number.better]
    taken = next((number for number in numbers if number.name == "false_accepted"), None)
    if worse:
        why = f"It is worse on people it never heard: {'; '.join(number.sentence for number in worse)}."
    elif taken and taken.after > max(taken.before, MOST_FALSE_ACCEPTED):
        why = f"It takes too much other speech for commands: {taken.sentence}."
    elif not better:
        why = "It is no better on people it never heard."
    else:
        changed = better + [number for number in numbers if number.after > number.before]
        why = (
            "It is better on people it never heard, and nowhere worse than chance explains: "
            f"{'; '.join(number.sentence for number in changed)}."
        )
    return Verdict(promote=why.startswith("It is better"), why=why, numbers=numbers)


def _compare(
    number: Number, before: Sequence[Outcome], after: Sequence[Outcome], rng: np.random.Generator
) -> Compared | None:
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    for old, new in zip(before, after, strict=True):
        parts = number.weigh(old), number.weigh(new)
        if parts[0] is not None and parts[1] is not None:
            rows.setdefault(old.speaker, []).append((*parts[0], *parts[1]))
    if not rows:
        return None
    speakers = [np.array(clips) for clips in rows.values()]
    total = np.concatenate(speakers).sum(axis=0)
    if not total[1] or not total[3]:
        return None
    changes = np.array([_change(_resample(speakers, rng)) for _ in range(_ROUNDS)])
    low, high = np.quantile(changes, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Compared(
        name=number.name,
        plain=number.plain,
        n=sum(map(len, speakers)),
        before=float(total[0] / total[1]),
        after=float(total[2] / total[3]),
        low=float(low),
        high=float(high),
    )


def _resample(speakers: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    chosen = rng.integers(len(speakers), size=len(speakers))
    if all(len(clips) == 1 for clips in speakers):
        return np.concatenate(speakers)[chosen].sum(axis=0)
    return np.sum(
        [
            speakers[index][rng.integers(len(speakers[index]), size=len(speakers[index]))].sum(axis=0)
            for index in chosen
        ],
        axis=0,
    )


def _change(total: np.ndarray) -> float:
    return float(total[2] / total[3] - total[0] / total[1])
