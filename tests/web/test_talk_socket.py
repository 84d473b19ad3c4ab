"""Who may open the WebSockets of the page and of devices, and what a device is told first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from earmark import accounts, consent, learn, vault
from earmark.assistant import EngineKeeper
from earmark.device import notice
from earmark.web import device_api
from earmark.web.device_api import Devices
from earmark.web.in_force import InForce

HOST = b"127.0.0.1:8040"


async def opened(
    app, headers: dict[bytes, bytes], path: str = "/api/talk", says: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Connect, say these (bytes are sound), leave at once, and return what the application said."""
    received: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    for each in says:
        received.append({"type": "websocket.receive", "bytes" if isinstance(each, bytes) else "text": each})
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
    app.state.in_force = InForce(app.state.assistant)
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


AT = "2026-05-04T09:30:00+00:00"
WAKE = {"type": "wake", "word": "alexa", "score": 0.9, "wake_start": 0.1, "wake_end": 0.7, "at": AT}


@pytest.mark.parametrize(
    "odd",
    [
        {"score": float("nan")},
        {"verifier": float("inf")},
        {"wake_start": float("nan")},
        {"wake_end": float("-inf")},
        {"word": "al\0exa"},
        {"bundle": "b\0"},
        {"at": "2026-05-04T09:30:00"},
        {"at": 7},
    ],
    ids=lambda odd: next(iter(odd)),
)
async def test_a_wake_that_is_none_is_refused(home_app, household, odd) -> None:
    """A score that was no number was kept, and its owner's history could not be read as JSON any more."""
    headers = {b"authorization": f"Bearer {household.token}".encode()}
    sent = await opened(home_app, headers, "/api/device", [json.dumps(WAKE | odd)])
    said = [json.loads(message["text"]) for message in sent if "text" in message]
    assert [(each["type"], each.get("code")) for each in said] == [("notice", None), ("error", "request.invalid")]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00+02:00", "9999-12-31T23:59:59-14:00"])
async def test_a_device_whose_clock_is_wrong_has_ours(home_app, household, clock, monkeypatch, at) -> None:
    """What it heard would lie outside of its owner's days and guests' sessions, and no page or export could show it."""
    begun = []

    class Listens(device_api.Conversation):
        async def begin(self, *, at, wake, bundle="builtin"):
            begun.append(at)

    monkeypatch.setattr(device_api, "Conversation", Listens)
    headers = {b"authorization": f"Bearer {household.token}".encode()}
    near = (clock() - timedelta(seconds=40)).isoformat()
    await opened(home_app, headers, "/api/device", [json.dumps(WAKE | {"at": each}) for each in (at, near)])
    assert begun == [clock(), clock() - timedelta(seconds=40)]
    assert begun[0].strftime("%z")[:3] == at[19:22]


async def test_half_a_sample_ends_no_connection(home_app, household) -> None:
    headers = {b"authorization": f"Bearer {household.token}".encode()}
    tap = json.dumps({"type": "wake", "word": "tap", "at": AT})
    sent = await opened(home_app, headers, "/api/device", [tap, b"\0\0\1", '{"type":"end"}', "{", "[]"])
    said = [json.loads(message["text"]) for message in sent if "text" in message]
    assert [each["type"] for each in said] == ["notice", "reply", "error", "error"]


class Ready(EngineKeeper):
    """Holds a bundle without loading any models."""

    ready = True
    version = "builtin"


@pytest.mark.parametrize(("hours", "last"), [(23, "reply"), (24, "error")])
async def test_a_device_with_retired_models_is_told_which_to_fetch_and_then_refused(
    home_app, stores, household, clock, hours, last
) -> None:
    old, new = [await learn.register(stores, {"wake/alexa.json": name}, {"parent": "builtin"}) for name in (b"a", b"b")]
    await learn.promote(stores, old.version, "engineer")
    clock.turn(hours=1)
    await learn.promote(stores, new.version, "engineer")
    await learn.retire(stores, old.version)
    clock.turn(hours=hours)
    keeper = Ready()
    keeper.version = new.version
    home_app.state.in_force = InForce(keeper)
    await home_app.state.in_force.refresh(stores, list)
    headers = {b"authorization": f"Bearer {household.token}".encode()}
    tap = json.dumps({"type": "wake", "word": "tap", "at": AT, "bundle": old.version})
    sent = await opened(home_app, headers, "/api/device", [tap, b"\0\0", '{"type":"end"}'])
    said = [json.loads(message["text"]) for message in sent if "text" in message]
    assert [each["type"] for each in said] == ["notice", "bundle", "bundle", last]
    assert {each["version"] for each in said[1:3]} == {new.version}, "at the connection, and again: it had not taken it"
    assert last == "reply" or said[3]["code"] == "bundle.retired"
    assert await vault.bundles_of_devices(stores) == {old.version: 1}
