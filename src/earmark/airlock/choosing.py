"""Choosing: which recordings people may review, never more than the published rate, each counted.

Every recording of somebody who allows review is offered once. The rate gives an allowance: over all days, what was
chosen never exceeds the sum of the rates at which they were offered. Whole allowances are drawn from what was
offered since the last draw; fractions are carried on, so that a small household's turn comes too, only later.

Half of each draw is even over everything. The other half is drawn among the fifth that the assistant was least sure of:
there a label teaches more. Which of the two it was stays here and in its owner's history
(docs/decisions/unsure-first.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Literal

from earmark import audit, consent, vault
from earmark.consent import Grants
from earmark.errors import NotFound
from earmark.storage import Connection, Row, Statements, Stores, fetch
from earmark.vault import Kind
from earmark.words import DeviceId, InteractionId, PersonId

SQL = Statements("earmark.airlock")
Rule = Literal["random", "unsure", "rest"]
LEAST_SURE = 0.2
"""Share of the pool that counts as what the assistant was least sure of. Each of it is chosen three times as often as
it would be evenly, for as long as it lasts: half of the draws go to a fifth, and a fifth of the other half."""
HEAR_FIRST = timedelta(days=7)
"""How long a clip waits for its owner's yes; no answer is no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One draw."""

    eligible: int
    """Recordings that were counted for the first time."""
    chosen: tuple[InteractionId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why this one."""

    rule: str
    """`random`: drawn evenly; `unsure`: drawn among what the assistant was least sure of; `rest`: among what was left
    when that ran out. Only the first stand for everything that was said."""
    rate: float
    """The published rate when it was drawn, 0 to 1."""
    day: date
    ask_until: datetime | None = None
    """Until when its owner may say yes; None when it doesn't wait for that."""
    owner_said: Literal["yes", "no", "nothing"] | None = None
    """What its owner answered; None when nobody was asked, or there is no answer yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What one day offered and took."""

    day: date
    eligible: int
    chosen: int
    rate: float
    """The published rate, 0 to 1; when it changed that day, the last one."""
    allowed: float
    """Sum over the day's offers of the rate at that moment. Over all days, `chosen` never adds up to more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that people are asked about a masked copy of a recording."""

    question: str
    """`wake`, `transcript` or `understood`."""
    answers: int
    """How many people have answered so far."""
    day: date
    """When the copy was made."""


class Asker:
    """Asks each person's word once within one round."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._known: dict[PersonId, Grants] = {}

    async def __call__(self, person_id: PersonId) -> Grants:
        if person_id not in self._known:
            self._known[person_id] = await consent.current(self._stores, person_id)
        return self._known[person_id]


async def draw(stores: Stores, rng: Random) -> Drawn:
    """Count what is new and draw what the rate allows, in one transaction."""
    people = await consent.people_who_allow(stores, "review")
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.unoffered, {"people": people})).fetchall()
    eligible = [row["id"] for row in await _willing(stores, rows)]
    doubts = await vault.doubts(stores, eligible)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_draw)
        day, rate = stores.now().date(), stores.settings.review_rate
        if eligible:
            values = {"ids": eligible, "doubts": [doubts.get(one) for one in eligible], "day": day}
            offered = await (await connection.execute(SQL.offer, values)).fetchall()
            eligible = [row["interaction_id"] for row in offered]
            await _count(connection, day, rate, eligible=len(eligible))
        chosen = await _choose(stores, connection, people, rng)
        if chosen:
            await _count(connection, day, rate, chosen=len(chosen))
        if eligible or chosen:
            event = {"what": "sampled", "day": day.isoformat(), "rate": rate}
            await audit.append_in(connection, stores, event | {"eligible": len(eligible), "chosen": len(chosen)})
    return Drawn(eligible=len(eligible), chosen=tuple(chosen))


async def _willing(stores: Stores, rows: list[Row]) -> list[Row]:
    ask = Asker(stores)
    return [row for row in rows if may_hear(await ask(row["person_id"]), row["kind"], row["device_id"])]


def may_hear(grants: Grants, kind: Kind, device_id: DeviceId | None) -> bool:
    """Tell whether people may listen to anything of a recording: of a false wake only where it is donated."""
    return grants.allows("review", device_id) and (kind != "false_wake" or grants.allows("donate", device_id))


async def ask_owners(stores: Stores, connection: Connection, ids: list[InteractionId]) -> None:
    """Have these wait for their owner's yes, inside the caller's transaction."""
    await connection.execute(SQL.ask_owner, {"ids": ids, "until": stores.now() + HEAR_FIRST})


async def _count(connection: Connection, day: date, rate: float, *, eligible: int = 0, chosen: int = 0) -> None:
    values = {"day": day, "rate": rate, "eligible": eligible, "chosen": chosen}
    await connection.execute(SQL.count_day, values)


async def _choose(stores: Stores, connection: Connection, people: list[PersonId], rng: Random) -> list[InteractionId]:
    row = await (await connection.execute(SQL.allowance)).fetchone()
    allowance = row["n"] if row else 0
    if allowance < 1:
        return []
    rows = await (await connection.execute(SQL.pool, {"people": people})).fetchall()
    pool = [row["id"] for row in await _willing(stores, rows)]
    if not pool:
        return []
    doubts = {row["id"]: row["doubt"] for row in rows}
    picked = pick({one: doubts[one] for one in pool}, min(allowance, len(pool)), rng)
    values = {
        "ids": list(picked),
        "rules": list(picked.values()),
        "day": stores.now().date(),
        "rate": stores.settings.review_rate,
    }
    drawn = await (await connection.execute(SQL.choose, values)).fetchall()
    await connection.execute(SQL.close_draw)
    chosen = [row["interaction_id"] for row in drawn]
    ask, taken = Asker(stores), set(chosen)
    first = [
        row["id"]
        for row in rows
        if row["id"] in taken and (await ask(row["person_id"])).allows("hear_first", row["device_id"])
    ]
    await ask_owners(stores, connection, first)
    return chosen


def pick(doubts: Mapping[InteractionId, float | None], number: int, rng: Random) -> dict[InteractionId, Rule]:
    """Draw `number` of a pool, half of it evenly and half among what is least sure; return each with its rule.

    `doubts`: the pool, each with its doubt, or None where nobody knows. An odd one goes to either half by a coin: so
    it evens out where one is drawn at a time. Where too few are doubtful, more are drawn evenly. Those are drawn first,
    from everything, so they stand for the whole pool.
    """
    pool = list(doubts)
    known = [one for one in pool if doubts[one] is not None]
    rng.shuffle(known)  # or of equal ones the first would always come first
    least = sorted(known, key=lambda one: -(doubts[one] or 0.0))[: math.ceil(LEAST_SURE * len(pool))]
    half = min(number // 2 + (number % 2 and rng.randrange(2)), len(least)) if least else 0
    picked: dict[InteractionId, Rule] = dict.fromkeys(rng.sample(pool, number - half), "random")
    choices: tuple[tuple[Rule, Sequence[InteractionId]], ...] = (("unsure", least), ("rest", pool))
    for rule, among in choices:
        left = [one for one in among if one not in picked]
        picked |= dict.fromkeys(rng.sample(left, min(number - len(picked), len(left))), rule)
    return picked


async def choice_of(stores: Stores, ids: list[InteractionId]) -> dict[InteractionId, Choice]:
    """Return by which rule, at which rate and when each of these was chosen; those that were not are left out."""
    rows = await fetch(stores.pool, SQL.choices_of, {"ids": ids})
    return {
        row["interaction_id"]: Choice(
            rule=row["rule"],
            rate=row["rate"],
            day=row["chosen_on"],
            ask_until=row["ask_until"] if row["step"] == "asked" else None,
            owner_said=row["owner_said"],
        )
        for row in rows
    }


async def asked(stores: Stores, person_id: PersonId) -> dict[InteractionId, datetime]:
    """Return what waits for a person's yes, and until when."""
    rows = await fetch(stores.pool, SQL.asked, {"person": person_id})
    return {row["interaction_id"]: row["ask_until"] for row in rows}


async def count_asked(stores: Stores, person_id: PersonId) -> int:
    return (await fetch(stores.pool, SQL.count_asked, {"person": person_id}))[0]["n"]


async def answer_ask(stores: Stores, person_id: PersonId, identifier: InteractionId, yes: bool) -> None:
    """Let a chosen clip go to review, or take it off the list for good. Raises NotFound when it doesn't wait."""
    values = {"person": person_id, "interaction": identifier, "yes": yes, "now": stores.now()}
    async with stores.pool.connection() as connection, connection.transaction():
        if not await (await connection.execute(SQL.answer_ask, values)).fetchone():
            raise NotFound
        await audit.append_in(connection, stores, {"what": "owner.answered", "yes": yes})


async def expire_asks(stores: Stores) -> int:
    """Take clips off the list whose owner did not answer in time; returns how many."""
    async with stores.pool.connection() as connection, connection.transaction():
        rows = await (await connection.execute(SQL.expire_asks, {"now": stores.now()})).fetchall()
        if rows:
            await audit.append_in(connection, stores, {"what": "owner.silent", "clips": len(rows)})
    return len(rows)


async def asked_of(stores: Stores, ids: list[InteractionId]) -> dict[InteractionId, list[Asked]]:
    """Return which questions people are asked about each of these."""
    found: dict[InteractionId, list[Asked]] = {}
    for row in await fetch(stores.pool, SQL.asked_of, {"ids": ids}):
        found.setdefault(row.pop("interaction_id"), []).append(Asked(**row))
    return found


async def days(stores: Stores, *, limit: int = 400) -> list[Day]:
    """Return what each day offered and took, newest first: what the published rate is counted against."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.days, {"limit": limit})).fetchall()
    return [Day(**row) for row in rows]
