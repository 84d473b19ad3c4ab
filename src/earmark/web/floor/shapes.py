"""What the floor's JSON holds, for its OpenAPI document; the routes write it by hand, and tests hold them to this.

Each class's docstring and field names go into the document; `earmark.client` has the same names.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

Span = tuple[float, float]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Option(_Shape):
    """One of the answers to choose from."""

    value: str
    """What to send."""
    text: str
    """What to show."""


class Mark(_Shape):
    """Something to put into a transcript: `[value]`."""

    value: str
    text: str
    key: str
    """With Alt, on the console."""


class Spec(_Shape):
    """A question as it is asked."""

    title: str
    hint: str
    kind: str
    """choice, transcript or intent."""
    options: list[Option]
    marks: list[Mark]
    needs_heard: float
    """Share of the speech that must be played before an answer counts, 0 to 1."""


class Task(_Shape):
    """One question about one clip, leased to whoever asks."""

    id: uuid.UUID
    question: str
    version: int
    spec: Spec
    language: str
    fence: int
    """Names this lease."""
    lease_until: datetime
    prefill: dict[str, Any]
    """What the machine made of it, by question."""
    speech: list[Span]
    """Where somebody speaks, in seconds."""
    blind: bool
    """The prefill is withheld on purpose."""
    training: bool
    sound: str
    """An address that is good once, for this sign-in, while the lease is alive."""
    draft: dict[str, Any] | None = None
    """What was written before; left out where there is nothing."""
    answers: list[dict[str, Any]] = []
    """Of a tie: what was answered, without who; left out otherwise."""


class Why(_Shape):
    """Why there is no clip."""

    code: str
    text: str
    until: datetime | None


class Preferences(_Shape):
    """How a reviewer likes to listen; empty before anything was chosen."""

    speed: float = 1.0
    loop: bool = False
    skip_silence: bool = False
    volume: float = 1.0


class Opened(_Shape):
    tasks: list[Task]
    why: Why | None
    preferences: Preferences


class Next(_Shape):
    task: Task | None
    why: Why | None = None
    """Left out by the lead's routes."""


class Taught(_Shape):
    """What came of an answer to a training clip."""

    correct: bool
    expected: dict[str, Any]
    asked: int
    right: int
    passed: bool | None


class Submitted(_Shape):
    task: Task | None
    why: Why | None
    undo_until: datetime | None
    training: Taught | None


class Undone(_Shape):
    task: Task


class Consult(_Shape):
    """A question about a word, and what colleagues wrote."""

    id: uuid.UUID
    task: uuid.UUID
    until: datetime
    answers: list[str]


class OpenConsult(_Shape):
    """A colleague's question that whoever asks may answer."""

    id: uuid.UUID
    language: str
    until: datetime
    sound: str | None
    """An address that is good once; null when it was heard often enough."""
    length: float
    """Seconds."""
    heard: bool
    """Whoever asks has heard it, and so may answer."""


class Kept(_Shape):
    lost: list[uuid.UUID]
    """Tasks that are no longer this reviewer's."""
    lease_until: datetime
    consults: list[Consult] = []
    """Answers to one's own."""
    asked: int = 0
    """How many consults one could answer."""


class Address(_Shape):
    sound: str


class Asked(_Shape):
    consult: Consult


class Consults(_Shape):
    consults: list[OpenConsult]


class Groups(_Shape):
    languages: list[str]


class Rested(_Shape):
    break_until: datetime | None


class Quality(BaseModel):
    """A reviewer's own quality; nobody else sees it."""


class Numbers(_Shape):
    """What a reviewer has done; nobody else sees it."""

    judgements: int
    today: int
    seconds: float
    """Mean, from lease to answer."""


class Done(_Shape):
    """Nothing but that it was done."""


class Problem(_Shape):
    code: str
    """One of docs/errors.md."""
    message: str
    """One plain sentence."""


class Error(_Shape):
    error: Problem


ANSWERS: dict[tuple[str, str], type[BaseModel]] = {
    ("post", "/api/review/open"): Opened,
    ("post", "/api/review/next"): Next,
    ("post", "/api/review/submit"): Submitted,
    ("post", "/api/review/undo"): Undone,
    ("post", "/api/review/keep"): Kept,
    ("post", "/api/review/draft"): Done,
    ("post", "/api/review/release"): Done,
    ("post", "/api/review/flag"): Next,
    ("post", "/api/review/preferences"): Done,
    ("post", "/api/review/training"): Done,
    ("post", "/api/review/sound"): Address,
    ("post", "/api/review/consult"): Asked,
    ("get", "/api/review/consults"): Consults,
    ("get", "/api/review/consult/groups"): Groups,
    ("post", "/api/review/consult/answer"): Done,
    ("post", "/api/review/rest"): Rested,
    ("post", "/api/review/back"): Rested,
    ("get", "/api/review/mine"): Quality,
    ("get", "/api/review/numbers"): Numbers,
    ("post", "/api/lead/next"): Next,
    ("post", "/api/lead/submit"): Next,
}
"""Route → what it answers. A sound is no JSON and stands in no row."""

BODIES: dict[tuple[str, str], type[BaseModel]] = {("post", "/api/review/preferences"): Preferences}
"""Route → what it takes, where the route itself takes any JSON and the room checks it."""
