"""The owner's side for programs: the same history, deletions and switches, as JSON.

Signed in by the page's cookie with its CSRF token, or by `Authorization: Bearer` and a token of `earmark people token`.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from earmark import airlock, audio, consent, vault
from earmark.consent import Purpose
from earmark.errors import BadRequest, Erased
from earmark.forget import close_account, forget, not_called, preview
from earmark.storage import Stores
from earmark.switches import switch
from earmark.vault import Interaction
from earmark.web.home import wanted
from earmark.web.home.history import from_cursor, to_cursor
from earmark.web.home.wanted import Asked, InAddress
from earmark.web.sessions import Allow, StoresHere, Visitor
from earmark.words import DeviceId, InteractionId, PersonId

router = APIRouter(prefix="/api")
Owner = Annotated[Visitor, Depends(Allow("owner", bearer=True))]


async def _with_hearings(stores: Stores, items: list[Interaction]) -> list[dict[str, Any]]:
    ids = [item.id for item in items]
    heard, chosen = await vault.hearings(stores, ids), await airlock.choice_of(stores, ids)
    found = []
    for item in items:
        choice = chosen.get(item.id)
        found.append(
            item.to_json()
            | {
                "hearings": [
                    {"role": h.role, "site": h.site, "day": h.day.isoformat(), "purpose": h.purpose}
                    for h in heard.get(item.id, [])
                ],
                "chosen": {"rule": choice.rule, "rate": choice.rate, "day": choice.day.isoformat()} if choice else None,
            }
        )
    return found


@router.get("/history")
async def history(
    stores: StoresHere,
    who: Owner,
    asked: InAddress,
    before: Annotated[str, Query(max_length=120)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """One page, newest first; hand `next` on as `before` for the following one."""
    chosen = wanted.read(asked)
    found = await vault.history(
        stores, who.account.person_id, chosen.filter(q), before=from_cursor(before), limit=limit
    )
    items = await _with_hearings(stores, list(found.interactions))
    return {"interactions": items, "next": to_cursor(found.next) or None}


@router.get("/history/{identifier}")
async def one(stores: StoresHere, who: Owner, identifier: uuid.UUID) -> dict[str, Any]:
    item = await vault.interaction(stores, who.account.person_id, InteractionId(identifier))
    return (await _with_hearings(stores, [item]))[0]


@router.get("/history/{identifier}/sound")
async def sound(stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    recording = await vault.sound(stores, who.account.person_id, InteractionId(identifier))
    return Response(await asyncio.to_thread(audio.encode, recording), media_type="audio/flac")


class Correction(BaseModel):
    text: str
    """What was really said; empty to take a correction back."""


@router.post("/history/{identifier}/words")
async def correct(stores: StoresHere, who: Owner, identifier: uuid.UUID, body: Correction) -> dict[str, Any]:
    await vault.correct(stores, who.account.person_id, InteractionId(identifier), body.text)
    return await one(stores, who, identifier)


@router.post("/history/{identifier}/not-for-me")
async def say_not_called(stores: StoresHere, who: Owner, identifier: uuid.UUID) -> dict[str, Any]:
    """Say that nobody had called; `receipt` is null where false wakes are donated and the recording stays."""
    receipt = await not_called(stores, who.account.person_id, InteractionId(identifier), how="api")
    return {"receipt": receipt}


class Forget(Asked):
    """What is to go: a part of the history, or all of it."""

    all: bool = False


async def _chosen(stores: Stores, person: PersonId, body: Forget) -> list[InteractionId] | Literal["all"]:
    if body.all == body.any():
        raise BadRequest(why="Say what is to go: a day, a range, a device, a kind, ids, or all, and not both.")
    return "all" if body.all else await wanted.read(body).select(stores, person)


@router.post("/forget/preview")
async def would_forget(stores: StoresHere, who: Owner, body: Forget) -> dict[str, Any]:
    """Say what would go, and delete nothing."""
    chosen = await _chosen(stores, who.account.person_id, body)
    goes = await preview(stores, who.account.person_id, chosen)
    return {
        "recordings": goes.recordings,
        "copies": goes.copies,
        "labels": goes.labels,
        "datasets": goes.datasets,
        "models": goes.models,
        "kept": goes.kept,
    }


@router.post("/forget")
async def do_forget(stores: StoresHere, who: Owner, body: Forget) -> dict[str, Any]:
    """Delete it everywhere, for good; returns the signed receipt. Raises vault.erased where nothing is left of it."""
    chosen = await _chosen(stores, who.account.person_id, body)
    if not chosen:
        raise Erased
    return await forget(stores, who.account.person_id, chosen, how="api")


@router.post("/account/close")
async def close(stores: StoresHere, who: Owner) -> dict[str, Any]:
    """Erase everything and the account itself; the receipt is given once."""
    return await close_account(stores, who.account.person_id, how="api")


@router.get("/receipts")
async def receipts(stores: StoresHere, who: Owner) -> list[dict[str, Any]]:
    return await vault.receipts(stores, who.account.person_id)


@router.get("/consent")
async def words(stores: StoresHere, who: Owner) -> list[dict[str, Any]]:
    """Every word this person ever gave or took back, oldest first."""
    return [
        {
            "purpose": word.purpose,
            "device": str(word.device_id) if word.device_id else None,
            "allowed": word.allowed,
            "keep_days": word.keep_days,
            "wording": word.wording,
            "how": word.how,
            "at": word.at.isoformat(),
        }
        for word in await consent.everything(stores, who.account.person_id)
    ]


class Turn(BaseModel):
    purpose: Purpose
    allowed: bool
    device: uuid.UUID | None = None
    """None: all devices."""
    keep_days: int | None = None
    """With `save`: 1, 30, 90, 548, 0 until deleted; for a device also -1, as for all."""


@router.post("/consent")
async def turn(stores: StoresHere, who: Owner, body: Turn) -> list[dict[str, Any]]:
    """Turn a switch or set a clock; returns every word, oldest first."""
    device = DeviceId(body.device) if body.device else None
    person = who.account.person_id
    await switch(stores, person, body.purpose, body.allowed, how="api", device_id=device, keep_days=body.keep_days)
    return await words(stores, who)
