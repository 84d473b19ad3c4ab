"""Sound reaches ears here and nowhere else, and each time a line is written first that its owner will see.

The address of a sound holds no name of a file: it is good for one lease, one sign-in and one use.
"""

from __future__ import annotations

import asyncio
import hmac
import struct
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import cache
from hashlib import sha256

from earmark.errors import Erased, NotFound, StaleLease
from earmark.review.masked import masked_key, open_sound
from earmark.review.people import Reviewer
from earmark.review.sql import SQL
from earmark.storage import Home, Row, Stores, fetch
from earmark.words import TaskId

SOUND_TYPE = "audio/wav"
"""Uncompressed, so that the number of bytes says no more than the padded length does."""
_FORM = struct.Struct(">16sqH")
_MAC = 16


def address(stores: Stores, task_id: TaskId, fence: int, serial: int, *, sign_in: str) -> str:
    """Return the address under which the holder of a lease can fetch its sound once, with this sign-in only."""
    body = _FORM.pack(task_id.bytes, fence, serial)
    return urlsafe_b64encode(body + _mac(stores, body, sign_in)).decode().rstrip("=")


def read_address(stores: Stores, where: str, *, sign_in: str) -> tuple[uuid.UUID, int, int] | None:
    """Return the id, fence and serial of an address; None when it is another sign-in's. Raises NotFound."""
    try:
        raw = urlsafe_b64decode(where + "=" * (-len(where) % 4))
        body, mac = raw[: _FORM.size], raw[_FORM.size :]
        task, fence, serial = _FORM.unpack(body)
    except (Base64Error, ValueError, struct.error):
        raise NotFound from None
    return (uuid.UUID(bytes=task), fence, serial) if hmac.compare_digest(mac, _mac(stores, body, sign_in)) else None


async def next_address(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int, *, sign_in: str) -> str:
    """Return a new address, when the first was used and the sound did not arrive. Raises StaleLease."""
    values = {"task": task_id, "reviewer": reviewer.id, "fence": fence, "now": stores.now()}
    rows = await fetch(stores.pool, SQL.next_serial, values)
    if not rows:
        raise StaleLease
    return address(stores, task_id, fence, rows[0]["serial"], sign_in=sign_in)


async def sound_at(stores: Stores, reviewer: Reviewer, where: str, *, sign_in: str) -> bytes:
    """Return the masked copy behind an address (WAV, 16 kHz, mono, 16-bit), once.

    Raises StaleLease when it was used, belongs to another sign-in, or its lease is not live; that is counted, and many
    of them are looked at.
    """
    if (read := read_address(stores, where, sign_in=sign_in)) is None:
        await count_refusal(stores, reviewer)
        raise StaleLease
    task, fence, serial = read
    return await _hear(stores, reviewer, TaskId(task), fence, serial)


async def sound(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int) -> bytes:
    """Return a masked copy to whoever holds its lease now, as the next hearing of it. Raises StaleLease."""
    return await _hear(stores, reviewer, task_id, fence, None)


async def _hear(stores: Stores, reviewer: Reviewer, task_id: TaskId, fence: int, serial: int | None) -> bytes:
    """Write the hearing down, then open the copy: the line is on disk before the first byte leaves."""
    now = stores.now()
    values = {
        "task": task_id,
        "reviewer": reviewer.id,
        "fence": fence,
        "serial": serial,
        "now": now,
        "day": now.date(),
    }
    rows = await fetch(stores.pool, SQL.hear_under_lease, values)
    if not rows:
        await count_refusal(stores, reviewer, task_id)
        raise StaleLease
    try:
        return await asyncio.to_thread(serve_sound, stores, task_id, rows[0])
    except (Erased, NotFound):
        raise StaleLease from None


async def count_refusal(stores: Stores, reviewer: Reviewer, task_id: TaskId | None = None) -> None:
    """Count an address that was refused: `late` when the clip is one that this person has answered."""
    values = {"task": task_id, "reviewer": reviewer.id, "day": stores.now().date()}
    await fetch(stores.pool, SQL.count_refusal, values)


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


@cache
def _key(home: Home) -> bytes:
    return bytes.fromhex(home.secret("sound-addresses"))


def _mac(stores: Stores, body: bytes, sign_in: str) -> bytes:
    key = _key(stores.home)
    return hmac.new(key, sha256(sign_in.encode()).digest() + body, sha256).digest()[:_MAC]
