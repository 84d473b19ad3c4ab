"""The lead's board: what waits, what was made, who is there, what it costs. It keeps itself fresh; counts only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from earmark import review
from earmark.review.hours import Coverage
from earmark.review.overview import Overview
from earmark.review.pace import Pace
from earmark.storage import Stores
from earmark.web.charts import bars
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.names import clock_at, language_name, money, titles
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere, Visitor

router = APIRouter()


def own_site(stores: Stores, who: Visitor) -> str:
    return who.account.site or stores.settings.site


async def zone_of(stores: Stores, who: Visitor) -> str:
    """Return the time zone in which a lead reads clocks: their site's."""
    return (await review.sites.site_of(stores, own_site(stores, who))).timezone


@router.get("/lead")
async def board(request: Request, stores: StoresHere, who: Lead) -> Response:
    shown, zone = await review.overview.overview(stores), await zone_of(stores, who)
    return page(
        request,
        "floor/lead.html",
        shown=shown,
        alerts=len(await review.alerts(stores, reviewer_of(stores, who))),
        titles=await titles(stores),
        zone=zone,
        site=own_site(stores, who),
        chart=_chart(shown, zone),
        sun=[_sun_row(each, shown.at, zone) for each in await review.overview.sun(stores, zone)],
        money=money,
        clock_at=clock_at,
        language_name=language_name,
    )


def _chart(shown: Overview, zone: str) -> object:
    hours = [(at.astimezone(ZoneInfo(zone)).strftime("%H"), labels) for at, labels in shown.labels_by_hour]
    return bars(hours, label="Labels by hour, the last 24 hours", width=440, height=150, every=4)


def _sun_row(row: Coverage, now: datetime, zone: str) -> dict[str, Any]:
    """Return a language's day for the page: a class for each hour, and its gaps in words."""
    cells: list[str] = []
    for hour in row.hours:
        there = min(3, len(hour.sites)) if hour.sites else 0
        part = " part" if hour.sites and hour.uncovered else ""
        passing = " now" if hour.start <= now < hour.start + review.pace.SLICE * 6 else ""
        cells.append(f"n{there}{part}{passing}")
    gaps = [f"{clock_at(a, zone)}–{clock_at(b, zone)}" for a, b in row.gaps]
    return {"language": language_name(row.language), "cells": cells, "gaps": gaps}


@router.get("/api/lead/board")
async def board_numbers(stores: StoresHere, who: Lead) -> dict[str, Any]:
    """The board's numbers, for programs: counts by question, language, site and hour; nothing of a person."""
    shown = await review.overview.overview(stores)
    return {
        "at": shown.at.isoformat(),
        "waiting": shown.waiting,
        "ties": shown.ties,
        "oldest_on": shown.oldest_on.isoformat() if shown.oldest_on else None,
        "labels_per_hour": round(shown.labels_per_hour, 2),
        "total": _pace(shown.total),
        "labels_by_hour": [{"hour": at.isoformat(), "labels": labels} for at, labels in shown.labels_by_hour],
        "work": [
            {
                "question": each.lane.question,
                "language": each.lane.language,
                "waiting": each.lane.waiting,
                "leased": each.lane.leased,
                "ties": each.lane.ties,
                "hidden": each.lane.hidden,
                "oldest_on": each.lane.oldest_on.isoformat() if each.lane.oldest_on else None,
                **_pace(each.pace),
            }
            for each in shown.work
        ],
        "questions": {name: _pace(each) for name, each in shown.by_question.items()},
        "sites": [
            {
                "site": each.name,
                "open": each.open,
                "changes_at": each.changes_at.isoformat() if each.changes_at else None,
                "working": each.working,
                "resting": each.resting,
                "answers": each.pace.answers,
                "seconds": round(each.pace.seconds, 1),
                "cost": {currency: float(amount) for currency, amount in each.pace.cost.items()},
            }
            for each in shown.places
        ],
        "campaigns": [
            {
                "id": str(each.id),
                "name": each.name,
                "spent": each.spent,
                "budget": each.budget,
                "deadline": each.deadline.isoformat(),
            }
            for each in shown.campaigns
        ],
    }


def _pace(pace: Pace) -> dict[str, Any]:
    per_label = pace.seconds_per_label
    return {
        "answers": pace.answers,
        "seconds": round(pace.seconds, 1),
        "labels": pace.labels,
        "agreement": round(pace.agreement, 4) if pace.agreement is not None else None,
        "seconds_per_label": round(per_label, 1) if per_label is not None else None,
        "cost": {currency: float(amount) for currency, amount in pace.cost.items()},
    }
