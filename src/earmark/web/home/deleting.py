"""Deleting: what will go is said before, a receipt follows."""

from __future__ import annotations

import json
import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import vault
from earmark.errors import Erased, NotFound
from earmark.forget import forget
from earmark.vault import Receipt
from earmark.web.render import page
from earmark.web.sessions import Owner, StoresHere
from earmark.web.wording import STAYS
from earmark.words import InteractionId

router = APIRouter()


def _done(request: Request, receipt: Receipt, gone: str) -> Response:
    """Lead to the receipt, or let the open page take the item out and show where the receipt is."""
    if request.headers.get("hx-request") == "true" and gone != "all":
        return page(request, "home/_deleted.html", receipt=receipt, gone=gone)
    where = f"/receipts/{receipt['id']}"
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


@router.get("/history/all/delete")
async def ask_all(request: Request, stores: StoresHere, who: Owner) -> Response:
    number = await vault.count(stores, who.account.person_id)
    kept = await vault.kept_of_person(stores, who.account.person_id)
    return page(
        request,
        "home/delete.html",
        item=None,
        number=number,
        lines=len(kept.get("shopping", ())),
        messages=len(kept.get("message", ())),
        alarms=len(kept.get("alarm", ())),
        action="/history/all/delete",
    )


@router.post("/history/all/delete")
async def delete_all(request: Request, stores: StoresHere, who: Owner) -> Response:
    return _done(request, await forget(stores, who.account.person_id, "all", how="settings"), "all")


@router.get("/history/{identifier}/delete")
async def ask_one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    item = await vault.interaction(stores, who.account.person_id, InteractionId(identifier))
    stays = STAYS.get(item.content.intent or "") if item.content.accepted else None
    return page(request, "home/delete.html", item=item, stays=stays, action=f"/history/{identifier}/delete")


@router.post("/history/{identifier}/delete")
async def delete_one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    try:
        receipt = await forget(stores, who.account.person_id, [InteractionId(identifier)], how="settings")
    except NotFound:
        raise Erased from None
    return _done(request, receipt, str(identifier))


@router.get("/receipts")
async def receipts(request: Request, stores: StoresHere, who: Owner) -> Response:
    return page(request, "home/receipts.html", receipts=await vault.receipts(stores, who.account.person_id))


@router.get("/receipts/{erasure}")
async def receipt(request: Request, stores: StoresHere, who: Owner, erasure: uuid.UUID) -> Response:
    found = await vault.receipt(stores, who.account.person_id, erasure)
    return page(request, "home/receipt.html", receipt=found)


@router.get("/receipts/{erasure}/file")
async def receipt_file(stores: StoresHere, who: Owner, erasure: uuid.UUID) -> Response:
    """The receipt as it was signed; `earmark audit receipt FILE` checks it without us."""
    found = await vault.receipt(stores, who.account.person_id, erasure)
    return Response(
        json.dumps(found, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="earmark-receipt-{erasure}.json"'},
    )
