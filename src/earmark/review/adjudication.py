"""Three people gave three answers: a lead listens, sees the answers without names, and decides."""

from __future__ import annotations

import random

from earmark.errors import Erased, Forbidden, StaleLease
from earmark.review.answers import check
from earmark.review.leases import _CHANCE, SQL, Reviewer, Served, lease
from earmark.review.masked import masked_key, open_answer, seal_label
from earmark.storage import Stores
from earmark.words import TaskId


def _lead_only(lead: Reviewer) -> None:
    if lead.role != "lead":
        raise Forbidden


async def next_adjudication(stores: Stores, lead: Reviewer, *, rng: random.Random = _CHANCE) -> Served | None:
    """Lease a tie to a lead who has not judged it, answers included. Raises Forbidden for anybody else."""
    _lead_only(lead)
    served = await lease(stores, lead, rng, adjudication=True)
    if served is None:
        return None
    async with stores.pool.connection() as connection:
        task = await (await connection.execute(SQL.key_slot, {"task": served.task_id})).fetchone()
        rows = await (await connection.execute(SQL.answers_of, {"task": served.task_id})).fetchall()
    if task is None:
        return None
    key = masked_key(stores, task["key_slot"])
    answers = tuple(open_answer(key, served.task_id, row["sealed"]) for row in rows)
    return Served(
        task_id=served.task_id,
        question=served.question,
        language=served.language,
        fence=served.fence,
        lease_until=served.lease_until,
        prefill=served.prefill,
        answers=answers,
    )


async def adjudicate(stores: Stores, lead: Reviewer, task_id: TaskId, fence: int, answer: object) -> None:
    """Make a lead's answer the label. Raises Forbidden, BadRequest, StaleLease."""
    _lead_only(lead)
    async with stores.pool.connection() as connection:
        task = await (await connection.execute(SQL.key_slot, {"task": task_id})).fetchone()
    if task is None:
        raise StaleLease
    checked = check(task["question"], answer)
    try:
        label = seal_label(masked_key(stores, task["key_slot"]), task_id, checked)
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
    }
    async with stores.pool.connection() as connection:
        if await (await connection.execute(SQL.adjudicate, values)).fetchone() is None:
            raise StaleLease
