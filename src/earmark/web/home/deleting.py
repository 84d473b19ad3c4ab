"""Deleting: what will go is said before, a receipt follows."""

from __future__ import annotations

import json
import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import vault
from earmark.errors import Erased, NotFound
from earmark.forget import forget, not_called, preview
from earmark.vault import Receipt
from earmark.web import wording
from earmark.web.home import wanted
from earmark.web.home.wanted import InAddress
from earmark.web.language import gettext
from earmark.web.render import page
from earmark.web.sessions import Owner, StoresHere
from earmark.words import InteractionId

router = APIRouter()


def _done(request: Request, receipt: Receipt, gone: str = "") -> Response:
    """Lead to the receipt, or let the open page take the item out and show where the receipt is."""
    if request.headers.get("hx-request") == "true" and gone:
        return page(request, "home/_deleted.html", receipt=receipt, gone=gone)
    where = f"/receipts/{receipt['id']}"
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


@router.get("/history/delete")
async def ask(request: Request, stores: StoresHere, who: Owner, asked: InAddress) -> Response:
    """Ask what is to go, or say what of it would."""
    person = who.account.person_id
    devices = await vault.devices(stores, person)
    if not asked.any():
        today = stores.now().astimezone().date()
        return page(request, "home/delete_part.html", devices=devices, kinds=wording.kinds(), today=today)
    chosen = wanted.read(asked)
    ids = await chosen.select(stores, person)
    return page(
        request,
        "home/delete.html",
        item=None,
        everything=False,
        what=wanted.in_words(chosen, devices),
        fields=[(name, value) for name, value in asked.model_dump(by_alias=True).items() if value and name != "id"],
        ids=asked.id,
        goes=await preview(stores, person, ids),
        action="/history/delete",
    )


@router.post("/history/delete")
async def delete(request: Request, stores: StoresHere, who: Owner) -> Response:
    chosen = await wanted.from_form(request)
    ids = await chosen.select(stores, who.account.person_id)
    if not ids:
        raise Erased
    return _done(request, await _forget(stores, who, ids))


async def _forget(stores: StoresHere, who: Owner, ids: list[InteractionId]) -> Receipt:
    try:
        return await forget(stores, who.account.person_id, ids, how="settings")
    except NotFound:
        raise Erased from None


@router.get("/history/all/delete")
async def ask_all(request: Request, stores: StoresHere, who: Owner) -> Response:
    return page(
        request,
        "home/delete.html",
        item=None,
        everything=True,
        what="",
        fields=[],
        ids=[],
        goes=await preview(stores, who.account.person_id, "all"),
        action="/history/all/delete",
    )


@router.post("/history/all/delete")
async def delete_all(request: Request, stores: StoresHere, who: Owner) -> Response:
    return _done(request, await forget(stores, who.account.person_id, "all", how="settings"))


@router.get("/history/{identifier}/delete")
async def ask_one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    person = who.account.person_id
    item = await vault.interaction(stores, person, InteractionId(identifier))
    return page(
        request,
        "home/delete.html",
        item=item,
        everything=False,
        what="",
        fields=[],
        ids=[],
        goes=await preview(stores, person, [item.id]),
        stays=gettext(wording.STAYS.get(item.content.intent or "", "")) if item.content.accepted else "",
        action=f"/history/{identifier}/delete",
    )


@router.post("/history/{identifier}/delete")
async def delete_one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    return _done(request, await _forget(stores, who, [InteractionId(identifier)]), str(identifier))


@router.get("/history/{identifier}/not-for-me")
async def ask_not_called(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    item = await vault.interaction(stores, who.account.person_id, InteractionId(identifier))
    return page(request, "home/not_called.html", item=item)


@router.post("/history/{identifier}/not-for-me")
async def say_not_called(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    """Take the owner's word that nobody called the device."""
    try:
        receipt = await not_called(stores, who.account.person_id, InteractionId(identifier), how="settings")
    except NotFound:
        raise Erased from None
    if receipt is not None:
        return _done(request, receipt, str(identifier))
    where = f"/history/{identifier}"
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


@router.get("/receipts")
async def receipts(request: Request, stores: StoresHere, who: Owner) -> Response:
    return page(request, "home/receipts.html", receipts=await vault.receipts(stores, who.account.person_id))


@router.get("/receipts/{erasure}")
async def receipt(request: Request, stores: StoresHere, who: Owner, erasure: uuid.UUID) -> Response:
    found = await vault.receipt(stores, who.account.person_id, erasure)
    return page(request, "home/receipt.html", receipt=found, asked=wording.table(wording.ASKED))


@router.get("/receipts/{erasure}/file")
async def receipt_file(stores: StoresHere, who: Owner, erasure: uuid.UUID) -> Response:
    """The receipt as it was signed; `earmark audit receipt FILE` checks it without us."""
    found = await vault.receipt(stores, who.account.person_id, erasure)
    return Response(
        json.dumps(found, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="earmark-receipt-{erasure}.json"'},
    )
