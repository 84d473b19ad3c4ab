"""Grants: who allowed what, for which device, since when, in which wording. The latest holds; silence is no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from earmark import audit
from earmark.storage import Row, Statements, Stores, fetch
from earmark.words import DeviceId, PersonId

SQL = Statements("earmark.consent")
Purpose = Literal["save", "review", "transcription"]
How = Literal["first-run", "settings", "voice", "command", "api"]
PURPOSES: tuple[Purpose, ...] = ("save", "review", "transcription")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a switch says; a grant names the version that was on screen."""

    version: str
    title: str
    text: str


WORDINGS: dict[Purpose, Wording] = {
    "save": Wording(
        version="save-1",
        title="Keep my recordings",
        text="Earmark keeps what you say to it, so that you can see it, hear it and delete it. "
        "Each recording deletes itself after {retention_days} days. With this off, nothing is kept.",
    ),
    "review": Wording(
        version="review-1",
        title="Use my recordings for human review",
        text="Now and then, a person may listen to a few seconds of yours to check what Earmark understood. "
        "They never see your name, and you can see each time it happened. Turn it off whenever you like: "
        "clips that are waiting are pulled back at once.",
    ),
    "transcription": Wording(
        version="transcription-1",
        title="Use my messages to improve transcription",
        text="When you dictate a message, a person may check that Earmark wrote it down right. "
        "Names and numbers that Earmark notices are cut out first.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One word of one person."""

    id: int
    purpose: Purpose
    device_id: DeviceId | None
    """None: all devices."""
    allowed: bool
    wording: str
    how: How
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What holds now for one person, on one device or in general."""

    latest: tuple[Grant, ...]

    def grant(self, purpose: Purpose, device_id: DeviceId | None = None) -> Grant | None:
        """Return the live grant, or None when it isn't allowed: a device's own no beats the general yes."""
        general = next((g for g in self.latest if g.purpose == purpose and g.device_id is None), None)
        own = next((g for g in self.latest if g.purpose == purpose and device_id and g.device_id == device_id), None)
        if general is None or not general.allowed or (own is not None and not own.allowed):
            return None
        return own or general

    def allows(self, purpose: Purpose, device_id: DeviceId | None = None) -> bool:
        return self.grant(purpose, device_id) is not None


async def current(stores: Stores, person_id: PersonId) -> Grants:
    """Return a person's live grants."""
    rows = await fetch(stores.pool, SQL.latest, {"person": person_id})
    return Grants(latest=tuple(_grant(row) for row in rows))


async def everything(stores: Stores, person_id: PersonId) -> list[Grant]:
    """Return every grant a person ever gave or took back, oldest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.all_grants, {"person": person_id})).fetchall()
    return [_grant(row) for row in rows]


def _grant(row: Row) -> Grant:
    return Grant(**row)


async def set_grant(
    stores: Stores,
    person_id: PersonId,
    purpose: Purpose,
    allowed: bool,
    *,
    how: How,
    device_id: DeviceId | None = None,
) -> int:
    """Write down a word; it holds from now on, and the log keeps that it was given. Returns the grant's number."""
    values = {
        "person": person_id,
        "device": device_id,
        "purpose": purpose,
        "allowed": allowed,
        "wording": WORDINGS[purpose].version,
        "how": how,
        "now": stores.now(),
    }
    event = {"what": "consent", "purpose": purpose, "allowed": allowed, "how": how, "wording": values["wording"]}
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.add_grant, values)).fetchone()
        await audit.append_in(connection, stores, {**event, "for": "one device" if device_id else "all devices"})
    assert row is not None
    return row["id"]


async def people_who_allow(stores: Stores, purpose: Purpose) -> list[PersonId]:
    """Return everybody whose general word allows a purpose; a device may still say no."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.people_who_allow, {"purpose": purpose})).fetchall()
    return [row["person_id"] for row in rows]
