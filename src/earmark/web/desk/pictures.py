"""What the page of the models shows of the devices: how far a roll-out is, what they live through, what they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from earmark.learn import LiveDay, Rollout
from earmark.learn.card import Compared
from earmark.learn.rollout_rule import LEVEL, MARGINS, STAGES
from earmark.web.charts import Line, before_after, change, lines, shares

DAYS = 14
_FEWEST_WAKES = 5
"""A day with fewer has no point: one wake of one would be a peak that says nothing."""
NAMES = ("present", "new")
PLAIN = {
    "false_wakes": "Wakes after which nothing was understood",
    "refusals": "Requests on purpose that were refused",
    "requests": "Requests understood, against the week before",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the bar that shows how far a roll-out is."""

    name: str
    state: str
    """`done`, `now` or `next`."""


def stages(out: Rollout) -> list[Stage]:
    states = {each: "done" if each < out.stage else "now" if each == out.stage else "next" for each in STAGES}
    if not out.going_on:
        states = {each: "done" if out.outcome == "promoted" or each < out.stage else "next" for each in STAGES}
    return [Stage(name="All devices" if each == 100 else f"{each} %", state=states[each]) for each in STAGES]


def findings(out: Rollout | None) -> list[dict[str, Any]]:
    """Return one row a number that the worker last compared, with its picture; those without any count are left out."""
    found = []
    look, margin = (out.look or {}, MARGINS.get(out.stage, 0.0)) if out else ({}, 0.0)
    for each in look.get("numbers", ()):
        (k1, n1), (k0, n0) = each["candidate"], each["base"]
        if not n1 or not n0:
            continue
        title = PLAIN[each["name"]]
        lower = each["name"] != "requests"
        unclear = "unsure" if each["bound"] > margin and each["name"] != "requests" else "good"
        kind = "worse" if each["odds"] >= 1 / LEVEL else unclear
        found.append(
            {
                "title": title,
                "present": f"{k0 / n0:.1%}",
                "present_of": f"{k0:,.0f} of {n0:,.0f}",
                "new": f"{k1 / n1:.1%}",
                "new_of": f"{k1:,.0f} of {n1:,.0f}",
                "chart": before_after(k0 / n0, k1 / n1, label=title, lower_is_better=lower, names=NAMES, kind=kind),
            }
        )
    return found


def by_day(days: Sequence[LiveDay], versions: Sequence[tuple[str, str]], today: date) -> Markup | None:
    """Draw, for each of (version, kind), the share of a day's wakes after which nothing was understood.

    None where no day of any of them had enough wakes.
    """
    first = today - timedelta(days=DAYS - 1)
    drawn = []
    for version, kind in versions:
        points = [
            ((each.day - first).days, each.false_wakes / each.wakes, f"{each.false_wakes} of {each.wakes}")
            for each in days
            if each.bundle == version and each.wakes >= _FEWEST_WAKES and each.day >= first
        ]
        drawn.append(Line(name=version, kind=kind, points=points))
    if not any(line.points for line in drawn):
        return None
    names = [f"{first + timedelta(days=i):%-d %b}" if (DAYS - 1 - i) % 4 == 0 else "" for i in range(DAYS)]
    return lines(drawn, names, label="Wakes after which nothing was understood, by day")


def by_version(fleet: Mapping[str, int], kinds: Mapping[str, str]) -> Markup:
    """Draw how many devices run which bundle. `kinds`: version → how `by_day` draws it."""
    rows = [(version, count, kinds.get(version, "plain")) for version, count in fleet.items()]
    return shares(rows[:6], label="Devices by the model that they run")


def changes(rows: Sequence[Compared]) -> list[dict[str, Any]]:
    """Return one row a compared number, with a picture of its interval on a scale common to all."""
    known = [row for row in rows if row.before is not None and row.after is not None]
    most = max((abs(end) for row in known for end in (row.low, row.high) if end is not None), default=0.0)
    found = []
    for row in known:
        assert row.before is not None
        assert row.after is not None
        value, label = row.after - row.before, f"{row.slice}, {row.plain}"
        picture = (
            "" if row.low is None or row.high is None else change(row.low, value, row.high, most=most, label=label)
        )
        found.append({"row": row, "change": f"{value:+.1%}", "chart": picture})
    return found
