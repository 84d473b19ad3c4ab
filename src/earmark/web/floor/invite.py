"""The page behind an invitation: what the job hears, in three sentences, and one button."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import NotFound, SignInNeeded, TooManyRequests
from earmark.web import sessions
from earmark.web.floor.names import language_name
from earmark.web.render import page
from earmark.web.sessions import Public, StoresHere
from earmark.web.wording import START

router = APIRouter(prefix="/invite")
LONGEST_TOKEN = 200


def _spent(request: Request, status: int) -> Response:
    return page(request, "floor/invite.html", status=status, token="", invitation=None, language_name=language_name)


@router.get("/{token}")
async def show(request: Request, stores: StoresHere, who: Public, token: str) -> Response:
    """Show a button only: previews and scanners that open links in mails must not use it up."""
    _try_once(request, "see")
    try:
        found = await review.invitations.invitation(stores, token[:LONGEST_TOKEN])
    except NotFound:
        return _spent(request, 404)
    return page(
        request,
        "floor/invite.html",
        token="" if who else token[:LONGEST_TOKEN],
        invitation=found,
        language_name=language_name,
    )


@router.post("/{token}")
async def accept(request: Request, stores: StoresHere, who: Public, token: str) -> Response:
    """Trade the link for an account without a name, and sign it in; who is signed in keeps the account they have."""
    _try_once(request, "link")
    if who:
        return RedirectResponse(START["floor"], status_code=303)
    try:
        session = await review.invitations.accept(stores, token[:LONGEST_TOKEN])
    except SignInNeeded:
        return _spent(request, 404)
    answer = RedirectResponse(START["floor"], status_code=303)
    sessions.begin(answer, request, session)
    return answer


def _try_once(request: Request, what: str) -> None:
    client = request.client.host if request.client else ""
    if not request.app.state.throttle.try_once(f"{client} invite {what}"):
        raise TooManyRequests
