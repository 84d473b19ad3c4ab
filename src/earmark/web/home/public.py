"""Pages for everybody: the guarantees with their state here, and who listens."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from earmark import accounts
from earmark.guarantees import GUARANTEES
from earmark.here import guarantees_here
from earmark.web.render import STATIC, TEMPLATES, page, static
from earmark.web.sessions import Public, StoresHere
from earmark.web.wording import PRIVACY

router = APIRouter()
MANIFEST = {
    "name": "Earmark",
    "short_name": "Earmark",
    "description": "Talk, see and delete what is kept, and the switches.",
    "id": "/",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "background_color": "#faf6f0",
    "theme_color": "#1f6a58",
    "shortcuts": [
        {"name": "Switches", "url": PRIVACY},
        {"name": "Talk", "url": "/talk"},
        {"name": "History", "url": "/history"},
    ],
}
"""What a phone needs to put the owner's side on its first screen."""


@router.get("/guarantees")
async def guarantees(request: Request, stores: StoresHere, _: Public) -> Response:
    here = await guarantees_here(stores)
    states = Counter(each.state for each in here.values())
    groups = [(name, list(group)) for name, group in groupby(GUARANTEES, key=lambda each: each.group)]
    return page(request, "home/guarantees.html", groups=groups, states=states, installed=here)


@router.get("/listeners")
async def listeners(request: Request, stores: StoresHere, _: Public) -> Response:
    settings = stores.settings
    who = [member for member in await accounts.staff(stores) if member.roles & {"reviewer", "lead"}]
    return page(
        request,
        "home/listeners.html",
        rate=settings.review_rate,
        sites=sorted(Counter(member.site or settings.site for member in who).items()),
        operator=settings.operator,
        case_hours=settings.case_hours,
        lease_seconds=settings.lease_seconds,
    )


@router.get("/manifest.webmanifest")
async def manifest(_: Public) -> Response:
    icon = {"src": static("earmark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}
    return Response(json.dumps(MANIFEST | {"icons": [icon]}), media_type="application/manifest+json")


@router.get("/service-worker.js")
async def service_worker(_: Public) -> Response:
    """From the root, so that it may stand in for every page when Earmark can't be reached."""
    code = (STATIC / "js" / "service-worker.js").read_text()
    return Response(code, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/offline")
async def offline(_: Public) -> Response:
    """A page without a word about anybody, which browsers keep for when Earmark can't be reached."""
    return HTMLResponse((TEMPLATES / "offline.html").read_text())
