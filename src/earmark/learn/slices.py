"""Whether a candidate is worse for some: those of one device, one voice cluster, one loudness of noise, one word. Pure.

A slice is looked at where it holds `FEWEST` clips of `FEWEST_PEOPLE` speakers; a device has one owner, so there one is
enough. Forty slices at 95 % each would refuse two good candidates of three by chance. So all intervals together hold
with 95 %: with m of them each is a 1 - 0.05 / m interval (Bonferroni), and a slice is worse when its own lies above 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.learn.bootstrap import LEVEL, ROUNDS
from earmark.learn.comparing import Compared, compare
from earmark.learn.numbers import NUMBERS, Number
from earmark.learn.scoring import Outcome

KINDS = {"device": "device", "voices": "voice cluster", "noise": "speech over noise", "word": "wake word"}
"""Names of the traits that slices are cut by, and what people call them."""
FEWEST = 20
FEWEST_PEOPLE = 3
_TAIL = 4
"""Resamples that must lie outside an interval on either side: a quantile needs something to stand on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One number of one slice, before and after."""

    kind: str
    """Of `KINDS`."""
    slice: str
    """Its name among those of its kind: `B`, `10 to 20 dB`."""
    compared: Compared
    """With an interval that holds for all slices together."""

    @property
    def worse(self) -> bool:
        """Worse beyond what chance explains, though so many were looked at."""
        return self.compared.worse

    @property
    def sentence(self) -> str:
        return f"{KINDS[self.kind]} {self.slice}: {self.compared.sentence}"

    def to_json(self) -> dict[str, Any]:
        """Return it as a bundle's manifest holds it."""
        found = self.compared
        return {
            "slice": self.slice,
            "kind": self.kind,
            "number": found.name,
            "n": found.n,
            "people": found.people,
            "before": found.before,
            "after": found.after,
            "low": found.low,
            "high": found.high,
        }


def sliced(before: Sequence[Outcome], after: Sequence[Outcome], *, seed: int = 0) -> tuple[Slice, ...]:
    """Compare every number of every slice that holds enough of it."""
    found = list(_enough(before, after))
    if not found:
        return ()
    outside = (1 - LEVEL) / len(found)
    rounds = max(ROUNDS, round(2 * _TAIL / outside))
    slices: list[Slice] = []
    for kind, name, number, old, new in found:
        compared = compare(number, old, new, seed=seed, level=1 - outside, rounds=rounds)
        if compared is not None:
            slices.append(Slice(kind=kind, slice=name, compared=compared))
    return tuple(slices)


def _enough(
    before: Sequence[Outcome], after: Sequence[Outcome]
) -> Iterator[tuple[str, str, Number, list[Outcome], list[Outcome]]]:
    pairs = list(zip(before, after, strict=True))
    for kind in KINDS:
        for name in sorted({one.traits[kind] for one in before if kind in one.traits}):
            inside = [(old, new) for old, new in pairs if old.traits.get(kind) == name]
            for number in NUMBERS:
                told = [(old, new) for old, new in inside if number.weigh(old) is not None]
                people = len({old.speaker for old, _ in told})
                clips = len({old.clip or number for number, (old, _) in enumerate(told)})
                if clips >= FEWEST and people >= (1 if kind == "device" else FEWEST_PEOPLE):
                    yield kind, name, number, [old for old, _ in told], [new for _, new in told]
