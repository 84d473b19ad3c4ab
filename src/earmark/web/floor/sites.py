"""Sites: everybody sees when each is open; a lead sets hours, breaks and costs of their own."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.lead import own_site
from earmark.web.floor.names import CHANGES, DAYS, clock_at, language_name
from earmark.web.floor.names import who as doer
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere, Visitor

router = APIRouter(prefix="/lead/sites")
FIELDS = (
    "name",
    "languages",
    "timezone",
    "opens",
    "closes",
    "pass_mark",
    "break_after_minutes",
    "break_minutes",
    "hourly_cost",
    "currency",
)
"""What a lead's form holds, besides `days`."""


async def _show(
    request: Request, stores: Stores, who: Visitor, *, status: int = 200, problem: str = "", given: Any = None
) -> Response:
    shown, mine = await review.overview.overview(stores), own_site(stores, who)
    own = await review.sites.site_of(stores, mine)
    values: dict[str, Any] = {
        **{each: getattr(own, each) for each in FIELDS},
        "languages": ", ".join(own.languages),
        "opens": own.opens.strftime("%H:%M"),
        "closes": own.closes.strftime("%H:%M"),
        "pass_mark": "" if own.pass_mark is None else f"{own.pass_mark:g}",
        "days": [str(day) for day in own.days],
    }
    return page(
        request,
        "floor/sites.html",
        status=status,
        places=[each for each in shown.places if each.site is not None],
        unset=[each.name for each in shown.places if each.site is None],
        own=own,
        known=any(each.name == mine for each in await review.sites.sites(stores)),
        values=values | (given or {}),
        problem=problem,
        days=DAYS,
        doings=await review.doings.doings(stores, mine, most=10),
        changes=CHANGES,
        doer=doer,
        clock_at=clock_at,
        language_name=language_name,
    )


@router.get("")
async def sites(request: Request, stores: StoresHere, who: Lead) -> Response:
    return await _show(request, stores, who)


@router.post("")
async def put(request: Request, stores: StoresHere, who: Lead) -> Response:
    """Change the lead's own site; Forbidden for any other."""
    form = await request.form()
    given: dict[str, Any] = {each: text for each in FIELDS if isinstance(text := form.get(each), str)}
    if "name" not in given:
        raise BadRequest(why="The form names no site.")
    given["days"] = [day for day in form.getlist("days") if isinstance(day, str)]
    try:
        await review.sites.put_site(stores, reviewer_of(stores, who), given)
    except BadRequest as refused:
        return await _show(request, stores, who, status=400, problem=refused.message, given=given)
    review.overview.forget(stores)
    return RedirectResponse("/lead/sites", status_code=303)
