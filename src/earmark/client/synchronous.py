"""The blocking client: one method a route."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
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


class ReviewClient:
    """The floor as one reviewer. Use it as a context manager, or `close` it.

    Calls that may be sent twice are sent again, after a pause, when the connection breaks or the floor is starting;
    `submit` is one of them, under the same client key. The others raise ConnectionLost: `open` tells what is held.
    Every method may raise ClientError and its kinds.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        http: httpx.Client | None = None,
        patience: Patience = PATIENCE,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Talk to the floor at `base_url` with a reviewer's token.

        `http` brings a client of one's own (proxies, certificates, another transport); it is not closed here.
        """
        self._owned = http is None
        self._http = http or httpx.Client(timeout=30)
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        self._sleep = sleep
        self._spent: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that this client made itself."""
        if self._owned:
            self._http.close()

    def _run(self, call: Call[T]) -> T:
        tried = 0
        while True:
            tried += 1
            pause = self._patience.pause(call, tried)
            try:
                response = self._http.request(
                    call.method, self._base + call.path, json=call.body, headers=self._headers, follow_redirects=False
                )
            except httpx.TransportError as error:
                if pause is None:
                    raise calls.lost(error) from error
            else:
                if pause is None or response.status_code not in LATER:
                    return calls.answer(call, response)
            self._sleep(pause)

    def open(self, ahead: int = 2) -> Opened:
        """Take up what this reviewer holds, drafts included, and lease what is missing: one clip and `ahead` more."""
        return self._run(calls.open_(ahead))

    def next(self) -> Next:
        """Lease one more clip."""
        return self._run(calls.next_())

    def submit(
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
        return self._run(calls.submit(task, answer, heard=heard, seconds=seconds, undo=undo, client_key=key))

    def undo(self, task: Task | uuid.UUID, client_key: uuid.UUID) -> Task:
        """Take an answer back; the clip is held again, with the answer as its draft. Raises TooLate."""
        return self._run(calls.undo(task, client_key))

    def keep(self, tasks: Iterable[Task]) -> Kept:
        """Say that one is still there, for all clips at once; do it every few seconds."""
        return self._run(calls.keep(tasks))

    def draft(self, task: Task, draft: Mapping[str, Any]) -> None:
        """Remember what was written so far."""
        self._run(calls.draft(task, draft))

    def release(self, task: Task) -> None:
        """Give a clip back unanswered."""
        self._run(calls.release(task))

    def flag(self, task: Task, kind: str = "distress") -> Next:
        """Hide a clip and tell the safety officer: `distress`, `crime`, `identity` or `other`."""
        return self._run(calls.flag(task, kind))

    def sound(self, task: Task) -> bytes:
        """Fetch a clip (WAV). The address in the task is good once; when it is spent, another one is asked for.

        An address that this client has used is not tried again: the floor counts those tries.
        """
        if task.sound not in self._spent:
            self._spend(task.sound)
            try:
                return self._run(calls.sound(task.sound))
            except (Conflict, NotFound, ConnectionLost):
                pass  # spent, or the sound was lost on its way
        address = self.another_address(task)
        return self._run(calls.sound(address))

    def _spend(self, address: str) -> None:
        if len(self._spent) >= MOST_SPENT:
            self._spent.clear()
        self._spent.add(address)

    def another_address(self, task: Task) -> str:
        """Ask for another one-time address of a clip's sound. Raises StaleLease."""
        return self._run(calls.another_address(task))

    def preferences(self, preferences: Preferences) -> None:
        """Remember how this reviewer likes to listen."""
        self._run(calls.preferences(preferences))

    def consult(self, task: Task, *, language: str, start: float, end: float) -> Consult:
        """Ask colleagues with a language for help with a span of a clip; answers come with `keep`."""
        return self._run(calls.consult(task, language=language, start=start, end=end))

    def consults(self) -> tuple[OpenConsult, ...]:
        """Return colleagues' questions that this reviewer may answer."""
        return self._run(calls.consults())

    def consult_groups(self) -> tuple[str, ...]:
        """Return the languages whose speakers can be asked."""
        return self._run(calls.consult_groups())

    def consult_sound(self, consult: OpenConsult) -> bytes:
        """Fetch the span that a colleague asks about (WAV), once; `consults` has a new address.

        Raises ValueError where it was heard often enough.
        """
        return self._run(calls.sound(consult.sound or ""))

    def answer_consult(self, consult: OpenConsult | uuid.UUID, text: str) -> None:
        """Help with a word."""
        identifier = consult.id if isinstance(consult, OpenConsult) else consult
        self._run(calls.answer_consult(identifier, text))

    def train_again(self) -> None:
        """Begin the next round of training, after one that was not passed."""
        self._run(calls.train_again())

    def rest(self) -> Rested:
        """Take a break; clips that are open go back by themselves."""
        return self._run(calls.rest())

    def back(self) -> Rested:
        """End a break of one's own early. Raises Conflict when it was due."""
        return self._run(calls.back())

    def mine(self) -> Mapping[str, Any]:
        """Return one's own quality: agreement, accuracy, how much was listened to; nobody else sees it."""
        return self._run(calls.mine())

    def numbers(self) -> Numbers:
        """Return what this reviewer has done."""
        return self._run(calls.numbers())

    def next_tie(self) -> Next:
        """Lead: lease a clip on which answers disagree; the answers come with it, without who gave them."""
        return self._run(calls.next_tie())

    def submit_tie(self, task: Task, answer: Mapping[str, Any], *, heard: Iterable[Span] = ()) -> Next:
        """Lead: decide; the answer becomes the label."""
        return self._run(calls.submit_tie(task, answer, heard=heard))

    def document(self) -> dict[str, Any]:
        """Return the floor's OpenAPI document."""
        return self._run(calls.document())
