"""A floor that answers as an example says, breaks when told to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from earmark.client import AsyncReviewClient, ReviewClient
from earmark.client.things import Task, read

TASK: dict[str, Any] = {
    "id": "5f0c2a3e-1b1d-4b0e-9c39-1f6f8d0c1a11",
    "question": "wake",
    "version": 1,
    "spec": {
        "title": "Was “Alexa” said?",
        "hint": "",
        "kind": "choice",
        "options": [{"value": "said", "text": "Yes"}],
        "marks": [{"value": "unclear", "text": "Unclear", "key": "u"}],
        "needs_heard": 0.8,
    },
    "language": "en",
    "fence": 7,
    "lease_until": "2026-05-04T09:31:00+00:00",
    "prefill": {"word": "alexa"},
    "speech": [[0.5, 1.2]],
    "blind": False,
    "training": False,
    "sound": "/api/review/sound/abc",
}


@dataclass
class Floor:
    """Answers every request with what stands in `answers`; first come those in `trouble`."""

    answers: dict[str, Any]
    trouble: list[Any] = field(default_factory=list)
    """Statuses, bodies or exceptions, one for each request that comes."""
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        if self.trouble:
            what = self.trouble.pop(0)
            if isinstance(what, Exception):
                raise what
            status, body = what if isinstance(what, tuple) else (what, None)
            return httpx.Response(status, json=body) if body is not None else httpx.Response(status, text="<html>")
        if request.url.path.startswith("/api/review/sound/"):
            return httpx.Response(200, content=b"RIFF", headers={"content-type": "audio/wav"})
        return httpx.Response(200, json=self.answers[request.url.path])

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked if request.content]


@pytest.fixture
def task() -> Task:
    return read(Task, TASK)


@pytest.fixture
def floor() -> Floor:
    return Floor(
        answers={
            "/api/review/open": {"tasks": [TASK], "why": None, "preferences": {}},
            "/api/review/next": {"task": None, "why": {"code": "nothing", "text": "All is done.", "until": None}},
            "/api/review/submit": {"task": None, "why": None, "undo_until": TASK["lease_until"], "training": None},
            "/api/review/undo": {"task": TASK | {"draft": {"value": "said"}}},
            "/api/review/keep": {"lost": [TASK["id"]], "lease_until": TASK["lease_until"]},
            "/api/review/draft": {},
            "/api/review/flag": {"task": TASK, "why": None, "something": "newer"},
            "/api/review/sound": {"sound": "/api/review/sound/ghi"},
            "/api/review/numbers": {"judgements": 3, "today": 1, "seconds": 4},
            "/api/lead/next": {"task": TASK | {"answers": [{"value": "said"}, {"value": "not_said"}]}},
        }
    )


Run = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, floor: Floor) -> Run:
    """`run(lambda client: client.open())`: the same through either client."""

    def through(what: Callable[[Any], Any]) -> Any:
        if request.param == "sync":
            with ReviewClient(
                "http://floor.test/",
                "t0ken",
                http=httpx.Client(transport=httpx.MockTransport(floor)),
                sleep=floor.slept.append,
            ) as client:
                return what(client)

        async def sleep(seconds: float) -> None:
            floor.slept.append(seconds)

        async def whole() -> Any:
            async with (
                httpx.AsyncClient(transport=httpx.MockTransport(floor)) as http,
                AsyncReviewClient("http://floor.test/", "t0ken", http=http, sleep=sleep) as client,
            ):
                found = what(client)
                return await found if inspect.isawaitable(found) else found

        return asyncio.run(whole())

    return through
