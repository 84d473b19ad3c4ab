"""Every call as a value: which route, what is sent, how its answer is read. The two clients only carry them out."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from earmark.client.errors import ConnectionLost, ServerError, error_of
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
    read,
)

T = TypeVar("T")
SOUNDS = ("/api/review/sound/", "/api/review/consult/sound/")
LATER = frozenset({502, 503, 504})
"""Answers of something that stands before the floor while it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    body: Mapping[str, Any] | None = None
    again: bool = False
    """It may be sent twice: the second does nothing, or the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and when a call is tried again."""

    tries: int = 5
    first: float = 0.2
    """Seconds before the second try; each pause is twice the one before."""

    def pause(self, call: Call[Any], tried: int) -> float | None:
        """Return how long to wait after `tried` tries; None: no more."""
        return self.first * 2 ** (tried - 1) if call.again and tried < self.tries else None


PATIENCE = Patience()


def answer(call: Call[T], response: httpx.Response) -> T:
    """Read an answer. Raises ClientError and its kinds."""
    if response.status_code != 200:
        try:
            body = response.json()
        except ValueError:
            body = None
        raise error_of(response.status_code, body)
    try:
        return call.read(response)
    except ValueError as error:
        raise ServerError("The floor's answer is not what its document says.", status=200) from error


def lost(error: Exception) -> ConnectionLost:
    return ConnectionLost(f"The connection to the floor broke ({type(error).__name__}).")


def _json(kind: type[T]) -> Callable[[httpx.Response], T]:
    return lambda response: read(kind, response.json())


def _nothing(response: httpx.Response) -> None:
    response.json()


def _post(path: str, how: Callable[[httpx.Response], T], body: Mapping[str, Any], *, again: bool = False) -> Call[T]:
    return Call(method="POST", path=path, read=how, body=body, again=again)


def _held(task: Task) -> dict[str, Any]:
    return {"task": str(task.id), "fence": task.fence}


def open_(ahead: int) -> Call[Opened]:
    return _post("/api/review/open", _json(Opened), {"ahead": ahead}, again=True)


def next_() -> Call[Next]:
    return _post("/api/review/next", _json(Next), {})


def submit(
    task: Task,
    given: Mapping[str, Any],
    *,
    heard: Iterable[Span] | None,
    seconds: float | None,
    undo: bool,
    client_key: uuid.UUID,
) -> Call[Submitted]:
    body = _held(task) | {"client_key": str(client_key), "answer": dict(given), "undo": undo}
    if heard is not None:
        body["heard"] = [list(span) for span in heard]
    if seconds is not None:
        body["seconds"] = seconds

    def found(response: httpx.Response) -> Submitted:
        return dataclasses.replace(read(Submitted, response.json()), client_key=client_key)

    return _post("/api/review/submit", found, body, again=True)


def undo(task: Task | uuid.UUID, client_key: uuid.UUID) -> Call[Task]:
    identifier = task.id if isinstance(task, Task) else task
    body = {"task": str(identifier), "client_key": str(client_key)}
    return _post("/api/review/undo", lambda response: read(Task, response.json()["task"]), body)


def keep(tasks: Iterable[Task]) -> Call[Kept]:
    return _post("/api/review/keep", _json(Kept), {"held": [_held(task) for task in tasks]}, again=True)


def draft(task: Task, written: Mapping[str, Any]) -> Call[None]:
    return _post("/api/review/draft", _nothing, _held(task) | {"draft": dict(written)}, again=True)


def release(task: Task) -> Call[None]:
    return _post("/api/review/release", _nothing, _held(task))


def flag(task: Task, kind: str) -> Call[Next]:
    return _post("/api/review/flag", _json(Next), _held(task) | {"kind": kind})


def preferences(wanted: Preferences) -> Call[None]:
    return _post("/api/review/preferences", _nothing, dataclasses.asdict(wanted), again=True)


def another_address(task: Task) -> Call[str]:
    return _post("/api/review/sound", lambda response: str(response.json()["sound"]), _held(task))


def sound(address: str) -> Call[bytes]:
    """The address comes from the floor; the token must go nowhere else. Raises ValueError."""
    if not address.startswith(SOUNDS) or "//" in address or ".." in address:
        raise ValueError("this is no address of a sound")
    return Call(method="GET", path=address, read=lambda response: response.content)


def consult(task: Task, *, language: str, start: float, end: float) -> Call[Consult]:
    body = _held(task) | {"language": language, "start": start, "end": end}
    return _post("/api/review/consult", lambda response: read(Consult, response.json()["consult"]), body)


def consult_groups() -> Call[tuple[str, ...]]:
    return Call(
        method="GET",
        path="/api/review/consult/groups",
        read=lambda response: read(_Groups, response.json()).languages,
        again=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    languages: tuple[str, ...]


def consults() -> Call[tuple[OpenConsult, ...]]:
    return Call(method="GET", path="/api/review/consults", read=_consults, again=True)


def _consults(response: httpx.Response) -> tuple[OpenConsult, ...]:
    return read(_Consults, response.json()).consults


@dataclass(frozen=True, slots=True, kw_only=True)
class _Consults:
    consults: tuple[OpenConsult, ...] = field(default=())


def answer_consult(consult_id: uuid.UUID, text: str) -> Call[None]:
    return _post("/api/review/consult/answer", _nothing, {"consult": str(consult_id), "text": text})


def train_again() -> Call[None]:
    return _post("/api/review/training", _nothing, {}, again=True)


def rest() -> Call[Rested]:
    return _post("/api/review/rest", _json(Rested), {}, again=True)


def back() -> Call[Rested]:
    return _post("/api/review/back", _json(Rested), {}, again=True)


def mine() -> Call[Mapping[str, Any]]:
    return Call(method="GET", path="/api/review/mine", read=lambda response: dict(response.json()), again=True)


def numbers() -> Call[Numbers]:
    return Call(method="GET", path="/api/review/numbers", read=_json(Numbers), again=True)


def next_tie() -> Call[Next]:
    return _post("/api/lead/next", _json(Next), {})


def submit_tie(task: Task, given: Mapping[str, Any], *, heard: Iterable[Span]) -> Call[Next]:
    body = _held(task) | {"answer": dict(given), "heard": [list(span) for span in heard]}
    return _post("/api/lead/submit", _json(Next), body)


def document() -> Call[dict[str, Any]]:
    return Call(method="GET", path="/api/openapi.json", read=lambda response: response.json(), again=True)
