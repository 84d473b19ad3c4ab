"""Whether a roll-out goes on, waits or goes back, by what devices live through with either bundle. Pure.

Both arms live through the same hours. Devices differ (one stands beside a television): each is measured by what it had
in the week before, and what scatter is left among devices of one arm widens every variance (quasi-likelihood, McCullagh
and Nelder 1989, 4.5). The worker looks each minute, and a usual test would sooner or later go back for nothing: *worse*
is shown by a test that holds however often one looks, the mixture likelihood ratio of Robbins 1970 (a half-normal
mixture: only worse counts; Johari and others 2017). *Not worse* is the one-sided 95 % bound of the difference, which
must lie below a margin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

STAGES = (5, 25, 100)
"""Per cent of the devices."""
MARGINS: Mapping[int, float] = {5: 0.10, 25: 0.05}
"""At each stage, how much worse a share may still be, as far as one can tell, when the next begins: a tenth while it
concerns few, a twentieth before it concerns all."""
LEVEL = 0.005
"""Chance that an equal candidate is ever taken for worse, for each number and stage: 3 % over three numbers and two."""
FEWEST_TO_GO_BACK = 20
"""Events in the candidate's arm below which nothing is concluded: the normal approximation needs some."""
FEWEST_BAD = 10
"""Bad events in the candidate's arm below which it is not called worse: of rare ones, three can come by chance."""
FEWEST_TO_GO_ON = 50
_HABIT = 20.0
"""Events of the week before at which a device's own share counts as much as everybody's."""
_BOUND = 1.645
_FEW_DEVICES, _SCATTER_OF_FEW = 10, 4.0
"""The scatter among fewer devices can't be told from luck; then this is assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number that is compared."""

    name: str
    plain: str
    """What it is, for people."""
    poisson: bool
    """A count against what was expected; else a share."""
    higher_is_worse: bool
    spread: float
    """How large a difference the test is made for."""
    decides: bool
    """Whether the next stage waits until this one is shown to be no worse."""


FALSE_WAKES = Measure(
    name="false_wakes",
    plain="wakes after which nothing was understood",
    poisson=False,
    higher_is_worse=True,
    spread=0.05,
    decides=True,
)
REFUSALS = Measure(
    name="refusals",
    plain="requests begun on purpose that were refused",
    poisson=False,
    higher_is_worse=True,
    spread=0.05,
    decides=True,
)
REQUESTS = Measure(
    name="requests",
    plain="requests understood, against the same devices' week before",
    poisson=True,
    higher_is_worse=False,
    spread=0.25,
    decides=False,
)
"""A candidate that misses calls has neither false wakes nor refusals; it has fewer requests."""
MEASURES = (FALSE_WAKES, REFUSALS, REQUESTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the devices of one bundle had, one element a device, float64."""

    happened: NDArray[np.float64]
    """How often."""
    of: NDArray[np.float64]
    """Of how many; where a count is compared, how many were expected."""
    prone: NDArray[np.float64]
    """How prone each device was to it in the week before, with the bundle in use: 1 as all of them together."""

    @property
    def total(self) -> tuple[float, float]:
        return float(self.happened.sum()), float(self.of.sum())

    @property
    def exposure(self) -> NDArray[np.float64]:
        """Of how many, as if each device were as prone as the average: a television's wakes count for more of them."""
        return self.of * self.prone


def proneness(happened: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how prone devices are by what each had before, in both arms: its share over everybody's, drawn towards 1
    where it rests on little (an empirical Bayes estimate of fixed strength)."""
    everybody = (happened.sum() + 0.5) / (of.sum() + 1)
    return (happened + _HABIT * everybody) / (of + _HABIT) / everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One number in both arms, and what it shows."""

    name: str
    plain: str
    candidate: tuple[float, float]
    """How often, of how many."""
    base: tuple[float, float]
    scatter: float
    """Variance among devices over what chance alone would give; 1 at least."""
    odds: float
    """Evidence that the candidate is worse, as odds against its being as good: 1 says nothing."""
    bound: float
    """As much worse it may be, at 95 %: a difference of shares, or of ratios."""

    @property
    def rates(self) -> tuple[float, float]:
        return tuple(k / n if n else 0.0 for k, n in (self.candidate, self.base))  # type: ignore[return-value]

    more_is_worse: bool

    @property
    def worse(self) -> bool:
        bad, events = self.candidate
        enough = events >= FEWEST_TO_GO_BACK and (bad >= FEWEST_BAD or not self.more_is_worse)
        return enough and self.odds >= 1 / LEVEL

    @property
    def sentence(self) -> str:
        (k1, n1), (k0, n0) = self.candidate, self.base
        now, before = self.rates
        return f"{self.plain}: {now:.1%} with it ({k1:.0f} of {n1:.0f}), {before:.1%} without ({k0:.0f} of {n0:.0f})"

    def to_json(self) -> dict[str, Any]:
        """Return it as the log and the registry keep it, with no more digits than it has."""
        numbers = {
            "scatter": round(self.scatter, 2),
            "odds": round(min(self.odds, 1e6), 2),
            "bound": round(self.bound, 4),
        }
        arms = {"candidate": _rounded(self.candidate), "base": _rounded(self.base)}
        return asdict(self) | arms | numbers | {"bound": round(self.bound, 4)}


def _rounded(arm: tuple[float, float]) -> list[float]:
    return [round(value, 1) for value in arm]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now."""

    do: Literal["back", "on", "wait"]
    why: str
    """One plain sentence."""
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {"do": self.do, "why": self.why, "numbers": [finding.to_json() for finding in self.findings]}


def decide(stage: int, hours: float, arms: Mapping[str, tuple[Arm, Arm]], *, least_hours: float) -> Decision:
    """Decide about a stage (5 or 25) that has lasted `hours`.

    `arms`: by a measure's name, the candidate's and the base's, counted since the stage began. Going back needs no more
    than evidence; going on needs `least_hours` and every deciding number shown to be worse by less than the margin.
    """
    findings = {measure.name: compare(measure, *arms[measure.name]) for measure in MEASURES if measure.name in arms}
    known = tuple(findings.values())
    worse = [finding for finding in known if finding.worse]
    if worse:
        why = f"Devices do worse with it, beyond chance: {'; '.join(finding.sentence for finding in worse)}."
        return Decision(do="back", why=why, findings=known)
    wakes = findings[FALSE_WAKES.name].candidate[1]
    if hours < least_hours:
        why = f"A stage lasts {least_hours:.0f} hours at least; this one began {hours:.0f} hours ago."
        return Decision(do="wait", why=why, findings=known)
    if wakes < FEWEST_TO_GO_ON:
        why = f"It has woken {wakes:.0f} times; {FEWEST_TO_GO_ON} are needed to tell anything."
        return Decision(do="wait", why=why, findings=known)
    margin = MARGINS[stage]
    deciding = [findings[measure.name] for measure in MEASURES if measure.decides and measure.name in findings]
    open_ones = [finding for finding in deciding if finding.bound > margin]
    if open_ones:
        why = (
            f"It may still be more than {100 * margin:.0f} points worse, as far as one can tell: "
            f"{'; '.join(finding.sentence for finding in open_ones)}. More wakes will show it."
        )
        return Decision(do="wait", why=why, findings=known)
    why = (
        f"Devices do no worse with it, within {100 * margin:.0f} points at 95 % certainty: "
        f"{'; '.join(finding.sentence for finding in deciding)}."
    )
    return Decision(do="on", why=why, findings=known)


def compare(measure: Measure, candidate: Arm, base: Arm) -> Finding:
    """Compare one number of two arms."""
    k1, k0 = candidate.total[0], base.total[0]
    n1, n0 = float(candidate.exposure.sum()), float(base.exposure.sum())
    rate = (k1 + k0 + 0.5) / (n1 + n0 + 1)  # Never 0: nothing seen among few is not nothing.
    unit = rate if measure.poisson else max(rate * (1 - rate), 1e-9)
    scatter = _scatter(measure, (candidate, base))
    if not n1 or not n0:
        odds, bound = 1.0, math.inf
    else:
        variance = scatter * unit * (1 / n1 + 1 / n0)
        worse_by = (k1 / n1 - k0 / n0) * (1 if measure.higher_is_worse else -1)
        odds, bound = _odds(worse_by, variance, measure.spread), worse_by + _BOUND * math.sqrt(variance)
    return Finding(
        name=measure.name,
        plain=measure.plain,
        candidate=candidate.total,
        base=base.total,
        more_is_worse=measure.higher_is_worse,
        scatter=scatter,
        odds=odds,
        bound=min(bound, 1e6),
    )


def _scatter(measure: Measure, arms: tuple[Arm, Arm]) -> float:
    """Return Pearson's chi-square over its degrees of freedom, each arm around its own rate; 1 at least."""
    squares, devices = 0.0, 0
    for arm in arms:
        seen = arm.of > 0
        happened, of = arm.happened[seen], arm.exposure[seen]
        devices += len(of)
        if not happened.sum():
            continue
        rate = happened.sum() / of.sum()
        variance = of * (rate if measure.poisson else max(rate * (1 - rate), 1e-9))
        squares += float(((happened - rate * of) ** 2 / variance).sum())
    if devices < _FEW_DEVICES:
        return _SCATTER_OF_FEW
    return max(1.0, squares / (devices - 2))


def _odds(worse_by: float, variance: float, spread: float) -> float:
    """Return the likelihood ratio of a half-normal mixture of worse differences against none."""
    both = variance + spread**2
    weight = worse_by * spread / math.sqrt(variance * both)
    exponent = min(weight**2 / 2, 600.0)
    return 2 * 0.5 * math.erfc(-weight / math.sqrt(2)) * math.sqrt(variance / both) * math.exp(exponent)
