"""The desk's first page: one card for each thing this role looks after."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from earmark import audit, learn, safety
from earmark.web.render import page
from earmark.web.sessions import Staff, StoresHere

router = APIRouter()


@router.get("/")
async def start(request: Request, stores: StoresHere, who: Staff) -> Response:
    roles, now = who.account.roles, stores.now()
    waiting = [case for case in await safety.cases(stores) if case.open] if "safety" in roles else []
    models = await learn.models(stores) if "engineer" in roles else []
    return page(
        request,
        "desk/start.html",
        roles=roles,
        waiting=len(waiting),
        late=sum(case.overdue(now) for case in waiting),
        in_use=next((model.version for model in models if model.state == "promoted"), "builtin"),
        candidates=sum(model.state == "candidate" for model in models),
        checkpoint=await audit.latest_checkpoint(stores) if roles & {"auditor", "admin"} else None,
    )
