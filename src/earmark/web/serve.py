"""One web process: its stores, its app, and, at home, the assistant behind it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI

from earmark import accounts, learn
from earmark.accounts import Plane
from earmark.assistant import EngineKeeper, backends
from earmark.bundle import ModelBundle
from earmark.settings import Settings
from earmark.storage import Stores, open_stores
from earmark.web.apps import create_desk, create_floor, create_home
from earmark.web.device_api import Devices
from earmark.web.in_force import InForce

log = structlog.get_logger()
_ROLES: dict[Plane, str] = {"home": "earmark_home", "floor": "earmark_review", "desk": "earmark_desk"}
_APPS: dict[Plane, Callable[[Stores], FastAPI]] = {
    "home": create_home,
    "floor": create_floor,
    "desk": create_desk,
}


def event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop's where there is one: an answer on the floor takes a third less of the processor."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def serve(plane: Plane, settings: Settings) -> None:
    """Serve one plane until SIGTERM. Raises DatabaseDown when the database does not answer."""
    async with open_stores(_ROLES[plane], settings) as stores:
        app = _APPS[plane](stores)
        if plane == "home":
            made = partial(EngineKeeper, make=backends.chosen(settings))
            app.state.assistant, app.state.devices = made(), Devices()
            app.state.in_force = InForce(app.state.assistant, made)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=getattr(settings, f"{plane}_port"),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                timeout_graceful_shutdown=3,
                ws_max_size=1 << 20,
            )
        )
        tasks = [asyncio.create_task(_assist(app, stores))] if plane == "home" else []
        try:
            await server.serve()
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _assist(app: FastAPI, stores: Stores) -> None:
    """Keep the engines that the device doors use at their bundles and the household's names, and tell the devices."""
    keeper: EngineKeeper = app.state.assistant
    devices: Devices = app.state.devices
    in_force: InForce = app.state.in_force

    async def names() -> Sequence[str]:
        return [person.name for person in await accounts.people(stores) if "owner" in person.roles]

    async def wanted() -> tuple[ModelBundle, Sequence[str]]:
        return await learn.promoted(stores), await names()

    async def tell(_: str = "") -> None:
        await devices.announce(in_force.version_for)

    async with asyncio.TaskGroup() as both:
        both.create_task(keeper.watch(wanted, tell))
        both.create_task(in_force.watch(stores, names, tell))
