"""What Earmark keeps about its owner: by day, searchable, with its sound and with everybody who listened."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from earmark import airlock, audio, vault
from earmark.errors import BadRequest, Erased, NotFound
from earmark.storage import Stores
from earmark.vault import Interaction
from earmark.web import wording
from earmark.web.home import wanted
from earmark.web.home.wanted import InAddress
from earmark.web.language import gettext
from earmark.web.render import long_day, near_day, page, rate
from earmark.web.sessions import Owner, StoresHere
from earmark.words import DeviceId, InteractionId, PersonId

router = APIRouter()
PAGE = 30
"""Items a page: each is opened with its own key, and nobody reads more at once."""


def to_cursor(following: tuple[datetime, InteractionId] | None) -> str:
    return f"{following[0].isoformat()}~{following[1]}" if following else ""


def from_cursor(cursor: str) -> tuple[datetime, InteractionId] | None:
    """Read where a page begins. Raises BadRequest."""
    if not cursor:
        return None
    at, _, identifier = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, InteractionId(uuid.UUID(identifier))
    except ValueError:
        raise BadRequest(why="This page of your history can't be found; go back to the newest.") from None


def shown(item: Interaction, *, device: str, heard: Sequence[str], chosen: str) -> dict[str, Any]:
    """Return one interaction in an owner's words."""
    content = item.content
    return {
        "id": item.id,
        "at": item.started_at,
        "expires": item.expires_at if item.expires_at < vault.NEVER else None,
        "kind": item.kind,
        "device": device,
        "has_sound": item.has_sound,
        "bare": item.kind == "false_wake" and not content.said and not item.has_sound,
        "called": item.called,
        "guest": item.guest,
        "said": content.said,
        "heard_as": content.text if content.corrected is not None else "",
        "words": content.heard if content.corrected is None else [],
        "understood": wording.understood(content.intent, content.slots) if content.accepted else "",
        "accepted": content.accepted,
        "imported": content.source == "import",
        "reply": content.reply,
        "template": content.template,
        "confidence": content.confidence,
        "woke": wording.wake_word(item.wake.word) if item.wake else "",
        "wake_score": item.wake.score if item.wake else None,
        "duration": item.duration,
        "bundle": item.bundle,
        "verifier_score": item.wake.verifier_score if item.wake else None,
        "source": gettext(wording.SOURCES.get(content.source, "")),
        "refused": "" if content.accepted else gettext(wording.REFUSED.get(content.reason.partition(":")[0], "")),
        "heard": heard,
        "chosen": chosen,
    }


async def _shown(
    stores: Stores, person: PersonId, items: Sequence[Interaction], known: Sequence[vault.Device] | None = None
) -> list[dict[str, Any]]:
    ids = [item.id for item in items]
    own = await vault.devices(stores, person) if known is None else known
    devices: dict[DeviceId | None, str] = {each.id: each.name for each in own}
    hearings = await vault.hearings(stores, ids)
    chosen = await airlock.choice_of(stores, ids)
    return [
        shown(
            item,
            device=devices.get(item.device_id) or _without_device(item),
            heard=[wording.heard(h.role, h.site, long_day(h.day), h.purpose) for h in hearings.get(item.id, [])],
            chosen=_chosen_text(chosen.get(item.id)),
        )
        for item in items
    ]


def _without_device(item: Interaction) -> str:
    return gettext("Imported file") if item.content.source == "import" else gettext("Browser")


def _chosen_text(choice: airlock.Choice | None) -> str:
    if choice is None:
        return ""
    said = gettext("Chosen for review on {day}, {rule} at the published rate of {rate}").format(
        day=long_day(choice.day), rule=gettext(wording.RULES.get(choice.rule, choice.rule)), rate=rate(choice.rate)
    )
    if choice.ask_until is not None:
        return said + gettext("; it waits for your yes until {day}").format(day=long_day(choice.ask_until))
    return said + gettext(wording.OWNER_SAID.get(choice.owner_said or "", ""))


def by_day(items: Sequence[dict[str, Any]], today: date) -> list[tuple[date, str, list[dict[str, Any]]]]:
    """Group items, newest first, under their days and what those are called."""
    days = groupby(items, key=lambda item: item["at"].astimezone().date())
    return [(day, near_day(day, today), list(group)) for day, group in days]


@router.get("/history")
async def history(
    request: Request,
    stores: StoresHere,
    who: Owner,
    asked: InAddress,
    before: Annotated[str, Query(max_length=120)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    person = who.account.person_id
    chosen = wanted.read(asked)
    found = await vault.history(stores, person, chosen.filter(q), before=from_cursor(before), limit=PAGE)
    devices = await vault.devices(stores, person)
    items = await _shown(stores, person, found.interactions, devices)
    narrowed = {name: value for name, value in (("q", q), *asked.model_dump(by_alias=True).items()) if value}
    parts = {
        "days": by_day(items, stores.now().astimezone().date()),
        "next": urlencode({"before": to_cursor(found.next), **narrowed}) if found.next else "",
        "q": q,
        "asked": asked,
        "narrowed": bool(narrowed),
        "older": bool(before),
        "devices": devices,
        "kinds": wording.kinds(),
        "checks": await vault.wake_checks(stores) if chosen.kind == "false_wake" else None,
    }
    moves = request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers
    return page(request, "home/_items.html" if moves else "home/history.html", **parts)


@router.get("/history/{identifier}")
async def one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    """Show one interaction with everything known about it."""
    item = await vault.interaction(stores, who.account.person_id, InteractionId(identifier))
    (known,) = await _shown(stores, who.account.person_id, [item])
    return page(request, "home/interaction.html", item=known)


@router.post("/history/{identifier}/words")
async def correct(
    request: Request,
    stores: StoresHere,
    who: Owner,
    identifier: uuid.UUID,
    text: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Write down what was really said, in its owner's words."""
    person = who.account.person_id
    await vault.correct(stores, person, InteractionId(identifier), text)
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(f"/history/{identifier}", status_code=303)
    item = await vault.interaction(stores, person, InteractionId(identifier))
    (known,) = await _shown(stores, person, [item])
    return page(request, "home/_entry.html", item=known, open=True)


@router.get("/asked")
async def asked_first(request: Request, stores: StoresHere, who: Owner) -> Response:
    """Show what was chosen for review and waits for its owner's yes."""
    person = who.account.person_id
    waiting = await airlock.asked(stores, person)
    items = []
    for each in waiting:
        with suppress(NotFound, Erased):  # it is being deleted
            items.append(await vault.interaction(stores, person, each))
    shown_items = await _shown(stores, person, items)
    return page(request, "home/asked.html", items=[(item, waiting[item["id"]]) for item in shown_items])


@router.post("/asked/{identifier}")
async def answer_asked(
    request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID, yes: Annotated[bool, Form()]
) -> Response:
    await airlock.answer_ask(stores, who.account.person_id, InteractionId(identifier), yes)
    if request.headers.get("hx-request") == "true":
        return page(request, "home/_answered.html", gone=identifier, yes=yes)
    return RedirectResponse("/asked", status_code=303)


@router.get("/history/{identifier}/sound")
async def sound(stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    recording = await vault.sound(stores, who.account.person_id, InteractionId(identifier))
    data = await asyncio.to_thread(audio.encode, recording, format="WAV")
    return Response(data, media_type="audio/wav", headers={"Content-Disposition": "inline"})
