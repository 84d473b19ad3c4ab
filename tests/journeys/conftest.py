"""A real browser before the three running applications.

Without Chromium these tests skip with a loud line; with EARMARK_REQUIRE_BROWSER=1 its absence is a failure.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from earmark import accounts, audio, learn
from earmark.accounts import Plane
from earmark.assistant import EngineKeeper
from earmark.bundle import BUILTIN
from earmark.device.voice import Voice
from earmark.storage import Stores
from earmark.web import create_desk, create_floor, create_home
from earmark.web.device_api import Devices
from earmark.web.in_force import InForce
from earmark.web.sessions import cookie_name
from earmark.words import SAMPLE_RATE, PcmAudio, PersonId

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
# A machine that is busy with other tests takes its time. What never comes is still seen.
expect.set_options(timeout=30_000)
_ROLES: dict[Plane, str] = {"home": "earmark_home", "floor": "earmark_review", "desk": "earmark_desk"}


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("EARMARK_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        said = "NO CHROMIUM ON THIS MACHINE: THE BROWSER JOURNEYS WERE NOT RUN (install it, or set EARMARK_CHROMIUM)"
        if os.environ.get("EARMARK_REQUIRE_BROWSER") == "1":
            pytest.fail(said)
        pytest.skip(said)
    return found


@dataclass
class Site:
    """The three planes, listening."""

    stores: Stores
    ports: dict[Plane, int] = field(default_factory=dict)
    keeper: EngineKeeper = field(default_factory=lambda: EngineKeeper(size=1))

    async def open_ears(self) -> None:
        """Warm the assistant's recogniser (two seconds), for journeys that talk."""
        await self.keeper.refresh(_builtin)

    def url(self, plane: Plane, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.ports[plane]}{path}"


def _free_socket() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


@pytest.fixture
async def site(stores: Stores, role_stores) -> AsyncIterator[Site]:
    """Home with its assistant, floor and desk, each with its own role, on free ports."""
    found = Site(stores=stores)
    makers = {"home": create_home, "floor": create_floor, "desk": create_desk}
    servers, tasks = [], []
    for plane, make in makers.items():
        app = make(await role_stores(_ROLES[plane]))
        if plane == "home":
            app.state.assistant, app.state.devices = found.keeper, Devices()
            app.state.in_force = InForce(found.keeper)
        listener = _free_socket()
        found.ports[plane] = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2)
        )
        server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
        servers.append(server)
        tasks.append(asyncio.create_task(server.serve(sockets=[listener])))
    async with asyncio.timeout(20):
        while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.02)
    yield found
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


async def _builtin() -> tuple[object, list[str]]:
    return BUILTIN, ["Ada", "Ben"]


@dataclass
class Visit:
    """One page, and everything that must not happen on it."""

    page: Page
    site: Site
    plane: Plane
    troubles: list[str] = field(default_factory=list)
    """Script errors, refused resources, requests to other hosts, panics of the policy."""

    async def go(self, path: str) -> None:
        await self.page.goto(self.site.url(self.plane, path))

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on(
            "console", lambda line: self.troubles.append(f"console: {line.text}") if line.type == "error" else None
        )
        self.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:"))
                else self.troubles.append(f"request: {request.url}")
            ),
        )


Open = Callable[..., Awaitable[Visit]]


@pytest.fixture
async def visit(site: Site, chromium: str) -> AsyncIterator[Open]:
    """`await visit("home", person, microphone=wav)`: a page, signed in; fails the test if anything went wrong on it."""
    visits: list[Visit] = []
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browsers: dict[Path | None, Browser] = {}

        async def open_page(
            plane: Plane,
            person: PersonId | None = None,
            *,
            microphone: Path | None = None,
            size: tuple[int, int] = (1280, 800),
            **context: object,
        ) -> Visit:
            if microphone not in browsers:
                flags = [*_FLAGS, *([f"--use-file-for-fake-audio-capture={microphone}"] if microphone else [])]
                browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
                browsers[microphone] = await stack.enter_async_context(browser)
            width, height = size
            opened = await browsers[microphone].new_context(viewport={"width": width, "height": height}, **context)
            if person is not None:
                token = await accounts.start_session(site.stores, person, plane)
                await opened.add_cookies([{"name": cookie_name(plane), "value": token, "url": site.url(plane)}])
            made = Visit(page=await opened.new_page(), site=site, plane=plane)
            made.watch()
            visits.append(made)
            return made

        yield open_page
        for each in visits:
            await each.page.close()
    assert [trouble for each in visits for trouble in each.troubles] == []


@pytest.fixture
def spoken(tmp_path: Path) -> Callable[[str], Path]:
    """`spoken("what is the date today")`: a WAV for the browser's microphone, padded with near silence."""

    def make(text: str) -> Path:
        with Voice() as voice:
            speech = voice.synthesise(text, voice="en-us+m3", speed=130).samples
        hiss = np.random.default_rng(1).integers(-12, 12, 9 * SAMPLE_RATE).astype(np.int16)
        hiss[SAMPLE_RATE : SAMPLE_RATE + len(speech)] += speech
        path = tmp_path / "microphone.wav"
        path.write_bytes(audio.encode(PcmAudio(samples=hiss), format="WAV"))
        return path

    return make


WHY = "It is better on people it never heard, and nowhere worse than chance explains."


def compared(plain: str, n: int, before: float, after: float, wide: float, **more: str) -> dict[str, object]:
    change = after - before
    return {
        "plain": plain,
        "n": n,
        "before": before,
        "after": after,
        "low": change - wide,
        "high": change + wide,
        **more,
    }


NOT_DONE = "commands that were not done right"
NUMBERS = [
    compared("calls that were missed", 148, 0.081, 0.034, 0.033),
    compared("false wakes that came through", 41, 0.17, 0.12, 0.09),
    compared(NOT_DONE, 212, 0.18, 0.11, 0.04),
]
SLICES = [
    compared(NOT_DONE, 96, 0.15, 0.09, 0.04, kind="device", slice="kitchen speakers", number=NOT_DONE),
    compared(NOT_DONE, 54, 0.41, 0.25, 0.11, kind="noise", slice="6 dB", number=NOT_DONE),
    compared(NOT_DONE, 22, 0.22, 0.24, 0.09, kind="accent", slice="cluster 3", number=NOT_DONE),
]
SCORES = {
    "before": {"wake": {"miss_rate": 0.081, "false_accepts_per_hour": 2.1}, "commands": {"acceptance": 0.82}},
    "after": {"wake": {"miss_rate": 0.034, "false_accepts_per_hour": 0.9}, "commands": {"acceptance": 0.89}},
}


@pytest.fixture
async def on_its_way(stores, fleet):
    """Forty devices, a bundle in use, one that was refused, and one that one device has: too few wakes to judge it."""
    devices = await fleet(40)
    about = {"parent": "builtin", "scores": SCORES, "labels": 340, "people": {"train": 31, "heldout": 14}}
    about |= {"numbers": NUMBERS, "slices": SLICES, "changed": ["wake", "asr"], "verdict": WHY}
    files = {"wake/alexa.json": b"{}", "asr/decision.json": b"{}"}
    made = [await learn.register(stores, files, about | {"name": name}) for name in ("first", "second")]
    made.append(
        await devices.candidate(lambda number: learn.register(stores, files, about | {"name": str(number)}), first=1)
    )
    base, refused, new = (bundle.version for bundle in made)
    await learn.promote(stores, base, "engineer")
    for _ in range(9):
        await devices.live(24, runs=lambda _: base, false=lambda _: 0.12, wakes=0.5)
        await learn.watch(stores)
    await learn.put_into_use(stores, refused, "engineer", staged=True)
    await learn.rollback(stores)
    await learn.put_into_use(stores, new, "policy", staged=True)
    await learn.watch(stores)
    out, key = await learn.rollout(stores), learn.place_key(stores.signing_key)
    for _ in range(5):
        await devices.live(
            10,
            runs=lambda device: new if out.takes(key, device) else base,
            false=lambda version: 0.15 if version == new else 0.12,
            wakes=0.5,
        )
        await learn.watch(stores)
    return new


@pytest.fixture
async def engineer(stores):
    return await accounts.create_person(stores, name="Worker", roles=["engineer"], site="Boston")
