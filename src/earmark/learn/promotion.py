"""Whether a candidate may take over: better on people it never heard, and nowhere worse, for nobody. Pure.

Both bundles heard the same clips of held-out people. Where there are few of them, those who were learned from are heard
too, by models that only the others have taught (cross-validation by speaker). Each number's change gets a bootstrap
interval over speakers (`bootstrap`), and so does each number of each slice (`slices`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from earmark.learn.comparing import FEWEST, Compared, compare
from earmark.learn.numbers import NUMBERS
from earmark.learn.scoring import Outcome
from earmark.learn.slices import Slice, sliced

MOST_FALSE_ACCEPTED = 0.05
"""Share of other speech that may become a command; a candidate may not go above it unless it was there before."""

_THEY = "{people} of these people were learned from; they were heard by models that only others had taught."

Crossed = tuple[Sequence[Outcome], Sequence[Outcome]]
"""Of the same clips in the same order: with the bundle in use, which never heard these people, and cross-checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May it be promoted, and why."""

    promote: bool
    why: str
    """One plain sentence."""
    numbers: tuple[Compared, ...]
    slices: tuple[Slice, ...] = ()
    """Of all that were looked at."""
    crossed: int = 0
    """Of the people it rests on, how many were learned from and heard by models of the others."""

    @property
    def worse(self) -> bool:
        """Somewhere, or for somebody, beyond what chance explains."""
        return any(number.worse for number in self.numbers) or any(one.worse for one in self.slices)


def judge(
    before: Sequence[Outcome], after: Sequence[Outcome], *, crossed: Crossed = ((), ()), seed: int = 0
) -> Verdict:
    """Compare two bundles on the same clips in the same order, and as `crossed` says on people learned from.

    A candidate is promoted when at least one number of `FEWEST` clips or more is better, none of these is worse beyond
    its interval, none of any slice is, and other speech that becomes a command stays within `MOST_FALSE_ACCEPTED` (or
    what it was). What is worse on held-out people alone is refused whatever the others say.
    """
    if crossed[0]:
        alone = judge(before, after, seed=seed)
        if alone.worse or not alone.numbers:
            return alone
        everyone = judge([*before, *crossed[0]], [*after, *crossed[1]], seed=seed)
        people = len({one.speaker for one in crossed[0]})
        return replace(everyone, why=f"{everyone.why} {_THEY.format(people=people)}", crossed=people)
    numbers = tuple(found for number in NUMBERS if (found := compare(number, before, after, seed=seed)))
    if not numbers:
        return Verdict(promote=False, why="No held-out person said anything to judge it by.", numbers=())
    slices = sliced(before, after, seed=seed)
    worse = [number for number in numbers if number.worse]
    hurt = [one for one in slices if one.worse]
    better = [number for number in numbers if number.better and number.n >= FEWEST]
    taken = next((number for number in numbers if number.name == "false_accepted"), None)
    if worse:
        why = f"It is worse on people it never heard: {'; '.join(number.sentence for number in worse)}."
    elif hurt:
        why = f"It is worse for some of them: {'; '.join(one.sentence for one in hurt)}."
    elif taken and taken.after > max(taken.before, MOST_FALSE_ACCEPTED):
        why = f"It takes too much other speech for commands: {taken.sentence}."
    elif not better:
        moved = [number.sentence for number in numbers if number.after != number.before]
        why = f"It is no better on people it never heard{': ' if moved else ''}{'; '.join(moved)}."
    else:
        changed = better + [number for number in numbers if number.after > number.before]
        why = (
            "It is better on people it never heard, and nowhere worse than chance explains: "
            f"{'; '.join(number.sentence for number in changed)}."
        )
    return Verdict(promote=why.startswith("It is better"), why=why, numbers=numbers, slices=slices)
