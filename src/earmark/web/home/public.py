"""Pages for everybody: the guarantees with their state here, and who listens."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import accounts, consent
from earmark.errors import BadRequest
from earmark.guarantees import GUARANTEES
from earmark.here import guarantees_here
from earmark.web.language import LANGUAGES, current, gettext, keep, ngettext
from earmark.web.render import STATIC, number, page, static
from earmark.web.sessions import Public, StoresHere, check_csrf
from earmark.web.sign_in import local_path
from earmark.web.wording import PRIVACY

router = APIRouter()


def _manifest() -> dict[str, Any]:
    """Return what a phone needs to put the owner's side on its first screen."""
    icon = {"src": static("earmark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}
    return {
        "name": "Earmark",
        "short_name": "Earmark",
        "description": gettext("Talk, see and delete what is kept, and the switches."),
        "lang": current(),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf6f0",
        "theme_color": "#1f6a58",
        "shortcuts": [
            {"name": gettext("Switches"), "url": PRIVACY},
            {"name": gettext("Talk"), "url": "/talk"},
            {"name": gettext("History"), "url": "/history"},
        ],
        "icons": [icon],
    }


@router.get("/guarantees")
async def guarantees(request: Request, stores: StoresHere, _: Public) -> Response:
    here = await guarantees_here(stores)
    states = Counter(each.state for each in here.values())
    groups = [(name, list(group)) for name, group in groupby(GUARANTEES, key=lambda each: each.group)]
    return page(request, "home/guarantees.html", groups=groups, states=states, installed=here)


def _people(n: int) -> str:
    return ngettext("{n} person", "{n} people", n).format(n=number(n))


@router.get("/listeners")
async def listeners(request: Request, stores: StoresHere, _: Public) -> Response:
    settings = stores.settings
    who = [member for member in await accounts.staff(stores) if member.roles & {"reviewer", "lead"}]
    sites = Counter(member.site or settings.site for member in who)
    return page(
        request,
        "home/listeners.html",
        rate=settings.review_rate,
        review_title=consent.wordings(current())["review"].title,
        sites=", ".join(f"{site} ({_people(n)})" for site, n in sorted(sites.items())),
        operator=settings.operator,
        case_hours=settings.case_hours,
        lease_seconds=settings.lease_seconds,
    )


@router.get("/manifest.webmanifest")
async def manifest(_: Public) -> Response:
    return Response(json.dumps(_manifest()), media_type="application/manifest+json")


@router.get("/service-worker.js")
async def service_worker(_: Public) -> Response:
    """From the root, so that it may stand in for every page when Earmark can't be reached."""
    code = (STATIC / "js" / "service-worker.js").read_text()
    return Response(code, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/offline")
async def offline(request: Request, _: Public) -> Response:
    """A page without a word about anybody, which browsers keep for when Earmark can't be reached."""
    return page(request, "offline.html")


@router.post("/language")
async def choose_language(
    request: Request, who: Public, language: Annotated[str, Form()], next: Annotated[str, Form()] = ""
) -> Response:
    """Keep the language somebody chose in this browser, and show the page they came from."""
    if who:
        await check_csrf(request, who)
    if language not in LANGUAGES:
        raise BadRequest(why="There is no such language here.")
    answer = RedirectResponse(local_path(next, "/"), status_code=303)
    keep(answer, request, language)
    return answer
