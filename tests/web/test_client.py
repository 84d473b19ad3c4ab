"""The client against the floor's own OpenAPI document, and against the floor."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from earmark import client as package
from earmark.client import (
    AsyncReviewClient,
    NotHeard,
    OpenConsult,
    Preferences,
    ReviewClient,
    SignInNeeded,
    StaleLease,
    Task,
    TooLate,
    things,
)
from earmark.web.floor import shapes
from earmark.web.floor.openapi import document_of

KEY = uuid.UUID(int=5)
TASK = Task(
    id=KEY,
    question="wake",
    version=1,
    spec=things.Spec(title="", hint="", kind="choice"),
    language="en",
    fence=7,
    lease_until=things.datetime(2026, 5, 4),
    sound="/api/review/sound/abc",
)
ASKED = OpenConsult(id=KEY, language="en", until=TASK.lease_until, sound="/api/review/consult/sound/def", length=1.5)
CALLS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "open": lambda client: client.open(1),
    "next": lambda client: client.next(),
    "submit": lambda client: client.submit(TASK, {"value": "said"}, heard=[(0.0, 1.5)], seconds=2.5, undo=True),
    "undo": lambda client: client.undo(TASK, KEY),
    "keep": lambda client: client.keep([TASK]),
    "draft": lambda client: client.draft(TASK, {"text": "so far"}),
    "release": lambda client: client.release(TASK),
    "flag": lambda client: client.flag(TASK, "crime"),
    "sound": lambda client: client.sound(TASK),
    "another_address": lambda client: client.another_address(TASK),
    "preferences": lambda client: client.preferences(Preferences()),
    "consult": lambda client: client.consult(TASK, language="es", start=0.5, end=1.0),
    "consults": lambda client: client.consults(),
    "consult_groups": lambda client: client.consult_groups(),
    "train_again": lambda client: client.train_again(),
    "rest": lambda client: client.rest(),
    "back": lambda client: client.back(),
    "mine": lambda client: client.mine(),
    "consult_sound": lambda client: client.consult_sound(ASKED),
    "answer_consult": lambda client: client.answer_consult(ASKED, "manzana"),
    "numbers": lambda client: client.numbers(),
    "next_tie": lambda client: client.next_tie(),
    "submit_tie": lambda client: client.submit_tie(TASK, {"value": "said"}, heard=[(0.0, 1.5)]),
    "document": lambda client: client.document(),
}
SAME = ("Option", "Mark", "Spec", "Task", "Why", "Preferences", "Opened", "Next", "Taught", "Submitted", "Kept",
        "Consult", "OpenConsult", "Rested", "Numbers")  # fmt: skip
WHOLE = [(0.0, 8.0)]


@pytest.fixture
async def document(app_of) -> dict[str, Any]:
    """The floor's, with `{}` for every part of a path that is filled in."""
    found = document_of(await app_of("floor"))
    found["paths"] = {re.sub(r"\{\w+\}", "{}", path): each for path, each in found["paths"].items()}
    return found


@pytest.fixture
async def sent() -> dict[str, tuple[str, str, Any]]:
    """What each method sends: verb, path, body."""
    found: dict[str, tuple[str, str, Any]] = {}
    name = ""

    def note(request: httpx.Request) -> httpx.Response:
        path = re.sub(r"(/sound/).+", r"\1{}", request.url.path)
        found[name] = (request.method.lower(), path, json.loads(request.content) if request.content else None)
        return httpx.Response(500)

    async with httpx.AsyncClient(transport=httpx.MockTransport(note)) as http:
        for each, call in CALLS.items():
            name = each
            with pytest.raises(package.ServerError):
                await call(AsyncReviewClient("http://floor.test", "t", http=http))
    return found


def resolved(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    ref = schema.get("$ref", "")
    return document["components"]["schemas"][ref.rpartition("/")[2]] if ref else schema


def test_every_method_has_an_example() -> None:
    methods = {name for name in vars(AsyncReviewClient) if not name.startswith("_")}
    assert methods - {"aclose"} == CALLS.keys()


async def test_every_route_has_a_method_and_every_method_a_route(document, sent) -> None:
    routes = {
        (verb, path)
        for path, verbs in document["paths"].items()
        for verb in verbs
        if path.startswith("/api/review/") or path in ("/api/lead/next", "/api/lead/submit", "/api/openapi.json")
    }
    called = {(verb, path) for verb, path, _ in sent.values()}
    assert routes - called == set(), "the client lacks these"
    assert called - routes == set(), "the floor lacks these"


async def test_the_client_sends_the_fields_that_the_document_names(document, sent) -> None:
    compared = 0
    for name, (verb, path, body) in sent.items():
        route = document["paths"][path][verb]
        content = route.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            assert body in (None, {}), name
            continue
        schema = resolved(document, content["schema"])
        assert set(body) == set(schema["properties"]), name
        assert set(schema.get("required", ())) <= set(body), name
        for field, value in body.items():
            each = schema["properties"][field]
            if each.get("type") == "array" and isinstance(value[0], dict):
                assert set(value[0]) == set(resolved(document, each["items"])["properties"]), name
        compared += 1
    assert compared >= 9


@pytest.mark.parametrize("name", SAME)
def test_the_clients_fields_are_those_of_the_document(name) -> None:
    ours = {each.name for each in dataclasses.fields(getattr(package, name)) if "local" not in each.metadata}
    assert ours == set(getattr(shapes, name).model_fields)


async def test_every_answer_of_a_reviewers_route_is_described(document) -> None:
    for path, verbs in document["paths"].items():
        for verb, route in verbs.items():
            if path.startswith("/api/review/"):
                content = route["responses"]["200"].get("content", {})
                assert content, f"{verb} {path} says nothing of its answer: floor/shapes.py"
    routes = {(verb, path) for path, verbs in document["paths"].items() for verb in verbs}
    assert set(shapes.ANSWERS) - routes == set(), "no such route"


async def test_the_document_is_whole(document) -> None:
    assert all(path.startswith("/api/") for path in document["paths"])
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names == set(document["components"]["schemas"])


async def test_no_name_in_the_document_stands_for_two_things(app_of) -> None:
    theirs = set((await app_of("floor")).openapi()["components"]["schemas"])
    ours = {
        each.__name__ for each in vars(shapes).values() if isinstance(each, type) and each.__module__ == shapes.__name__
    }
    assert theirs & ours == set()


async def test_the_document_is_for_who_is_signed_in(browse, worker) -> None:
    stranger = await browse("floor")
    assert (await stranger.get("/api/openapi.json")).status_code == 401
    reviewer = await browse("floor", await worker("reviewer"))
    assert (await reviewer.get("/api/openapi.json")).json()["openapi"].startswith("3.")
    assert (await (await browse("home")).get("/api/openapi.json")).status_code == 404


# -- the client and the floor


class _Checked(httpx.AsyncBaseTransport):
    """The floor itself; every answer is held to the document's shapes, unknown fields included."""

    def __init__(self, app: Any) -> None:
        self._below = httpx.ASGITransport(app=app)
        self.checked: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._below.handle_async_request(request)
        shape = shapes.ANSWERS.get((request.method.lower(), request.url.path))
        if shape is not None and response.status_code == 200:
            shape.model_validate_json(await response.aread())
            self.checked.add(request.url.path)
        return response


@pytest.fixture
async def transport(app_of) -> _Checked:
    return _Checked(await app_of("floor"))


Start = Callable[..., Awaitable[AsyncReviewClient]]


@pytest.fixture
async def start(browse, worker, transport) -> AsyncIterator[Start]:
    """`await start("reviewer")`: a client of somebody new."""
    async with httpx.AsyncClient(transport=transport) as http:

        async def make(*roles: str) -> AsyncReviewClient:
            token = (await browse("floor", await worker(*roles))).token
            return AsyncReviewClient("http://127.0.0.1:8041", token, http=http)

        yield make


async def test_a_reviewers_day(start, task, transport) -> None:
    for question in ("wake", "transcript", "understood"):
        await task(question)
    client = await start("reviewer")
    opened = await client.open(1)
    assert len(opened.tasks) == 2
    kept = await client.keep(opened.tasks)
    assert kept.lost == ()
    await client.draft(opened.tasks[0], {"text": "so far"})
    held = {task.id: task for task in (await client.open(1)).tasks}  # as after a crash: new fences
    assert held.keys() == {task.id for task in opened.tasks}
    first, second = (held[task.id] for task in opened.tasks)
    assert (first.draft, second.draft) == ({"text": "so far"}, None)
    with pytest.raises(StaleLease):
        await client.draft(opened.tasks[0], {})
    answers = {"wake": {"value": "said"}, "transcript": {"text": "hello"}, "understood": {"value": "right"}}
    with pytest.raises(NotHeard):
        await client.submit(first, answers[first.question], heard=WHOLE)
    assert (await client.sound(first))[:4] == b"RIFF"
    assert (await client.sound(first))[:4] == b"RIFF"  # by another address
    done = await client.submit(first, answers[first.question], undo=True, heard=WHOLE)
    assert done.undo_until is not None
    await client.submit(
        first, answers[first.question], undo=True, client_key=done.client_key, heard=WHOLE
    )  # counts once
    back = await client.undo(first, done.client_key)
    assert (back.id, dict(back.draft or {})) == (first.id, answers[first.question])
    assert back.fence > first.fence
    with pytest.raises(StaleLease):
        await client.submit(first, answers[first.question], heard=WHOLE)
    await client.sound(back)
    await client.submit(back, answers[first.question], heard=WHOLE)
    with pytest.raises(TooLate):
        await client.undo(back, done.client_key)
    await client.release(second)
    with pytest.raises(StaleLease):
        await client.another_address(second)
    assert (await client.numbers()).judgements >= 1
    (left, *_) = (await client.open(0)).tasks
    await client.flag(left, "other")
    assert transport.checked >= {
        f"/api/review/{name}"
        for name in ("open", "keep", "draft", "sound", "submit", "undo", "release", "numbers", "flag")
    }


async def test_settings_breaks_and_ones_own_numbers(start, transport, clock) -> None:
    client = await start("reviewer")
    wanted = Preferences(speed=1.5, loop=True, volume=0.5)
    await client.preferences(wanted)
    assert (await client.open(0)).preferences == wanted
    assert (await client.rest()).break_until is not None
    clock.turn(seconds=30)
    assert (await client.next()).why.code == "break"
    assert (await client.back()).break_until is None
    assert isinstance(await client.mine(), dict)
    await client.train_again()
    names = ("preferences", "open", "rest", "back", "mine", "training")
    assert transport.checked >= {f"/api/review/{name}" for name in names}


async def test_help_with_a_word(start, task, transport) -> None:
    await task("transcript")
    client, colleague = await start("reviewer"), await start("reviewer")
    (held,) = (await client.open(0)).tasks
    assert "en" in await client.consult_groups()
    asked = await client.consult(held, language="en", start=0.2, end=0.6)
    assert (await colleague.keep([])).asked == 1
    (open_to_me,) = await colleague.consults()
    assert (open_to_me.id, open_to_me.heard) == (asked.id, False)
    assert (await colleague.consult_sound(open_to_me))[:4] == b"RIFF"
    await colleague.answer_consult(open_to_me, "hello")
    (mine,) = (await client.keep([held])).consults
    assert (mine.id, mine.task, mine.answers) == (asked.id, held.id, ("hello",))
    names = ("consult", "consults", "consult/groups", "consult/answer", "keep")
    assert transport.checked >= {f"/api/review/{name}" for name in names}


async def test_when_nothing_waits_it_says_why(start) -> None:
    found = await (await start("reviewer")).next()
    assert (found.task, found.why.code) == (None, "nothing")


async def test_a_lead_decides_ties(start, task, transport) -> None:
    await task("wake")
    for value in ("said", "not_said", "unclear"):
        reviewer = await start("reviewer")
        (held,) = (await reviewer.open(0)).tasks
        await reviewer.sound(held)
        await reviewer.submit(held, {"value": value}, heard=WHOLE)
    lead = await start("lead")
    tie = (await lead.next_tie()).task
    assert sorted(answer["value"] for answer in tie.answers) == ["not_said", "said", "unclear"]
    await lead.sound(tie)
    assert (await lead.submit_tie(tie, {"value": "said"}, heard=WHOLE)).task is None
    assert transport.checked >= {"/api/lead/next", "/api/lead/submit"}


async def test_a_wrong_token_is_told_apart(app_of) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=await app_of("floor"))) as http:
        with pytest.raises(SignInNeeded):
            await AsyncReviewClient("http://127.0.0.1:8041", "nonsense", http=http).next()


async def test_a_connection_that_breaks_after_the_answer_was_taken_doubles_nothing(
    start, browse, worker, task, app_of, stores
) -> None:
    await task("wake")
    broken = []

    class Breaks(httpx.AsyncBaseTransport):
        """Loses the first answer to a submission on its way back."""

        def __init__(self, app: Any) -> None:
            self._below = httpx.ASGITransport(app=app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await self._below.handle_async_request(request)
            if request.url.path.endswith("/submit") and not broken:
                broken.append(await response.aread())
                raise httpx.RemoteProtocolError("cut")
            return response

    token = (await browse("floor", await worker("reviewer"))).token
    async with httpx.AsyncClient(transport=Breaks(await app_of("floor"))) as http:
        client = AsyncReviewClient("http://127.0.0.1:8041", token, http=http)
        (held,) = (await client.open(0)).tasks
        await client.sound(held)
        await client.submit(held, {"value": "said"}, heard=WHOLE)
    assert len(broken) == 1
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT count(*) AS n FROM review.judgements")).fetchall()
    assert rows[0]["n"] == 1


async def test_the_blocking_client_does_the_same(browse, worker, task, app_of) -> None:
    await task("wake")
    token = (await browse("floor", await worker("reviewer"))).token
    below, loop = httpx.ASGITransport(app=await app_of("floor")), asyncio.get_running_loop()

    class Bridge(httpx.BaseTransport):
        """Carries a thread's requests into the test's event loop, where the floor is."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            async def ask() -> httpx.Response:
                asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
                response = await below.handle_async_request(asked)
                return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

            return asyncio.run_coroutine_threadsafe(ask(), loop).result(30)

    def work() -> tuple[bytes, object]:
        with (
            httpx.Client(transport=Bridge()) as http,
            ReviewClient("http://127.0.0.1:8041", token, http=http) as client,
        ):
            (held,) = client.open(0).tasks
            sound = client.sound(held)
            return sound, client.submit(held, {"value": "said"}, heard=WHOLE).task

    sound, following = await asyncio.to_thread(work)
    assert (sound[:4], following) == (b"RIFF", None)
