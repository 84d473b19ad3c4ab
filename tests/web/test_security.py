from __future__ import annotations

import httpx
import pytest
from starlette.datastructures import Headers

from earmark.web.security import Guard, Throttle, allowed_hosts, host_name, policy, same_origin
from earmark.web.sign_in import local_path


@pytest.mark.parametrize(
    ("header", "name"),
    [("127.0.0.1:8040", "127.0.0.1"), ("LOCALHOST", "localhost"), ("[::1]:8040", "[::1]"), ("", "")],
)
def test_the_host_is_read_without_its_port(header: str, name: str) -> None:
    assert host_name(header) == name


def test_listening_everywhere_does_not_allow_every_name() -> None:
    assert allowed_hosts("0.0.0.0", "earmark.example, kitchen.local") == {  # noqa: S104
        "127.0.0.1",
        "localhost",
        "[::1]",
        "earmark.example",
        "kitchen.local",
    }


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"host": "127.0.0.1:8040", "origin": "http://127.0.0.1:8040"}, True),
        ({"host": "127.0.0.1:8040", "origin": "http://127.0.0.1:8041"}, False),
        ({"host": "127.0.0.1:8040", "origin": "null"}, False),
        ({}, True),
    ],
)
def test_only_our_own_pages_change_things(headers: dict[str, str], same: bool) -> None:
    assert same_origin(Headers(headers), "http") is same


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    said = policy("abc")
    assert "unsafe" not in said
    assert "http" not in said
    assert "script-src 'self';" in said
    assert "frame-ancestors 'none'" in said


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/history", "/history"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
        ("/a\nb", "/"),
    ],
)
def test_signing_in_leads_to_this_site_only(wanted: str, led: str) -> None:
    assert local_path(wanted, "/") == led


def test_the_throttle_refuses_after_its_limit_and_forgives_later() -> None:
    now = 0.0
    throttle = Throttle(limit=2, seconds=60, clock=lambda: now)
    assert [throttle.try_once("a") for _ in range(3)] == [True, True, False]
    assert throttle.try_once("b")
    now = 61.0
    assert throttle.try_once("a")


def guarded(app) -> httpx.AsyncClient:
    guard = Guard(app, cookie="earmark-home", hosts={"127.0.0.1"}, microphone=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=guard), base_url="http://127.0.0.1:8040")


async def echo(scope, receive, send) -> None:
    cookies = b"; ".join(value for key, value in scope["headers"] if key == b"cookie")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": cookies})


async def broken(scope, receive, send) -> None:
    raise RuntimeError("she said: call the doctor")


async def test_the_neighbours_cookies_do_not_reach_the_app() -> None:
    async with guarded(echo) as client:
        answer = await client.get("/", headers={"Cookie": "earmark-floor=secret; earmark-home=mine; other=1"})
    assert answer.text == "earmark-home=mine"


async def test_a_foreign_host_name_is_refused() -> None:
    async with guarded(echo) as client:
        answer = await client.get("/", headers={"Host": "evil.example:8040"})
    assert answer.status_code == 421


async def test_a_change_from_another_port_is_refused() -> None:
    async with guarded(echo) as client:
        answer = await client.post("/", headers={"Origin": "http://127.0.0.1:8041"})
    assert answer.status_code == 403


async def test_too_large_a_body_is_refused() -> None:
    async with guarded(echo) as client:
        answer = await client.post("/", content=b"x" * (1 << 20 | 1))
    assert answer.status_code == 413


async def swallow(scope, receive, send) -> None:
    while (await receive()).get("more_body"):
        pass
    await echo(scope, receive, send)


async def test_too_large_a_body_that_hides_its_length_is_refused() -> None:
    async def chunks():
        for _ in range(20):
            yield b"x" * 65_536

    async with guarded(swallow) as client:
        assert (await client.post("/", content=chunks())).status_code == 413


async def test_an_unknown_error_tells_nothing(caplog, capsys) -> None:
    async with guarded(broken) as client:
        answer = await client.get("/history/1234")
    assert answer.status_code == 500
    written = capsys.readouterr()
    for place in (answer.text, written.out, written.err, caplog.text):
        assert "doctor" not in place
        assert "1234" not in place
    assert answer.headers["content-security-policy"]


async def test_a_web_socket_from_another_page_is_closed() -> None:
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8040"), (b"origin", b"http://evil.example")]
    scope = {"type": "websocket", "scheme": "ws", "path": "/api/talk", "headers": headers}
    await Guard(broken, cookie="earmark-home", hosts={"127.0.0.1"}, microphone=True)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
