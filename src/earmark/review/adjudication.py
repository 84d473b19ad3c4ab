"""Three people gave three answers: a lead listens, sees the answers without names, and decides."""

from __future__ import annotations

import random
from dataclasses import replace

from earmark.errors import BadRequest, Erased, Forbidden, NotHeard, StaleLease
from earmark.review.answers import check
from earmark.review.lanes import adjudicating, lanes_for
from earmark.review.leases import CHANCE, MOST_HELD, Served, lease
from earmark.review.masked import masked_key, open_answer, seal_label
from earmark.review.people import Reviewer
from earmark.review.questions import spec_of
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch
from earmark.words import TaskId


def _lead_only(lead: Reviewer) -> None:
    if lead.role != "lead":
        raise Forbidden


async def next_adjudication(stores: Stores, lead: Reviewer, *, rng: random.Random = CHANCE) -> Served | None:
    """Lease a tie to a lead who has not judged it, answers included.

    Raises Forbidden for anybody else, BadRequest when they hold as many as one person may.
    """
    _lead_only(lead)
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


async def adjudicate(stores: Stores, lead: Reviewer, task_id: TaskId, fence: int, answer: object) -> None:
    """Make a lead's answer the label, and the clip gold. Raises Forbidden, BadRequest, NotHeard, StaleLease."""
    _lead_only(lead)
    rows = await fetch(stores.pool, SQL.leased_row, {"task": task_id})
    if not rows:
        raise StaleLease
    spec = await spec_of(stores, rows[0]["question"], rows[0]["version"])
    checked = check(spec, answer)
    try:
        label = seal_label(masked_key(stores, rows[0]["key_slot"]), task_id, checked)
    except Erased:
        raise StaleLease from None
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
    if not found["decided"]:
        raise StaleLease
