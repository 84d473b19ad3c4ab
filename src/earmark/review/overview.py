"""The whole floor at a glance, for the lead's board: what waits, what was made, who is there, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from earmark.review import hours, pace
from earmark.review.campaigns import Campaign, open_campaigns
from earmark.review.hours import Coverage
from earmark.review.pace import Lane, Pace
from earmark.review.recent import Recent
from earmark.review.seats import on_now
from earmark.review.sites import Site, sites
from earmark.storage import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One question in one language: what waits, and what the last 24 hours took and made."""

    lane: Lane
    pace: Pace
    age_days: int | None
    """Of the oldest clip that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One site now, and its last 24 hours."""

    name: str
    site: Site | None
    """None: people work there, and nobody has set it up."""
    open: bool
    changes_at: datetime | None
    """When it opens or closes next; None: never."""
    working: int
    resting: int
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the board shows; nothing of a single person."""

    at: datetime
    work: tuple[Work, ...]
    places: tuple[Place, ...]
    by_question: Mapping[str, Pace]
    total: Pace
    labels_by_hour: tuple[tuple[datetime, int], ...]
    """The last 24 hours, the running one last."""
    labels_by_maker: Mapping[str, int]
    """The last 24 hours: agreement, majority, adjudication."""
    campaigns: tuple[Campaign, ...]
    """Those that run."""

    @property
    def waiting(self) -> int:
        return sum(each.lane.waiting for each in self.work)

    @property
    def leased(self) -> int:
        return sum(each.lane.leased for each in self.work)

    @property
    def ties(self) -> int:
        return sum(each.lane.ties for each in self.work)

    @property
    def oldest_on(self) -> date | None:
        return min((each.lane.oldest_on for each in self.work if each.lane.oldest_on), default=None)

    @property
    def labels_per_hour(self) -> float:
        """Of the last 24 hours."""
        return self.total.labels / 24


async def _load(stores: Stores) -> Overview:
    now, known = stores.now(), await sites(stores)
    lanes, day, here = await pace.lanes(stores), await pace.last_day(stores), await on_now(stores)
    paces, by_site = day.paces(known, "question", "language"), day.paces(known, "site")
    keys = sorted({(each.question, each.language) for each in lanes} | {(key[0], key[1]) for key in paces})
    by_key = {(each.question, each.language): each for each in lanes}
    work: list[Work] = []
    for question, language in keys:
        lane = by_key.get((question, language)) or Lane(question=question, language=language)
        age = (now.date() - lane.oldest_on).days if lane.oldest_on else None
        work.append(Work(lane=lane, pace=paces.get((question, language), Pace()), age_days=age))
    set_up = {each.name: each for each in known}
    names = sorted({*set_up, *here, *(key[0] for key in by_site)} - {""})
    return Overview(
        at=now,
        work=tuple(work),
        places=tuple(
            _place(name, set_up.get(name), now, here.get(name, (0, 0)), by_site.get((name,), Pace())) for name in names
        ),
        by_question={key[0]: value for key, value in day.paces(known, "question").items()},
        total=day.paces(known)[()],
        labels_by_hour=tuple(day.hours()),
        labels_by_maker=day.by_maker(),
        campaigns=tuple(await open_campaigns(stores)),
    )


_RECENT = Recent(_load, seconds=4)


async def overview(stores: Stores) -> Overview:
    """Return what the board shows; a few seconds old at most."""
    return await _RECENT.get(stores)


def forget(stores: Stores) -> None:
    """Count anew at the next look."""
    pace.forget(stores)
    _RECENT.forget(stores)


async def sun(stores: Stores, zone: str) -> list[Coverage]:
    """Return who is there for each language in each hour of today, as the day is in `zone`; gaps stand by name."""
    return hours.coverage(await sites(stores), stores.now().astimezone(ZoneInfo(zone)).date(), zone)


def _place(name: str, site: Site | None, now: datetime, here: tuple[int, int], done: Pace) -> Place:
    is_open = site is None or hours.open_now(site, now)
    changes = None
    if site is not None:
        changes = hours.closes_at(site, now) if is_open else hours.opens_at(site, now)
    return Place(
        name=name,
        site=site,
        open=is_open,
        changes_at=changes,
        working=here[0],
        resting=here[1],
        pace=done,
    )
