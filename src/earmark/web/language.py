"""The language of the owner's pages: which one a reader gets, and the catalogs it is read from.

English stands in the code. `locale/*/LC_MESSAGES/earmark.po` hold the other languages and are read as they are, once a
process. The floor and the desk are in English: nothing there chooses a language, and English is what holds then.
"""

from __future__ import annotations

import gettext as standard
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

if TYPE_CHECKING:
    from earmark.web.security import App, Receive, Scope, Send

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "es": "Español", "ro": "Română", "hi": "हिन्दी"}
"""Each is named in itself. All four are written from left to right."""
COOKIE = "earmark-language"
"""Holds one of LANGUAGES: somebody's choice in this browser. It says nothing else, and it works signed out."""
LOCALE = Path(__file__).parent / "locale"
_now: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current() -> str:
    """Return the language in which this request is answered."""
    return _now.get()


def locale() -> str:
    """Return the current language's name for Babel: dates and numbers as they are written there."""
    return "en_GB" if current() == ENGLISH else current()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in this language inside the block."""
    before = _now.set(language)
    try:
        yield
    finally:
        _now.reset(before)


@lru_cache
def catalog(language: str) -> standard.NullTranslations:
    """Return a language's catalog; English has none, because it is what is looked up."""
    if language == ENGLISH:
        return standard.NullTranslations()
    compiled = BytesIO()
    with (LOCALE / language / "LC_MESSAGES" / "earmark.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def gettext(text: str) -> str:
    """Return a text in the current language; what no catalog knows stays as it is."""
    return catalog(current()).gettext(text) if text else ""


def ngettext(one: str, many: str, n: int) -> str:
    """Return the form that this language has for `n` of something."""
    return catalog(current()).ngettext(one, many, n)


def best(accepts: str) -> str:
    """Return the language that an Accept-Language header likes most of ours (RFC 9110, 12.5.4); else English."""
    liked: list[tuple[float, str]] = []
    for part in accepts.split(","):
        tag, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        liked.append((weight, tag.partition("-")[0].casefold()))
    known = [(weight, tag) for weight, tag in liked if tag in LANGUAGES and weight > 0]
    return max(known, key=lambda each: each[0], default=(0, ENGLISH))[1]


def chosen(headers: Headers) -> str:
    """Return somebody's choice, or what their browser asks for before there is one."""
    choice = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return choice if choice in LANGUAGES else best(headers.get("accept-language", ""))


class Reader:
    """ASGI middleware of the home plane: what is answered, is answered in the reader's language.

    It stands before the Guard, so that its few sentences are in that language too, and because the Guard drops every
    cookie but the session's.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with speaking(chosen(Headers(scope=scope)) if scope["type"] in ("http", "websocket") else ENGLISH):
            await self._app(scope, receive, send)


def keep(response: Response, request: Request, language: str) -> None:
    """Let the browser keep somebody's choice for a year."""
    response.set_cookie(
        COOKIE,
        language,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
        max_age=365 * 24 * 3600,
    )
