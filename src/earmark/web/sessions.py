"""Who is asking: the session's cookie, the roles a route wants, the CSRF token bound to the session."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

from earmark import accounts
from earmark.accounts import Account, Plane
from earmark.errors import Forbidden, SignInNeeded
from earmark.storage import Stores
from earmark.web.security import SAFE_METHODS

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody signed in."""

    account: Account
    token: str
    """The session's."""
    by_cookie: bool
    """False: a bearer token, which no foreign page can make a browser send."""

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)


def csrf_token(session: str) -> str:
    """Derive the token that this session's forms carry; only who holds the session can know it."""
    return hmac.new(session.encode(), b"earmark csrf", sha256).hexdigest()


def cookie_name(plane: Plane) -> str:
    return f"earmark-{plane}"


def stores_of(connection: HTTPConnection) -> Stores:
    return connection.app.state.stores


def plane_of(connection: HTTPConnection) -> Plane:
    return connection.app.state.plane


class Remembered:
    """Who was found to hold a session within the last seconds: each open page of the floor asks every four.

    A lock ends leases in the database at once, and nothing is leased to anybody locked out: the seconds open no door.
    """

    _LASTS = 5.0
    _MOST = 20_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, Account]] = OrderedDict()

    def get(self, token: str) -> Account | None:
        held = self._held.get(token)
        return held[1] if held is not None and self._clock() - held[0] < self._LASTS else None

    def keep(self, token: str, account: Account) -> None:
        self._held[token] = (self._clock(), account)
        while len(self._held) > self._MOST:
            self._held.popitem(last=False)

    def forget(self, token: str) -> None:
        self._held.pop(token, None)


async def visitor(connection: HTTPConnection, *, bearer: bool = False, recent: bool = False) -> Visitor | None:
    """Return who is asking, by cookie or, where `bearer` is taken, by `Authorization: Bearer`.

    With `recent`, whoever was found within the last seconds is taken for signed in.
    """
    plane = plane_of(connection)
    token, by_cookie = connection.cookies.get(cookie_name(plane)), True
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if bearer and scheme.casefold() == "bearer" and given:
        token, by_cookie = given.strip(), False
    if not token or len(token) > 200:
        return None
    remembered: Remembered = connection.app.state.remembered
    account = remembered.get(token) if recent else None
    if account is None:
        account = await accounts.whoami(stores_of(connection), token, plane)
        if account is None:
            remembered.forget(token)
        elif recent:
            remembered.keep(token, account)
    return Visitor(account=account, token=token, by_cookie=by_cookie) if account else None


class Allow:
    """A route's declaration of who may use it; refuses everybody else, and changes without the CSRF token."""

    def __init__(self, *roles: str, bearer: bool = False, recent: bool = False) -> None:
        self.roles = frozenset(roles)
        self.bearer = bearer
        self.recent = recent

    async def __call__(self, request: Request) -> Visitor:
        who = await visitor(request, bearer=self.bearer, recent=self.recent)
        if who is None:
            raise SignInNeeded
        request.state.visitor = who
        if not who.account.roles & self.roles:
            raise Forbidden
        if who.by_cookie and request.method not in SAFE_METHODS:
            await check_csrf(request, who)
        return who


class Anyone:
    """A route's declaration that it is public; tells who is asking when they are signed in."""

    roles = frozenset({"anyone"})

    async def __call__(self, request: Request) -> Visitor | None:
        who = await visitor(request)
        request.state.visitor = who
        return who


async def check_csrf(request: Request, who: Visitor) -> None:
    """Compare the form's or header's token with the session's. Raises Forbidden."""
    given = request.headers.get(CSRF_HEADER)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if given is None and kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), who.csrf.encode()):
        raise Forbidden


Owner = Annotated[Visitor, Depends(Allow("owner"))]
Listener = Annotated[Visitor, Depends(Allow("reviewer", "lead"))]
Reviewer = Annotated[Visitor, Depends(Allow("reviewer", "lead", bearer=True, recent=True))]
Lead = Annotated[Visitor, Depends(Allow("lead", bearer=True))]
Staff = Annotated[Visitor, Depends(Allow("safety", "engineer", "auditor", "admin"))]
Safety = Annotated[Visitor, Depends(Allow("safety"))]
Engineer = Annotated[Visitor, Depends(Allow("engineer"))]
Auditor = Annotated[Visitor, Depends(Allow("auditor", "admin"))]
Admin = Annotated[Visitor, Depends(Allow("admin"))]
Public = Annotated[Visitor | None, Depends(Anyone())]


async def the_stores(request: Request) -> Stores:
    # `async`, though it awaits nothing: FastAPI would send a plain function to another thread and back.
    return stores_of(request)


StoresHere = Annotated[Stores, Depends(the_stores)]


def begin(response: Response, request: Request, token: str) -> None:
    """Hand the browser its session. Lax, so that a link in a mail opens a page; changes need the CSRF token anyway."""
    response.set_cookie(
        cookie_name(plane_of(request)),
        token,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
        max_age=30 * 24 * 3600,
    )


def end(response: Response, request: Request) -> None:
    response.delete_cookie(cookie_name(plane_of(request)), path="/", httponly=True, samesite="lax")


def of(request: Request) -> Visitor | None:
    """Return who a route found to be asking, for pages that show their name."""
    return cast("Visitor | None", getattr(request.state, "visitor", None))


def session_token(connection: HTTPConnection, plane: Plane) -> str | None:
    """Return the session's token from the cookie, for WebSockets."""
    return connection.cookies.get(cookie_name(plane))
