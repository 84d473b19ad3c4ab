"""The pages of quality: one's own numbers, which nobody else sees, and the lead's, in which nobody stands alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.review.statistics import Share
from earmark.web.charts import Interval, before_after, intervals
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.names import language_name, titles
from earmark.web.render import long_day, page, plural
from earmark.web.sessions import Lead, Listener, Reviewer, StoresHere

router = APIRouter()
GOOD, FAIR = 0.8, 0.667
"""What Krippendorff asks of alpha to rely on data, and to conclude tentatively from it (Content Analysis, 2004)."""
SIDES = {"site": "By site", "language": "By language", "time": "By time on the floor"}


def of_hundred(share: Share) -> str:
    """Say how sure a share is: `between 68 and 97 of 100`."""
    low, high = round(share.low * 100), round(share.high * 100)
    return f"{low} of 100" if low == high else f"between {low} and {high} of 100"


def _interval(name: str, share: Share) -> Interval:
    said = f"{share.right:,} of {share.asked:,}"
    return Interval(name=name, low=share.low, value=share.value, high=share.high, said=said)


def _in_tens(name: str, share: Share) -> Interval:
    """Say a group's share without its exact count, from which one member's could be worked out."""
    said = f"{share.value:.0%} of about {share.asked:,}"
    return Interval(name=name, low=share.low, value=share.value, high=share.high, said=said)


def pace(own: float | None, others: float | None) -> str:
    """Say how long somebody takes beside the others, as a fact and not as a place."""
    if own is None:
        return ""
    said = f"You take about {plural(round(own), 'second')} a clip"
    return f"{said}; most people here take about {round(others)} for the same questions." if others else f"{said}."


def led(one: review.Anchoring, words: str) -> str:
    """Say how much the machine's answer leads people."""
    if one.difference is None:
        return "Nothing to compare yet: this needs answers both with and without the machine's help."
    found = one.difference
    points, low, high = (round(100 * value) for value in (found.value, found.low, found.high))
    more = "more" if points >= 0 else "less"
    said = f"People keep the machine's {words} {plural(abs(points), 'point')} {more} often when they see them"
    doubt = "" if found.sure else ", which could be chance"
    if low < 0 < high:
        between = f"{-low} less and {high} more"
    else:
        between = " and ".join(str(end) for end in sorted((abs(low), abs(high))))
    return f"{said}{doubt} (likely between {between})."


def how_good(alpha: float | None) -> str:
    """Say what an alpha means."""
    if alpha is None:
        return ""
    return (
        "people agree well" if alpha >= GOOD else "people agree somewhat" if alpha >= FAIR else "people often disagree"
    )


@router.get("/review/mine")
async def mine(request: Request, stores: StoresHere, who: Listener) -> Response:
    own, named = await review.own_quality(stores, reviewer_of(stores, who)), await titles(stores)
    by_question = [_interval(named.get(name, name), share) for name, share in own.by_question.items()]
    return page(
        request,
        "floor/mine.html",
        own=own,
        right=intervals(by_question, label="How often you were right, by question"),
        weeks=intervals(
            [_interval(f"Week of {long_day(week.start)}", week.share) for week in own.weeks],
            label="How often you were right, by week",
        ),
        pace=pace(own.seconds, own.others_seconds),
        of_hundred=of_hundred,
        language_name=language_name,
    )


@router.post("/review/mine/training")
async def train(stores: StoresHere, who: Listener, language: Annotated[str, Form()] = "") -> Response:
    await review.start_training(stores, reviewer_of(stores, who), language)
    return RedirectResponse("/review", status_code=303)


@router.get("/lead/quality")
async def board(request: Request, stores: StoresHere, who: Lead) -> Response:
    found, named = await review.lead_quality(stores), await titles(stores)
    alerts = await review.alerts(stores, reviewer_of(stores, who))
    return page(
        request,
        "floor/quality.html",
        found=found,
        titles=named,
        how_good=how_good,
        equal=intervals(
            [_interval(named.get(one.question, one.question), one.equal) for one in found.agreement if one.equal],
            label="Clips on which everybody answered the same",
        ),
        sides=[(name, SIDES[name], rows, _right(rows, name)) for name, rows in found.cohorts.items()],
        name_of=lambda side, name: cohort_name(side, name),
        led=[
            (named.get(one.question, one.question), led(one, _words(one.question)), _bars(one))
            for one in found.anchoring
            if one.hidden
        ],
        alerts=len(alerts),
    )


def cohort_name(side: str, name: str) -> str:
    """Return what a group is called: language tags by their names, `others` as it is."""
    if side == "time":
        return name[0].upper() + name[1:]
    if side != "language":
        return name or "No site"
    head, joined, rest = name.partition(" and ")
    return language_name(head).capitalize() + joined + rest if head != "others" else "Others"


def _right(rows: tuple[review.Cohort, ...], side: str) -> Any:
    known = [_in_tens(cohort_name(side, one.name), one.accuracy) for one in rows if one.accuracy]
    return intervals(known, label=f"How often the answer was right. {SIDES[side]}") if known else ""


def _words(question: str) -> str:
    return "words" if question == "transcript" else "answers"


def _bars(one: review.Anchoring) -> Any:
    if one.shown is None or one.hidden is None:
        return ""
    return before_after(
        round(100 * one.hidden.value),
        round(100 * one.shown.value),
        label="Answers that were the machine's, of 100",
        lower_is_better=False,
        names=("unseen", "seen"),
    )


def _json(value: Any) -> Any:
    """Return dataclasses as JSON: numbers to four places, days as ISO."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@router.get("/api/review/mine")
async def own_numbers(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    """One's own numbers; nobody else sees them."""
    return _json(asdict(await review.own_quality(stores, reviewer_of(stores, who))))


@router.get("/api/lead/quality")
async def lead_numbers(stores: StoresHere, _: Lead) -> dict[str, Any]:
    """Agreement, groups of three people or more, and how much the machine's answer leads."""
    return _json(asdict(await review.lead_quality(stores)))
