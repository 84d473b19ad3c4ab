"""Sites: where people work, whose clips may be heard there, when, and by which rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earmark.errors import BadRequest, Forbidden
from earmark.review.doings import SQL, note
from earmark.review.recent import Recent
from earmark.storage import Row, Stores

if TYPE_CHECKING:
    from earmark.review.people import Reviewer

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
NAME = re.compile(r"[^\W_][\w .,'()-]{0,59}")
REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_LASTS = 5.0
"""Seconds for which a process goes by the sites that it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place where people review."""

    name: str
    region: str
    """Where the site itself lies."""
    serves: tuple[str, ...]
    """Regions whose clips may be heard there."""
    languages: tuple[str, ...]
    """Languages that are worked on there; empty: whatever its people know."""
    timezone: str
    """An IANA name: `Asia/Kolkata`."""
    opens: time
    closes: time
    """Local; before `opens`: on the next day; the same: day and night."""
    days: tuple[int, ...]
    """ISO weekdays on which a shift begins, 1 Monday."""
    pass_mark: float | None
    """Share of the training set that must be right before real clips; None: no training."""
    break_after_minutes: int
    break_minutes: int
    """0: no breaks are asked for."""
    hourly_cost: Decimal
    currency: str
    """ISO 4217: `USD`."""

    def heard_by(self, languages: Iterable[str]) -> tuple[str, ...]:
        """Return which of somebody's languages are worked on here."""
        return tuple(each for each in languages if not self.languages or each in self.languages)


async def _load(stores: Stores) -> Mapping[str, Site]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.sites)).fetchall()
    return {row["name"]: _site(row) for row in rows}


_RECENT = Recent(_load, seconds=_LASTS)


async def sites(stores: Stores) -> list[Site]:
    """Return every site that was set up, by name."""
    return list((await _RECENT.get(stores)).values())


async def site_of(stores: Stores, name: str) -> Site:
    """Return a site by its name; one that nobody has set up hears this region only, at any hour, without training."""
    return (await _RECENT.get(stores)).get(name) or unset(name, stores.settings.region)


def unset(name: str, region: str) -> Site:
    """Return what a site is before somebody sets it up."""
    return Site(
        name=name,
        region=region,
        serves=(region,),
        languages=(),
        timezone="UTC",
        opens=time(),
        closes=time(),
        days=EVERY_DAY,
        pass_mark=None,
        break_after_minutes=60,
        break_minutes=0,
        hourly_cost=Decimal(0),
        currency="USD",
    )


async def put_site(stores: Stores, lead: Reviewer | None, site: Site | Mapping[str, Any]) -> Site:
    """Set a site up or change it; `lead` None: a command of whoever runs this installation.

    A mapping holds what changes, as forms and JSON hold it: texts, or lists of them. Raises BadRequest with a sentence;
    Forbidden when a lead sets up another site than their own. Which regions a site hears is not a lead's to change:
    it decides where voices may travel.
    """
    given = {each: getattr(site, each) for each in site.__slots__} if isinstance(site, Site) else dict(site)
    name = _matching(given.get("name"), NAME, "A site's name has letters, digits and spaces, 60 at most.")
    if lead is not None and (lead.role != "lead" or lead.site != name):
        raise Forbidden
    before = (await _load(stores)).get(name)
    wanted = checked(given, before or unset(name, stores.settings.region))
    old = before or unset(name, stores.settings.region)
    if lead is not None and (wanted.region, set(wanted.serves)) != (old.region, set(old.serves)):
        raise BadRequest(
            why="Whose clips a site may hear is set by whoever runs this Earmark, with `earmark sites set`."
        )
    if not wanted.languages:
        raise BadRequest(why="Name at least one language that is worked on at this site.")
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.put_site, _values(wanted))
        await note(connection, stores, lead, "site.changed", name, _changes(before, wanted))
    _RECENT.forget(stores)
    return wanted


def checked(given: Mapping[str, Any], site: Site) -> Site:
    """Return a site with what is given instead of what it had. Raises BadRequest, naming what is wrong."""
    fields: dict[str, Any] = {}
    if "region" in given:
        fields["region"] = _region(given["region"])
    if "serves" in given:
        fields["serves"] = tuple(_region(each) for each in listed(given["serves"]))
        if not fields["serves"]:
            raise BadRequest(why="A site hears at least one region.")
    if "languages" in given:
        fields["languages"] = language_tags(given["languages"])
    if "timezone" in given:
        fields["timezone"] = _zone(given["timezone"])
    for each in ("opens", "closes"):
        if each in given:
            fields[each] = _clock(given[each])
    if "days" in given:
        fields["days"] = tuple(sorted({int(_number(each, 1, 7, "A day")) for each in listed(given["days"])}))
        if not fields["days"]:
            raise BadRequest(why="A site is open on at least one day of the week.")
    if "pass_mark" in given:
        raw = given["pass_mark"]
        fields["pass_mark"] = None if raw in (None, "") else _number(raw, 0, 1, "The pass mark")
    if "break_after_minutes" in given:
        fields["break_after_minutes"] = int(_number(given["break_after_minutes"], 5, 480, "Minutes before a break"))
    if "break_minutes" in given:
        fields["break_minutes"] = int(_number(given["break_minutes"], 0, 120, "Minutes of a break"))
    if "hourly_cost" in given:
        fields["hourly_cost"] = _money(given["hourly_cost"])
    if "currency" in given:
        sentence = "A currency is three capital letters, such as USD, INR or EUR."
        fields["currency"] = _matching(given["currency"], re.compile(r"[A-Z]{3}"), sentence)
    return replace(site, **fields)


def listed(raw: object) -> list[Any]:
    """Return a list, or the parts of a text between commas or spaces."""
    if isinstance(raw, str):
        return [part for part in re.split(r"[\s,]+", raw) if part]
    if isinstance(raw, Sequence):
        return list(raw)
    raise BadRequest(why="This must be a list.")


def language_tags(raw: object) -> tuple[str, ...]:
    """Return language tags, each once. Raises BadRequest."""
    sentence = "A language is a tag such as en, es or pt-BR."
    return tuple(dict.fromkeys(_matching(each, LANGUAGE, sentence) for each in listed(raw)))


def _matching(raw: object, form: re.Pattern[str], sentence: str) -> str:
    if not isinstance(raw, str) or not form.fullmatch(raw.strip()):
        raise BadRequest(why=sentence)
    return raw.strip()


def _region(raw: object) -> str:
    return _matching(raw, REGION, "A region is a short name in lower case, such as home, eu or in-south.")


def _zone(raw: object) -> str:
    if isinstance(raw, str) and re.fullmatch(r"[A-Za-z][\w+/-]{0,63}", raw.strip()):
        try:
            return ZoneInfo(raw.strip()).key
        except (ZoneInfoNotFoundError, OSError, ValueError):
            pass
    raise BadRequest(why="There is no such time zone; they are called Europe/Bucharest, Asia/Kolkata and so on.")


def _clock(raw: object) -> time:
    if isinstance(raw, time):
        return raw.replace(second=0, microsecond=0, tzinfo=None)
    if isinstance(raw, str) and (found := _CLOCK.fullmatch(raw.strip())):
        return time(int(found[1]), int(found[2]))
    raise BadRequest(why="A time of day is written 09:00 or 21:30.")


def _number(raw: object, least: float, most: float, what: str) -> float:
    try:
        value = float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = float("nan")
    if not least <= value <= most:
        raise BadRequest(why=f"{what} is a number from {least:g} to {most:g}.")
    return value


def _money(raw: object) -> Decimal:
    try:
        value = Decimal(str(raw)).quantize(Decimal("0.01"))
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value < 10**6:
        raise BadRequest(why="What an hour costs is a number from 0 to 999999.")
    return value


def _changes(before: Site | None, after: Site) -> dict[str, Any]:
    """Return what is new, as JSON."""
    new = _values(after)
    old = _values(before) if before is not None else {}
    return {
        each: value.strftime("%H:%M")
        if isinstance(value, time)
        else str(value)
        if isinstance(value, Decimal)
        else value
        for each, value in new.items()
        if each != "name" and (each not in old or old[each] != value)
    }


def _values(site: Site) -> dict[str, Any]:
    found = {each: getattr(site, each) for each in site.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _site(row: Row) -> Site:
    found: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Site(**found)
