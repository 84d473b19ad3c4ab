"""Help with a word, over HTTP: asking, what I may help with, the sound of it, and the answer. Nothing leads outside.

The address of a sound is good once, for one person and one sign-in, while the consult is open.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from earmark import review
from earmark.web.floor.api import Held, reviewer_of
from earmark.web.sessions import Reviewer, StoresHere
from earmark.words import TaskId

router = APIRouter(prefix="/api/review")


class Span(Held):
    """What is asked, under the lease on the clip."""

    language: str = Field(max_length=35)
    start: float = Field(ge=0, le=900)
    """Seconds in the masked copy."""
    end: float = Field(ge=0, le=900)


class Said(BaseModel):
    """What a colleague hears in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    consult: uuid.UUID
    text: str


@router.post("/consult")
async def ask(stores: StoresHere, who: Reviewer, body: Span) -> dict[str, Any]:
    asked = await review.ask_consult(
        stores,
        reviewer_of(stores, who),
        TaskId(body.task),
        body.fence,
        language=body.language,
        start=body.start,
        end=body.end,
    )
    return {"consult": asked.to_json()}


@router.get("/consults")
async def open_to_me(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    found = await review.open_consults(stores, reviewer_of(stores, who), sign_in=who.token)
    return {
        "consults": [
            {
                "id": str(one.id),
                "language": one.language,
                "until": one.until.isoformat(),
                "sound": f"/api/review/consult/sound/{one.ticket}" if one.ticket else None,
                "length": round(one.length, 2),
                "heard": one.heard,
            }
            for one in found
        ]
    }


@router.get("/consult/groups")
async def groups(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    """The language groups that can be asked."""
    return {"languages": await review.consult_groups(stores, reviewer_of(stores, who))}


@router.get("/consult/sound/{ticket}")
async def sound(stores: StoresHere, who: Reviewer, ticket: Annotated[str, Path(max_length=200)]) -> Response:
    data = await review.consult_sound(stores, reviewer_of(stores, who), ticket, sign_in=who.token)
    return Response(data, media_type=review.SOUND_TYPE, headers={"Content-Disposition": "inline"})


@router.post("/consult/answer")
async def answer(stores: StoresHere, who: Reviewer, body: Said) -> dict[str, Any]:
    await review.answer_consult(stores, reviewer_of(stores, who), body.consult, body.text)
    return {}
