"""The pictures of the models' page: what they say to who can't see them, and what they leave out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from earmark.learn import LiveDay, Rollout
from earmark.learn.card import Compared
from earmark.web.charts import Line, change, lines, shares
from earmark.web.desk import pictures

TODAY = date(2026, 5, 14)
AT = datetime(2026, 5, 13, tzinfo=UTC)


def live(day: int, bundle: str, wakes: int, false_wakes: int) -> LiveDay:
    counts = {"devices": 2, "understood": wakes - false_wakes, "refused": 0}
    return LiveDay(day=date(2026, 5, day), bundle=bundle, wakes=wakes, false_wakes=false_wakes, **counts)


def rollout(stage: int = 5, outcome: Any = None, **look: Any) -> Rollout:
    return Rollout(
        id=1,
        version="b" * 16,
        base="a" * 16,
        stage=stage,
        reach=0.05,
        by="engineer",
        began_at=AT,
        stage_at=AT,
        look=look or None,
        ended_at=AT if outcome else None,
        outcome=outcome,
    )


def number(name: str = "false_wakes", **more: Any) -> dict[str, Any]:
    return {"name": name, "plain": name, "candidate": [6, 20], "base": [10, 100], "odds": 3.0, "bound": 0.2} | more


def test_days_with_too_few_wakes_have_no_point() -> None:
    days = [live(13, "a", 40, 10), live(14, "a", 1, 1), live(14, "other", 50, 50)]
    said = str(pictures.by_day(days, [("a", "good")], TODAY))
    assert 'by day. a: 25% (10 of 40)"' in said
    assert said.count("<circle") == 1
    assert "14 May" in said
    assert pictures.by_day(days, [("b", "good")], TODAY) is None, "the page says so in words"


def test_a_line_says_its_points_and_escapes_its_name() -> None:
    drawn = str(lines([Line(name="<b>", kind="plain", points=[(0, 0.5, "1 of 2")])], ["1 May"], label="Share"))
    assert 'aria-label="Share. &lt;b&gt;: 50% (1 of 2)"' in drawn
    assert "<b>" not in drawn
    assert "nothing yet" in lines([], [], label="Share")


def test_shares_are_of_the_whole() -> None:
    drawn = str(shares([("a", 30, "good"), ("b", 10, "plain")], label="Devices"))
    assert 'aria-label="Devices. a: 30; b: 10"' in drawn
    assert "30 · 75%" in drawn
    assert "nothing yet" in shares([], label="Devices")


@pytest.mark.parametrize(("low", "high", "kind"), [(-0.2, -0.1, "good"), (-0.2, 0.1, "plain"), (0.1, 0.2, "worse")])
def test_only_an_interval_that_leaves_nothing_out_has_a_colour(low: float, high: float, kind: str) -> None:
    assert f'class="dot {kind}"' in change(low, (low + high) / 2, high, most=0.2, label="x")


@pytest.mark.parametrize(
    ("more", "kind"), [({}, "unsure"), ({"bound": 0.05}, "good"), ({"odds": 250.0}, "worse")], ids=str
)
def test_the_colour_of_a_finding_is_what_is_known_of_it(more: dict[str, Any], kind: str) -> None:
    (row,) = pictures.findings(rollout(numbers=[number(**more), number("requests", candidate=[0, 0])]))
    assert f'class="col {kind}"' in row["chart"]
    assert (row["present"], row["present_of"], row["new"], row["new_of"]) == ("10.0%", "10 of 100", "30.0%", "6 of 20")


def test_the_stages_show_how_far_it_came() -> None:
    def states(out: Rollout) -> list[str]:
        return [stage.state for stage in pictures.stages(out)]

    assert states(rollout(5)) == ["now", "next", "next"]
    assert states(rollout(25)) == ["done", "now", "next"]
    assert states(rollout(100, outcome="promoted")) == ["done", "done", "done"]
    assert states(rollout(25, outcome="rolled-back")) == ["done", "next", "next"]
    assert pictures.findings(None) == []


def test_numbers_without_an_interval_have_no_picture() -> None:
    known = {"slice": "everybody", "plain": "words", "n": 3, "before": 0.2, "after": 0.1}
    rows = [
        Compared(**known, low=None, high=None),
        Compared(**known, low=-0.2, high=0.0),
        Compared(**known | {"after": None}, low=None, high=None),
    ]
    first, second = pictures.changes(rows)
    assert (first["change"], first["chart"]) == ("-10.0%", "")
    assert "everybody, words: -10.0%, between -20.0% and +0.0%" in second["chart"]
