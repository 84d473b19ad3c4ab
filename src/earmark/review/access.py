"""Unusual access: somebody who fetches sounds far more often than others, or keeps trying addresses that are refused.

The statistics are simple enough to explain to whoever they point at. The machine only points: it opens a case at the
desk and a line on the lead's page, and locks nobody out. A lead's word does.

**Replays.** What a person's answers of the day would take at their colleagues' rates (sounds fetched per answer, by
question, the median over the others) is compared with what they fetched, as a logarithm of the ratio; ten sounds on
both sides keep a short morning from weighing. That number must lie 6 robust standard deviations above the colleagues'
median, and at least 20 sounds must have been fetched. As no spread below `LEAST_SPREAD` is believed, nobody under
about six times the usual rate is ever pointed at.

**Refused addresses.** Used twice, expired, somebody else's (`refused`), or after the answer (`late`): at least 10 in a
day, and 6 robust standard deviations above everybody who worked that day: 14, where most have none.

Tried on simulated colleagues (tests/review/test_access.py): 200 people whose habit of listening again differs by a
factor of 2.5 either way, who skip clips, load pages again and have bad lines, looked at after each hour's work: in 30
days none is pointed at. A collector who fetches each clip 15 times is found in the first hour, among none, 2, 8 and 60
colleagues. Real people differ more than simulated ones; that is why the machine only points.

What is counted is fetching: a page that plays a clip again from its memory fetches nothing.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import log
from typing import Literal

from earmark.errors import BadRequest, NotFound
from earmark.review.doings import note
from earmark.review.people import Reviewer, lead_only
from earmark.review.statistics import median, robust_z
from earmark.storage import Connection, Row, Statements, Stores
from earmark.words import PersonId

SQL = Statements("earmark.review", "access.sql")
AlertKind = Literal["replays", "refused", "late"]
FAR: float = 6.0
"""Robust standard deviations above the colleagues."""
FEWEST_SOUNDS = 20
FEWEST_REFUSALS = 10
LEAST_SPREAD = 0.2
"""Of the logarithm of the ratio; see above."""
LEAST_SPREAD_OF_REFUSALS = 1.5
"""Addresses; where colleagues have none, it takes 14."""
CUSHION = 10
"""Sounds added to both sides of the ratio."""
FEWEST_PEERS = 5
"""Below it there is no colleague to compare with, and `USUAL_RATE` stands for them."""
USUAL_RATE = 1.5
"""Sounds an answer, where nobody else's are known."""
LONGEST_REASON = 500
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Somebody's access was unusual on one day: counts, never what was heard or who."""

    id: uuid.UUID
    site: str
    kind: AlertKind
    day: date
    seen: float
    """Sounds fetched, or addresses refused, that day so far."""
    peers: float
    """Sounds that colleagues fetch for the same answers, or addresses that they are refused, at the median."""
    at: datetime
    settled_at: datetime | None
    outcome: Literal["locked", "cleared"] | None


@dataclass(slots=True, kw_only=True)
class Day:
    """What one person did on a day so far."""

    site: str
    sounds: dict[str, int] = field(default_factory=dict)
    """Sounds fetched to answer, by question."""
    answers: dict[str, int] = field(default_factory=dict)
    """Answers given, by question."""
    refusals: dict[str, int] = field(default_factory=dict)
    """Refused addresses, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """One finding, before it is an alert."""

    person: PersonId
    kind: AlertKind
    seen: float
    peers: float


def unusual(days: Mapping[PersonId, Day]) -> list[Unusual]:
    """Return whose day lies far above the others'."""
    return [*_replays(days), *_refusals(days, "refused"), *_refusals(days, "late")]


def usual_rates(days: Mapping[PersonId, Day]) -> dict[str, float]:
    """Return the sounds fetched per answer, by question: the median over people with at least 5 answers to it."""
    rates: dict[str, list[float]] = defaultdict(list)
    for day in days.values():
        for question, answers in day.answers.items():
            if answers >= 5:
                rates[question].append(day.sounds.get(question, 0) / answers)
    return {
        question: max(1.0, median(found) or 1.0) if len(found) >= FEWEST_PEERS else USUAL_RATE
        for question, found in rates.items()
    }


def _replays(days: Mapping[PersonId, Day]) -> list[Unusual]:
    rates = usual_rates(days)
    seen = {person: sum(day.sounds.values()) for person, day in days.items()}
    due = {
        person: sum(n * rates.get(question, USUAL_RATE) for question, n in day.answers.items())
        for person, day in days.items()
    }
    scores = {person: log((seen[person] + CUSHION) / (due[person] + CUSHION)) for person in days if seen[person]}
    ordered = sorted(scores.values())
    found = []
    for person, score in scores.items():
        if seen[person] < FEWEST_SOUNDS:
            continue
        peers = [0.0]
        if len(scores) > FEWEST_PEERS:
            # Almost everybody is near the others' median: the rest is worked out for the few who are not.
            if score - _median_without(ordered, score) < FAR * LEAST_SPREAD / 0.6745:
                continue
            peers = [other for who, other in scores.items() if who != person]
        z = robust_z(score, peers, least_spread=LEAST_SPREAD)
        if z is not None and z >= FAR:
            found.append(Unusual(person=person, kind="replays", seen=seen[person], peers=due[person]))
    return found


def _median_without(ordered: Sequence[float], value: float) -> float:
    """Return the median of sorted numbers, of which there are two at least, with one that equals `value` left out."""
    out, size = bisect_left(ordered, value), len(ordered) - 1

    def at(place: int) -> float:
        return ordered[place if place < out else place + 1]

    return (at((size - 1) // 2) + at(size // 2)) / 2


def _refusals(days: Mapping[PersonId, Day], kind: AlertKind) -> list[Unusual]:
    counts = {person: day.refusals.get(kind, 0) for person, day in days.items()}
    found = []
    for person, count in counts.items():
        if count < FEWEST_REFUSALS:
            continue
        peers = [float(n) for who, n in counts.items() if who != person] or [0.0]
        z = robust_z(count, peers, least_spread=LEAST_SPREAD_OF_REFUSALS)
        if z is not None and z >= FAR:
            found.append(Unusual(person=person, kind=kind, seen=count, peers=median(peers) or 0.0))
    return found


async def watch(stores: Stores) -> int:
    """Look at today and at yesterday, and raise an alert for each person, kind and day that is unusual; once each.

    Returns how many are new. The worker does this every hour.
    """
    now, new = stores.now(), 0
    async with stores.pool.connection() as connection:
        for day in (now.date() - timedelta(days=1), now.date()):
            days = await _days(stores, connection, day)
            for one in unusual(days):
                values = {
                    "id": uuid.uuid4(),
                    "person": one.person,
                    "site": days[one.person].site,
                    "kind": one.kind,
                    "day": day,
                    "seen": one.seen,
                    "peers": one.peers,
                    "at": now,
                }
                new += (await connection.execute(SQL.raise_alert, values)).rowcount
    return new


async def _days(stores: Stores, connection: Connection, day: date) -> dict[PersonId, Day]:
    start = datetime.combine(day, time.min, tzinfo=UTC)
    values = {"day": day, "from": start, "to": start + timedelta(days=1)}
    found: dict[PersonId, Day] = {}

    def of(row: Row) -> Day:
        return found.setdefault(row["person"], Day(site=row["site"] or stores.settings.site))

    for row in await (await connection.execute(SQL.sounds, values)).fetchall():
        of(row).sounds[row["question"]] = row["n"]
    for row in await (await connection.execute(SQL.answers, values)).fetchall():
        of(row).answers[row["question"]] = row["n"]
    for row in await (await connection.execute(SQL.refusals, values)).fetchall():
        of(row).refusals[row["kind"]] = row["n"]
    return found


async def alerts(stores: Stores, lead: Reviewer) -> list[Alert]:
    """Return what waits for this lead's word: their own site's, never about themselves. Raises Forbidden."""
    lead_only(lead)
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.alerts, {"site": lead.site, "lead": lead.id})).fetchall()
    return [Alert(**row) for row in rows]


async def alerts_named(connection: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Alert]:
    """Return these alerts by their ids; for the desk, which decides the cases made of them."""
    rows = await (await connection.execute(SQL.alerts_named, {"ids": list(ids)})).fetchall()
    return {row["id"]: Alert(**row) for row in rows}


async def clear_alert(connection: Connection, alert_id: uuid.UUID, by: PersonId, now: datetime) -> None:
    """Take an alert off the lead's page: the desk found nothing wrong. What a lead decided before stands."""
    await connection.execute(SQL.clear, {"alert": alert_id, "by": by, "now": now})


async def lock_for_alert(stores: Stores, lead: Reviewer, alert_id: uuid.UUID, reason: str) -> None:
    """Lock out whom an alert points at, on a lead's word: sessions end and leases return at once.

    Raises Forbidden, BadRequest without a reason, NotFound when it is not open, of another site, or about the lead.
    """
    await _settle(stores, lead, alert_id, reason, locked=True)


async def explain_alert(stores: Stores, lead: Reviewer, alert_id: uuid.UUID, reason: str) -> None:
    """Settle an alert that has an innocent reason. Raises as `lock_for_alert` does."""
    await _settle(stores, lead, alert_id, reason, locked=False)


async def _settle(stores: Stores, lead: Reviewer, alert_id: uuid.UUID, reason: str, *, locked: bool) -> None:
    lead_only(lead)
    reason = " ".join(reason.split())
    if not reason:
        raise BadRequest(why="Give the reason in a sentence.")
    if len(reason) > LONGEST_REASON:
        raise BadRequest(why=f"A reason may have {LONGEST_REASON} characters at most.")
    values = {
        "alert": alert_id,
        "lead": lead.id,
        "site": lead.site,
        "now": stores.now(),
        "outcome": "locked" if locked else "cleared",
    }
    async with stores.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(SQL.settle, values)).fetchone()
        if row is None:
            raise NotFound
        person = row["reviewer_id"]
        if locked:
            await connection.execute(SQL.lock_out, values | {"person": person})
            await note(connection, stores, lead, "person.locked", str(person), {"reason": reason})
        else:
            detail = {"kind": row["kind"], "reason": reason}
            await note(connection, stores, lead, "access.explained", str(alert_id), detail)
