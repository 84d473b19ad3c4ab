"""An API route that docs/api.md does not name fails here."""

from __future__ import annotations

from pathlib import Path

from fastapi.routing import APIRoute

from earmark import web
from earmark.web.desk import router as desk
from earmark.web.device_api import router as devices
from earmark.web.floor import router as floor
from earmark.web.home import router as home

DOCS = Path(web.__file__).parents[3] / "docs" / "api.md"


def walk(router):
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from walk(route.original_router)
        else:
            yield route


def test_every_api_route_is_documented() -> None:
    text = DOCS.read_text()
    routes = [route for router in (home, floor, desk, devices) for route in walk(router)]
    api = [route for route in routes if route.path.startswith("/api/")]
    assert len(api) > 8
    for route in api:
        line = (
            f"{min(route.methods)} {route.path}"
            if isinstance(route, APIRoute) and "device" not in route.path
            else route.path
        )
        assert f"`{line}" in text, f"{line} is not in docs/api.md"
