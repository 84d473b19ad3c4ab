"""The page of the console; its script asks the API for one clip at a time."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.render import page
from earmark.web.sessions import Lead, Listener, StoresHere, Visitor
from earmark.web.wording import FLAGS, SLOTS, UNDERSTOOD

router = APIRouter()
HEARTBEAT = 4.0
"""Seconds. It keeps the lease, and it is how an open page learns that a clip was taken back: within five seconds."""


@router.get("/")
async def start(_: Listener) -> Response:
    return RedirectResponse("/review", status_code=303)


def _of_somebody(text: str) -> str:
    """Say to a reviewer what is said to the owner: `You set a timer` becomes `They set a timer`."""
    return text.replace("You ", "They ", 1).replace(" you ", " they ").replace("your ", "their ")


def _named(code: str) -> str:
    try:
        return str(Locale.parse(code, sep="-").get_display_name("en"))
    except (UnknownLocaleError, ValueError):
        return code


async def _words(stores: Stores, who: Visitor) -> dict[str, dict[str, str]]:
    """Return what the script shows in place of names; the languages are those whose colleagues can be asked."""
    return {
        "intents": {name: _of_somebody(text) for name, text in UNDERSTOOD.items() if name},
        "slots": SLOTS,
        "languages": {code: _named(code) for code in await review.consult_groups(stores, reviewer_of(stores, who))},
    }


async def _console(request: Request, stores: Stores, who: Visitor, api: str) -> Response:
    return page(
        request,
        "floor/review.html",
        api=api,
        numbers=await review.own_numbers(stores, reviewer_of(stores, who)),
        words=await _words(stores, who),
        flags=FLAGS,
        case_hours=stores.settings.case_hours,
        heartbeat=min(HEARTBEAT, stores.settings.lease_seconds / 3),
    )


@router.get("/review")
async def console(request: Request, stores: StoresHere, who: Listener) -> Response:
    return await _console(request, stores, who, "/api/review")


@router.get("/lead/ties")
async def ties(request: Request, stores: StoresHere, who: Lead) -> Response:
    return await _console(request, stores, who, "/api/lead")
