"""Grants: who allowed what, for which device, since when, in which wording. The latest holds; silence is no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from earmark import audit
from earmark.consent.wordings import Purpose, wordings
from earmark.errors import BadRequest, NotForChildren, NotFound
from earmark.storage import Row, Statements, Stores, fetch
from earmark.words import DeviceId, PersonId

SQL = Statements("earmark.consent")
How = Literal["first-run", "settings", "voice", "command", "api"]
PURPOSES: tuple[Purpose, ...] = ("save", "review", "transcription", "donate", "hear_first")
NEVER_OF_A_CHILD = frozenset({"review", "transcription", "donate"})
BY_DEVICE: tuple[Purpose, ...] = ("save", "review", "transcription", "donate")
"""Which of them a single device may be left out of."""
UNTIL_DELETED = 0
AS_FOR_ALL = -1
"""Said of a device's clock: it has none of its own any more."""
CLOCKS: dict[int, str] = {
    1: "1 day",
    30: "30 days",
    90: "3 months",
    548: "18 months",
    UNTIL_DELETED: "Until I delete it",
}
"""Days that a recording may live → what the choice is called; "don't save" is the switch itself."""


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
    keep_days: int | None = None
    """With `save`: how long a recording lives; `UNTIL_DELETED` for ever, None as long as the installation says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What holds now for one person, on one device or in general."""

    latest: tuple[Grant, ...]
    child: bool = False
    """No sound of a child is kept, and nobody listens: `review`, `transcription` and `donate` are never allowed."""

    def grant(self, purpose: Purpose, device_id: DeviceId | None = None) -> Grant | None:
        """Return the live grant, or None when it isn't allowed: a device's own no beats the general yes."""
        if self.child and purpose in NEVER_OF_A_CHILD:
            return None
        general, own = self.word(purpose), self.word(purpose, device_id) if device_id else None
        if general is None or not general.allowed or (own is not None and not own.allowed):
            return None
        return own or general

    def allows(self, purpose: Purpose, device_id: DeviceId | None = None) -> bool:
        return self.grant(purpose, device_id) is not None

    def word(self, purpose: Purpose, device_id: DeviceId | None = None) -> Grant | None:
        """Return what was said last on this very matter: for this device, or for all of them."""
        return next((g for g in self.latest if g.purpose == purpose and g.device_id == device_id), None)

    def keep_days(self, default: int, device_id: DeviceId | None = None) -> int:
        """Return for how many days a recording of this device lives: by the device's own clock, the person's, or
        the installation's `default`."""
        words = (self.word("save", device_id) if device_id else None, self.word("save"))
        return next((word.keep_days for word in words if word and word.keep_days is not None), default)


async def current(stores: Stores, person_id: PersonId) -> Grants:
    """Return a person's live grants."""
    rows = await fetch(stores.pool, SQL.latest, {"person": person_id})
    child = bool(rows and rows[0]["child"])
    said = [{name: row[name] for name in row if name != "child"} for row in rows if row["id"] is not None]
    return Grants(latest=tuple(_grant(row) for row in said), child=child)


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
    keep_days: int | None = None,
    language: str = "en",
) -> int:
    """Write down a word; it holds from now on, and the log keeps that it was given. Returns the grant's number.

    `earmark.switches.switch` also carries out what follows from it. `keep_days` is said with `save` alone; left out,
    the clock stays as it was. `language` is the one in which the switch stood before whoever turned it.
    Raises BadRequest for a clock that isn't offered, NotForChildren, NotFound for a device that isn't of this person's
    household.
    """
    own_clock = device_id is not None and keep_days == AS_FOR_ALL
    if keep_days is not None and (purpose != "save" or not (own_clock or keep_days in CLOCKS)):
        raise BadRequest(why=f"A recording can be kept for one of: {', '.join(CLOCKS.values())}.")
    known = await current(stores, person_id)
    if allowed and known.child and purpose in NEVER_OF_A_CHILD:
        raise NotForChildren
    if device_id is not None and purpose not in BY_DEVICE:
        raise BadRequest(why="This switch is for all devices at once.")
    before = known.word(purpose, device_id)
    values = {
        "person": person_id,
        "device": device_id,
        "purpose": purpose,
        "allowed": allowed,
        "wording": wordings(language)[purpose].version,
        "how": how,
        "now": stores.now(),
        "keep_days": _clock(keep_days, before),
    }
    event = {"what": "consent", "purpose": purpose, "allowed": allowed, "how": how, "wording": values["wording"]}
    async with stores.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(SQL.add_grant, values)).fetchone()
        if row is None:
            raise NotFound
        await audit.append_in(connection, stores, {**event, "for": "one device" if device_id else "all devices"})
    return row["id"]


def _clock(said: int | None, before: Grant | None) -> int | None:
    if said is None:
        return before.keep_days if before else None
    return None if said == AS_FOR_ALL else said


async def people_who_allow(stores: Stores, purpose: Purpose) -> list[PersonId]:
    """Return everybody whose general word allows a purpose; a device may still say no."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.people_who_allow, {"purpose": purpose})).fetchall()
    return [row["person_id"] for row in rows]
