"""The transparency report: of everybody together for anybody, and of their own for an owner."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from earmark import report
from earmark.report import Month
from earmark.web.render import month_name, page
from earmark.web.reporting import context, own_chart
from earmark.web.sessions import Owner, Public, StoresHere
from earmark.web.wording import heard_in

router = APIRouter()
Named = Annotated[str, Query(max_length=7)]


@router.get("/report")
async def public(request: Request, stores: StoresHere, _: Public, month: Named = "") -> Response:
    """Show a month that is over; the newest if none is named."""
    known = await report.months(stores)
    if not month and not known:
        return page(request, "home/report.html", report=None, months=known)
    wanted = Month.named(month) if month else known[0]
    return page(request, "home/report.html", months=known, **context(await report.published(stores, wanted)))


@router.get("/api/report")
async def data(stores: StoresHere, _: Public, month: Named) -> dict[str, Any]:
    """Return a published report as data."""
    return await report.published(stores, Month.named(month))


@router.get("/report/mine")
async def own(request: Request, stores: StoresHere, who: Owner, month: Named = "") -> Response:
    wanted = Month.named(month) if month else Month.of(stores.now().astimezone(UTC).date())
    mine = await report.mine(stores, who.account.person_id, wanted)
    for row in mine["heard"]:
        row["said"] = heard_in(month_name(wanted.first), row["times"], row["role"], row["site"], row["purpose"])
    before = Month.of(wanted.first - timedelta(days=1))
    return page(
        request,
        "home/report_mine.html",
        mine=mine,
        month=month_name(wanted.first),
        before=before.name,
        chart=own_chart(mine),
    )
