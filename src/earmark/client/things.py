"""What goes over the wire, as frozen dataclasses; field names are those of the JSON.

A field that this version does not know is left alone, so that a newer floor can be used.
"""

from __future__ import annotations

import dataclasses
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
Span = tuple[float, float]
"""From, to: seconds of the clip."""
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the answers to choose from."""

    value: str
    """What to send."""
    text: str
    """What to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to put into a transcript: `[value]`."""

    value: str
    text: str
    key: str
    """With Alt, on the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A question as it is asked."""

    title: str
    hint: str
    kind: str
    """`choice`, `transcript` or `intent`."""
    options: tuple[Option, ...] = ()
    marks: tuple[Mark, ...] = ()
    needs_heard: float = 0.0
    """Share of the speech that must be played before an answer counts, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question about one clip, leased to this reviewer."""

    id: uuid.UUID
    question: str
    version: int
    """Of the question."""
    spec: Spec
    language: str
    fence: int
    """Names this lease: an older one's answers are refused."""
    lease_until: datetime
    """`keep` moves it on."""
    prefill: Json = field(default_factory=lambda: types.MappingProxyType({}))
    """What the machine made of it, by question; empty where it is withheld on purpose."""
    speech: tuple[Span, ...] = ()
    """Where somebody speaks."""
    blind: bool = False
    """The prefill is withheld, to see how much it leads people."""
    training: bool = False
    """The clip was made by a machine, to learn on."""
    sound: str
    """An address that is good once, for this sign-in, while the lease is alive."""
    draft: Json | None = None
    """What this reviewer had written before a crash, or before taking an answer back."""
    answers: tuple[Json, ...] = ()
    """Of a tie: what was answered, without who."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why there is no clip."""

    code: str
    """`nothing`, `closed`, `break`, `training`, `training-failed` or `locked`."""
    text: str
    """One plain sentence."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How this reviewer likes to listen."""

    speed: float = 1.0
    loop: bool = False
    skip_silence: bool = False
    volume: float = 1.0
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What this reviewer holds, and how they like to listen."""

    tasks: tuple[Task, ...]
    why: Why | None = None
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The next clip, or why there is none."""

    task: Task | None
    why: Why | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What came of an answer to a training clip."""

    correct: bool
    expected: Json
    asked: int
    """Training clips answered in this round."""
    right: int
    passed: bool | None = None
    """None while the round goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """An answer is on disk."""

    task: Task | None
    """One more clip."""
    why: Why | None = None
    undo_until: datetime | None = None
    """Until then `undo` takes it back; None: it stands."""
    training: Taught | None = None
    client_key: uuid.UUID = field(default=uuid.UUID(int=0), metadata={"local": True})
    """Under which it was sent, for `undo`; the client's own, not in the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """A question of this reviewer's about a word, and what colleagues wrote."""

    id: uuid.UUID
    task: uuid.UUID
    until: datetime
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConsult:
    """A colleague's question that this reviewer may answer."""

    id: uuid.UUID
    language: str
    until: datetime
    sound: str | None
    """An address that is good once; None when it was heard often enough."""
    length: float
    """Seconds."""
    heard: bool = False
    """This reviewer has heard it, and so may answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rested:
    """A break."""

    break_until: datetime | None
    """None: it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Leases moved on."""

    lost: tuple[uuid.UUID, ...]
    """Tasks that are this reviewer's no more: stop playing them."""
    lease_until: datetime
    consults: tuple[Consult, ...] = ()
    """One's own that are open."""
    asked: int = 0
    """How many of colleagues' one could answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What this reviewer has done; nobody else sees it."""

    judgements: int
    today: int
    seconds: float
    """Mean, from lease to answer."""


def read(kind: type[T], value: Any) -> T:
    """Make one of these of its JSON. Raises ValueError when the JSON is not of that shape."""
    try:
        return cast(T, _made(kind, value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"this is no {kind.__name__}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _made(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        given = {
            each.name: _made(_hints(cast(type, kind))[each.name], value[each.name])
            for each in dataclasses.fields(kind)
            if each.name in value and "local" not in each.metadata
        }
        return cast(Any, kind)(**given)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _made(next(each for each in inside if each is not type(None)), value)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError
        if inside[-1] is Ellipsis:
            return tuple(_made(inside[0], each) for each in value)
        return tuple(_made(each, part) for each, part in zip(inside, value, strict=True))
    if kind is uuid.UUID:
        return uuid.UUID(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if origin is not None:
        return types.MappingProxyType(dict(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value
