"""The first page and the page that listens."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from earmark import airlock, consent, vault
from earmark.web import language
from earmark.web.render import page
from earmark.web.sessions import Owner, StoresHere
from earmark.web.wording import PURPOSE_ICONS, TALK, table, wake_word

router = APIRouter()


@router.get("/")
async def start(request: Request, stores: StoresHere, who: Owner) -> Response:
    """Show two things to do, the switches' state, and on the first visit the notice."""
    person = who.account.person_id
    grants = await consent.current(stores, person)
    return page(
        request,
        "home/start.html",
        grants=grants,
        first_run=not any(grant.purpose == "save" for grant in grants.latest),
        wordings=consent.wordings(language.current()),
        icons=PURPOSE_ICONS,
        changed="",
        asked=await airlock.count_asked(stores, person),
        retention_days=stores.settings.retention_days,
        kept=await vault.count(stores, person),
        devices=await vault.devices(stores, person),
        wake_word=wake_word,
    )


@router.get("/talk")
async def talk(request: Request, stores: StoresHere, who: Owner) -> Response:
    grants = await consent.current(stores, who.account.person_id)
    return page(request, "home/talk.html", saving=grants.allows("save"), words=table(TALK))
