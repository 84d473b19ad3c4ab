"""Every route says who may use it, and nobody else gets in: the table below is the whole truth."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute

from earmark.accounts import PLANE_ROLES, Plane
from earmark.web import create_desk, create_floor, create_home
from earmark.web.sessions import Allow

BY_DEVICE_TOKEN = {"/api/device", "/api/device/key", "/api/device/retired", "/api/device/bundle/{version}"}
BY_COOKIE_INSIDE = {"/api/talk"}
"""WebSockets and device doors check for themselves, before the first byte; their tests are beside them."""

TABLE: dict[Plane, dict[str, str]] = {
    "home": {
        "GET /": "owner",
        "GET /talk": "owner",
        "GET /history": "owner",
        "GET /history/{identifier}": "owner",
        "GET /history/{identifier}/sound": "owner",
        "POST /history/{identifier}/words": "owner",
        "GET /history/{identifier}/not-for-me": "owner",
        "POST /history/{identifier}/not-for-me": "owner",
        "GET /history/delete": "owner",
        "POST /history/delete": "owner",
        "GET /asked": "owner",
        "POST /asked/{identifier}": "owner",
        "GET /history/all/delete": "owner",
        "POST /history/all/delete": "owner",
        "GET /history/{identifier}/delete": "owner",
        "POST /history/{identifier}/delete": "owner",
        "GET /receipts": "owner",
        "GET /receipts/{erasure}": "owner",
        "GET /receipts/{erasure}/file": "owner",
        "GET /settings": "owner",
        "GET /settings/account": "owner",
        "GET /settings/account/privacy": "owner",
        "POST /settings/account/privacy": "owner",
        "GET /settings/account/close": "owner",
        "POST /settings/account/close": "owner",
        "POST /api/account/close": "owner",
        "POST /first-run": "owner",
        "GET /api/history": "owner",
        "GET /api/history/{identifier}": "owner",
        "GET /api/history/{identifier}/sound": "owner",
        "POST /api/history/{identifier}/words": "owner",
        "POST /api/history/{identifier}/not-for-me": "owner",
        "POST /api/forget": "owner",
        "POST /api/forget/preview": "owner",
        "GET /api/receipts": "owner",
        "GET /api/consent": "owner",
        "POST /api/consent": "owner",
        "GET /guest": "anyone",
        "POST /guest": "anyone",
        "GET /guest/{session_id}": "anyone",
        "GET /guest/{session_id}/{identifier}/sound": "anyone",
        "POST /guest/{session_id}/delete": "anyone",
        "POST /language": "anyone",
        "GET /export": "owner",
        "POST /export": "owner",
        "GET /api/export": "owner",
        "POST /api/export": "owner",
        "GET /guarantees": "anyone",
        "GET /listeners": "anyone",
        "GET /manifest.webmanifest": "anyone",
        "GET /service-worker.js": "anyone",
        "GET /offline": "anyone",
        "GET /report": "anyone",
        "GET /api/report": "anyone",
        "GET /report/mine": "owner",
        "GET /api/audit/checkpoint": "anyone",
        "GET /api/audit/proof/inclusion": "anyone",
        "GET /api/audit/proof/consistency": "anyone",
    },
    "floor": {
        "GET /": "lead reviewer",
        "GET /review": "lead reviewer",
        "GET /review/mine": "lead reviewer",
        "POST /review/mine/training": "lead reviewer",
        "GET /lead": "lead",
        "GET /lead/quality": "lead",
        "GET /lead/access": "lead",
        "POST /lead/access/{alert}/lock": "lead",
        "POST /lead/access/{alert}/explained": "lead",
        "GET /lead/ties": "lead",
        "GET /lead/people": "lead",
        "POST /lead/people/invite": "lead",
        "POST /lead/people/withdraw": "lead",
        "POST /lead/people/link": "lead",
        "POST /lead/people/lock": "lead",
        "POST /lead/people/unlock": "lead",
        "GET /lead/sites": "lead",
        "POST /lead/sites": "lead",
        "GET /lead/campaigns": "lead",
        "POST /lead/campaigns": "lead",
        "GET /lead/campaigns/{identifier}": "lead",
        "POST /lead/campaigns/{identifier}": "lead",
        "POST /lead/campaigns/{identifier}/state": "lead",
        "GET /lead/questions": "lead",
        "GET /lead/questions/{name}": "lead",
        "POST /lead/questions/{name}": "lead",
        "GET /api/lead/board": "lead",
        "GET /invite/{token}": "anyone",
        "POST /invite/{token}": "anyone",
        "POST /api/review/rest": "lead reviewer",
        "POST /api/review/back": "lead reviewer",
        "POST /api/review/next": "lead reviewer",
        "POST /api/review/submit": "lead reviewer",
        "POST /api/review/draft": "lead reviewer",
        "POST /api/review/keep": "lead reviewer",
        "POST /api/review/open": "lead reviewer",
        "POST /api/review/preferences": "lead reviewer",
        "POST /api/review/training": "lead reviewer",
        "POST /api/review/sound": "lead reviewer",
        "POST /api/review/undo": "lead reviewer",
        "POST /api/review/release": "lead reviewer",
        "POST /api/review/flag": "lead reviewer",
        "GET /api/review/sound/{where}": "lead reviewer",
        "GET /api/review/numbers": "lead reviewer",
        "GET /api/review/mine": "lead reviewer",
        "POST /api/review/consult": "lead reviewer",
        "GET /api/review/consults": "lead reviewer",
        "GET /api/review/consult/groups": "lead reviewer",
        "GET /api/review/consult/sound/{ticket}": "lead reviewer",
        "POST /api/review/consult/answer": "lead reviewer",
        "GET /api/lead/quality": "lead",
        "GET /api/openapi.json": "lead reviewer",
        "POST /api/lead/next": "lead",
        "POST /api/lead/submit": "lead",
    },
    "desk": {
        "GET /": "admin auditor engineer safety",
        "GET /cases": "safety",
        "GET /cases/{case_id}": "safety",
        "GET /cases/{case_id}/sound": "safety",
        "POST /cases/{case_id}": "safety",
        "GET /models": "engineer",
        "GET /models/{version}": "engineer",
        "POST /models/promote": "engineer",
        "POST /models/continue": "engineer",
        "POST /models/rollback": "engineer",
        "GET /audit": "admin auditor",
        "POST /audit/verify": "admin auditor",
        "GET /people": "admin",
        "POST /people/link": "admin",
        "GET /api/audit/checkpoint": "anyone",
        "GET /api/audit/proof/inclusion": "anyone",
        "GET /api/audit/proof/consistency": "anyone",
    },
}
COMMON = {
    "GET /health": "anyone",
    "GET /robots.txt": "anyone",
    "GET /sign-in": "anyone",
    "POST /sign-in": "anyone",
    "GET /sign-in/{token}": "anyone",
    "POST /sign-in/{token}": "anyone",
    "POST /sign-out": "anyone",
}


def routes_of(holder: object) -> Iterator[APIRoute | APIWebSocketRoute]:
    """Walk an application's routes, through included routers."""
    for route in getattr(holder, "routes", []):
        if isinstance(route, APIRoute | APIWebSocketRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router)


def declared(route: APIRoute) -> str | None:
    for each in route.dependant.dependencies:
        if (roles := getattr(each.call, "roles", None)) is not None:
            return " ".join(sorted(roles))
    return None


@pytest.fixture
def apps(stores) -> dict[Plane, FastAPI]:
    return {"home": create_home(stores), "floor": create_floor(stores), "desk": create_desk(stores)}


def test_the_table_is_whole(apps: dict[Plane, FastAPI]) -> None:
    for plane, app in apps.items():
        found = {}
        for route in routes_of(app):
            if route.path in BY_DEVICE_TOKEN | BY_COOKIE_INSIDE:
                continue
            assert isinstance(route, APIRoute), f"{route.path} is not in the table"
            for method in route.methods:
                found[f"{method} {route.path}"] = declared(route)
        assert found == TABLE[plane] | COMMON


def test_no_web_socket_stands_outside_the_list(apps: dict[Plane, FastAPI]) -> None:
    sockets = {route.path for app in apps.values() for route in routes_of(app) if isinstance(route, APIWebSocketRoute)}
    assert sockets <= BY_DEVICE_TOKEN | BY_COOKIE_INSIDE


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", str(uuid.uuid4()), path)


@pytest.mark.parametrize("plane", ["home", "floor", "desk"])
async def test_every_role_gets_what_the_table_says(plane: Plane, browse, worker, household) -> None:
    roles = sorted(PLANE_ROLES[plane])
    people = {role: household.ada if role == "owner" else await worker(role) for role in roles}
    browsers = {role: await browse(plane, person) for role, person in people.items()}
    browsers["nobody"] = await browse(plane)
    for line, allowed in TABLE[plane].items():
        method, path = line.split(" ", 1)
        closes = ("/settings/account/close", "/api/account/close")
        if path in ("/history/all/delete", "/models/rollback", *closes) and method == "POST":
            continue  # they change what the others see; their own tests let them in
        for role, browser in browsers.items():
            send = browser.get if method == "GET" else browser.post
            if method == "POST" and path.startswith("/api/"):
                answer = await browser.call(filled(path), {})
            else:
                answer = await send(filled(path))
            may = allowed == "anyone" or role in allowed.split()
            if may:
                assert answer.status_code not in (401, 403, 500), f"{role} {line}: {answer.status_code}"
            elif role == "nobody":
                to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
                assert answer.status_code == 401 or to_sign_in, f"{role} {line}: {answer.status_code}"
            else:
                assert answer.status_code == 403, f"{role} {line}: {answer.status_code}"


@pytest.mark.parametrize("plane", ["home", "floor", "desk"])
async def test_no_change_without_the_token_of_the_session(plane: Plane, browse, worker, household) -> None:
    people = {"home": household.ada, "floor": await worker("reviewer", "lead"), "desk": None}
    person = people[plane] or await worker("safety", "engineer", "auditor", "admin")
    browser = await browse(plane, person)
    browser.token = "somebody else's"
    for line, allowed in TABLE[plane].items():
        method, path = line.split(" ", 1)
        if method == "POST" and allowed != "anyone":  # without a session there is nothing a foreign page could use
            send = browser.call(filled(path), {}) if path.startswith("/api/") else browser.post(filled(path))
            assert (await send).status_code == 403, line


async def test_a_session_of_one_plane_opens_no_other(browse, worker, stores) -> None:
    person = await worker("reviewer", "safety")
    floor, desk = await browse("floor", person), await browse("desk")
    desk.client.cookies.set("earmark-desk", floor.token)
    assert (await desk.get("/cases")).status_code == 303


def test_a_route_without_a_declared_role_is_noticed() -> None:
    app = FastAPI()
    app.add_api_route("/open", lambda: None)
    assert [declared(route) for route in routes_of(app) if route.path == "/open"] == [None]
    assert Allow("owner").roles == {"owner"}
