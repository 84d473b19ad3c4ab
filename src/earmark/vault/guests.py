"""Guests: a code said by a device lets somebody without an account see and delete what it heard of them.

A voice session is what one device heard without a pause of ten minutes, around the moment the code was asked for. The
code is eight digits, works for 24 hours, and reaches that session alone.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from earmark.errors import NotFound, WrongCode
from earmark.storage import Stores, again_after_deadlock, fetch
from earmark.vault.interaction import Interaction
from earmark.vault.keeping import GUEST_PAUSE, SQL
from earmark.vault.reading import interactions_of
from earmark.words import DeviceId, InteractionId, PersonId

LASTS = timedelta(hours=24)
_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSession:
    """What a code opens."""

    id: uuid.UUID
    device_id: DeviceId
    person_id: PersonId
    """Whose device it is: the recordings lie in this person's history."""
    expires_at: datetime


def _hash(stores: Stores, code: str) -> bytes:
    key = bytes.fromhex(stores.home.secret("guest-codes"))
    return hmac.new(key, code.encode(), sha256).digest()


@again_after_deadlock
async def begin_guest_session(stores: Stores, device_id: DeviceId) -> tuple[str, list[InteractionId]]:
    """Begin a guest's voice session on a device.

    Returns the code, which is not stored, and what the device heard just before, which belongs to the session now. Who
    asks again before it has ended gets another code for the same session.
    """
    code, now, session = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}", stores.now(), uuid.uuid4()
    values = {
        "id": session,
        "code_hash": _hash(stores, code),
        "device": device_id,
        "now": now,
        "expires": now + LASTS,
        "pause": GUEST_PAUSE,
        "since": now - LASTS,
    }
    async with stores.pool.connection() as connection, connection.transaction():
        open_one = await (await connection.execute(SQL.renew_guest_session, values)).fetchone()
        if open_one:
            values["id"] = open_one["id"]
        else:
            await connection.execute(SQL.begin_guest_session, values)
        rows = await (await connection.execute(SQL.take_in, values)).fetchall()
    return code, [row["id"] for row in rows]


async def guest_session(stores: Stores, code: str) -> GuestSession:
    """Return the session of a code; spaces and dots in it don't matter. Raises WrongCode."""
    digits = "".join(letter for letter in code if letter.isdecimal())
    rows = await fetch(stores.pool, SQL.guest_session, {"code_hash": _hash(stores, digits), "now": stores.now()})
    if not rows:
        raise WrongCode
    return GuestSession(**rows[0])


async def guest_session_by_id(stores: Stores, identifier: uuid.UUID) -> GuestSession:
    """Return a session that a code opened before. Raises NotFound when its time is over."""
    rows = await fetch(stores.pool, SQL.guest_session_by_id, {"id": identifier, "now": stores.now()})
    if not rows:
        raise NotFound
    return GuestSession(**rows[0])


async def heard_of_guest(stores: Stores, session: GuestSession) -> list[Interaction]:
    """Return what the device heard in a guest's session, newest first: from a day before the code was asked for."""
    return await interactions_of(
        stores, SQL.heard_of_guest, {"id": session.id, "since": session.expires_at - 2 * LASTS}
    )


async def interaction_of_guest(stores: Stores, session: GuestSession, identifier: InteractionId) -> Interaction:
    """Return one interaction of a guest's session. Raises NotFound for anything else."""
    found = next((item for item in await heard_of_guest(stores, session) if item.id == identifier), None)
    if found is None:
        raise NotFound
    return found


async def end_guest_sessions(stores: Stores) -> None:
    """Forget codes whose time is over."""
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.end_guest_sessions, {"now": stores.now()})
