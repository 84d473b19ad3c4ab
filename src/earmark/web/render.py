"""Pages: Jinja with autoescape, Lucide icons inlined, static files under addresses that change with their content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from earmark.web import sessions
from earmark.web.wording import NAVIGATION, PLANE_TITLES

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"


@lru_cache
def _icons() -> dict[str, str]:
    return json.loads((STATIC / "npm" / "icons.json").read_text())


@lru_cache
def icon(name: str, label: str = "") -> Markup:
    """Return a Lucide icon as inline SVG; without a label it is decoration and hidden from screen readers."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    body = Markup(_icons()[name])  # noqa: S704 - from the build's own copy of the icon set
    return Markup('<svg class="icon" viewBox="0 0 24 24" width="24" height="24" {}>{}</svg>').format(said, body)


@lru_cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static(name: str) -> str:
    """Return a static file's address; a changed file gets a new one, so that browsers may keep each for a year."""
    return f"/static/{name}?v={_version(name)}"


def clock_time(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M")


def long_day(day: date | datetime) -> str:
    """3 May 2026, in the time zone of this machine."""
    if isinstance(day, datetime):
        day = day.astimezone().date()
    return f"{day.day} {day:%B %Y}"


def near_day(day: date, today: date) -> str:
    """Return `Today`, `Yesterday`, a weekday of the last week, or the date."""
    ago = (today - day).days
    if ago in (0, 1):
        return ("Today", "Yesterday")[ago]
    return f"{day:%A}, {day.day} {day:%B}" if 1 < ago < 7 else long_day(day)


def seconds(value: float) -> str:
    """Return `0:04` or `1:02`."""
    whole = max(0, round(value))
    return f"{whole // 60}:{whole % 60:02d}"


def span(value: timedelta) -> str:
    """Return a length of time in its largest unit that fits: `2 days`, `3 hours`, `5 minutes`."""
    total = abs(value.total_seconds())
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if total >= size:
            n = int(total // size)
            return f"{n} {name}{'' if n == 1 else 's'}"
    return "less than a minute"


def length_of(value: float) -> str:
    """Return so many seconds as people say them: `12 seconds`, `3 minutes`, `2 hours`."""
    return plural(max(1, round(value)), "second") if value < 60 else span(timedelta(seconds=value))


def about(value: float) -> str:
    """Return about how many seconds something takes: `A few seconds`, `About 3 minutes`."""
    return "A few seconds" if value < 10 else f"About {length_of(value)}"


def size(value: float) -> str:
    """Return so many bytes as browsers show them: `12 kB`, `3.4 MB`, `1.2 GB`."""
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000 or unit == "GB":
            break
    return f"{value:.1f} {unit}" if value < 10 and unit != "kB" else f"{max(1, round(value)):,} {unit}"


ERASED = {
    "recordings": "Recordings",
    "list_lines": "Lines of the shopping list",
    "messages": "Messages",
    "alarms": "Timers and alarms",
    "keys": "Keys destroyed",
    "files": "Sound files",
    "tasks": "Questions about them",
    "judgements": "Answers given about them",
    "labels": "Labels",
    "datasets": "Data sets revoked",
    "models": "Models retired",
}


def erased_name(name: str) -> str:
    return ERASED.get(name, name.replace("_", " ").capitalize())


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def number(value: float) -> str:
    return f"{value:,}"


def plural(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


@lru_cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("earmark.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"icon": icon, "static": static, "plural": plural}
    made.filters |= {
        "clock_time": clock_time,
        "long_day": long_day,
        "seconds": seconds,
        "span": span,
        "length_of": length_of,
        "about": about,
        "size": size,
        "percent": percent,
        "erased_name": erased_name,
        "iso_day": lambda text: long_day(datetime.fromisoformat(text)),
        "iso_time": lambda text: clock_time(datetime.fromisoformat(text)),
        "number": number,
        "counted": lambda value: number(value) if isinstance(value, int) else value,
    }
    return made


def render(template: str, context: Mapping[str, Any]) -> str:
    """Render a template that belongs to no page of ours."""
    return _environment().get_template(template).render(context)


def fragment(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """Render a template with what every page knows."""
    who = sessions.of(request)
    plane = sessions.plane_of(request)
    links = [link for link in NAVIGATION[plane] if who and who.account.roles & link.roles]
    known = {
        "plane": plane,
        "plane_title": PLANE_TITLES[plane],
        "who": who,
        "csrf": who.csrf if who else "",
        "nonce": request.state.nonce,
        "navigation": links,
        "here": request.url.path,
        "htmx": request.headers.get("hx-request") == "true",
    }
    return _environment().get_template(template).render(known | dict(context))


def page(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(fragment(request, template, context), status_code=status)
