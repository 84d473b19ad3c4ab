"""Pages: Jinja with autoescape, Lucide icons inlined, static files under addresses that change with their content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from earmark.web import language, sessions, wording
from earmark.web.language import gettext, ngettext
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


@lru_cache
def scripts() -> str:
    """Return the folder under which all scripts are served: they import each other by relative addresses, which carry
    no query, so that the folder's name changes when any of them does."""
    digest = sha256()
    for path in sorted((STATIC / "js").rglob("*.js")):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return f"js~{digest.hexdigest()[:12]}"


def static(name: str) -> str:
    """Return a static file's address; a changed file gets a new one, so that browsers may keep each for a year."""
    if name.startswith("js/"):
        return f"/static/{scripts()}/{name.removeprefix('js/')}"
    return f"/static/{name}?v={_version(name)}"


def clock_time(at: datetime) -> str:
    """21:30, in the time zone of this machine."""
    return at.astimezone().strftime("%H:%M")


def long_day(day: date | datetime) -> str:
    """3 May 2026, as the reader's language writes it, in the time zone of this machine."""
    if isinstance(day, datetime):
        day = day.astimezone().date()
    return format_date(day, "long", locale=language.locale())


def near_day(day: date, today: date) -> str:
    """Return `Today`, `Yesterday`, a weekday of the last week, or the date."""
    ago = (today - day).days
    if ago in (0, 1):
        return (gettext("Today"), gettext("Yesterday"))[ago]
    if not 1 < ago < 7:
        return long_day(day)
    weekday = format_date(day, "EEEE", locale=language.locale())
    midnight = datetime.combine(day, time.min)
    return f"{weekday[0].upper()}{weekday[1:]}, {format_skeleton('MMMMd', midnight, locale=language.locale())}"


def month_name(day: date) -> str:
    """May 2026."""
    return format_skeleton("yMMMM", datetime.combine(day, time.min), locale=language.locale())


def seconds(value: float) -> str:
    """Return `0:04` or `1:02`."""
    whole = max(0, round(value))
    return f"{whole // 60}:{whole % 60:02d}"


def of_time(n: float, unit: str) -> str:
    """Return so many of a unit of time (`day`, `hour`, `minute`, `second`): `1 day`, `20 seconds`."""
    return format_unit(n, f"duration-{unit}", locale=language.locale())


def span(value: timedelta) -> str:
    """Return a length of time in its largest unit that fits: `2 days`, `3 hours`, `5 minutes`."""
    total = abs(value.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if total >= size:
            return of_time(int(total // size), unit)
    return gettext("less than a minute")


def length_of(value: float) -> str:
    """Return so many seconds as people say them: `12 seconds`, `3 minutes`, `2 hours`."""
    return of_time(max(1, round(value)), "second") if value < 60 else span(timedelta(seconds=value))


def about(value: float) -> str:
    """Return about how many seconds something takes: `A few seconds`, `About 3 minutes`."""
    return gettext("A few seconds") if value < 10 else gettext("About {length}").format(length=length_of(value))


def size(value: float) -> str:
    """Return so many bytes as browsers show them: `12 kB`, `3.4 MB`, `1.2 GB`."""
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000 or unit == "GB":
            break
    small = value < 10 and unit != "kB"
    return f"{format_decimal(value, '0.0', locale=language.locale()) if small else number(max(1, round(value)))} {unit}"


def erased_name(name: str) -> str:
    return gettext(wording.ERASED.get(name, name.replace("_", " ").capitalize()))


def percent(value: float | None) -> str:
    return "–" if value is None else format_percent(value, locale=language.locale())


def rate(value: float) -> str:
    """Return a share with as many digits as it has: `0.2%`."""
    return format_percent(value, locale=language.locale(), decimal_quantization=False)


def number(value: float) -> str:
    return format_decimal(value, locale=language.locale())


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return `1 label`, `2 labels`: English, for pages that have no other language."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


@lru_cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("earmark.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # pyright: ignore[reportAttributeAccessIssue]
    made.policies["ext.i18n.trimmed"] = True
    made.globals |= {"icon": icon, "static": static, "plural": plural, "of_time": of_time, "month_name": month_name}
    made.filters |= {
        "clock_time": clock_time,
        "long_day": long_day,
        "seconds": seconds,
        "span": span,
        "length_of": length_of,
        "about": about,
        "size": size,
        "percent": percent,
        "rate": rate,
        "erased_name": erased_name,
        "iso_day": lambda text: long_day(datetime.fromisoformat(text)),
        "iso_time": lambda text: clock_time(datetime.fromisoformat(text)),
        "number": number,
        "counted": lambda value: number(value) if isinstance(value, int) else gettext(value),
        "translated": gettext,
    }
    return made


def _back(request: Request) -> str:
    """Return where a choice of language leads back to: this page, or the first one after a change that failed."""
    return f"{request.url.path}?{request.url.query}".rstrip("?") if request.method == "GET" else "/"


def render(template: str, context: Mapping[str, Any]) -> str:
    """Render a template that belongs to no page of ours."""
    return _environment().get_template(template).render(context)


def fragment(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """Render a template with what every page knows."""
    who = sessions.of(request)
    plane = sessions.plane_of(request)
    links = [
        replace(link, title=gettext(link.title)) for link in NAVIGATION[plane] if who and who.account.roles & link.roles
    ]
    here = request.url.path
    under = [
        link.href for link in links if here == link.href or (link.href != "/" and here.startswith(f"{link.href}/"))
    ]
    known = {
        "plane": plane,
        "plane_title": PLANE_TITLES[plane],
        "who": who,
        "csrf": who.csrf if who else "",
        "nonce": request.state.nonce,
        "navigation": links,
        "here": here,
        "current": max(under, key=len, default=None),
        "language": language.current(),
        "languages": language.LANGUAGES,
        "back": _back(request),
        "htmx": request.headers.get("hx-request") == "true",
    }
    return _environment().get_template(template).render(known | dict(context))


def page(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(fragment(request, template, context), status_code=status)
