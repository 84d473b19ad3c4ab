"""How often a roll-out goes wrong, and how soon it finds out: simulated fleets, and the rule that runs here.

Simulated and called so: no device took part. Devices differ as ours would: requests a day are gamma-distributed (mean
15, shape 2), false wakes a day too (mean 1.7, shape 1.5: a television here, silence there), 2 % of requests are begun
on purpose and refused, and each hour's counts are Poisson. The rule looks each hour, as if the worker's other looks in
between did not help it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.learn.rollout_rule import FALSE_WAKES, REFUSALS, REQUESTS, STAGES, Arm, decide

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
    requests = rng.gamma(2.0, 15 / 2.0, devices) / 24
    false_wakes = rng.gamma(1.5, 1.7 / 1.5, devices) / 24
    week_before = rng.poisson(requests * 168)
    places, total = rng.random(devices), 0.0
    for stage in STAGES[:-1]:
        mine = places < max(stage / 100, places.min() * 1.000001)
        outcome, hours = _stage(stage, mine, requests, false_wakes, week_before, candidate, rng)
        total += hours
        if outcome != "on":
            return outcome, total
    return "on", total


def _stage(
    stage: int,
    mine: NDArray[np.bool_],
    requests: NDArray[np.float64],
    false_wakes: NDArray[np.float64],
    week_before: NDArray[np.int64],
    candidate: Candidate,
    rng: np.random.Generator,
) -> tuple[str, float]:
    heard = requests * np.where(mine, candidate.heard, 1.0)
    wrong = false_wakes * np.where(mine, candidate.false_wakes, 1.0)
    refused_share = 0.02 * np.where(mine, candidate.refused, 1.0)
    understood, false, refused = (np.zeros(len(mine)) for _ in range(3))
    for hour in range(1, LONGEST_DAYS * 24 + 1):
        understood += rng.poisson(heard * (1 - refused_share))
        refused += rng.poisson(heard * refused_share)
        false += rng.poisson(wrong)
        counted = {
            FALSE_WAKES.name: (false, false + understood),
            REFUSALS.name: (refused, refused + understood),
            REQUESTS.name: (understood, week_before * hour / 168),
        }
        arms = {name: (_arm(k, n, mine), _arm(k, n, ~mine)) for name, (k, n) in counted.items()}
        decision = decide(stage, hour, arms, least_hours=_LEAST_HOURS)
        if decision.do != "wait":
            return decision.do, float(hour)
    return "wait", float(LONGEST_DAYS * 24)


def _arm(happened: NDArray[np.float64], of: NDArray[np.float64], mine: NDArray[np.bool_]) -> Arm:
    seen = mine & (of > 0)
    return Arm(happened=happened[seen], of=of[seen].astype(np.float64))
