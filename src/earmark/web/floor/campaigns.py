"""Campaigns: what is asked for a while and why; what each took, made and cost; who changed what."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import BadRequest
from earmark.review.campaigns import Results
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.names import CHANGES, language_name, money, titles
from earmark.web.floor.names import who as doer
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere

router = APIRouter(prefix="/lead/campaigns")
FIELDS = ("name", "purpose", "languages", "budget", "deadline", "gold_share", "blind_share")


async def _form(request: Request) -> dict[str, Any]:
    form = await request.form()
    given: dict[str, Any] = {each: text for each in FIELDS if isinstance(text := form.get(each), str)}
    given["questions"] = [each for each in form.getlist("questions") if isinstance(each, str)]
    return given


async def _show(
    request: Request, stores: Stores, *, status: int = 200, problem: str = "", given: dict[str, Any] | None = None
) -> Response:
    empty = dict.fromkeys(FIELDS, "") | {"questions": list[str](), "gold_share": "0.05", "blind_share": "0.05"}
    return page(
        request,
        "floor/campaigns.html",
        status=status,
        campaigns=await review.campaigns.campaigns(stores),
        titles=await titles(stores),
        today=stores.now().date(),
        problem=problem,
        values=empty | (given or {}),
        language_name=language_name,
    )


@router.get("")
async def campaigns(request: Request, stores: StoresHere, _: Lead) -> Response:
    return await _show(request, stores)


@router.post("")
async def open_one(request: Request, stores: StoresHere, who: Lead) -> Response:
    given = await _form(request)
    try:
        made = await review.campaigns.put_campaign(stores, reviewer_of(stores, who), given)
    except BadRequest as refused:
        return await _show(request, stores, status=400, problem=refused.message, given=given)
    review.overview.forget(stores)
    return RedirectResponse(f"/lead/campaigns/{made.id}", status_code=303)


async def _show_one(
    request: Request, stores: Stores, identifier: uuid.UUID, *, status: int = 200, problem: str = ""
) -> Response:
    of = await review.campaigns.campaign(stores, identifier)
    made = await review.campaigns.results(stores, of)
    return page(
        request,
        "floor/campaign.html",
        status=status,
        of=of,
        made=made,
        cost=money(await _cost(stores, made)),
        runs=of.runs(stores.now().date()),
        left=(of.deadline - stores.now().date()).days,
        titles=await titles(stores),
        doings=await review.doings.doings(stores, str(identifier)),
        changes=CHANGES,
        doer=doer,
        problem=problem,
        language_name=language_name,
    )


async def _cost(stores: Stores, made: Results) -> dict[str, Decimal]:
    """Return what the campaign's seconds cost at the rates of their sites, by currency."""
    cost: dict[str, Decimal] = {}
    for site in await review.sites.sites(stores):
        spent = Decimal(made.seconds_by_site.get(site.name, 0.0)) / 3600 * site.hourly_cost
        cost[site.currency] = cost.get(site.currency, Decimal(0)) + spent
    return {each: amount for each, amount in sorted(cost.items()) if amount}


@router.get("/{identifier}")
async def one(request: Request, stores: StoresHere, _: Lead, identifier: uuid.UUID) -> Response:
    return await _show_one(request, stores, identifier)


@router.post("/{identifier}")
async def change(request: Request, stores: StoresHere, who: Lead, identifier: uuid.UUID) -> Response:
    """Change name, budget, deadline and shares; what was asked and why stays."""
    changeable = ("name", "budget", "deadline", "gold_share", "blind_share")
    given = {name: value for name, value in (await _form(request)).items() if name in changeable}
    try:
        await review.campaigns.put_campaign(stores, reviewer_of(stores, who), given, identifier)
    except BadRequest as refused:
        return await _show_one(request, stores, identifier, status=400, problem=refused.message)
    return RedirectResponse(f"/lead/campaigns/{identifier}", status_code=303)


@router.post("/{identifier}/state")
async def set_state(
    stores: StoresHere, who: Lead, identifier: uuid.UUID, state: Annotated[str, Form(max_length=20)]
) -> Response:
    await review.campaigns.set_state(stores, reviewer_of(stores, who), identifier, state)
    review.overview.forget(stores)
    return RedirectResponse(f"/lead/campaigns/{identifier}", status_code=303)
