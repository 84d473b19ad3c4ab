"""The three web applications: home for owners, floor for reviewers and leads, desk for staff.

Each is a FastAPI app over stores that the caller opened with that plane's own database role.
"""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from earmark.accounts import Plane
from earmark.storage import Stores
from earmark.web import audit_api, errors, render, sign_in
from earmark.web.desk import router as desk_router
from earmark.web.device_api import router as device_router
from earmark.web.device_models import router as models_router
from earmark.web.floor import router as floor_router
from earmark.web.home import router as home_router
from earmark.web.language import Reader
from earmark.web.security import Guard, Throttle, allowed_hosts
from earmark.web.sessions import Public, Remembered, cookie_name

_common = APIRouter()
SIGN_IN_TRIES = 10
"""A minute and address."""
GUEST_TRIES = 60
"""Codes a minute from all addresses together: with a thousand addresses, a code is hit once in three years."""


class _Static(StaticFiles):
    """Files whose address names their content may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        folder, *rest = PurePath(path).parts or ("",)
        if folder.startswith("js~"):
            path = str(PurePath("js", *rest))
        answer = await super().get_response(path, scope)
        named = folder == render.scripts() or b"v=" in scope.get("query_string", b"")
        if answer.status_code == 200 and named:
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


@_common.get("/health")
async def health(_: Public) -> Response:
    """Answer while the process can."""
    return PlainTextResponse("ok")


@_common.get("/robots.txt")
async def robots(_: Public) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _create(stores: Stores, plane: Plane, router: APIRouter) -> FastAPI:
    app = FastAPI(title=f"Earmark {plane}", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.stores = stores
    app.state.plane = plane
    app.state.asked = audit_api.throttle()
    app.state.throttle = Throttle(limit=SIGN_IN_TRIES, seconds=60)
    app.state.remembered = Remembered()
    app.state.guests = Throttle(limit=GUEST_TRIES, seconds=60)
    app.mount("/static", _Static(directory=render.STATIC), name="static")
    for part in (_common, sign_in.router, router):
        app.include_router(part)
    errors.register(app)
    hosts = allowed_hosts(stores.settings.host, stores.settings.hosts or "")
    app.add_middleware(Guard, cookie=cookie_name(plane), hosts=hosts, microphone=plane == "home")
    return app


def create_home(stores: Stores) -> FastAPI:
    """Owners: talk, history, switches. Devices and the browser's microphone connect here."""
    app = _create(stores, "home", home_router)
    app.include_router(device_router)
    app.include_router(models_router)
    app.include_router(audit_api.router)
    app.add_middleware(Reader)  # added last, so that it stands first
    return app


def create_floor(stores: Stores) -> FastAPI:
    """Reviewers and leads; open the stores as `earmark_review`."""
    return _create(stores, "floor", floor_router)


def create_desk(stores: Stores) -> FastAPI:
    """Safety, engineer, auditor, admin; open the stores as `earmark_desk`."""
    app = _create(stores, "desk", desk_router)
    app.include_router(audit_api.router)
    return app
