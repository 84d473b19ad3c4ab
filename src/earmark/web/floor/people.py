"""People of a lead's own site: how many, by role and language; invitations; locks. No names, and no ranking."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import BadRequest, Forbidden
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.lead import own_site
from earmark.web.floor.names import language_name
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere, Visitor
from earmark.words import PersonId

router = APIRouter(prefix="/lead/people")
MOST = 50
"""People shown at once; a code finds the others."""


async def _show(
    request: Request, stores: Stores, who: Visitor, *, code: str = "", status: int = 200, **more: Any
) -> Response:
    lead, site = reviewer_of(stores, who), own_site(stores, who)
    code = code.strip().casefold()
    found = await review.seats.colleagues(stores, lead, code=code, most=MOST + 1)
    known: dict[str, Any] = {"link": "", "link_kind": "", "problem": "", "given": dict[str, str]()}
    return page(
        request,
        "floor/people.html",
        status=status,
        site=site,
        own=lead.id,
        counts=await review.seats.head_count(stores, site),
        invitations=await review.invitations.invitations(stores, site),
        colleagues=found[:MOST],
        more=len(found) > MOST,
        code=code,
        language_name=language_name,
        **(known | more),
    )


@router.get("")
async def people(
    request: Request, stores: StoresHere, who: Lead, code: Annotated[str, Query(max_length=36)] = ""
) -> Response:
    return await _show(request, stores, who, code=code)


def _link(request: Request, path: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{path}"


@router.post("/invite")
async def invite(
    request: Request,
    stores: StoresHere,
    who: Lead,
    role: Annotated[str, Form(max_length=20)],
    languages: Annotated[str, Form(max_length=200)],
    site: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Show a link once; whoever opens it first works at this site from then on."""
    lead = reviewer_of(stores, who)
    given: Mapping[str, str] = {"role": role, "languages": languages}
    try:
        token = await review.invitations.invite(stores, lead, role=role, languages=languages, site=site or None)
    except BadRequest as refused:
        return await _show(request, stores, who, status=400, problem=refused.message, given=given)
    return await _show(request, stores, who, link=_link(request, f"/invite/{token}"), link_kind="invitation")


@router.post("/withdraw")
async def withdraw(stores: StoresHere, who: Lead, invitation: Annotated[uuid.UUID, Form()]) -> Response:
    await review.invitations.withdraw(stores, reviewer_of(stores, who), invitation)
    return RedirectResponse("/lead/people", status_code=303)


@router.post("/link")
async def link(request: Request, stores: StoresHere, who: Lead, person: Annotated[uuid.UUID, Form()]) -> Response:
    """Show a sign-in link once: who came by an invitation has no name to sign in with."""
    token = await review.invitations.link_for(stores, reviewer_of(stores, who), PersonId(person))
    shown = _link(request, f"/sign-in/{token}")
    return await _show(request, stores, who, code=str(person)[:6], link=shown, link_kind="sign-in")


@router.post("/lock")
async def lock(
    request: Request,
    stores: StoresHere,
    who: Lead,
    person: Annotated[uuid.UUID, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    return await _decide(request, stores, who, PersonId(person), reason, review.seats.lock_out)


@router.post("/unlock")
async def unlock(
    request: Request,
    stores: StoresHere,
    who: Lead,
    person: Annotated[uuid.UUID, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    return await _decide(request, stores, who, PersonId(person), reason, review.seats.unlock)


async def _decide(request: Request, stores: Stores, who: Visitor, person: PersonId, reason: str, act: Any) -> Response:
    code = str(person)[:6]
    try:
        await act(stores, reviewer_of(stores, who), person, reason)
    except BadRequest as refused:
        return await _show(request, stores, who, code=code, status=400, problem=refused.message)
    except Forbidden:
        problem = "You locked them out yourself; another lead, or whoever runs this Earmark, lets them back in."
        return await _show(request, stores, who, code=code, status=403, problem=problem)
    return RedirectResponse(f"/lead/people?code={code}", status_code=303)
