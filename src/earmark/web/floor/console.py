"""The page of the console; its script asks the API for one clip at a time."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.render import page
from earmark.web.sessions import Lead, Listener, StoresHere, Visitor
from earmark.web.wording import FLAGS, UNDERSTOOD, WAKE_WORDS

router = APIRouter()
HEARTBEAT = 4.0
"""Seconds. It keeps the lease, and it is how an open page learns that a clip was taken back: within five seconds."""


@router.get("/")
async def start(_: Listener) -> Response:
    return RedirectResponse("/review", status_code=303)


def _of_somebody(text: str) -> str:
    """Say to a reviewer what is said to the owner: `You set a timer` becomes `They set a timer`."""
    return text.replace("You ", "They ", 1).replace(" you ", " they ").replace("your ", "their ")


async def _console(request: Request, stores: Stores, who: Visitor, api: str) -> Response:
    return page(
        request,
        "floor/review.html",
        api=api,
        numbers=await review.own_numbers(stores, reviewer_of(stores, who)),
        titles={name: asked.title_for() for name, asked in review.QUESTIONS.items()},
        # The script shows these words; what an intent is called is for people who talk, so "You" becomes "They".
        intents={
            name: text.replace("You ", "They ", 1).replace("your ", "their ") for name, text in UNDERSTOOD.items()
        },
        wake_words=WAKE_WORDS,
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
