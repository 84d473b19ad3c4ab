"""Sound reaches ears here and nowhere else, and each time a line is written first that its owner will see."""

from __future__ import annotations

import asyncio

from earmark.errors import Erased, NotFound, StaleLease
from earmark.review.leases import SQL, Reviewer
from earmark.review.masked import masked_key, open_sound
from earmark.storage import Row, Stores
from earmark.words import TaskId

SOUND_TYPE = "audio/wav"
"""Uncompressed, so that the number of bytes says no more than the padded length does."""


async def sound(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int) -> bytes:
    """Return a masked copy (WAV, 16 kHz, mono, 16-bit) to whoever holds its lease now.

    The hearing is on disk before the first byte leaves; playing it again under the same lease is the same hearing.
    Raises StaleLease when the lease is not live, or the clip was recalled.
    """
    now = stores.now()
    values = {"task": task_id, "reviewer": reviewer.id, "fence": fence, "now": now, "day": now.date()}
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.hear_under_lease, values)).fetchone()
    if row is None:
        raise StaleLease
    try:
        return await asyncio.to_thread(serve_sound, stores, task_id, row)
    except (Erased, NotFound):
        raise StaleLease from None


async def flagged_sound(stores: Stores, listener: Reviewer, task_id: TaskId) -> bytes:
    """Return the masked copy of a flagged clip to somebody who decides its case; each time is a hearing.

    Raises NotFound when the clip is not flagged or is gone.
    """
    values = {
        "task": task_id,
        "reviewer": listener.id,
        "role": listener.role,
        "site": listener.site,
        "day": stores.now().date(),
    }
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.hear_flagged, values)).fetchone()
    if row is None:
        raise NotFound
    try:
        return await asyncio.to_thread(serve_sound, stores, task_id, row)
    except Erased:
        raise NotFound from None


def serve_sound(stores: Stores, task_id: TaskId, row: Row) -> bytes:
    """Open the copy for one hearing. Every byte of sound on the floor passes here: a mark per hearing belongs here."""
    return open_sound(masked_key(stores, row["key_slot"]), task_id, stores.objects.get(row["object"]))
