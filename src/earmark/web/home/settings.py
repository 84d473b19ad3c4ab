"""Settings › Account › Privacy: the switches. Each change is a grant with its wording, its time and how it came."""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import airlock, consent, vault
from earmark.consent import Purpose
from earmark.forget import close_account, preview
from earmark.storage import Stores
from earmark.switches import switch
from earmark.web import sessions
from earmark.web.language import ENGLISH, current, gettext
from earmark.web.render import page
from earmark.web.sessions import Owner, StoresHere, Visitor
from earmark.web.wording import HOWS, PRIVACY, PURPOSE_ICONS, table
from earmark.words import DeviceId

router = APIRouter()
Shown = Annotated[Literal["en", "es", "ro", "hi"], Form()]
"""The language that a form stood in."""
ORDER: tuple[Purpose, ...] = ("review", "transcription", "save", "donate", "hear_first")


async def _show(
    request: Request,
    stores: Stores,
    who: Visitor,
    template: str,
    *,
    changed: str = "",
    changed_device: uuid.UUID | None = None,
) -> Response:
    person = who.account.person_id
    grants = await consent.current(stores, person)
    devices = await vault.devices(stores, person)
    return page(
        request,
        template,
        grants=grants,
        purposes=ORDER,
        by_device=consent.BY_DEVICE,
        never_of_a_child=consent.NEVER_OF_A_CHILD,
        clocks={days: gettext(title) for days, title in consent.CLOCKS.items()},
        keep_days=grants.keep_days(stores.settings.retention_days),
        since={g.purpose: g.at for g in grants.latest if g.device_id is None},
        wordings=consent.wordings(current()),
        icons=PURPOSE_ICONS,
        hows=table(HOWS),
        words=(await consent.everything(stores, person))[::-1],
        devices=devices,
        names={device.id: device.name for device in devices},
        rate=stores.settings.review_rate,
        checks=await vault.wake_checks(stores),
        asked=await airlock.count_asked(stores, person),
        changed=changed,
        changed_device=changed_device,
    )


@router.get("/settings")
@router.get("/settings/account")
async def settings(_: Owner) -> Response:
    return RedirectResponse(PRIVACY, status_code=303)


@router.get(PRIVACY)
async def privacy(request: Request, stores: StoresHere, who: Owner) -> Response:
    return await _show(request, stores, who, "home/privacy.html")


@router.post(PRIVACY)
async def turn(
    request: Request,
    stores: StoresHere,
    who: Owner,
    purpose: Annotated[Purpose, Form()],
    allowed: Annotated[bool, Form()],
    device: Annotated[uuid.UUID | None, Form()] = None,
    keep_days: Annotated[int | None, Form()] = None,
    view: Annotated[Literal["", "start"], Form()] = "",
    language: Shown = ENGLISH,
) -> Response:
    """Turn a switch or set a clock, for all devices or for one; `view` says which page's switches to show again.

    `language` is the one that the form stood in: the grant names the words that were read.
    """
    device_id = DeviceId(device) if device else None
    person = who.account.person_id
    await switch(
        stores,
        person,
        purpose,
        allowed,
        how="settings",
        device_id=device_id,
        keep_days=keep_days,
        language=language,
    )
    if request.headers.get("hx-request") != "true":
        return RedirectResponse("/" if view == "start" else PRIVACY, status_code=303)
    template = "home/_quick.html" if view == "start" else "home/_switches.html"
    changed = "clock" if keep_days is not None and device is None else purpose
    return await _show(request, stores, who, template, changed=changed, changed_device=device)


@router.get("/settings/account/close")
async def ask_close(request: Request, stores: StoresHere, who: Owner) -> Response:
    return page(request, "home/close.html", goes=await preview(stores, who.account.person_id, "all"))


@router.post("/settings/account/close")
async def close(request: Request, stores: StoresHere, who: Owner) -> Response:
    """Close the account; the receipt is shown once, because nobody is left to ask for it."""
    receipt = await close_account(stores, who.account.person_id, how="settings")
    request.state.visitor = None
    answer = page(request, "home/closed.html", receipt=receipt, text=json.dumps(receipt, indent=2, ensure_ascii=False))
    sessions.end(answer, request)
    return answer


@router.post("/first-run")
async def first_run(
    stores: StoresHere, who: Owner, allowed: Annotated[bool, Form()], language: Shown = ENGLISH
) -> Response:
    """Take the answer to the notice of the first visit: whether Earmark may keep what is said to it."""
    await switch(stores, who.account.person_id, "save", allowed, how="first-run", language=language)
    return RedirectResponse("/", status_code=303)
