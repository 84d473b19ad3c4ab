"""Unusual access, for the lead of the site: what was counted, and the two things that a lead can do about it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere, Visitor
from earmark.web.wording import access

router = APIRouter(prefix="/lead/access")


async def _page(request: Request, stores: Stores, who: Visitor, *, problem: str = "", about: str = "") -> Response:
    found = await review.alerts(stores, reviewer_of(stores, who))
    return page(
        request,
        "floor/access.html",
        status=400 if problem else 200,
        alerts=[(alert, access(alert.kind, alert.seen, alert.peers)) for alert in found],
        problem=problem,
        about=about,
    )


@router.get("")
async def alerts(request: Request, stores: StoresHere, who: Lead) -> Response:
    return await _page(request, stores, who)


@router.post("/{alert}/lock")
async def lock(
    request: Request, stores: StoresHere, who: Lead, alert: uuid.UUID, reason: Annotated[str, Form()] = ""
) -> Response:
    try:
        await review.lock_for_alert(stores, reviewer_of(stores, who), alert, reason)
    except BadRequest as error:
        return await _page(request, stores, who, problem=error.message, about=str(alert))
    return RedirectResponse("/lead/access", status_code=303)


@router.post("/{alert}/explained")
async def explained(
    request: Request, stores: StoresHere, who: Lead, alert: uuid.UUID, reason: Annotated[str, Form()] = ""
) -> Response:
    try:
        await review.explain_alert(stores, reviewer_of(stores, who), alert, reason)
    except BadRequest as error:
        return await _page(request, stores, who, problem=error.message, about=str(alert))
    return RedirectResponse("/lead/access", status_code=303)
