"""Cases: each flag on its clock, and the form in which somebody decides it with a reason."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review, safety
from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.web.render import page
from earmark.web.sessions import Safety, StoresHere, Visitor
from earmark.web.wording import ACCESS, ACCESS_DECISIONS, DECISIONS, FLAGS, access

router = APIRouter(prefix="/cases")
KINDS = {**FLAGS, "access": ACCESS}


@router.get("")
async def cases(request: Request, stores: StoresHere, _: Safety) -> Response:
    found = await safety.cases(stores)
    return page(request, "desk/cases.html", cases=found, now=stores.now(), flags=KINDS, decisions=DECISIONS)


async def _one(
    request: Request, stores: Stores, case_id: uuid.UUID, *, problem: str = "", reason: str = ""
) -> Response:
    found = await safety.case(stores, case_id)
    return page(
        request,
        "desk/case.html",
        status=400 if problem else 200,
        case=found,
        now=stores.now(),
        flags=KINDS,
        decisions=ACCESS_DECISIONS if found.kind == "access" else DECISIONS,
        counted=access(found.alert.kind, found.alert.seen, found.alert.peers) if found.alert else "",
        problem=problem,
        reason=reason,
    )


@router.get("/{case_id}")
async def case(request: Request, stores: StoresHere, _: Safety, case_id: uuid.UUID) -> Response:
    return await _one(request, stores, case_id)


@router.get("/{case_id}/sound")
async def sound(stores: StoresHere, who: Safety, case_id: uuid.UUID) -> Response:
    data = await safety.listen(stores, case_id, _listener(stores, who))
    return Response(data, media_type=review.SOUND_TYPE, headers={"Content-Disposition": "inline"})


def _listener(stores: Stores, who: Visitor) -> review.Reviewer:
    account = who.account
    return review.Reviewer(
        id=account.person_id,
        languages=account.languages,
        site=account.site or stores.settings.site,
        role="safety",
    )


@router.post("/{case_id}")
async def decide(
    request: Request,
    stores: StoresHere,
    who: Safety,
    case_id: uuid.UUID,
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    try:
        await safety.decide(stores, case_id, who.account.person_id, decision, reason)
    except BadRequest as error:
        return await _one(request, stores, case_id, problem=error.message, reason=reason)
    return RedirectResponse("/cases", status_code=303)
