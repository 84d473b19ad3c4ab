"""A part of somebody's history, as pages, commands and the API ask for it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast, get_args

from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.vault.erasure import selection
from earmark.vault.interaction import Kind
from earmark.vault.reading import Filter
from earmark.words import DeviceId, InteractionId, PersonId

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_IDS = 1000
"""Recordings that one request may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some days, a device, a kind, or single recordings; what is left out isn't narrowed down."""

    first: date | None = None
    last: date | None = None
    """The last day is part of it. Days are those of this machine's time zone."""
    device_id: DeviceId | None = None
    kind: Kind | None = None
    ids: tuple[InteractionId, ...] | None = None

    @property
    def since(self) -> datetime | None:
        return _midnight(self.first) if self.first else None

    @property
    def until(self) -> datetime | None:
        return _midnight(self.last + timedelta(days=1)) if self.last else None

    def filter(self, search: str = "") -> Filter:
        return Filter(search=search, since=self.since, until=self.until, device_id=self.device_id, kind=self.kind)

    async def select(self, stores: Stores, person_id: PersonId) -> list[InteractionId]:
        """Return what of a person's history this is."""
        return await selection(
            stores,
            person_id,
            since=self.since,
            until=self.until,
            device_id=self.device_id,
            kind=self.kind,
            ids=self.ids,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min).astimezone()


def read_part(
    *, day: str = "", first: str = "", last: str = "", device: str = "", kind: str = "", ids: Sequence[str] = ()
) -> Part:
    """Read a part as people and programs write it. Raises BadRequest, with one sentence, for what is none of them."""
    begins, ends = _days(day, first, last)
    if kind and kind not in KINDS:
        raise BadRequest(why=f"There is no such kind; choose one of: {', '.join(KINDS)}.")
    if len(ids) > MOST_IDS:
        raise BadRequest(why="Name {most} recordings at most at once, or choose a range of days.", most=MOST_IDS)
    return Part(
        first=begins,
        last=ends,
        device_id=DeviceId(_id(device)) if device else None,
        kind=cast(Kind, kind) if kind else None,
        ids=tuple(InteractionId(_id(each)) for each in ids) if ids else None,
    )


def _days(day: str, first: str, last: str) -> tuple[date | None, date | None]:
    if day and (first or last):
        raise BadRequest(why="Choose one day or a range of days, not both.")
    if day:
        return _day(day), _day(day)
    if bool(first) != bool(last):
        raise BadRequest(why="Say where the range begins and where it ends; for up to now, end it today.")
    if not first:
        return None, None
    begins, ends = _day(first), _day(last)
    if ends < begins:
        raise BadRequest(why="This range ends before it begins.")
    return begins, ends


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        _midnight(day)
        _midnight(day + timedelta(days=1))
    except (ValueError, OverflowError):
        raise BadRequest(why="Write a day as 2026-05-31.") from None
    return day


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadRequest(why="One of these is not an id; take ids from your history.") from None
