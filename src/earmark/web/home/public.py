"""Pages for everybody: the guarantees with their state here, and who listens."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from fastapi import APIRouter, Request, Response

from earmark.web.render import page
from earmark.web.sessions import Public, StoresHere

router = APIRouter()


@router.get("/guarantees")
async def guarantees(request: Request, _: Public) -> Response:
    known = importlib.import_module("earmark.guarantees").GUARANTEES if find_spec("earmark.guarantees") else ()
    return page(request, "home/guarantees.html", guarantees=known)


@router.get("/listeners")
async def listeners(request: Request, stores: StoresHere, _: Public) -> Response:
    settings = stores.settings
    return page(
        request,
        "home/listeners.html",
        rate=settings.review_rate,
        site=settings.site,
        case_hours=settings.case_hours,
        lease_seconds=settings.lease_seconds,
    )
