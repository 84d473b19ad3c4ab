"""Signing in and out, the same on every plane: a one-time link, or name and password where names are known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import accounts
from earmark.errors import SignInNeeded, TooManyRequests
from earmark.web import sessions
from earmark.web.language import gettext
from earmark.web.render import page
from earmark.web.sessions import Public, StoresHere
from earmark.web.wording import START

router = APIRouter()
LONGEST_TOKEN = 200


def local_path(wanted: str, otherwise: str) -> str:
    """Return a path on this very site; anything that could lead elsewhere becomes `otherwise`."""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if plain and "\\" not in wanted and len(wanted) < 500 else otherwise


def _try_once(request: Request, what: str) -> None:
    client = request.client.host if request.client else "?"
    if not request.app.state.throttle.try_once(f"{client} {what}"):
        raise TooManyRequests


def _signed_in(request: Request, token: str, wanted: str) -> Response:
    answer = RedirectResponse(local_path(wanted, START[sessions.plane_of(request)]), status_code=303)
    sessions.begin(answer, request, token)
    return answer


@router.get("/sign-in")
async def show(request: Request, who: Public, next: str = "") -> Response:
    if who:
        return RedirectResponse(local_path(next, START[sessions.plane_of(request)]), status_code=303)
    return page(request, "sign_in.html", next=local_path(next, ""), problem="")


@router.post("/sign-in")
async def by_password(
    request: Request,
    stores: StoresHere,
    _: Public,
    handle: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "",
) -> Response:
    _try_once(request, "password")
    try:
        token = await accounts.sign_in(stores, handle, password, sessions.plane_of(request))
    except SignInNeeded:
        problem = gettext("Name and password don't belong together. Try again, or ask for a sign-in link.")
        return page(request, "sign_in.html", status=401, next=local_path(next, ""), problem=problem)
    return _signed_in(request, token, next)


@router.get("/sign-in/{token}")
async def show_link(request: Request, _: Public, token: str) -> Response:
    """Show a button only: previews and scanners that open links in mails must not use it up."""
    return page(request, "sign_in_link.html", token=token[:LONGEST_TOKEN], problem="")


@router.post("/sign-in/{token}")
async def by_link(request: Request, stores: StoresHere, _: Public, token: str) -> Response:
    _try_once(request, "link")
    try:
        session = await accounts.redeem_link(stores, token[:LONGEST_TOKEN], sessions.plane_of(request))
    except SignInNeeded:
        problem = gettext("This link was used already, or it is more than two days old. Ask for a new one.")
        return page(request, "sign_in_link.html", status=401, token="", problem=problem)
    return _signed_in(request, session, "")


@router.post("/sign-out")
async def leave(request: Request, stores: StoresHere, who: Public) -> Response:
    """Public, so that an expired session can leave as well; the token is checked where there is a session."""
    if who:
        await sessions.check_csrf(request, who)
        await accounts.sign_out(stores, who.token, sessions.plane_of(request))
        request.app.state.remembered.forget(who.token)
    answer = RedirectResponse("/sign-in", status_code=303)
    sessions.end(answer, request)
    return answer
