"""What stands before every route: allowed hosts, same-origin changes, headers, a calm 500, an access log without ids.

It is plain ASGI so that it also sees WebSockets and whatever goes wrong inside.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders

from earmark.web.language import gettext

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY = 1 << 20
"""Bytes. No form or answer comes near; sound arrives through the WebSocket."""
_STATIC = "/static/"

log = structlog.get_logger("earmark.web")


def allowed_hosts(host: str, more: str = "") -> frozenset[str]:
    """Return the names under which a browser may reach this process: loopback, the one it listens on, and `more`."""
    named = {each.strip().casefold() for each in more.split(",") if each.strip()}
    return frozenset({"127.0.0.1", "localhost", "[::1]"} | named | ({host} - {"0.0.0.0", "::", ""}))  # noqa: S104


def host_name(header: str) -> str:
    """Return a Host header's name without its port, lower case."""
    header = header.strip().casefold()
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0]


def same_origin(headers: Headers, scheme: str) -> bool:
    """Tell whether a browser says that this request comes from one of our own pages.

    Browsers send Sec-Fetch-Site; older ones Origin on every unsafe request. The planes differ in port only, so
    `same-site` is not enough. Who sends neither is no browser; the session's CSRF token or a bearer token decides.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin == f"{scheme}://{headers.get('host', '')}"


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy; the nonce is for the style inside wavesurfer's shadow root."""
    return (
        "default-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _too_large() -> tuple[int, str]:
    return 413, gettext("This is more than Earmark takes at once.")


class _TooLarge(Exception):
    """The body went past the limit while it was read."""


class Guard:
    """ASGI middleware of one plane."""

    def __init__(self, app: App, *, cookie: str, hosts: Iterable[str], microphone: bool) -> None:
        self._app = app
        self._cookie = cookie
        self._hosts = frozenset(hosts)
        self._microphone = "(self)" if microphone else "()"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        scope["headers"] = _only_cookie(scope["headers"], self._cookie)
        if scope["type"] == "websocket":
            if refusal:
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        if refusal:
            await _plain(send, *refusal, headers=self._headers("", nonce))
            return
        await self._serve(scope, receive, send, nonce)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if host_name(headers.get("host", "")) not in self._hosts:
            return 421, gettext(
                "This address is not one of this Earmark's. Open it by the address it was started with."
            )
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        scheme = scope["scheme"].replace("ws", "http", 1)
        if changes and not same_origin(headers, scheme):
            return 403, gettext("This came from another page, so nothing was changed.")
        if int(headers.get("content-length") or 0) > LARGEST_BODY:
            return _too_large()
        return None

    async def _serve(self, scope: Scope, receive: Receive, send: Send, nonce: str) -> None:
        began, status = time.perf_counter(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope["path"], nonce).items():
                    headers.setdefault(name, value)
            await send(message)

        taken = 0

        async def receive_limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:  # a body that did not say its length
                raise _TooLarge
            return message

        try:
            await self._app(scope, receive_limited, send_guarded)
        except _TooLarge:
            status = 413
            await _plain(send, *_too_large(), headers=self._headers(scope["path"], nonce))
        except Exception as error:
            # The message of an unknown error may quote what somebody said: only its type and place are logged.
            frames = [f"{each.filename}:{each.lineno}" for each in traceback.extract_tb(error.__traceback__)[-6:]]
            log.error("unexpected", error=type(error).__name__, frames=frames, route=_route(scope))
            if status:
                raise ConnectionError from None
            status = 500
            said = gettext("Something went wrong inside Earmark. Nothing you said is shown here; please try again.")
            await _plain(send, 500, said, headers=self._headers(scope["path"], nonce))
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            log.info("request", method=scope["method"], route=_route(scope), status=status, ms=milliseconds)

    def _headers(self, path: str, nonce: str) -> dict[str, str]:
        return {
            "Content-Security-Policy": policy(nonce),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
            "Permissions-Policy": f"microphone={self._microphone}, camera=(), geolocation=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-cache" if path.startswith(_STATIC) else "no-store",
        }


def _route(scope: Scope) -> str:
    """Return the route's template, never the path: paths hold ids."""
    if scope["path"].startswith(_STATIC):
        return "/static"
    return getattr(scope.get("route"), "path", "unmatched")


def _only_cookie(headers: list[tuple[bytes, bytes]], name: str) -> list[tuple[bytes, bytes]]:
    """Drop every cookie but this plane's: cookies know no ports, so browsers send the neighbours' along."""
    kept = [(key, value) for key, value in headers if key != b"cookie"]
    for key, value in headers:
        if key != b"cookie":
            continue
        try:
            morsel = SimpleCookie(value.decode("latin-1")).get(name)
        except CookieError:
            continue
        if morsel is not None:
            kept.append((b"cookie", f"{name}={morsel.value}".encode("latin-1")))
    return kept


async def _plain(send: Send, status: int, text: str, *, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-type", b"text/plain; charset=utf-8"))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": text.encode()})


class Throttle:
    """At most `limit` tries a key in `seconds`, kept in this process; for sign-in."""

    def __init__(self, *, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._tries: dict[str, list[float]] = {}

    def try_once(self, key: str) -> bool:
        """Count a try and tell whether it may go on."""
        now = self._clock()
        if len(self._tries) > 10_000:
            self._tries = {k: v for k, v in self._tries.items() if v[-1] > now - self._seconds}
        recent = [at for at in self._tries.get(key, []) if at > now - self._seconds]
        allowed = len(recent) < self._limit
        if allowed:
            recent.append(now)
        self._tries[key] = recent or [now]
        return allowed
