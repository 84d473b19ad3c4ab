"""Three people gave three answers: a lead listens, sees the answers without names, and decides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from earmark.errors import BadRequest, Erased, NotHeard, StaleLease
from earmark.review.answers import Answer, check
from earmark.review.lanes import adjudicating, lanes_for
from earmark.review.leases import CHANCE, MOST_HELD, Served, lease
from earmark.review.listening import Span, share_heard, speech_of
from earmark.review.masked import masked_key, open_answer, open_label, open_prefill, seal_label
from earmark.review.people import Reviewer, lead_only
from earmark.review.questions import spec_of
from earmark.review.sql import SQL
from earmark.storage import Row, Stores, fetch
from earmark.words import TaskId


async def next_adjudication(stores: Stores, lead: Reviewer, *, rng: random.Random = CHANCE) -> Served | None:
    """Lease a tie to a lead who has not judged it, answers included.

    Raises Forbidden for anybody else, BadRequest when they hold as many as one person may.
    """
    lead_only(lead)
    held = (await fetch(stores.pool, SQL.count_held, {"reviewer": lead.id, "now": stores.now()}))[0]["n"]
    if held >= MOST_HELD:
        raise BadRequest(why=f"You hold {held} clips already; decide one or give one back.")
    lanes = adjudicating(await lanes_for(stores, lead))
    served = await lease(stores, lead, lanes, rng)
    if served is None:
        return None
    rows = await fetch(stores.pool, SQL.leased_row, {"task": served.task_id})
    if not rows:
        return None
    key = masked_key(stores, rows[0]["key_slot"])
    answers = [open_answer(key, served.task_id, sealed) for sealed in rows[0]["answers"]]
    rng.shuffle(answers)
    return replace(served, given=tuple(answers))


async def adjudicate(
    stores: Stores,
    lead: Reviewer,
    task_id: TaskId,
    fence: int,
    answer: object,
    *,
    heard: Sequence[Span] | None = None,
) -> None:
    """Make a lead's answer the label, and the clip gold; sending the same decision again changes nothing.

    `heard` are the spans that were played; None: all of it. Raises Forbidden, BadRequest, NotHeard, StaleLease.
    """
    lead_only(lead)
    rows = await fetch(stores.pool, SQL.leased_row, {"task": task_id})
    if not rows:
        raise StaleLease
    spec = await spec_of(stores, rows[0]["question"], rows[0]["version"])
    checked = check(spec, answer)
    try:
        key = masked_key(stores, rows[0]["key_slot"])
        prefill = open_prefill(key, task_id, rows[0]["sealed"])
    except Erased:
        raise StaleLease from None
    if share_heard(speech_of(prefill), heard) < spec.needs_heard:
        raise NotHeard
    label = seal_label(key, task_id, checked)
    now = stores.now()
    values = {
        "task": task_id,
        "reviewer": lead.id,
        "fence": fence,
        "now": now,
        "day": now.date(),
        "label": label,
        "needs_heard": spec.needs_heard > 0,
    }
    found = (await fetch(stores.pool, SQL.adjudicate, values))[0]
    if found["unheard"]:
        raise NotHeard
    if not found["decided"] and not _decided_alike(rows[0], key, task_id, checked):
        raise StaleLease


def _decided_alike(row: Row, key: bytes, task_id: TaskId, answer: Answer) -> bool:
    """Tell whether the clip is gold with this very answer: the page sent it twice because the first word was lost."""
    return row["held_for"] == "gold" and open_label(key, task_id, row["label"]) == answer
