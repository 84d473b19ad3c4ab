"""One person's place at the console: their shift and its breaks, their settings, and whether they are locked out.

Nothing of it is written with each answer: a process keeps the seats that it serves for a minute. Two processes that
serve one person may therefore see a break up to a minute apart; a lock holds at once, because every request asks the
database who is signed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.errors import BadRequest, Conflict, Forbidden, NotFound
from earmark.review.doings import OPERATOR, SQL, note
from earmark.review.people import lead_only
from earmark.review.sites import Site, site_of
from earmark.storage import Stores
from earmark.words import PersonId

if TYPE_CHECKING:
    from earmark.review.people import Reviewer

PAUSE = timedelta(minutes=5)
"""Away for so long, and a new stretch of work begins."""
FRESH = timedelta(minutes=1)
"""How long a process goes by what it knows of a seat, and how seldom it writes it."""
LONGEST_REASON = 500
"""Characters."""
_MOST_SEATS = 20_000
PREFERENCES: Mapping[str, Any] = {"speed": 1.0, "loop": False, "skip_silence": False, "volume": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What the console needs to know about who sits at it."""

    reviewer_id: PersonId
    site: str | None
    preferences: Mapping[str, Any] = field(default_factory=lambda: dict(PREFERENCES))
    working_since: datetime | None = None
    """When this stretch of work began; None: no work, or a break that was due."""
    seen_at: datetime | None = None
    break_until: datetime | None = None
    """In the future: they rest."""
    locked: bool = False

    def resting(self, now: datetime) -> bool:
        return self.break_until is not None and self.break_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of a lead's own site: no name, and nothing of what they did."""

    id: PersonId
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    since: date
    locked_at: datetime | None
    locked_by: PersonId | None
    here: bool
    """Seen at the console in the last minutes."""

    @property
    def code(self) -> str:
        """What a lead calls them by."""
        return str(self.id)[:6]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCount:
    """How many people of one site and role know a language; who knows two is in two lines."""

    role: str
    language: str
    people: int


@dataclass(slots=True)
class _Known:
    """A seat as this process knows it."""

    seat: Seat
    read_at: datetime
    written_at: datetime


_KNOWN: dict[tuple[Path, PersonId], _Known] = {}


def at_work(seat: Seat, site: Site, now: datetime) -> Seat:
    """Return the seat of somebody who asks for work now: their stretch goes on, begins, or ends in a break. Pure."""
    if seat.resting(now):
        return seat
    rested = seat.break_until is not None
    paused = seat.seen_at is None or now - seat.seen_at >= PAUSE
    if rested or paused or seat.working_since is None:
        return replace(seat, working_since=now, seen_at=now, break_until=None)
    due = break_due(seat, site)
    if due is not None and due <= now:
        until = now + timedelta(minutes=site.break_minutes)
        return replace(seat, working_since=None, seen_at=now, break_until=until)
    return replace(seat, seen_at=now)


def break_due(seat: Seat, site: Site) -> datetime | None:
    """Return when the stretch of work ends in a break; None where no breaks are asked for, or nobody works."""
    if site.break_minutes == 0 or seat.working_since is None:
        return None
    return seat.working_since + timedelta(minutes=site.break_after_minutes)


async def sit_down(stores: Stores, reviewer: Reviewer) -> Seat:
    """Return the seat of somebody who asks for work; look at `resting` before giving them any."""
    now, known = stores.now(), await _known(stores, reviewer)
    before = known.seat
    after = at_work(before, await site_of(stores, reviewer.site), now)
    known.seat = after
    changed = (before.working_since, before.break_until) != (after.working_since, after.break_until)
    if changed or now - known.written_at >= FRESH:
        await _write(stores, reviewer, known)
    return after


async def rest(stores: Stores, reviewer: Reviewer) -> Seat:
    """Take a break of one's own, as long as the site's breaks are, five minutes at least; `come_back` ends it."""
    now, known = stores.now(), await _known(stores, reviewer)
    if not known.seat.resting(now):
        site = await site_of(stores, reviewer.site)
        length = max(PAUSE, timedelta(minutes=site.break_minutes))
        # Without a stretch of work it would look like a break that was due, which nobody may cut short.
        began = known.seat.working_since or now
        known.seat = replace(known.seat, working_since=began, seen_at=now, break_until=now + length)
        await _write(stores, reviewer, known)
    return known.seat


async def come_back(stores: Stores, reviewer: Reviewer) -> Seat:
    """End a break of one's own before its time: the stretch of work goes on. Raises Conflict when the break was due."""
    now, known = stores.now(), await _known(stores, reviewer)
    if known.seat.resting(now):
        if known.seat.working_since is None:
            raise Conflict
        known.seat = replace(known.seat, seen_at=now, break_until=None)
        await _write(stores, reviewer, known)
    return known.seat


async def preferences(stores: Stores, reviewer: Reviewer) -> dict[str, Any]:
    """Return somebody's own settings of the console, whole."""
    return dict((await _known(stores, reviewer)).seat.preferences)


async def keep_preferences(stores: Stores, reviewer: Reviewer, raw: object) -> dict[str, Any]:
    """Keep settings of the console; what is left out stays. Returns all of them. Raises BadRequest."""
    wanted = checked_preferences(raw)
    values = {"reviewer": reviewer.id, "site": reviewer.site, "preferences": json.dumps(wanted)}
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.keep_preferences, values)).fetchone()
    assert row is not None
    whole = {**PREFERENCES, **row["preferences"]}
    if (known := _KNOWN.get((stores.home.folder, reviewer.id))) is not None:
        known.seat = replace(known.seat, preferences=whole)
    return whole


def checked_preferences(raw: object) -> dict[str, Any]:
    """Return settings that the console knows, within their bounds. Raises BadRequest."""
    if not isinstance(raw, Mapping) or not set(raw) <= PREFERENCES.keys():
        raise BadRequest(why=f"The console's settings are: {', '.join(PREFERENCES)}.")
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name in ("loop", "skip_silence"):
            if not isinstance(value, bool):
                raise BadRequest(why=f"{name} is true or false.")
            found[name] = value
            continue
        least, most = (0.5, 3.0) if name == "speed" else (0.0, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise BadRequest(why=f"{name} is a number from {least:g} to {most:g}.")
        found[name] = round(float(value), 2)
    return found


async def lock_out(stores: Stores, lead: Reviewer | None, reviewer_id: PersonId, reason: str) -> None:
    """Lock somebody of the lead's own site out at once: sessions end, clips go back; `lead` None: by command.

    Raises BadRequest without a reason or for oneself, Forbidden for who is no lead, NotFound for people of other sites.
    """
    reason = _reason(reason)
    async with stores.pool.connection() as connection:
        await _own(connection, lead, reviewer_id)
        by = lead.id if lead is not None else OPERATOR
        await connection.execute(SQL.lock_out, {"reviewer": reviewer_id, "by": by, "now": stores.now()})
        await note(connection, stores, lead, "person.locked", str(reviewer_id), {"reason": reason})
    _KNOWN.pop((stores.home.folder, reviewer_id), None)


async def unlock(stores: Stores, lead: Reviewer | None, reviewer_id: PersonId, reason: str) -> None:
    """Let somebody of the lead's own site back in; it takes another lead than the one who locked, or a command.

    A lead who came that day or later is no other one: whoever locked may have invited them for it. Raises BadRequest,
    Forbidden, NotFound as `lock_out` does; Forbidden also for these two.
    """
    reason = _reason(reason)
    async with stores.pool.connection() as connection:
        await _own(connection, lead, reviewer_id)
        by = lead.id if lead is not None else OPERATOR
        values = {
            "reviewer": reviewer_id,
            "by": by if lead is not None else None,
            "site": lead.site if lead is not None else None,
        }
        if await (await connection.execute(SQL.unlock, values)).fetchone() is None:
            locked = await (await connection.execute(SQL.is_locked, values)).fetchone()
            if locked is None:
                raise NotFound
            raise Forbidden
        await note(connection, stores, lead, "person.unlocked", str(reviewer_id), {"reason": reason})
    _KNOWN.pop((stores.home.folder, reviewer_id), None)


async def colleagues(stores: Stores, lead: Reviewer, *, code: str = "", most: int = 50) -> list[Colleague]:
    """Return people of a lead's own site whose number begins with `code`, locked ones first, then by number."""
    if not set(code) <= set("0123456789abcdef-"):
        return []
    now = stores.now()
    values = {"site": lead.site, "code": f"{code}%", "since": now - PAUSE, "now": now, "most": most}
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.colleagues, values)).fetchall()
    return [
        Colleague(
            id=row["person_id"],
            roles=tuple(role for role in row["roles"] if role in ("reviewer", "lead")),
            languages=tuple(row["languages"]),
            since=row["since"],
            locked_at=row["locked_at"],
            locked_by=row["locked_by"],
            here=row["here"],
        )
        for row in rows
    ]


async def head_count(stores: Stores, site: str) -> list[HeadCount]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.head_count, {"site": site})).fetchall()
    return [HeadCount(**row) for row in rows]


async def on_now(stores: Stores) -> dict[str, tuple[int, int]]:
    """Return for each site how many sit at the console and how many take a break."""
    now = stores.now()
    values = {"since": now - PAUSE, "now": now}
    async with stores.pool.connection() as connection:
        here = await (await connection.execute(SQL.on_now, values)).fetchall()
        away = await (await connection.execute(SQL.on_break, values)).fetchall()
    found = {row["site"]: (row["people"], 0) for row in here}
    for row in away:
        found[row["site"]] = (found.get(row["site"], (0, 0))[0], row["people"])
    return dict(sorted(found.items()))


async def _own(connection: Any, lead: Reviewer | None, reviewer_id: PersonId) -> None:
    """Let a lead act on people of their own site and on nobody else."""
    if lead is None:
        return
    lead_only(lead)
    if lead.id == reviewer_id:
        raise BadRequest(why="Nobody can lock or unlock themselves; ask another lead.")
    values = {"site": lead.site, "reviewer": reviewer_id}
    if await (await connection.execute(SQL.site_of_person, values)).fetchone() is None:
        raise NotFound


def _reason(raw: str) -> str:
    reason = raw.strip()
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise BadRequest(why=f"Say why, in {LONGEST_REASON} characters at most: it is kept.")
    return reason


async def _known(stores: Stores, reviewer: Reviewer) -> _Known:
    now, place = stores.now(), (stores.home.folder, reviewer.id)
    known = _KNOWN.get(place)
    if known is not None and timedelta(0) <= now - known.read_at < FRESH:
        return known
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.seat, {"reviewer": reviewer.id})).fetchone()
    if row is None:
        seat, written = Seat(reviewer_id=reviewer.id, site=reviewer.site), now - FRESH
    else:
        seat = Seat(**{**row, "preferences": {**PREFERENCES, **row["preferences"]}})
        written = seat.seen_at or now - FRESH
        if known is not None and (known.seat.seen_at or written) > written:
            # What this process saw since its last write is newer than the row.
            seat = replace(seat, seen_at=known.seat.seen_at)
    if len(_KNOWN) >= _MOST_SEATS:
        for old in [key for key, each in _KNOWN.items() if now - each.read_at >= FRESH]:
            del _KNOWN[old]
    _KNOWN[place] = fresh = _Known(seat=seat, read_at=now, written_at=written)
    return fresh


async def _write(stores: Stores, reviewer: Reviewer, known: _Known) -> None:
    seat = known.seat
    values = {
        "reviewer": reviewer.id,
        "site": reviewer.site,
        "working_since": seat.working_since,
        "seen_at": seat.seen_at,
        "break_until": seat.break_until,
    }
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.keep_seat, values)
    known.written_at = stores.now()
