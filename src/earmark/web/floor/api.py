"""The console's JSON, the same for a page and for a program with a bearer token.

    POST /api/review/next       {}                                       → {"task": … | null}
    POST /api/review/submit     {"task", "fence", "client_key", "answer"} → the same, with the next task
    POST /api/review/heartbeat  {"task", "fence"}                        → {"lease_until"}
    POST /api/review/release    {"task", "fence"}                        → {}
    POST /api/review/flag       {"task", "fence", "kind"}                → {"task": the next one | null}
    GET  /api/review/sound/{task}?fence=…                                → audio/wav, to the lease's holder
    POST /api/lead/next, /api/lead/submit                                the same for ties, for leads

A task: {"id", "question", "language", "fence", "lease_until", "prefill"}, for leads also "answers".
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from earmark import review
from earmark.review import Served
from earmark.storage import Stores
from earmark.web.sessions import Lead, Reviewer, StoresHere, Visitor
from earmark.words import TaskId

router = APIRouter(prefix="/api")


class Held(BaseModel):
    """What names a lease."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: uuid.UUID
    fence: int = Field(ge=0, lt=2**63)


class Submission(Held):
    """An answer under a lease."""

    client_key: uuid.UUID
    """Drawn by the page for this answer, so that sending it twice keeps one."""
    answer: dict[str, Any]


class Decided(Held):
    """A lead's answer to a tie."""

    answer: dict[str, Any]


class Flagged(Held):
    """Not this one."""

    kind: str = Field(default="distress", max_length=20)


def reviewer_of(stores: Stores, who: Visitor) -> review.Reviewer:
    """Return what the review room needs to know about who is asking."""
    account = who.account
    return review.Reviewer(
        id=account.person_id,
        languages=account.languages,
        secrets=account.exclusion_secrets,
        site=account.site or stores.settings.site,
        role="lead" if "lead" in account.roles else "reviewer",
    )


def shown(task: Served | None) -> dict[str, Any] | None:
    """Return a task as it goes over the wire: nothing that is stable across tasks."""
    if task is None:
        return None
    body: dict[str, Any] = {
        "id": str(task.task_id),
        "question": task.question,
        "language": task.language,
        "fence": task.fence,
        "lease_until": task.lease_until.isoformat(),
        "prefill": dict(task.prefill),
    }
    if task.answers:
        body["answers"] = [dict(answer) for answer in task.answers]
    return body


@router.post("/review/next")
async def next_task(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    return {"task": shown(await review.next_task(stores, reviewer_of(stores, who)))}


@router.post("/review/submit")
async def submit(stores: StoresHere, who: Reviewer, body: Submission) -> dict[str, Any]:
    following = await review.submit_and_next(
        stores, reviewer_of(stores, who), TaskId(body.task), body.fence, body.client_key, body.answer
    )
    return {"task": shown(following)}


@router.post("/review/heartbeat")
async def heartbeat(stores: StoresHere, who: Reviewer, body: Held) -> dict[str, Any]:
    until = await review.heartbeat(stores, reviewer_of(stores, who), TaskId(body.task), body.fence)
    return {"lease_until": until.isoformat()}


@router.post("/review/release")
async def release(stores: StoresHere, who: Reviewer, body: Held) -> dict[str, Any]:
    await review.release(stores, reviewer_of(stores, who), TaskId(body.task), body.fence)
    return {}


@router.post("/review/flag")
async def flag(stores: StoresHere, who: Reviewer, body: Flagged) -> dict[str, Any]:
    reviewer = reviewer_of(stores, who)
    await review.flag(stores, reviewer, TaskId(body.task), body.fence, body.kind)
    return {"task": shown(await review.next_task(stores, reviewer))}


@router.get("/review/sound/{task}")
async def sound(
    stores: StoresHere, who: Reviewer, task: uuid.UUID, fence: Annotated[int, Query(ge=0, lt=2**63)]
) -> Response:
    data = await review.sound(stores, reviewer_of(stores, who), TaskId(task), fence)
    return Response(data, media_type=review.SOUND_TYPE, headers={"Content-Disposition": "inline"})


@router.get("/review/numbers")
async def numbers(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    """What this reviewer has done; nobody else sees it."""
    own = await review.own_numbers(stores, reviewer_of(stores, who))
    return {"judgements": own.judgements, "today": own.today, "seconds": round(own.seconds, 1)}


@router.post("/lead/next")
async def next_tie(stores: StoresHere, who: Lead) -> dict[str, Any]:
    return {"task": shown(await review.next_adjudication(stores, reviewer_of(stores, who)))}


@router.post("/lead/submit")
async def decide_tie(stores: StoresHere, who: Lead, body: Decided) -> dict[str, Any]:
    lead = reviewer_of(stores, who)
    await review.adjudicate(stores, lead, TaskId(body.task), body.fence, body.answer)
    return {"task": shown(await review.next_adjudication(stores, lead))}
