"""How questions, languages, hours and money are called on the lead's pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from earmark import review
from earmark.storage import Stores
from earmark.web import language

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHANGES = {
    "site.changed": "changed the site",
    "campaign.opened": "opened the campaign",
    "campaign.changed": "changed the campaign",
    "campaign.paused": "paused the campaign",
    "campaign.resumed": "let the campaign go on",
    "campaign.closed": "closed the campaign",
    "question.published": "published a version",
}


@lru_cache
def language_name(tag: str) -> str:
    """Return `Hindi` for `hi`; a tag that nobody knows stays as it is."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


def money(cost: Mapping[str, Decimal]) -> str:
    """Return amounts in each currency: `$12.40 + ₹830.00`."""
    locale = language.locale()
    return " + ".join(format_currency(amount, each, locale=locale) for each, amount in cost.items()) or "–"


def clock_at(at: datetime, zone: str) -> str:
    """Return 21:30, as the clock on a wall in `zone` shows it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


async def titles(stores: Stores) -> dict[str, str]:
    """Return what each question asks."""
    return {name: spec.title_for() for name, spec in (await review.current(stores)).items()}


def who(doing: review.doings.Doing) -> str:
    """Return in which role something was done: `A lead in Boston`."""
    if doing.role == "admin" or not doing.site:
        return "Earmark" if doing.what == "campaign.closed" else "An admin"
    return f"A {doing.role} in {doing.site}"
