"""What somebody has written and not sent: kept sealed beside the clip, so that a crash loses nothing."""

from __future__ import annotations

import json

from earmark.errors import BadRequest, Erased, StaleLease
from earmark.review.masked import masked_key, seal_answer
from earmark.review.people import Reviewer
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch
from earmark.words import TaskId

LONGEST = 4000
"""Characters of a draft as JSON."""


async def keep_draft(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int, draft: object) -> None:
    """Keep a draft; it goes with the answer, or with the clip. Raises BadRequest, StaleLease."""
    if not isinstance(draft, dict) or len(json.dumps(draft)) > LONGEST:
        raise BadRequest(why="A draft is a JSON object of a few lines.")
    values = {"task": task_id, "reviewer": reviewer.id, "fence": fence, "now": stores.now()}
    rows = await fetch(stores.pool, SQL.held_slot, values)
    if not rows:
        raise StaleLease
    try:
        sealed = seal_answer(masked_key(stores, rows[0]["key_slot"]), task_id, draft)
    except Erased:
        raise StaleLease from None
    if not await fetch(stores.pool, SQL.keep_draft, values | {"sealed": sealed}):
        raise StaleLease
