"""Which part of a history is meant: the same words in addresses, forms and the API."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, get_args

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from earmark import vault
from earmark.errors import BadRequest
from earmark.storage import Stores
from earmark.vault import Filter, Kind
from earmark.web.render import long_day
from earmark.words import DeviceId, InteractionId, PersonId

MOST_IDS = 1000
"""Recordings that one request may name."""


class Asked(BaseModel):
    """A part of a history as it is asked for: one day or a range of days, a device, a kind, or ids."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    day: str = ""
    from_: str = Field("", alias="from")
    to: str = ""
    device: str = ""
    """An id, or `browser`."""
    kind: str = ""
    id: list[str] = []

    def any(self) -> bool:
        return bool(self.day or self.from_ or self.to or self.device or self.kind or self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The same, read."""

    first: date | None = None
    last: date | None = None
    device_id: DeviceId | None = None
    kind: Kind | None = None
    ids: tuple[InteractionId, ...] | None = None

    def filter(self, search: str = "") -> Filter:
        return Filter(search=search, since=self.since, until=self.until, device_id=self.device_id, kind=self.kind)

    @property
    def since(self) -> datetime | None:
        return _midnight(self.first) if self.first else None

    @property
    def until(self) -> datetime | None:
        return _midnight(self.last + timedelta(days=1)) if self.last else None

    async def select(self, stores: Stores, person_id: PersonId) -> list[InteractionId]:
        return await vault.selection(
            stores,
            person_id,
            since=self.since,
            until=self.until,
            device_id=self.device_id,
            kind=self.kind,
            ids=self.ids,
        )

    def in_words(self, devices: Sequence[vault.Device], kinds: dict[Kind, str]) -> str:
        """Say which part it is: `of 4 May 2026, on Kitchen`."""
        parts = []
        if self.ids is not None:
            parts.append("that you selected")
        if self.first and self.last:
            one = self.first == self.last
            parts.append(f"of {long_day(self.first)}" if one else f"of {long_day(self.first)} to {long_day(self.last)}")
        if self.device_id is not None:
            name = next((device.name for device in devices if device.id == self.device_id), "a device that is gone")
            parts.append(f"on {name}")
        if self.kind is not None:
            parts.append(f"of the kind “{kinds[self.kind]}”")
        return ", ".join(parts)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min).astimezone()


def read(asked: Asked) -> Wanted:
    """Read what is asked for. Raises BadRequest with one sentence for a day, range, device, kind or id that is none."""
    first, last = _days(asked)
    if asked.kind and asked.kind not in get_args(Kind):
        raise BadRequest(why=f"There is no such kind; choose one of: {', '.join(get_args(Kind))}.")
    if len(asked.id) > MOST_IDS:
        raise BadRequest(why=f"Name {MOST_IDS} recordings at most at once, or choose a range of days.")
    return Wanted(
        first=first,
        last=last,
        device_id=DeviceId(_id(asked.device)) if asked.device else None,
        kind=asked.kind or None,  # pyright: ignore[reportArgumentType]
        ids=tuple(InteractionId(_id(each)) for each in asked.id) if asked.id else None,
    )


def _days(asked: Asked) -> tuple[date | None, date | None]:
    if asked.day and (asked.from_ or asked.to):
        raise BadRequest(why="Choose one day or a range of days, not both.")
    if asked.day:
        day = _day(asked.day)
        return day, day
    if bool(asked.from_) != bool(asked.to):
        raise BadRequest(why="Say where the range begins and where it ends; for today, end it today.")
    if not asked.from_:
        return None, None
    first, last = _day(asked.from_), _day(asked.to)
    if last < first:
        raise BadRequest(why="This range ends before it begins.")
    return first, last


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        _midnight(day + timedelta(days=1))
    except (ValueError, OverflowError):
        raise BadRequest(why="Write a day as 2026-05-31.") from None
    return day


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadRequest(why="One of these is not an id; take ids from your history.") from None


async def from_form(request: Request) -> Wanted:
    """Read a form that a page sent."""
    form = await request.form()
    fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    return read(Asked.model_validate(fields | {"id": [each for each in form.getlist("id") if isinstance(each, str)]}))


def from_address(asked: Annotated[Asked, Query()]) -> Asked:
    return asked


InAddress = Annotated[Asked, Depends(from_address)]
