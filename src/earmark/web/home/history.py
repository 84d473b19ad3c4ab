"""What Earmark keeps about its owner: by day, searchable, with its sound and with everybody who listened."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from earmark import airlock, audio, vault
from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.vault import Interaction
from earmark.web import wording
from earmark.web.render import long_day, near_day, page
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
        "expires": item.expires_at,
        "kind": item.kind,
        "device": device,
        "said": content.text,
        "words": content.words,
        "understood": wording.understood(content.intent, content.slots) if content.accepted else "",
        "accepted": content.accepted,
        "imported": content.source == "import",
        "reply": content.reply,
        "template": content.template,
        "confidence": content.confidence,
        "woke": wording.WAKE_WORDS.get(item.wake.word, item.wake.word) if item.wake else "",
        "wake_score": item.wake.score if item.wake else None,
        "duration": item.duration,
        "bundle": item.bundle,
        "heard": heard,
        "chosen": chosen,
    }


async def _shown(stores: Stores, person: PersonId, items: Sequence[Interaction]) -> list[dict[str, Any]]:
    ids = [item.id for item in items]
    devices: dict[DeviceId | None, str] = {each.id: each.name for each in await vault.devices(stores, person)}
    hearings = await vault.hearings(stores, ids)
    chosen = await airlock.choice_of(stores, ids)
    return [
        shown(
            item,
            device=devices.get(item.device_id, "Browser" if item.content.source != "import" else "Imported file"),
            heard=[wording.heard(h.role, h.site, long_day(h.day), h.purpose) for h in hearings.get(item.id, [])],
            chosen=_chosen_text(chosen.get(item.id)),
        )
        for item in items
    ]


def _chosen_text(choice: airlock.Choice | None) -> str:
    return f"Chosen for review on {long_day(choice.day)}" if choice else ""


def by_day(items: Sequence[dict[str, Any]], today: date) -> list[tuple[str, list[dict[str, Any]]]]:
    """Group items, newest first, under their days' names."""
    days = groupby(items, key=lambda item: item["at"].astimezone().date())
    return [(near_day(day, today), list(group)) for day, group in days]


@router.get("/history")
async def history(
    request: Request,
    stores: StoresHere,
    who: Owner,
    before: Annotated[str, Query(max_length=120)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    person = who.account.person_id
    found = await vault.history(stores, person, vault.Filter(search=q), before=from_cursor(before), limit=PAGE)
    items = await _shown(stores, person, found.interactions)
    parts = {
        "days": by_day(items, stores.now().astimezone().date()),
        "next": to_cursor(found.next),
        "q": q,
        "older": bool(before),
    }
    moves = request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers
    return page(request, "home/_items.html" if moves else "home/history.html", **parts)


@router.get("/history/{identifier}")
async def one(request: Request, stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    """Show one interaction with everything known about it."""
    item = await vault.interaction(stores, who.account.person_id, InteractionId(identifier))
    (known,) = await _shown(stores, who.account.person_id, [item])
    return page(request, "home/interaction.html", item=known)


@router.get("/history/{identifier}/sound")
async def sound(stores: StoresHere, who: Owner, identifier: uuid.UUID) -> Response:
    recording = await vault.sound(stores, who.account.person_id, InteractionId(identifier))
    data = await asyncio.to_thread(audio.encode, recording, format="WAV")
    return Response(data, media_type="audio/wav", headers={"Content-Disposition": "inline"})
