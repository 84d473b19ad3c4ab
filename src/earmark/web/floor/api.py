"""The console's JSON, the same for a page and for a program with a bearer token; docs/client.md describes it.

    POST /api/review/open         {"ahead"}                                → {"tasks", "why", "preferences"}
    POST /api/review/next         {}                                       → {"task", "why"}
    POST /api/review/submit       {"task", "fence", "client_key", "answer", "heard", "seconds", "undo"}
                                                                           → {"task", "why", "undo_until", "training"}
    POST /api/review/undo         {"task", "client_key"}                   → {"task"}
    POST /api/review/keep         {"held": [{"task", "fence"}]}   → {"lost", "lease_until", "consults", "asked"}
    POST /api/review/draft        {"task", "fence", "draft"}               → {}
    POST /api/review/release      {"task", "fence"}                        → {}
    POST /api/review/flag         {"task", "fence", "kind"}                → {"task": the next one, "why"}
    POST /api/review/preferences  {"speed", "loop", …}                     → {}
    POST /api/review/training     {}                                       → {}: the next round begins
    POST /api/review/sound        {"task", "fence"}                        → {"sound": another address}
    GET  /api/review/sound/{where}                                         → audio/wav, once
    POST /api/lead/next, /api/lead/submit                                  the same for ties, for leads

A task: {"id", "question", "version", "spec", "language", "fence", "lease_until", "prefill", "speech", "blind",
"training", "sound"}, where there is one also "draft", and for leads "answers".
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from earmark import review
from earmark.review import Served, Why
from earmark.storage import Stores
from earmark.web import wording
from earmark.web.sessions import Lead, Reviewer, StoresHere, Visitor
from earmark.words import TaskId

router = APIRouter(prefix="/api")
MOST_AHEAD = 2


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Opening(_Body):
    """The page opens."""

    ahead: int = Field(default=MOST_AHEAD, ge=0, le=MOST_AHEAD)
    """Clips besides the one that is shown."""


class Held(_Body):
    """What names a lease."""

    task: uuid.UUID
    fence: int = Field(ge=0, lt=2**63)


class AllHeld(_Body):
    """Everything that a page holds."""

    held: list[Held] = Field(max_length=20)


class Submission(Held):
    """An answer under a lease."""

    client_key: uuid.UUID
    """Drawn by the page for this answer, so that sending it twice keeps one."""
    answer: dict[str, Any]
    heard: list[tuple[float, float]] = Field(default=[], max_length=500)
    """Spans that were played, in seconds of the clip; left out: nothing was."""
    seconds: float | None = Field(default=None, ge=0, lt=86_400)
    """Between showing the clip and the answer; left out: since its lease."""
    undo: bool = False
    """The page offers to take the answer back for half a minute."""


class TakenBack(_Body):
    """An answer that is to be taken back."""

    task: uuid.UUID
    client_key: uuid.UUID


class Draft(Held):
    """What was written so far."""

    draft: dict[str, Any]


class Decided(Held):
    """A lead's answer to a tie."""

    answer: dict[str, Any]
    heard: list[tuple[float, float]] = Field(default=[], max_length=500)
    """As in a submission."""


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


def shown(stores: Stores, who: Visitor, task: Served | None) -> dict[str, Any] | None:
    """Return a task as it goes over the wire: nothing that is stable across tasks."""
    if task is None:
        return None
    spec, word = task.spec, str(task.prefill.get("word", ""))
    body: dict[str, Any] = {
        "id": str(task.task_id),
        "question": task.question,
        "version": spec.version,
        "spec": {
            "title": spec.title_for(wording.wake_word(word)),
            "hint": spec.hint,
            "kind": spec.kind,
            "options": [{"value": option.value, "text": option.text} for option in spec.options],
            "marks": [{"value": mark.value, "text": mark.text, "key": mark.key} for mark in spec.marks],
            "needs_heard": spec.needs_heard,
        },
        "language": task.language,
        "fence": task.fence,
        "lease_until": task.lease_until.isoformat(),
        "prefill": dict(task.prefill),
        "speech": [list(span) for span in task.speech],
        "blind": task.blind,
        "training": task.training,
        "sound": _where(review.address(stores, task.task_id, task.fence, 0, sign_in=who.token)),
    }
    if task.draft is not None:
        body["draft"] = dict(task.draft)
    if task.given:
        body["answers"] = [dict(answer) for answer in task.given]
    return body


def _where(address: str) -> str:
    return f"/api/review/sound/{address}"


def why_shown(why: Why | None) -> dict[str, Any] | None:
    if why is None:
        return None
    return {"code": why.code, "text": why.text, "until": why.until.isoformat() if why.until else None}


async def _next(stores: Stores, who: Visitor) -> dict[str, Any]:
    """Lease one more, or say why there is none."""
    reviewer = reviewer_of(stores, who)
    lanes = await review.lanes_for(stores, reviewer)
    task = await review.next_task(stores, reviewer, lanes=lanes)
    return {"task": shown(stores, who, task), "why": None if task else why_shown(lanes.why or review.NOTHING)}


@router.post("/review/open")
async def open_page(stores: StoresHere, who: Reviewer, body: Opening) -> dict[str, Any]:
    """Take up what this person holds, drafts included, and lease what is missing."""
    reviewer = reviewer_of(stores, who)
    lanes = await review.lanes_for(stores, reviewer)
    tasks = await review.resume(stores, reviewer, lanes=lanes)
    while len(tasks) <= body.ahead:
        if (task := await review.next_task(stores, reviewer, lanes=lanes)) is None:
            break
        tasks.append(task)
    return {
        "tasks": [shown(stores, who, task) for task in tasks],
        "why": None if tasks else why_shown(lanes.why or review.NOTHING),
        "preferences": await review.seats.preferences(stores, reviewer),
    }


@router.post("/review/next")
async def next_task(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    return await _next(stores, who)


@router.post("/review/submit")
async def submit(stores: StoresHere, who: Reviewer, body: Submission) -> dict[str, Any]:
    reviewer = reviewer_of(stores, who)
    lanes = await review.lanes_for(stores, reviewer)
    taken = await review.submit_and_next(
        stores,
        reviewer,
        TaskId(body.task),
        body.fence,
        body.client_key,
        body.answer,
        heard=body.heard,
        undo=body.undo,
        seconds=body.seconds,
        lanes=lanes,
    )
    taught = taken.taught
    return {
        "task": shown(stores, who, taken.next),
        "why": None if taken.next else why_shown(lanes.why or review.NOTHING),
        "undo_until": taken.undo_until.isoformat() if taken.undo_until else None,
        "training": None
        if taught is None
        else {
            "correct": taught.correct,
            "expected": dict(taught.expected),
            "asked": taught.asked,
            "right": taught.right,
            "passed": taught.passed,
        },
    }


@router.post("/review/undo")
async def undo(stores: StoresHere, who: Reviewer, body: TakenBack) -> dict[str, Any]:
    again = await review.undo(stores, reviewer_of(stores, who), TaskId(body.task), body.client_key)
    return {"task": shown(stores, who, again)}


@router.post("/review/keep")
async def keep(stores: StoresHere, who: Reviewer, body: AllHeld) -> dict[str, Any]:
    held = [(TaskId(each.task), each.fence) for each in body.held]
    reviewer = reviewer_of(stores, who)
    until, lost = await review.keep(stores, reviewer, held)
    consults = await review.my_consults(stores, reviewer, [task for task, _ in held])
    return {
        "lost": [str(task) for task in lost],
        "lease_until": until.isoformat(),
        "consults": [one.to_json() for one in consults],
        "asked": await review.count_open_consults(stores, reviewer),
    }


@router.post("/review/draft")
async def draft(stores: StoresHere, who: Reviewer, body: Draft) -> dict[str, Any]:
    await review.keep_draft(stores, reviewer_of(stores, who), TaskId(body.task), body.fence, body.draft)
    return {}


@router.post("/review/release")
async def release(stores: StoresHere, who: Reviewer, body: Held) -> dict[str, Any]:
    await review.release(stores, reviewer_of(stores, who), TaskId(body.task), body.fence)
    return {}


@router.post("/review/flag")
async def flag(stores: StoresHere, who: Reviewer, body: Flagged) -> dict[str, Any]:
    await review.flag(stores, reviewer_of(stores, who), TaskId(body.task), body.fence, body.kind)
    return await _next(stores, who)


@router.post("/review/preferences")
async def preferences(stores: StoresHere, who: Reviewer, body: dict[str, Any]) -> dict[str, Any]:
    """Remember how this person listens: speed, loop, silences, volume."""
    await review.seats.keep_preferences(stores, reviewer_of(stores, who), body)
    return {}


@router.post("/review/training")
async def try_again(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    """Begin the next round of training, after one that was not passed."""
    reviewer = reviewer_of(stores, who)
    for language, last in (await review.progress(stores, reviewer)).items():
        if last.failed_at is not None:
            await review.begin_round(stores, reviewer, language)
    await review.lanes_for(stores, reviewer, fresh=True)
    return {}


@router.post("/review/sound")
async def another_address(stores: StoresHere, who: Reviewer, body: Held) -> dict[str, Any]:
    """Give the holder of a lease another address: the first was used, and the sound did not arrive."""
    where = await review.next_address(
        stores, reviewer_of(stores, who), TaskId(body.task), body.fence, sign_in=who.token
    )
    return {"sound": _where(where)}


@router.get("/review/sound/{where}")
async def sound(stores: StoresHere, who: Reviewer, where: Annotated[str, Path(max_length=100)]) -> Response:
    data = await review.sound_at(stores, reviewer_of(stores, who), where, sign_in=who.token)
    return Response(data, media_type=review.SOUND_TYPE, headers={"Content-Disposition": "inline"})


@router.get("/review/numbers")
async def numbers(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    """What this reviewer has done; nobody else sees it."""
    own = await review.own_numbers(stores, reviewer_of(stores, who))
    return {"judgements": own.judgements, "today": own.today, "seconds": round(own.seconds, 1)}


@router.post("/lead/next")
async def next_tie(stores: StoresHere, who: Lead) -> dict[str, Any]:
    return {"task": shown(stores, who, await review.next_adjudication(stores, reviewer_of(stores, who)))}


@router.post("/lead/submit")
async def decide_tie(stores: StoresHere, who: Lead, body: Decided) -> dict[str, Any]:
    lead = reviewer_of(stores, who)
    await review.adjudicate(stores, lead, TaskId(body.task), body.fence, body.answer, heard=body.heard)
    return {"task": shown(stores, who, await review.next_adjudication(stores, lead))}
