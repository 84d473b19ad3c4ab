"""The async client: one method a route."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from earmark.client import calls
from earmark.client.calls import LATER, PATIENCE, Call, Patience
from earmark.client.errors import Conflict, ConnectionLost, NotFound
from earmark.client.things import (
    Consult,
    Kept,
    Next,
    Numbers,
    OpenConsult,
    Opened,
    Preferences,
    Rested,
    Span,
    Submitted,
    Task,
)

T = TypeVar("T")
MOST_SPENT = 10_000
"""Used addresses that are remembered."""


class AsyncReviewClient:
    """The floor as one reviewer. Use it as an async context manager, or `aclose` it.

    Calls that may be sent twice are sent again, after a pause, when the connection breaks or the floor is starting;
    `submit` is one of them, under the same client key. The others raise ConnectionLost: `open` tells what is held.
    Every method may raise ClientError and its kinds.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        http: httpx.AsyncClient | None = None,
        patience: Patience = PATIENCE,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Talk to the floor at `base_url` with a reviewer's token.

        `http` brings a client of one's own (proxies, certificates, another transport); it is not closed here.
        """
        self._owned = http is None
        self._http = http or httpx.AsyncClient(timeout=30)
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        self._sleep = sleep
        self._spent: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that this client made itself."""
        if self._owned:
            await self._http.aclose()

    async def _run(self, call: Call[T]) -> T:
        tried = 0
        while True:
            tried += 1
            pause = self._patience.pause(call, tried)
            try:
                response = await self._http.request(
                    call.method, self._base + call.path, json=call.body, headers=self._headers, follow_redirects=False
                )
            except httpx.TransportError as error:
                if pause is None:
                    raise calls.lost(error) from error
            else:
                if pause is None or response.status_code not in LATER:
                    return calls.answer(call, response)
            await self._sleep(pause)

    async def open(self, ahead: int = 2) -> Opened:
        """Take up what this reviewer holds, drafts included, and lease what is missing: one clip and `ahead` more."""
        return await self._run(calls.open_(ahead))

    async def next(self) -> Next:
        """Lease one more clip."""
        return await self._run(calls.next_())

    async def submit(
        self,
        task: Task,
        answer: Mapping[str, Any],
        *,
        heard: Iterable[Span] | None = None,
        seconds: float | None = None,
        undo: bool = False,
        client_key: uuid.UUID | None = None,
    ) -> Submitted:
        """Answer a clip; it is on disk when this returns. One answer is kept however often it is sent.

        Args:
            answer: `{"value"}` for choices, `{"text"}` for transcripts, `{"value": "wrong", "intent", "slots"}`.
            heard: spans that were played, in seconds; None: nothing was, and most questions take no answer then.
            seconds: between showing the clip and the answer; None: since its lease.
            undo: whether it can be taken back for half a minute, which keeps it from the next reviewer so long.
            client_key: drawn for this answer if left out; give the same one to send an answer again after
                ConnectionLost.

        Raises StaleLease, NotHeard, BadRequest.
        """
        key = client_key or uuid.uuid4()
        return await self._run(calls.submit(task, answer, heard=heard, seconds=seconds, undo=undo, client_key=key))

    async def undo(self, task: Task | uuid.UUID, client_key: uuid.UUID) -> Task:
        """Take an answer back; the clip is held again, with the answer as its draft. Raises TooLate."""
        return await self._run(calls.undo(task, client_key))

    async def keep(self, tasks: Iterable[Task]) -> Kept:
        """Say that one is still there, for all clips at once; do it every few seconds."""
        return await self._run(calls.keep(tasks))

    async def draft(self, task: Task, draft: Mapping[str, Any]) -> None:
        """Remember what was written so far."""
        await self._run(calls.draft(task, draft))

    async def release(self, task: Task) -> None:
        """Give a clip back unanswered."""
        await self._run(calls.release(task))

    async def flag(self, task: Task, kind: str = "distress") -> Next:
        """Hide a clip and tell the safety officer: `distress`, `crime`, `identity` or `other`."""
        return await self._run(calls.flag(task, kind))

    async def sound(self, task: Task) -> bytes:
        """Fetch a clip (WAV). The address in the task is good once; when it is spent, another one is asked for.

        An address that this client has used is not tried again: the floor counts those tries.
        """
        if task.sound not in self._spent:
            self._spend(task.sound)
            try:
                return await self._run(calls.sound(task.sound))
            except (Conflict, NotFound, ConnectionLost):
                pass  # spent, or the sound was lost on its way
        address = await self.another_address(task)
        return await self._run(calls.sound(address))

    def _spend(self, address: str) -> None:
        if len(self._spent) >= MOST_SPENT:
            self._spent.clear()
        self._spent.add(address)

    async def another_address(self, task: Task) -> str:
        """Ask for another one-time address of a clip's sound. Raises StaleLease."""
        return await self._run(calls.another_address(task))

    async def preferences(self, preferences: Preferences) -> None:
        """Remember how this reviewer likes to listen."""
        await self._run(calls.preferences(preferences))

    async def consult(self, task: Task, *, language: str, start: float, end: float) -> Consult:
        """Ask colleagues with a language for help with a span of a clip; answers come with `keep`."""
        return await self._run(calls.consult(task, language=language, start=start, end=end))

    async def consults(self) -> tuple[OpenConsult, ...]:
        """Return colleagues' questions that this reviewer may answer."""
        return await self._run(calls.consults())

    async def consult_groups(self) -> tuple[str, ...]:
        """Return the languages whose speakers can be asked."""
        return await self._run(calls.consult_groups())

    async def consult_sound(self, consult: OpenConsult) -> bytes:
        """Fetch the span that a colleague asks about (WAV), once; `consults` has a new address.

        Raises ValueError where it was heard often enough.
        """
        return await self._run(calls.sound(consult.sound or ""))

    async def answer_consult(self, consult: OpenConsult | uuid.UUID, text: str) -> None:
        """Help with a word."""
        identifier = consult.id if isinstance(consult, OpenConsult) else consult
        await self._run(calls.answer_consult(identifier, text))

    async def train_again(self) -> None:
        """Begin the next round of training, after one that was not passed."""
        await self._run(calls.train_again())

    async def rest(self) -> Rested:
        """Take a break; clips that are open go back by themselves."""
        return await self._run(calls.rest())

    async def back(self) -> Rested:
        """End a break of one's own early. Raises Conflict when it was due."""
        return await self._run(calls.back())

    async def mine(self) -> Mapping[str, Any]:
        """Return one's own quality: agreement, accuracy, how much was listened to; nobody else sees it."""
        return await self._run(calls.mine())

    async def numbers(self) -> Numbers:
        """Return what this reviewer has done."""
        return await self._run(calls.numbers())

    async def next_tie(self) -> Next:
        """Lead: lease a clip on which answers disagree; the answers come with it, without who gave them."""
        return await self._run(calls.next_tie())

    async def submit_tie(self, task: Task, answer: Mapping[str, Any], *, heard: Iterable[Span] = ()) -> Next:
        """Lead: decide; the answer becomes the label."""
        return await self._run(calls.submit_tie(task, answer, heard=heard))

    async def document(self) -> dict[str, Any]:
        """Return the floor's OpenAPI document."""
        return await self._run(calls.document())
