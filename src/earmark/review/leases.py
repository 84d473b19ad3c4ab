"""Leases: one reviewer's short, fenced claim on a task; answering one brings the next in the same commit."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.errors import UniqueViolation

from earmark.errors import Erased, StaleLease
from earmark.review.agreement import decide
from earmark.review.answers import Question, check
from earmark.review.masked import masked_key, open_answer, open_prefill, seal_answer, seal_label
from earmark.storage import Row, Statements, Stores
from earmark.words import PersonId, TaskId

SQL = Statements("earmark.review")
_SKIPS = 5
"""Tasks in a row whose key is gone (a recall on its way) that are stepped over before giving up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who is at the console, as far as the floor knows."""

    id: PersonId
    languages: tuple[str, ...]
    """Languages they understand; nothing else is served."""
    secrets: tuple[bytes, ...] = ()
    """Exclusion secrets of their own households; clips from there are never served to them."""
    site: str
    """Where they work; owners see it beside each hearing."""
    role: str = "reviewer"
    """`reviewer` or `lead`; owners see it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A task in somebody's hands."""

    task_id: TaskId
    question: Question
    language: str
    fence: int
    """Goes with everything that is done under this lease."""
    lease_until: datetime
    prefill: Mapping[str, Any]
    """What the machine thought, identifiers cut out. wake: `word`; transcript: `words`, each with text, confidence,
    start, end (seconds in this copy); understood: `text`, `intent`, `slots`."""
    answers: tuple[Mapping[str, Any], ...] = ()
    """For a lead who decides a tie: what was answered, without who."""


def _asking(stores: Stores, reviewer: Reviewer, rng: random.Random) -> dict[str, Any]:
    now = stores.now()
    languages = list(reviewer.languages)
    rng.shuffle(languages)
    return {
        "reviewer": reviewer.id,
        "languages": languages,
        "secrets": list(reviewer.secrets),
        "role": reviewer.role,
        "site": reviewer.site,
        "start": rng.random(),
        "now": now,
        "until": now + timedelta(seconds=stores.settings.lease_seconds),
    }


_CHANCE = random.SystemRandom()


def _served(stores: Stores, row: Row) -> Served:
    key = masked_key(stores, row["key_slot"])
    return Served(
        task_id=row["id"],
        question=row["question"],
        language=row["language"],
        fence=row["fence"],
        lease_until=row["lease_until"],
        prefill=open_prefill(key, row["id"], row["sealed"]),
    )


async def next_task(stores: Stores, reviewer: Reviewer, *, rng: random.Random = _CHANCE) -> Served | None:
    """Lease the next task to this reviewer; None when nothing is left for them."""
    return await lease(stores, reviewer, rng, adjudication=False)


async def lease(stores: Stores, reviewer: Reviewer, rng: random.Random, *, adjudication: bool) -> Served | None:
    """Lease a ready task, or for a lead one that waits for adjudication."""
    for _ in range(_SKIPS):
        values = _asking(stores, reviewer, rng) | {"adjudication": adjudication}
        async with stores.pool.connection() as connection:
            row = await (await connection.execute(SQL.lease_next, values)).fetchone()
            if row is None and (await connection.execute(SQL.expire_leases, values)).rowcount:
                row = await (await connection.execute(SQL.lease_next, values)).fetchone()
        if row is None:
            return None
        try:
            return _served(stores, row)
        except Erased:
            continue
    return None


async def submit_and_next(
    stores: Stores,
    reviewer: Reviewer,
    task_id: TaskId,
    fence: int,
    client_key: uuid.UUID,
    answer: object,
    *,
    rng: random.Random = _CHANCE,
) -> Served | None:
    """Keep an answer and lease the next task; the answer is on disk when this returns.

    `client_key` is drawn by the page for this answer: sending it again changes nothing and brings the lease that the
    first sending brought. Raises BadRequest (not an answer to this question) and StaleLease (the lease has passed on,
    or the client key was used for another answer).

    The label is worked out between reading and the one writing call: only the lease's holder can add a judgement, so
    what was read can't change before that call, which checks the fence and the number of judgements seen.
    """
    try:
        async with stores.pool.connection() as connection:
            values = {"task": task_id, "reviewer": reviewer.id}
            task = await (await connection.execute(SQL.task_with_answers, values)).fetchone()
            if task is None:
                raise StaleLease
            values = _asking(stores, reviewer, rng) | _judged(stores, task_id, task, answer)
            values |= {"task": task_id, "fence": fence, "client_key": client_key, "day": stores.now().date()}
            row = await (await connection.execute(SQL.submit_and_next, values)).fetchone()
    except UniqueViolation:
        raise StaleLease from None
    if row is None or row["status"] == "stale":
        raise StaleLease
    if row["id"] is None:
        return None
    try:
        return _served(stores, row)
    except Erased:
        return await next_task(stores, reviewer, rng=rng)


def _judged(stores: Stores, task_id: TaskId, task: Row, answer: object) -> dict[str, Any]:
    """Check an answer and work out what it makes of its task. Raises BadRequest, StaleLease."""
    try:
        key = masked_key(stores, task["key_slot"])
        earlier = [open_answer(key, task_id, sealed) for sealed in task["answers"]]
    except Erased:
        raise StaleLease from None
    checked = check(task["question"], answer)
    outcome = decide(task["question"], [*earlier, checked])
    return {
        "answer": seal_answer(key, task_id, checked),
        "seen": len(earlier),
        "state": outcome.state,
        "needed": outcome.needed,
        "label": seal_label(key, task_id, outcome.label) if outcome.label is not None else None,
        "made_by": outcome.made_by,
    }


async def heartbeat(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int) -> datetime:
    """Keep a lease alive; returns until when. Raises StaleLease."""
    now = stores.now()
    values = {
        "task": task_id,
        "reviewer": reviewer.id,
        "fence": fence,
        "now": now,
        "until": now + timedelta(seconds=stores.settings.lease_seconds),
    }
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.heartbeat, values)).fetchone()
    if row is None:
        raise StaleLease
    return row["lease_until"]


async def release(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int) -> None:
    """Give a task back unanswered; nothing happens when it is no longer held."""
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.release, {"task": task_id, "reviewer": reviewer.id, "fence": fence})


async def expire_leases(stores: Stores) -> int:
    """Put tasks back whose holders left; the worker does this every few seconds. Returns how many."""
    async with stores.pool.connection() as connection:
        return (await connection.execute(SQL.expire_leases, {"now": stores.now()})).rowcount
