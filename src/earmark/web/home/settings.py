"""Settings › Account › Privacy: the switches. Each change is a grant with its wording, its time and how it came."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import airlock, consent
from earmark.consent import Purpose
from earmark.storage import Stores
from earmark.web.render import page
from earmark.web.sessions import Owner, StoresHere, Visitor
from earmark.web.wording import PRIVACY

router = APIRouter()


async def _show(request: Request, stores: Stores, who: Visitor, template: str, changed: str = "") -> Response:
    grants = await consent.current(stores, who.account.person_id)
    since = {g.purpose: g.at for g in grants.latest if g.device_id is None}
    return page(
        request,
        template,
        grants=grants,
        since=since,
        wordings=consent.WORDINGS,
        retention_days=stores.settings.retention_days,
        rate=stores.settings.review_rate,
        changed=changed,
    )


@router.get("/settings")
@router.get("/settings/account")
async def settings(_: Owner) -> Response:
    return RedirectResponse(PRIVACY, status_code=303)


@router.get(PRIVACY)
async def privacy(request: Request, stores: StoresHere, who: Owner) -> Response:
    return await _show(request, stores, who, "home/privacy.html")


@router.post(PRIVACY)
async def switch(
    request: Request,
    stores: StoresHere,
    who: Owner,
    purpose: Annotated[Purpose, Form()],
    allowed: Annotated[bool, Form()],
) -> Response:
    await consent.set_grant(stores, who.account.person_id, purpose, allowed, how="settings")
    if not allowed and purpose != "save":
        await airlock.recall(stores, who.account.person_id, purpose=purpose)
    if request.headers.get("hx-request") == "true":
        return await _show(request, stores, who, "home/_switches.html", changed=purpose)
    return RedirectResponse(PRIVACY, status_code=303)


@router.post("/first-run")
async def first_run(stores: StoresHere, who: Owner, allowed: Annotated[bool, Form()]) -> Response:
    """Take the answer to the notice of the first visit: whether Earmark may keep what is said to it."""
    await consent.set_grant(stores, who.account.person_id, "save", allowed, how="first-run")
    return RedirectResponse("/", status_code=303)
