"""Taking one's last answer back, while its clip still rests."""

from __future__ import annotations

import uuid
from dataclasses import replace

from earmark.errors import Erased, TooLate
from earmark.review.leases import MOST_HELD, Served, lease_end, served
from earmark.review.masked import masked_key, open_answer
from earmark.review.people import Reviewer
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch
from earmark.words import TaskId


async def undo(stores: Stores, reviewer: Reviewer, task_id: TaskId, client_key: uuid.UUID) -> Served:
    """Take an answer back and lease its clip again, the answer as draft. Raises TooLate.

    The answer stays where it is, marked as taken back; what it had made of the task is unmade.
    """
    now = stores.now()
    values = {
        "task": task_id,
        "client_key": client_key,
        "reviewer": reviewer.id,
        "role": reviewer.role,
        "site": reviewer.site,
        "now": now,
        "until": lease_end(stores),
    }
    rows = await fetch(stores.pool, SQL.undo_answer, values)
    if not rows:
        raise TooLate
    # Each answer brought a clip: taking back again and again must not pile them up.
    await fetch(stores.pool, SQL.shed, values | {"others": MOST_HELD - 1})
    row = rows[0]
    answer = row.pop("answer")
    try:
        again = await served(stores, row)
        draft = open_answer(masked_key(stores, row["key_slot"]), task_id, answer)
    except Erased:
        raise TooLate from None
    return replace(again, draft=draft)
