"""How the floor gets on: what waits, and what the last 24 hours took and made. Counts only; no clip, no owner, nobody.

Counts of ten minutes that are over change no more but for erasures and are kept in this process, so that a board
which is looked at all day reads the last minutes only. An erased clip leaves the numbers when its ten minutes leave
the day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from earmark.review.campaigns import SETTLED
from earmark.review.recent import Recent
from earmark.review.sites import Site
from earmark.storage import Row, Statements, Stores

SQL = Statements("earmark.review", "board.sql")
SLICE = timedelta(minutes=10)
DAY = timedelta(hours=24)
By = Literal["site", "question", "language"]
_JUDGED_BY = ("site", "question", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One question in one language."""

    question: str
    language: str
    waiting: int = 0
    leased: int = 0
    ties: int = 0
    hidden: int = 0
    """Flagged, or of the same recording as a flagged one."""
    oldest_on: date | None = None
    """Since when the oldest of the waiting ones waits; a minute old at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Answers of ten minutes."""

    slice: datetime
    site: str
    question: str
    language: str
    answers: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Labels of ten minutes."""

    slice: datetime
    question: str
    language: str
    made_by: str
    """agreement (two equal answers), majority (of three), adjudication."""
    labels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one question, language or site took and made in the last 24 hours."""

    answers: int = 0
    seconds: float = 0.0
    labels: int = 0
    by_agreement: int = 0
    cost: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """By currency: what the seconds cost at the rates of their sites."""

    @property
    def agreement(self) -> float | None:
        """Share of labels that two equal answers made."""
        return self.by_agreement / self.labels if self.labels else None

    @property
    def seconds_per_label(self) -> float | None:
        return self.seconds / self.labels if self.labels else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDay:
    """The last 24 hours."""

    judged: Mapping[tuple[str, str, str], tuple[int, float]]
    """By site, question and language: answers and seconds."""
    made: Mapping[tuple[str, str, str], int]
    """By question, language and how they were made: labels."""
    by_hour: Mapping[datetime, int]
    """Labels by the hour of UTC that they were made in."""
    until: datetime

    def hours(self) -> list[tuple[datetime, int]]:
        """Return the labels of each of the 24 hours, the running one last: (its beginning in UTC, labels)."""
        first = self.until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
        hours = [first + timedelta(hours=n) for n in range(24)]
        return [(hour, self.by_hour.get(hour, 0)) for hour in hours]

    def by_maker(self) -> dict[str, int]:
        """Return the labels by how they were made, in the order of how much work they took."""
        counts: dict[str, int] = dict.fromkeys(("agreement", "majority", "adjudication"), 0)
        for (_, _, maker), n in self.made.items():
            counts[maker] += n
        return {maker: n for maker, n in counts.items() if n}

    def paces(self, sites: Iterable[Site], *by: By) -> dict[tuple[str, ...], Pace]:
        """Return what each question, language or site took and made, by the names in `by`; `paces(sites)[()]`: all.

        Labels have no site, so where sites are told apart there are answers, seconds and cost only.
        """
        rates = {each.name: each for each in sites}
        answers, seconds = Counter[tuple[str, ...]](), defaultdict[tuple[str, ...], float](float)
        at_site = defaultdict[tuple[tuple[str, ...], str], float](float)
        for names, (n, spent) in self.judged.items():
            known = dict(zip(_JUDGED_BY, names, strict=True))
            key = tuple(known[name] for name in by)
            answers[key] += n
            seconds[key] += spent
            at_site[key, known["site"]] += spent
        labels, equal = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
        for (question, language, made_by), n in self.made.items() if "site" not in by else ():
            known = {"question": question, "language": language}
            key = tuple(known[name] for name in by)
            labels[key] += n
            equal[key] += n if made_by == "agreement" else 0
        cost = defaultdict[tuple[str, ...], dict[str, Decimal]](dict)
        for (key, site), spent in at_site.items():
            if rate := rates.get(site):
                before = cost[key].get(rate.currency, Decimal(0))
                cost[key][rate.currency] = before + rate.hourly_cost * Decimal(spent) / 3600
        return {
            key: Pace(
                answers=answers[key],
                seconds=seconds[key],
                labels=labels[key],
                by_agreement=equal[key],
                cost={each: amount.quantize(Decimal("0.01")) for each, amount in sorted(cost[key].items())},
            )
            for key in sorted({(), *seconds, *labels} if not by else {*seconds, *labels})
        }


async def _waiting(stores: Stores) -> list[Row]:
    async with stores.pool.connection() as connection:
        return await (await connection.execute(SQL.waiting)).fetchall()


async def _oldest(stores: Stores) -> dict[tuple[str, str], date]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.oldest)).fetchall()
    return {(row["question"], row["language"]): row["oldest_on"] for row in rows}


_WAITING = Recent(_waiting, seconds=10)
_OLDEST = Recent(_oldest, seconds=60)


async def lanes(stores: Stores) -> list[Lane]:
    """Return what waits of each question in each language, by name; a few seconds old at most, its age a minute."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in await _WAITING.get(stores):
        lane = counts.setdefault((row["question"], row["language"]), {})
        lane[row["state"]] = lane.get(row["state"], 0) + row["tasks"]
    oldest = await _OLDEST.get(stores)
    return [
        Lane(
            question=question,
            language=language,
            waiting=found.get("ready", 0),
            leased=found.get("leased", 0),
            ties=found.get("adjudication", 0),
            hidden=found.get("safety", 0) + found.get("sibling", 0),
            oldest_on=oldest.get((question, language)) if found.get("ready") else None,
        )
        for (question, language), found in sorted(counts.items())
    ]


@dataclass(slots=True)
class _Slices:
    """Slices that are over, as this process read them."""

    upto: datetime
    judged: list[Judged] = field(default_factory=list[Judged])
    made: list[Made] = field(default_factory=list[Made])


_SLICES: dict[Path, _Slices] = {}


def forget(stores: Stores) -> None:
    """Read everything anew at the next look."""
    _SLICES.pop(stores.home.folder, None)
    for each in (_WAITING, _OLDEST, _RECENT):
        each.forget(stores)


async def _last_day(stores: Stores) -> LastDay:
    now = stores.now()
    begins = _slice_of(now - DAY)
    known = _SLICES.get(stores.home.folder)
    if known is None or not begins <= known.upto <= now:
        known = _Slices(upto=begins)
    async with stores.pool.connection() as connection:
        values = {"since": known.upto, "until": now + timedelta(seconds=1)}
        judged = [Judged(**row) for row in await (await connection.execute(SQL.judged, values)).fetchall()]
        made = [Made(**row) for row in await (await connection.execute(SQL.made, values)).fetchall()]
    over = max(known.upto, _slice_of(now - SETTLED))
    all_judged = [each for each in [*known.judged, *judged] if each.slice >= begins]
    all_made = [each for each in [*known.made, *made] if each.slice >= begins]
    _SLICES[stores.home.folder] = _Slices(
        upto=over,
        judged=[each for each in all_judged if each.slice < over],
        made=[each for each in all_made if each.slice < over],
    )
    return _folded(all_judged, all_made, now)


def _folded(judged: Iterable[Judged], made: Iterable[Made], now: datetime) -> LastDay:
    """Add the slices up: one pass over some ten thousand, because the floor's process answers reviewers meanwhile."""
    answers: dict[tuple[str, str, str], tuple[int, float]] = {}
    for each in judged:
        key = (each.site, each.question, each.language)
        before = answers.get(key, (0, 0.0))
        answers[key] = (before[0] + each.answers, before[1] + each.seconds)
    labels, by_hour = Counter[tuple[str, str, str]](), Counter[datetime]()
    for each in made:
        labels[each.question, each.language, each.made_by] += each.labels
        by_hour[each.slice.astimezone(UTC).replace(minute=0)] += each.labels
    return LastDay(judged=answers, made=labels, by_hour=by_hour, until=now)


_RECENT = Recent(_last_day, seconds=4)


async def last_day(stores: Stores) -> LastDay:
    """Return what the last 24 hours took and made; a few seconds old at most."""
    return await _RECENT.get(stores)


def _slice_of(at: datetime) -> datetime:
    since = at.timestamp() // SLICE.total_seconds() * SLICE.total_seconds()
    return datetime.fromtimestamp(since, UTC)
