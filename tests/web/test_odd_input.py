"""Odd input at every door of the owners' side: an answer that says so, never a 500."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from itertools import product
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from earmark import accounts, guests, vault
from earmark.switches import switch

ODD = (
    "",
    "\0",
    "a\0b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "'\"><script>alert(1)</script>",
    "../../etc/passwd",
    "%00",
    "٣٣٣٣٣٣٣٣",
    "²²²²²²²²",
    "-1",
    "1e9",
    "NaN",
    str(10**30),
    "0001-01-01",
    "9999-12-31",
    "9999-12-30",
    "0001-01",
    "9999-12",
    "2026-13",
    "2026-05-04T09:30:00+00:00",
    "x" * 5000,
    str(uuid.UUID(int=0)),
)
CURSORS = (
    "~",
    "0001-01-01T00:00:00+14:00~00000000-0000-0000-0000-000000000000",
    "9999-12-31T23:59:59.999999-14:00~00000000-0000-0000-0000-000000000000",
    "2026-05-04T09:30:00+00:00:00.000001~00000000-0000-0000-0000-000000000000",
    "2026-05-04T09:30:00+23:59:59~00000000-0000-0000-0000-000000000000",
    "2026-05-04T09:30:00-23:59:59.999999~00000000-0000-0000-0000-000000000000",
    "2026-05-04T09:30:00~00000000-0000-0000-0000-000000000000",
)
PART = ("day", "from", "to", "device", "kind", "id")
JSON = (
    None,
    [],
    "x",
    7,
    1e308,
    {"id": [None]},
    {"id": "x"},
    {"id": [str(uuid.UUID(int=0))] * 1001},
    {"all": True, "day": "2026-05-04"},
    {"all": "yes"},
    {"day": "\0"},
    {"text": "\0 and more"},
    {"text": "\ud800"},
    {"device": "\ud800"},
    {"purpose": "save", "allowed": True, "keep_days": 10**9},
    {"purpose": "save", "allowed": True, "keep_days": 10**30},
    {"purpose": "review", "allowed": True, "keep_days": -1},
    {"purpose": "save", "allowed": True, "keep_days": -1},
    {"purpose": "donate", "allowed": True, "device": str(uuid.UUID(int=7))},
    {"purpose": "hear_first", "allowed": True, "device": str(uuid.UUID(int=7))},
)


def routes_of(holder, method: str) -> list[APIRoute]:
    """Return the routes that take a method, through included routers."""
    found = []
    for route in getattr(holder, "routes", []):
        if isinstance(route, APIRoute):
            found += [route] if method in route.methods else []
        elif hasattr(route, "original_router"):
            found += routes_of(route.original_router, method)
    return sorted(found, key=lambda route: route.path)


def fields_of(route: APIRoute) -> list[str]:
    """Return what a route and what it depends on read of an address or a form."""
    waiting, names = [route.dependant], []
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        for each in (*dependant.query_params, *dependant.body_params):
            inner = getattr(each.field_info.annotation, "model_fields", None)
            names += [field.alias or name for name, field in inner.items()] if inner else [each.alias]
    return names


@pytest.fixture
async def own(stores, household, said):
    return await said(household.ada, "add <b>milk</b>")


@pytest.fixture
def paths(own):
    """Every address of a route: with an id of one's own first, then with nobody's and with none."""

    def fill(path: str) -> list[str]:
        values = (str(own), str(uuid.UUID(int=0)), "x%00y", "..%2f..%2fx")
        return list(dict.fromkeys(re.sub(r"\{\w+\}", value, path) for value in values))

    return fill


async def test_no_address_and_no_query_is_a_500(browse, household, paths) -> None:
    browser = await browse("home", household.ada)
    app, asked, found = browser.client._transport.app, 0, []
    for route in routes_of(app, "GET"):
        app.state.asked._tries.clear()
        own, *others = paths(route.path)
        queries = [f"{name}={quote(value, safe='')}" for name, value in product(fields_of(route), ODD)]
        queries += [f"before={quote(each)}" for each in CURSORS] if "before" in fields_of(route) else []
        for address in (*others, own, *(f"{own}?{query}" for query in queries)):
            answer = await browser.get(address)
            found += [(address[:90], answer.status_code)] if answer.status_code >= 500 else []
            asked += 1
    assert found == []
    assert asked > 500


async def test_no_form_is_a_500(browse, household, paths) -> None:
    browser = await browse("home", household.ada)
    app, asked, found = browser.client._transport.app, 0, []
    usual = {"purpose": "save", "allowed": "true", "handle": "ada", "password": "x"}
    for route in routes_of(app, "POST"):
        if route.path.startswith("/api/") or route.path in ("/sign-out", "/export", "/history/all/delete"):
            continue
        names = PART if route.path == "/history/delete" else fields_of(route)
        for path in paths(route.path):
            for name, value in product(names, ODD) if path == paths(route.path)[0] else [("", "")]:
                app.state.throttle._tries.clear()
                app.state.guests._tries.clear()
                if name in ("handle", "password") and len(value) > 3:
                    continue  # each try takes the time that argon2 is meant to take
                answer = await browser.post(path, usual | {name: value})
                found += [(path, name, value[:40], answer.status_code)] if answer.status_code >= 500 else []
                asked += 1
    assert found == []
    assert asked > 200


async def test_no_json_is_a_500(browse, household, paths) -> None:
    browser = await browse("home", household.ada)
    app, asked, found = browser.client._transport.app, 0, []
    headers = browser.headers | {"X-CSRF-Token": browser.csrf, "Content-Type": "application/json"}
    for route in routes_of(app, "POST"):
        if not route.path.startswith("/api/") or route.path == "/api/export":
            continue
        for path in paths(route.path):
            for body in (*(json.dumps(each) for each in JSON), "", "{", "\xff", "[" * 900):
                answer = await browser.client.post(path, content=body.encode("latin-1"), headers=headers)
                found += [(path, body[:90], answer.status_code)] if answer.status_code >= 500 else []
                asked += 1
    assert found == []
    assert asked > 100


MARKUP = "\"'></title></script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"


async def test_what_people_call_things_is_text_everywhere(browse, stores, clock, tone) -> None:
    """Names, devices, words, slots, replies, wake words, templates that are markup: on every page and in the export."""
    household = await accounts.create_household(stores)
    eve = await accounts.create_person(stores, name=MARKUP, roles=["owner"], household_id=household)
    for purpose in ("save", "review", "hear_first"):
        await switch(stores, eve, purpose, True, how="settings")
    device, _ = await vault.add_device(stores, household_id=household, person_id=eve, name=MARKUP, wake_word=MARKUP)
    new = vault.NewInteraction(
        person_id=eve,
        device_id=device,
        started_at=clock(),
        kind="command",
        audio=tone(1.0),
        bundle=MARKUP,
        wake=vault.Wake(word=MARKUP, score=0.9, start=0.1, end=0.5),
        content=vault.Content(
            text=MARKUP,
            intent=MARKUP,
            slots={MARKUP: MARKUP},
            reply=MARKUP,
            template=MARKUP,
            source=MARKUP,
            accepted=True,
        ),
    )
    kept = await vault.record(stores, new)
    await vault.correct(stores, eve, kept, MARKUP)
    await vault.keep(stores, household_id=household, person_id=eve, kind="shopping", content={"item": MARKUP})
    session = await vault.guest_session(stores, await guests.make_code(stores, device))
    browser = await browse("home", eve)
    addresses = ["/", "/talk", "/history", f"/history/{kept}", f"/history/{kept}/delete", f"/history/{kept}/not-for-me"]
    addresses += ["/history/delete", f"/history/delete?device={device}", f"/history?q={quote(MARKUP)}", "/report/mine"]
    addresses += [
        "/settings/account/privacy",
        "/asked",
        "/export",
        f"/guest/{session.id}",
        f"/sign-in?next={quote(MARKUP)}",
    ]
    pages = {address: (await browser.get(address, Accept="text/html")).text for address in addresses}
    sent = await browser.post("/export")
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        assert all(not name.startswith(("/", "..")) and ":" not in name for name in archive.namelist())
        pages["index.html"] = archive.read("index.html").decode()
    for address, page in pages.items():
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
        assert "49" not in page.partition("alert(2)")[2][:20], address
    assert sum("&lt;script&gt;alert(1)" in page for page in pages.values()) > 6
