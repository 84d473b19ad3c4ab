"""The three applications over one database, and browsers without a browser."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from earmark import accounts, audio, review, vault
from earmark.accounts import Plane
from earmark.storage import Stores
from earmark.vault import Content, NewInteraction
from earmark.web import create_desk, create_floor, create_home
from earmark.web.sessions import cookie_name, csrf_token
from earmark.words import InteractionId, PersonId, TaskId

PORTS: dict[Plane, int] = {"home": 8040, "floor": 8041, "desk": 8042}
_MAKE: dict[Plane, Callable[[Stores], FastAPI]] = {"home": create_home, "floor": create_floor, "desk": create_desk}
_ROLES: dict[Plane, str] = {"home": "earmark_home", "floor": "earmark_review", "desk": "earmark_desk"}


@dataclass
class Browser:
    """A client that behaves like a browser on one plane: it keeps cookies and says where its requests come from."""

    client: httpx.AsyncClient
    plane: Plane
    token: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"Sec-Fetch-Site": "same-origin"})

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers | headers)

    async def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form with its CSRF token."""
        return await self.client.post(path, data={"csrf": self.csrf} | (data or {}), headers=self.headers | headers)

    async def call(self, path: str, body: object) -> httpx.Response:
        """Send JSON as the console's script does."""
        return await self.client.post(path, json=body, headers=self.headers | {"X-CSRF-Token": self.csrf})


Open = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def app_of(role_stores) -> Callable[[Plane], Awaitable[FastAPI]]:
    """`await app_of("floor")`: one plane's application with its own database role."""
    made: dict[Plane, FastAPI] = {}

    async def make(plane: Plane) -> FastAPI:
        if plane not in made:
            made[plane] = _MAKE[plane](await role_stores(_ROLES[plane]))
        return made[plane]

    return make


@pytest.fixture
async def browse(stores: Stores, app_of) -> AsyncIterator[Open]:
    """`await browse("home", person)`: a browser on a plane, signed in when a person is given."""
    async with AsyncExitStack() as stack:

        async def start(plane: Plane, person: PersonId | None = None) -> Browser:
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=await app_of(plane)),
                    base_url=f"http://127.0.0.1:{PORTS[plane]}",
                )
            )
            token = ""
            if person is not None:
                token = await accounts.start_session(stores, person, plane)
                client.cookies.set(cookie_name(plane), token)
            return Browser(client=client, plane=plane, token=token)

        yield start


@pytest.fixture
def worker(stores: Stores) -> Callable[..., Awaitable[PersonId]]:
    """`await worker("safety")`: somebody new with these roles."""

    async def make(*roles: str) -> PersonId:
        return await accounts.create_person(stores, name="Somebody", roles=roles, site="Boston")

    return make


@pytest.fixture
def said(stores: Stores, clock, tone) -> Callable[..., Awaitable[InteractionId]]:
    """`await said(person, "add milk")`: an interaction that is kept."""

    async def record(person: PersonId, text: str = "what time is it", **content: object) -> InteractionId:
        clock.turn(seconds=1)
        usual = {"reply": "It is half past nine.", "accepted": True, "intent": "getTime"}
        whole = Content(text=text, **usual | content)  # type: ignore[arg-type]
        new = NewInteraction(person_id=person, started_at=clock(), kind="question", audio=tone(), content=whole)
        return await vault.record(stores, new)

    return record


PREFILL = {
    "wake": {"word": "alexa"},
    "transcript": {"words": [{"text": "hello", "confidence": 0.4, "start": 0.1, "end": 0.4}]},
    "understood": {"text": "hello", "accepted": True, "intent": "getTime", "slots": {}},
}


@pytest.fixture
def task(stores, tone):
    """`await task("wake")`: put a task in the queue as the airlock would."""

    async def make(question: review.Question = "wake") -> TaskId:
        task_id, slot = TaskId(uuid.uuid4()), stores.review_keys.reserve()
        key = review.masked_key(stores, slot)
        wav = audio.encode(tone(), format="WAV")
        new = review.NewTask(
            id=task_id,
            question=question,
            language="en",
            region="home",
            object=stores.objects.put(review.PREFIX, review.seal_sound(key, task_id, wav)),
            key_slot=slot,
            sealed=review.seal_prefill(key, task_id, PREFILL[question]),
            exclusion=sha256(task_id.bytes).digest()[:8],
        )
        async with stores.pool.connection() as connection:
            await review.add_task(connection, stores, new)
        return task_id

    return make
