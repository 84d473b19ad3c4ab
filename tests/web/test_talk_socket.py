"""Who may open the WebSockets of the page and of devices, and what a device is told first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from earmark import accounts, consent
from earmark.assistant import EngineKeeper
from earmark.device import notice
from earmark.web.device_api import Devices

HOST = b"127.0.0.1:8040"


async def opened(app, headers: dict[bytes, bytes], path: str = "/api/talk") -> list[dict[str, Any]]:
    """Connect, leave at once, and return what the application said."""
    received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop(0) if received else {"type": "websocket.disconnect", "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "subprotocols": [],
        "headers": [(b"host", HOST), *headers.items()],
        "extensions": {},
        "state": {},
    }
    await app(scope, receive, send)
    return sent


@pytest.fixture
async def home_app(app_of):
    app = await app_of("home")
    app.state.assistant, app.state.devices = EngineKeeper(), Devices()
    return app


async def test_the_owner_is_let_in(home_app, stores, household) -> None:
    session = await accounts.start_session(stores, household.ada, "home")
    headers = {b"cookie": f"earmark-home={session}".encode(), b"origin": b"http://" + HOST}
    assert (await opened(home_app, headers))[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "headers",
    [
        {b"origin": b"http://" + HOST},
        {b"cookie": b"earmark-home=nonsense", b"origin": b"http://" + HOST},
        {b"cookie": b"SESSION", b"origin": b"http://127.0.0.1:8041"},
        {b"cookie": b"SESSION", b"origin": b"http://evil.example"},
        {b"cookie": b"SESSION"},
    ],
    ids=["nobody", "a wrong cookie", "another plane's page", "a foreign page", "no browser"],
)
async def test_everybody_else_is_not(home_app, stores, household, headers) -> None:
    session = await accounts.start_session(stores, household.ada, "home")
    filled = {key: value.replace(b"SESSION", f"earmark-home={session}".encode()) for key, value in headers.items()}
    assert [message["type"] for message in await opened(home_app, filled)] == ["websocket.close"]


async def test_a_device_is_told_first_what_it_must_say_about_itself(home_app, stores, household) -> None:
    headers = {b"authorization": f"Bearer {household.token}".encode()}
    for allowed, expected in (
        (True, notice.of_assistant(saved=True, heard=True)),
        (False, notice.of_assistant(saved=True, heard=False)),
    ):
        await consent.set_grant(stores, household.ada, "review", allowed, how="settings")
        accepted, first, *_ = await opened(home_app, headers, "/api/device")
        assert accepted["type"] == "websocket.accept"
        assert json.loads(first["text"]) == {"type": "notice", "version": expected.version, "text": expected.text}


async def test_without_its_token_a_device_is_told_nothing(home_app, household) -> None:
    for headers in ({}, {b"authorization": b"Bearer nonsense"}):
        assert [each["type"] for each in await opened(home_app, headers, "/api/device")] == ["websocket.close"]
