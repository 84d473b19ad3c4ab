"""Leases: one reviewer's short, fenced claim on a task; answering one brings the next in the same commit."""

from __future__ import annotations

import random
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg.errors import UniqueViolation

from earmark.errors import BadRequest, Erased, NotHeard, StaleLease
from earmark.review import answers, gold
from earmark.review.agreement import decide
from earmark.review.lanes import Lanes, lanes_for
from earmark.review.listening import Span, share_heard, speech_of
from earmark.review.masked import masked_key, open_answer, open_label, open_prefill, seal_answer, seal_label
from earmark.review.people import Reviewer
from earmark.review.questions import Question, Spec, spec_of
from earmark.review.sql import SQL
from earmark.review.training import Taught, count_training
from earmark.storage import Row, Stores, fetch
from earmark.words import TaskId

UNDO_SECONDS = 30
"""How long an answer can be taken back, and its clip rests."""
MOST_HELD = 6
"""Clips one person may hold: the one before them, those fetched ahead, and a second window."""
_SKIPS = 5
"""Tasks in a row whose key is gone (a recall on its way) that are stepped over before giving up."""
_REMEMBERED = 20_000
"""Leases whose sealed row this process remembers, so that an answer needs one statement only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A task in somebody's hands."""

    task_id: TaskId
    question: Question
    spec: Spec
    """The question as everybody is asked it who judges this clip."""
    language: str
    fence: int
    """Goes with everything that is done under this lease."""
    lease_until: datetime
    prefill: Mapping[str, Any]
    """What the machine thought, identifiers cut out. wake: `word`; transcript: `words`, each with text, confidence,
    start, end (seconds in this copy); understood: `text`, `accepted`, `intent`, `slots`; helpful: `text`, `reply`;
    compare: `a`, `b`. Empty where it is withheld."""
    speech: tuple[Span, ...] = ()
    """Where speech is, in seconds of this copy; empty: not known, so all of it."""
    blind: bool = False
    """The prefill is withheld, to measure how much it leads people."""
    training: bool = False
    draft: Mapping[str, Any] | None = None
    """What this person had written before; None: nothing."""
    given: tuple[Mapping[str, Any], ...] = ()
    """For a lead who decides a tie: what was answered, without who."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An answer that is kept, and what follows it."""

    next: Served | None
    undo_until: datetime | None = None
    """Until when it can be taken back; None: it can't."""
    taught: Taught | None = None
    """After a training clip: whether it was right, and how far the training has come."""


_held: OrderedDict[tuple[TaskId, int], Row] = OrderedDict()
"""By task and fence, the row as it was leased: nobody but the lease's holder can change what it says."""


def _asking(stores: Stores, reviewer: Reviewer, lanes: Lanes, rng: random.Random) -> dict[str, Any]:
    now = stores.now()
    shuffled = list(lanes.lanes)
    rng.shuffle(shuffled)
    shuffled.sort(key=lambda lane: lane.rank)  # a campaign's before the others
    kinds = list(lanes.kinds)
    if "ready" in kinds and rng.random() < lanes.gold_share:
        kinds.insert(0, "gold")
    return {
        "reviewer": reviewer.id,
        "languages": [lane.language for lane in shuffled],
        "regions": [lane.region for lane in shuffled],
        "questions": [lane.question for lane in shuffled],
        "secrets": list(reviewer.secrets),
        "role": reviewer.role,
        "site": reviewer.site,
        "start": rng.random(),
        "now": now,
        "until": lease_end(stores),
        "kinds": kinds,
        "round": lanes.round,
        "blind": lanes.blind_share,
    }


CHANCE = random.SystemRandom()


def lease_end(stores: Stores) -> datetime:
    """Return until when a lease lasts that begins or is kept now."""
    return stores.now() + timedelta(seconds=stores.settings.lease_seconds)


async def served(stores: Stores, row: Row, *, draft: bytes | None = None) -> Served:
    """Open a leased row. Raises Erased when its key is gone."""
    task_id = TaskId(row["id"])
    key = masked_key(stores, row["key_slot"])
    prefill = open_prefill(key, task_id, row["sealed"])
    spec = await spec_of(stores, row["question"], row["version"])
    _held[task_id, row["fence"]] = row
    while len(_held) > _REMEMBERED:
        _held.popitem(last=False)
    return Served(
        task_id=task_id,
        question=row["question"],
        spec=spec,
        language=row["language"],
        fence=row["fence"],
        lease_until=row["lease_until"],
        prefill={} if row["blind"] else answers.shown(prefill),
        speech=speech_of(prefill),
        blind=row["blind"],
        training=row["held_for"] == "training",
        draft=open_answer(key, task_id, draft) if draft is not None else None,
    )


async def next_task(
    stores: Stores,
    reviewer: Reviewer,
    *,
    lanes: Lanes | None = None,
    rng: random.Random = CHANCE,
    most: int = MOST_HELD,
) -> Served | None:
    """Lease the next task to this reviewer; None when nothing is left for them (`lanes_for` may say why).

    Raises BadRequest when they hold `most` already.
    """
    held = (await fetch(stores.pool, SQL.count_held, {"reviewer": reviewer.id, "now": stores.now()}))[0]["n"]
    if held >= most:
        raise BadRequest(why=f"You hold {held} clips already; answer one or give one back.")
    return await lease(stores, reviewer, lanes or await lanes_for(stores, reviewer), rng)


async def lease(stores: Stores, reviewer: Reviewer, lanes: Lanes, rng: random.Random) -> Served | None:
    """Lease a task of these lanes; leases that ran out are given back first when there seems to be none."""
    for _ in range(_SKIPS):
        values = _asking(stores, reviewer, lanes, rng)
        rows = await fetch(stores.pool, SQL.lease_next, values)
        if not rows and await expire_leases(stores):
            rows = await fetch(stores.pool, SQL.lease_next, values)
        if not rows:
            return None
        try:
            return await served(stores, rows[0])
        except Erased:
            continue
    return None


async def resume(stores: Stores, reviewer: Reviewer, *, lanes: Lanes | None = None) -> list[Served]:
    """Return what this reviewer holds, oldest first, with drafts, under new fences: a page that was left or that
    crashed can't answer any more, this one can.

    Clips they had begun to write about come too when the lease ran out in the meantime, unless somebody else has them,
    or this person may be given nothing now.
    """
    now, lanes = stores.now(), lanes or await lanes_for(stores, reviewer)
    values = {
        "reviewer": reviewer.id,
        "role": reviewer.role,
        "site": reviewer.site,
        "may": bool(lanes.lanes) and "ready" in lanes.kinds,
        "now": now,
        "until": lease_end(stores),
    }
    found = []
    for row in await fetch(stores.pool, SQL.resume, values):
        try:
            found.append(await served(stores, row, draft=row.pop("draft")))
        except Erased:
            continue
    return found


async def submit_and_next(
    stores: Stores,
    reviewer: Reviewer,
    task_id: TaskId,
    fence: int,
    client_key: uuid.UUID,
    answer: object,
    *,
    heard: Sequence[Span] | None = None,
    undo: bool = False,
    seconds: float | None = None,
    lanes: Lanes | None = None,
    rng: random.Random = CHANCE,
) -> Taken:
    """Keep an answer and lease the next task; the answer is on disk when this returns.

    `client_key` is drawn by the page for this answer: sending it again changes nothing and brings the lease that the
    first sending brought. `seconds` went by between showing the clip and the answer (None: since its lease; clips that
    are fetched ahead wait). `heard` are the spans that were played, in seconds of the copy; None: all of it. With
    `undo` the answer can be taken back for `UNDO_SECONDS`, in which nobody else gets the clip. Raises BadRequest (not
    an answer to this question), NotHeard (the clip was not listened to) and StaleLease (the lease has passed on, or the
    client key was used for another answer).

    The label is worked out before the one writing call: only the lease's holder can add a judgement, so what was read
    with the lease can't change before that call, which checks the fence and the number of judgements seen.
    """
    row = await _leased(stores, task_id, fence)
    spec = await spec_of(stores, row["question"], row["version"])
    lanes = lanes or await lanes_for(stores, reviewer)
    judged = _judged(stores, task_id, row, spec, answer, heard)
    now = stores.now()
    training = row["held_for"] == "training"  # what was right was said already
    rest_until = now + timedelta(seconds=UNDO_SECONDS) if undo and not training else None
    values = _asking(stores, reviewer, lanes, rng) | judged.values
    values |= {
        "task": task_id,
        "fence": fence,
        "client_key": client_key,
        "day": now.date(),
        "rest_until": rest_until,
        "needs_heard": spec.needs_heard > 0,
        "seconds": seconds,
    }
    try:
        answered = (await fetch(stores.pool, SQL.submit_and_next, values))[0]
    except UniqueViolation:
        raise StaleLease from None
    if answered["status"] == "unheard":
        raise NotHeard
    if answered["status"] == "stale":
        raise StaleLease
    _held.pop((task_id, fence), None)
    taught = None
    if training and answered["status"] == "taken":
        taught = await count_training(
            stores,
            reviewer,
            row["language"],
            judged.values["correct"],
            judged.expected,
            pass_mark=lanes.pass_mark,
        )
    taken = Taken(next=None, undo_until=rest_until, taught=taught)
    if taught is not None and taught.passed is not None:
        if answered["id"] is not None:
            await release(stores, reviewer, TaskId(answered["id"]), answered["fence"])
        lanes = await lanes_for(stores, reviewer, fresh=True)  # from here on real clips, or none
        return replace(taken, next=await lease(stores, reviewer, lanes, rng))
    if answered["id"] is None:
        return taken
    try:
        return replace(taken, next=await served(stores, answered))
    except Erased:
        return replace(taken, next=await lease(stores, reviewer, lanes, rng))


async def _leased(stores: Stores, task_id: TaskId, fence: int) -> Row:
    """Return a task as it was when it was leased. Raises StaleLease."""
    if (row := _held.get((task_id, fence))) is not None:
        return row
    rows = await fetch(stores.pool, SQL.leased_row, {"task": task_id})
    if not rows:
        raise StaleLease
    return rows[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    values: dict[str, Any]
    expected: Mapping[str, Any] | None = None


def _judged(
    stores: Stores, task_id: TaskId, row: Row, spec: Spec, answer: object, heard: Sequence[Span] | None
) -> _Judged:
    """Check an answer and work out what it makes of its task. Raises BadRequest, NotHeard, StaleLease."""
    try:
        key = masked_key(stores, row["key_slot"])
    except Erased:
        raise StaleLease from None
    prefill = open_prefill(key, task_id, row["sealed"])
    checked = answers.check(spec, answer)
    share = share_heard(speech_of(prefill), heard)
    if share < spec.needs_heard:
        raise NotHeard
    values: dict[str, Any] = {
        "answer": seal_answer(key, task_id, checked),
        "as_given": answers.as_given(spec, prefill, checked),
        "heard": share,
        "seen": 0,
        "state": "held",
        "needed": 2,
        "label": None,
        "made_by": None,
        "correct": None,
    }
    if row["held_for"] in ("gold", "training"):
        expected = open_label(key, task_id, row["label"])
        correct = gold.is_right(spec.kind, expected, checked)
        return _Judged(values=values | {"correct": correct}, expected=expected)
    earlier = [open_answer(key, task_id, sealed) for sealed in row["answers"]]
    outcome = decide(spec.kind, [*earlier, checked])
    return _Judged(
        values=values
        | {
            "seen": len(earlier),
            "state": outcome.state,
            "needed": outcome.needed,
            "label": seal_label(key, task_id, outcome.label) if outcome.label is not None else None,
            "made_by": outcome.made_by,
        }
    )


async def keep(stores: Stores, reviewer: Reviewer, held: Sequence[tuple[TaskId, int]]) -> tuple[datetime, list[TaskId]]:
    """Keep leases alive; returns until when, and which were lost: taken back, expired, or somebody else's by now."""
    now = stores.now()
    until = lease_end(stores)
    values = {
        "tasks": [task_id for task_id, _ in held],
        "fences": [fence for _, fence in held],
        "reviewer": reviewer.id,
        "now": now,
        "until": until,
        "written": now + timedelta(seconds=stores.settings.lease_seconds / 2),
    }
    kept = {row["id"]: row["lease_until"] for row in await fetch(stores.pool, SQL.keep, values)}
    return min(kept.values(), default=until), [task_id for task_id, _ in held if task_id not in kept]


async def release(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int) -> None:
    """Give a task back unanswered; nothing happens when it is no longer held."""
    await fetch(stores.pool, SQL.release, {"task": task_id, "reviewer": reviewer.id, "fence": fence})


async def expire_leases(stores: Stores) -> int:
    """Put tasks back whose holders left; the worker does this every few seconds. Returns how many."""
    async with stores.pool.connection() as connection:
        return (await connection.execute(SQL.expire_leases, {"now": stores.now()})).rowcount
