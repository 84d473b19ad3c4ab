"""When a site is open: pure functions over local clocks, across midnights and changes of the clock.

A site is open at a minute when its wall clock says so: between `opens` and `closes` of a shift that began on one of its
days. A clock that jumps over a closing time closes the site at the jump; one that is set back may open it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from earmark.review.spans import joined

_MINUTE = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(days=9)
"""A site has a day a week at least."""


class Hours(Protocol):
    """What of a site says when it is open, and for whom."""

    @property
    def name(self) -> str: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def timezone(self) -> str: ...
    @property
    def opens(self) -> time: ...
    @property
    def closes(self) -> time: ...
    @property
    def days(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """One hour of one language: who is there."""

    start: datetime
    sites: tuple[str, ...]
    """Names of sites that are open for some of it."""
    uncovered: timedelta
    """How much of it nobody is there for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A day of one language."""

    language: str
    hours: tuple[Hour, ...]
    """24, each an hour of the clock on the wall or, where that changes, of time passed."""
    gaps: tuple[tuple[datetime, datetime], ...]
    """Stretches in which nobody is there."""


def open_now(site: Hours, now: datetime) -> bool:
    """Tell whether a site is open at an instant."""
    local = now.astimezone(ZoneInfo(site.timezone))
    clock, today = local.time(), local.isoweekday()
    yesterday = today - 1 or 7
    if site.opens < site.closes:
        return today in site.days and site.opens <= clock < site.closes
    # Until the next day; the same time twice is a whole day.
    return (today in site.days and clock >= site.opens) or (yesterday in site.days and clock < site.closes)


def opens_at(site: Hours, now: datetime) -> datetime:
    """Return when a site is open next, in UTC: `now` itself when it is open."""
    if open_now(site, now):
        return now.astimezone(UTC)
    for edge in _edges(site, now, now + _LONGEST_WAIT):
        if open_now(site, edge):
            return edge
    raise ValueError("a site without days never opens")


def closes_at(site: Hours, now: datetime) -> datetime | None:
    """Return when a site that is open closes, in UTC; None: never."""
    for edge in _edges(site, now, now + _LONGEST_WAIT):
        if not open_now(site, edge):
            return edge
    return None


def open_spans(site: Hours, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the stretches between two instants in which a site is open, in UTC."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    marks = [start, *_edges(site, start, end), end]
    return joined((a, b) for a, b in pairwise(marks) if open_now(site, a))


def coverage(sites: Iterable[Hours], day: date, zone: str = "UTC") -> list[Coverage]:
    """Return for each language which sites are open in each of the 24 hours from a day's midnight in `zone`.

    Languages in alphabetical order.
    """
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    end = start + timedelta(hours=24)
    known = [(site.name, site.languages, open_spans(site, start, end)) for site in sites]
    found = []
    for language in sorted({language for _, languages, _ in known for language in languages}):
        spans = {name: each for name, languages, each in known if language in languages}
        there = joined(sorted(span for each in spans.values() for span in each))
        hours = []
        for n in range(24):
            first, last = start + timedelta(hours=n), start + timedelta(hours=n + 1)
            names = tuple(name for name, each in spans.items() if _overlap(each, first, last))
            hours.append(Hour(start=first, sites=names, uncovered=last - first - _overlap(there, first, last)))
        found.append(Coverage(language=language, hours=tuple(hours), gaps=tuple(_between(there, start, end))))
    return found


def _edges(site: Hours, start: datetime, end: datetime) -> list[datetime]:
    """Return every instant after `start` and before `end` at which a site may open or close."""
    zone = ZoneInfo(site.timezone)
    found = set(_clock_changes(zone, start, end))
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date() + timedelta(days=1):
        for clock in (time(), site.opens, site.closes):
            for fold in (0, 1):
                found.add(datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC))
        day += timedelta(days=1)
    return sorted(edge for edge in found if start < edge < end)


def _clock_changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants, to the minute, from which the wall clock has another distance to UTC."""
    at = start.astimezone(UTC).replace(second=0, microsecond=0)
    while at < end:
        after = at + timedelta(hours=6)
        if _offset(zone, at) != _offset(zone, after):
            low, high = at, after
            while high - low > _MINUTE:
                middle = low + timedelta(minutes=(high - low) // _MINUTE // 2)
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, low) else (low, middle)
            yield high
        at = after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _overlap(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> timedelta:
    return sum((max(timedelta(0), min(b, end) - max(a, start)) for a, b in spans), timedelta(0))


def _between(
    spans: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    marks = [start, *(mark for span in spans for mark in span), end]
    return ((a, b) for a, b in zip(marks[::2], marks[1::2], strict=True) if a < b)
