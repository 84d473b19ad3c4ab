"""Pages for everybody: the guarantees with their state here, and who listens."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from fastapi import APIRouter, Request, Response

from earmark import accounts
from earmark.guarantees import GUARANTEES
from earmark.web.render import page
from earmark.web.sessions import Public, StoresHere

router = APIRouter()


@router.get("/guarantees")
async def guarantees(request: Request, _: Public) -> Response:
    states = Counter(each.state for each in GUARANTEES)
    groups = [(name, list(group)) for name, group in groupby(GUARANTEES, key=lambda each: each.group)]
    return page(request, "home/guarantees.html", groups=groups, states=states)


@router.get("/listeners")
async def listeners(request: Request, stores: StoresHere, _: Public) -> Response:
    settings = stores.settings
    who = [member for member in await accounts.staff(stores) if member.roles & {"reviewer", "lead"}]
    return page(
        request,
        "home/listeners.html",
        rate=settings.review_rate,
        sites=sorted({member.site or settings.site for member in who}),
        case_hours=settings.case_hours,
        lease_seconds=settings.lease_seconds,
    )
