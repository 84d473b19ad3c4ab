"""How often a roll-out goes wrong, and how soon it finds out: simulated fleets, and the rule that runs here.

Simulated and called so: no device took part. Devices differ as ours would: requests a day are gamma-distributed (mean
15, shape 2), false wakes a day too (mean 1.7, shape 1.5: a television here, silence there); both are other ones than in
the week before by a factor (gamma, mean 1, shape 8). 2 % of requests are begun on purpose and refused, and each hour's
counts are Poisson. The rule looks each hour; the worker's looks in between are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.learn.rollout_rule import FALSE_WAKES, REFUSALS, REQUESTS, STAGES, Arm, decide, proneness

RUNS = 200
FLEETS = (40, 200, 1000)
LONGEST_DAYS = 14
"""Of a stage, after which a person would have to decide."""
_LEAST_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """How a candidate does, as factors of the present bundle's rates."""

    name: str
    false_wakes: float = 1.0
    refused: float = 1.0
    heard: float = 1.0


CANDIDATES = (
    Candidate(name="as good"),
    Candidate(name="better: 0.6 x the false wakes", false_wakes=0.6),
    Candidate(name="1.5 x the false wakes", false_wakes=1.5),
    Candidate(name="3 x the false wakes", false_wakes=3.0),
    Candidate(name="8 x the false wakes", false_wakes=8.0),
    Candidate(name="8 x the refusals", refused=8.0),
    Candidate(name="misses half of the calls", heard=0.5),
    Candidate(name="hears nobody", heard=0.0),
)


def run(tell: Callable[[str], None], rows: int = RUNS) -> list[dict[str, Any]]:
    """Simulate `rows` roll-outs of each candidate in each fleet."""
    found = []
    for devices in FLEETS:
        for candidate in CANDIDATES:
            tell(f"{devices} devices, {candidate.name}")
            ends = [roll_out(devices, candidate, np.random.default_rng([devices, seed])) for seed in range(rows)]
            back = [hours for outcome, hours in ends if outcome == "back"]
            through = [hours for outcome, hours in ends if outcome == "on"]
            found.append(
                {
                    "simulated": True,
                    "devices": devices,
                    "candidate": candidate.name,
                    "runs": rows,
                    "taken_back": len(back) / rows,
                    "hours_until_back": _median(back),
                    "reached_all": len(through) / rows,
                    "hours_until_all": _median(through),
                    "undecided": 1 - (len(back) + len(through)) / rows,
                }
            )
    return found


def _median(hours: list[float]) -> float | None:
    return float(np.median(hours)) if hours else None


def roll_out(devices: int, candidate: Candidate, rng: np.random.Generator) -> tuple[str, float]:
    """Simulate one; returns `back`, `on` (to all) or `wait` (for a person), and after how many hours."""
    fleet = _fleet(devices, rng)
    places, total = rng.random(devices), 0.0
    for stage in STAGES[:-1]:
        mine = places < max(stage / 100, places.min() * 1.000001)
        outcome, hours = _stage(stage, mine, fleet, candidate, rng)
        total += hours
        if outcome != "on":
            return outcome, total
    return "on", total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fleet:
    """Devices, one element each."""

    requests: NDArray[np.float64]
    """An hour."""
    false_wakes: NDArray[np.float64]
    """An hour."""
    requests_before: NDArray[np.float64]
    """In the week before."""
    prone: NDArray[np.float64]
    prone_to_refusals: NDArray[np.float64]


def _fleet(devices: int, rng: np.random.Generator) -> _Fleet:
    requests, false_wakes = rng.gamma(2.0, 15 / 2.0, devices) / 24, rng.gamma(1.5, 1.7 / 1.5, devices) / 24
    before = rng.poisson(requests * 168).astype(np.float64)
    false_before, refused_before = rng.poisson(false_wakes * 168), rng.binomial(before.astype(np.int64), 0.02)
    return _Fleet(
        requests=requests * rng.gamma(8.0, 1 / 8.0, devices),
        false_wakes=false_wakes * rng.gamma(8.0, 1 / 8.0, devices),
        requests_before=before,
        prone=proneness(false_before.astype(np.float64), false_before + before),
        prone_to_refusals=proneness(refused_before.astype(np.float64), before),
    )


def _stage(
    stage: int, mine: NDArray[np.bool_], fleet: _Fleet, candidate: Candidate, rng: np.random.Generator
) -> tuple[str, float]:
    heard = fleet.requests * np.where(mine, candidate.heard, 1.0)
    wrong = fleet.false_wakes * np.where(mine, candidate.false_wakes, 1.0)
    refused_share = 0.02 * np.where(mine, candidate.refused, 1.0)
    understood, false, refused = (np.zeros(len(mine)) for _ in range(3))
    alike = np.ones(len(mine))
    for hour in range(1, LONGEST_DAYS * 24 + 1):
        understood += rng.poisson(heard * (1 - refused_share))
        refused += rng.poisson(heard * refused_share)
        false += rng.poisson(wrong)
        counted = {
            FALSE_WAKES.name: (false, false + understood, fleet.prone),
            REFUSALS.name: (refused, refused + understood, fleet.prone_to_refusals),
            REQUESTS.name: (understood, fleet.requests_before * hour / 168, alike),
        }
        arms = {name: (_arm(each, mine), _arm(each, ~mine)) for name, each in counted.items()}
        decision = decide(stage, hour, arms, least_hours=_LEAST_HOURS)
        if decision.do != "wait":
            return decision.do, float(hour)
    return "wait", float(LONGEST_DAYS * 24)


def _arm(counted: tuple[NDArray[np.float64], ...], mine: NDArray[np.bool_]) -> Arm:
    happened, of, prone = counted
    seen = mine & (of > 0)
    return Arm(happened=happened[seen], of=of[seen], prone=prone[seen])
