"""The transparency report: a month in numbers, published once, with nothing in it about fewer than ten people.

Days and months are those of UTC. What is about somebody's recordings is counted before their clocks take them: wakes
when a day is over, the rest when the month is. Hearings and unsealings are counted in the audit log, which forgets
none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from earmark import audit, vault
from earmark.errors import BadRequest, LogAltered, NotFound
from earmark.storage import Connection, Row, Statements, Stores
from earmark.words import DeviceId, PersonId

SQL = Statements("earmark", "report.sql")
SMALLEST = 10
"""People whom a published number is at least about."""
FEWER = "fewer than 10 people"
GROUPS = ("none", "1", "2 to 4", "5 or more")
"""How many false wakes a device had on a day."""
_MOST_MONTHS = 12
"""That are caught up on after a long pause."""
Report = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month of UTC."""

    first: date

    @staticmethod
    def of(day: date) -> Month:
        return Month(first=day.replace(day=1))

    @staticmethod
    def named(text: str) -> Month:
        """Read `2026-05`. Raises BadRequest."""
        try:
            first = datetime.strptime(text, "%Y-%m").date()
        except ValueError:
            first = date.min
        if not 2000 <= first.year < 3000:
            raise BadRequest(why="A month is a year and a number: 2026-05, say.")
        return Month(first=first)

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def next(self) -> Month:
        return Month.of(self.first + timedelta(days=31))

    def over(self, now: datetime) -> bool:
        return self.next.first <= now.astimezone(UTC).date()

    def bounds(self) -> dict[str, object]:
        """Return the month's ends, as the statements name them."""
        first, after = self.first, self.next.first
        return {"first": first, "after": after, "start": _midnight(first), "end": _midnight(after)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def cell(count: int, people: int) -> int | str:
    """Return a number as it may be published; nothing that happened to nobody gives anybody away."""
    return count if people == 0 or people >= SMALLEST else FEWER


async def tally(stores: Stores) -> int:
    """Count the wakes of days that are over, before recordings reach the end of their time. Returns how many days."""
    today = stores.now().astimezone(UTC).date()
    async with stores.pool.connection() as connection, connection.transaction():
        rows = await (await connection.execute(SQL.days_to_tally, {"today": today})).fetchall()
        for row in rows:
            day = row["day"]
            ends = {"start": _midnight(day), "end": _midnight(day + timedelta(days=1))}
            await connection.execute(SQL.tally, {"day": day, **ends})
    return len(rows)


async def publish(stores: Stores) -> list[str]:
    """Publish the report of each month that is over, once and for good; the log keeps its hash. Returns the months."""
    await tally(stores)
    async with stores.pool.connection() as connection:
        last = await (await connection.execute(SQL.last_published)).fetchone()
    assert last is not None
    if last["month"] is None and last["began"] is None:
        return []
    now = stores.now().astimezone(UTC)
    month = Month(first=last["month"]).next if last["month"] else Month.of(last["began"].astimezone(UTC).date())
    earliest = Month.of(now.date() - timedelta(days=31 * _MOST_MONTHS))
    month = max(month, earliest, key=lambda each: each.first)
    done = []
    while month.over(now):
        async with stores.pool.connection() as connection, connection.transaction():
            text = json.dumps(await _count(stores, connection, month), ensure_ascii=False)
            values = {"month": month.first, "report": text, "now": now}
            if await (await connection.execute(SQL.publish, values)).fetchone():
                event = {"what": "report.published", "month": month.name, "sha256": sha256(text.encode()).hexdigest()}
                await audit.append_in(connection, stores, event)
                done.append(month.name)
        month = month.next
    return done


async def published(stores: Stores, month: Month) -> Report:
    """Return the report of a month as it was published. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.published, {"month": month.first})).fetchone()
    if row is None:
        raise NotFound
    return json.loads(row["report"])


async def months(stores: Stores) -> list[Month]:
    """Return the months with a published report, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.months)).fetchall()
    return [Month(first=row["month"]) for row in rows]


async def report(stores: Stores, month: Month) -> Report:
    """Return a month's report: the published one, or what there is so far (`complete` is false, and it is not public).

    Two counts of one running month, laid side by side, could tell what one person did: that is why pages show months
    that are over.
    """
    try:
        return await published(stores, month)
    except NotFound:
        async with stores.pool.connection() as connection:
            return await _count(stores, connection, month)


async def _count(stores: Stores, connection: Connection, month: Month) -> Report:
    async def rows(statement: Any) -> list[Row]:
        return await (await connection.execute(statement, month.bounds())).fetchall()

    (sampled,) = await rows(SQL.sampled)
    hearings, unsealed = _logged(await rows(SQL.logged), month)
    people = {(row["site"], row["purpose"]): row["people"] for row in await rows(SQL.people_heard)}
    erasures = {row["how"]: row for row in await rows(SQL.erasures)}
    return {
        "earmark_report": 1,
        "month": month.name,
        "made_at": stores.now().isoformat(timespec="seconds"),
        "complete": month.over(stores.now()),
        "smallest_group": SMALLEST,
        "review": {
            "published_rate": sampled["rate"] if sampled["rate"] is not None else stores.settings.review_rate,
            "eligible": cell(sampled["eligible"], _some(sampled["people"], sampled["eligible"])),
            "chosen": cell(sampled["chosen"], _some(sampled["people"], sampled["eligible"])),
            "within_rate": sampled["within"],
        },
        "heard": [
            {"site": site, "purpose": purpose, "times": cell(times, _some(people.get((site, purpose), 0), times))}
            for (site, purpose), times in sorted(hearings.items())
        ],
        "wakes": _wakes(await rows(SQL.wake_days)),
        "deletions": {
            how: {
                "times": cell(row["times"], row["people"]),
                "recordings": cell(row["recordings"], row["people"]),
            }
            for how in ("people", "clock", "case")
            if (row := erasures.get(how, {"times": 0, "recordings": 0, "people": 0}))
        },
        "withdrawals": {row["purpose"]: cell(row["times"], row["people"]) for row in await rows(SQL.withdrawals)},
        "unseals": cell(unsealed, unsealed),
        "cases_decided": {row["decision"]: cell(row["times"], row["times"]) for row in await rows(SQL.decided)},
    }


def _some(people: int, count: int) -> int:
    """Return how many people a count is about: where none of them is known any more, one at least."""
    return max(people, min(count, 1))


def _logged(rows: Sequence[Row], month: Month) -> tuple[Counter[tuple[str, str]], int]:
    """Count the month's hearings by site and purpose, and its unsealings, in entries of the log. Raises LogAltered."""
    heard: Counter[tuple[str, str]] = Counter()
    unsealed = 0
    try:
        for event in (json.loads(row["event"]) for row in rows):
            if event["what"] == "hearing" and Month.of(date.fromisoformat(event["day"])) == month:
                heard[event["site"], event["purpose"]] += 1
            elif event["what"] == "unsealed":
                unsealed += Month.of(datetime.fromisoformat(event["at"]).astimezone(UTC).date()) == month
    except (ValueError, KeyError, TypeError):
        raise LogAltered from None
    return heard, unsealed


def _wakes(days: Sequence[Row]) -> dict[str, Any]:
    """Return wakes by day and by device, and their sums over the days that can be shown.

    A sum over all days would give the hidden ones away to whoever subtracts the others.
    """
    shown = [row for row in days if row["people"] >= SMALLEST]
    woke, missed = sum(row["wakes"] for row in shown), sum(row["false_wakes"] for row in shown)
    devices = sum(row["devices"] for row in shown)
    return {
        "days": [_wake_day(row) for row in days],
        "days_shown": len(shown),
        "wakes": woke,
        "false_wakes": missed,
        "false_wakes_per_device_and_day": round(missed / devices, 3) if devices else None,
    }


def _wake_day(row: Row) -> dict[str, Any]:
    people = row["people"]
    per_device = round(row["false_wakes"] / row["devices"], 3) if row["devices"] and people >= SMALLEST else None
    groups = zip(GROUPS, row["devices_by"], row["people_by"], strict=True)
    # Where a group is hidden, its neighbours would give it away: then only the day's sums are shown.
    hidden = any(0 < count < SMALLEST for count in row["people_by"])
    return {
        "day": row["day"].isoformat(),
        "devices": cell(row["devices"], people),
        "wakes": cell(row["wakes"], people),
        "false_wakes": cell(row["false_wakes"], people),
        "false_wakes_per_device": per_device,
        "devices_by_false_wakes": {
            group: FEWER if hidden and count else cell(devices, count) for group, devices, count in groups
        },
    }


async def mine(stores: Stores, person_id: PersonId, month: Month) -> Report:
    """Return one person's own month, exactly: of what is still kept about them, and what they deleted.

    The device of a wake is None where it is gone, or was the browser.
    """
    values: Mapping[str, object] = {"person": person_id, **month.bounds()}
    names: dict[DeviceId | None, str] = {each.id: each.name for each in await vault.devices(stores, person_id)}
    async with stores.pool.connection() as connection:
        wakes = await (await connection.execute(SQL.own_wakes, values)).fetchall()
        counts = await (await connection.execute(SQL.own_counts, values)).fetchone()
        heard = await (await connection.execute(SQL.own_hearings, values)).fetchall()
    days = [
        {
            "day": row["day"].isoformat(),
            "device": names.get(row["device_id"]),
            "wakes": row["wakes"],
            "false_wakes": row["false_wakes"],
        }
        for row in wakes
    ]
    return {"month": month.name, "wakes": days, "heard": heard, **(counts or {})}
