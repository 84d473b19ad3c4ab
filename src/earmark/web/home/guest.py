"""Guests: somebody without an account sees and deletes what a device heard of them, by a code that it told."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from earmark import audio, vault
from earmark.errors import TooManyRequests
from earmark.guests import forget_heard
from earmark.web.render import page
from earmark.web.sessions import Public, StoresHere
from earmark.words import InteractionId

router = APIRouter(prefix="/guest")


@router.get("")
async def ask(request: Request, _: Public) -> Response:
    return page(request, "home/guest.html")


@router.post("")
async def enter(request: Request, stores: StoresHere, _: Public, code: Annotated[str, Form(max_length=40)]) -> Response:
    """Trade a code for its page, whose address nobody can guess and which works as long as the code."""
    if not request.app.state.throttle.try_once(f"guest {request.client.host if request.client else ''}"):
        raise TooManyRequests
    session = await vault.guest_session(stores, code)
    return RedirectResponse(f"/guest/{session.id}", status_code=303)


@router.get("/{session_id}")
async def heard(
    request: Request, stores: StoresHere, _: Public, session_id: uuid.UUID, gone: Annotated[int, Query(ge=0)] = 0
) -> Response:
    session = await vault.guest_session_by_id(stores, session_id)
    items = await vault.heard_of_guest(stores, session)
    return page(request, "home/guest_session.html", session=session, items=items, gone=gone)


@router.get("/{session_id}/{identifier}/sound")
async def sound(stores: StoresHere, _: Public, session_id: uuid.UUID, identifier: uuid.UUID) -> Response:
    session = await vault.guest_session_by_id(stores, session_id)
    item = await vault.interaction_of_guest(stores, session, InteractionId(identifier))
    recording = await vault.sound(stores, session.person_id, item.id, by="guest")
    data = await asyncio.to_thread(audio.encode, recording, format="WAV")
    return Response(data, media_type="audio/wav", headers={"Content-Disposition": "inline"})


@router.post("/{session_id}/delete")
async def delete(
    stores: StoresHere, _: Public, session_id: uuid.UUID, id: Annotated[uuid.UUID | None, Form()] = None
) -> Response:
    """Erase one of these, or all of them."""
    session = await vault.guest_session_by_id(stores, session_id)
    receipt = await forget_heard(stores, session, [InteractionId(id)] if id else None)
    return RedirectResponse(f"/guest/{session_id}?gone={receipt['erased']['recordings']}", status_code=303)
