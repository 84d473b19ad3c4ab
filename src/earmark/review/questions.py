"""The questions people are asked about a clip: data with versions, which a lead changes without a deploy.

Version 1 of the six is in the package (`questions.json`); what leads publish lies in `review.questions`. A clip keeps
the version it was first leased under, so that everybody who judges it is asked the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from earmark.errors import BadRequest, Conflict
from earmark.review.doings import note
from earmark.review.people import Reviewer, lead_only
from earmark.review.recent import Recent
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch

Question = str
"""A question's name: `wake`, `transcript`, …"""
Kind = Literal["choice", "transcript", "intent"]
About = Literal["wake", "command"]
_NAME = re.compile(r"[a-z][a-z_]{0,31}")
_TAKEN = frozenset("ghljzc")
"""Letters that do something else in the console, together with Alt."""
_MOST = 12
"""Options or marks of one question: more than fit the number keys help nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer of a choice."""

    value: str
    text: str
    """As it stands on the button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a transcript may hold in place of words, as `[value]`."""

    value: str
    text: str
    key: str
    """Together with Alt it puts the mark at the caret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One version of a question."""

    name: Question
    version: int
    title: str
    """`{word}` stands for the wake word."""
    hint: str
    purpose: str
    """What the owner reads beside the hearing."""
    kind: Kind
    about: About
    """Which part of a recording its clip holds."""
    share: float
    """Of the recordings that were chosen for review, how many are asked this outside of a campaign; 0 to 1."""
    needs_heard: float
    """Share of the speech that must have been played before an answer is taken; 0: none."""
    options: tuple[Option, ...]
    """Of a choice; of an intent question `right` and `wrong`."""
    marks: tuple[Mark, ...]
    """Of a transcript."""

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(option.value for option in self.options)

    def title_for(self, word: str = "") -> str:
        """Return the title with the wake word, or without one."""
        if not word:
            return self.title.replace("“{word}”", "the wake word").replace("{word}", "the wake word")
        return self.title.replace("{word}", word)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Spec:
        known = {field.name for field in fields(Spec)}
        given = {name: content for name, content in value.items() if name in known}
        given["options"] = tuple(Option(**one) for one in value.get("options", ()))
        given["marks"] = tuple(Mark(**one) for one in value.get("marks", ()))
        return Spec(**given)


def _built_in() -> dict[Question, Spec]:
    text = (files("earmark.review") / "questions.json").read_text()
    return {one["name"]: Spec.from_json({"version": 1, **one}) for one in json.loads(text)}


QUESTIONS: dict[Question, Spec] = _built_in()
"""The six, as the package brings them."""
_published: dict[tuple[object, Question, int], Spec] = {}
"""Versions never change, so what was read once by a pool stays read."""


async def current(stores: Stores) -> dict[Question, Spec]:
    """Return every question as it is asked now."""
    rows = await fetch(stores.pool, SQL.newest_questions, {})
    return QUESTIONS | {row["name"]: _spec(row) for row in rows}


QUESTIONS_NOW = Recent(current, seconds=2)
"""The same, read again every two seconds: for what is asked with each clip."""


async def asked_now(stores: Stores) -> dict[Question, Spec]:
    """Return every question with the share of recordings that are asked it today: all of them while an open campaign
    asks for it."""
    rows = await fetch(stores.pool, SQL.campaigned, {"today": stores.now().date()})
    wanted = {question for row in rows for question in row["questions"]}
    found = (await current(stores)).items()
    return {name: replace(spec, share=1.0) if name in wanted else spec for name, spec in found}


async def spec_of(stores: Stores, name: Question, version: int) -> Spec:
    """Return one version of a question. Raises BadRequest when there is none."""
    if version == 1 and name in QUESTIONS:
        return QUESTIONS[name]
    key = (stores.pool, name, version)
    if key not in _published:
        rows = await fetch(stores.pool, SQL.question_version, {"name": name, "version": version})
        if not rows:
            raise BadRequest(why="There is no such question.")
        _published[key] = _spec(rows[0])
    return _published[key]


async def purposes(stores: Stores) -> dict[Question, str]:
    """Return what owners read beside a hearing, by question."""
    return {name: spec.purpose for name, spec in (await current(stores)).items()}


async def publish(stores: Stores, lead: Reviewer, raw: object) -> Spec:
    """Make the next version of a question, or a new question; clips nobody has judged yet are asked in this version.

    Raises Forbidden for anybody but a lead, BadRequest with the first thing that is wrong, Conflict when somebody
    published at the same moment.
    """
    lead_only(lead)
    name = _text(raw, "name", 32)
    rows = await fetch(stores.pool, SQL.versions_of, {"name": name})
    spec = checked(raw, version=max([row["version"] for row in rows] + [1 if name in QUESTIONS else 0]) + 1)
    values = {"name": name, "version": spec.version, "spec": Jsonb(spec.to_json()), "by": lead.id, "now": stores.now()}
    try:
        async with stores.pool.connection() as connection, connection.transaction():
            await connection.execute(SQL.add_question, values)
            await note(connection, stores, lead, "question.published", f"question {name}", {"version": spec.version})
    except UniqueViolation:
        raise Conflict from None
    QUESTIONS_NOW.forget(stores)
    return spec


def checked(raw: object, *, version: int) -> Spec:
    """Return a question as somebody wrote it, or say what is wrong with it. Raises BadRequest."""
    name = _text(raw, "name", 32)
    if not _NAME.fullmatch(name):
        raise BadRequest(why="A question's name is short, in small letters, like `wake` or `background_noise`.")
    kind, about = _text(raw, "kind", 20), _text(raw, "about", 20)
    built_in = QUESTIONS.get(name)
    if kind not in get_args(Kind) or about not in get_args(About):
        raise BadRequest(why="A question's kind is choice, transcript or intent; it is about the wake or the command.")
    if built_in is not None and (kind, about) != (built_in.kind, built_in.about):
        raise BadRequest(why="The kind of a built-in question can't change: what is learnt from it would break.")
    if built_in is None and kind != "choice":
        raise BadRequest(why="A new question is a choice; only transcript and understood are of another kind.")
    options = tuple(Option(value=_value(one, "value"), text=_text(one, "text", 60)) for one in _list(raw, "options"))
    marks = tuple(
        Mark(value=_value(one, "value"), text=_text(one, "text", 60), key=_key(one)) for one in _list(raw, "marks")
    )
    for what, values in (("options", [o.value for o in options]), ("marks", [m.value for m in marks])):
        if len(set(values)) < len(values) or len(values) > _MOST:
            raise BadRequest(why=f"A question has {_MOST} {what} at most, each with a value of its own.")
    if built_in is not None and not set(built_in.values) <= {option.value for option in options}:
        raise BadRequest(why="A built-in answer can be renamed but not dropped: learning counts on it.")
    if kind == "choice" and len(options) < 2:
        raise BadRequest(why="A choice needs two options at least.")
    return Spec(
        name=name,
        version=version,
        title=_text(raw, "title", 120),
        hint=_text(raw, "hint", 300, empty=True),
        purpose=built_in.purpose if built_in else _text(raw, "purpose", 80),
        kind=cast(Kind, kind),
        about=cast(About, about),
        share=_share(raw, "share"),
        needs_heard=_share(raw, "needs_heard"),
        options=options,
        marks=marks,
    )


def _spec(row: Mapping[str, Any]) -> Spec:
    return Spec.from_json(row["spec"] | {"name": row["name"], "version": row["version"]})


def _field(raw: object, name: str) -> Any:
    if not isinstance(raw, Mapping) or name not in raw:
        raise BadRequest(why=f"A question's `{name}` is missing.")
    return cast("Mapping[str, Any]", raw)[name]


def _text(raw: object, name: str, longest: int, *, empty: bool = False) -> str:
    value = _field(raw, name)
    if not isinstance(value, str) or len(value) > longest or not (value.strip() or empty) or not value.isprintable():
        raise BadRequest(why=f"A question's `{name}` is a line of at most {longest} characters.")
    return value.strip()


def _value(raw: object, name: str) -> str:
    value = _text(raw, name, 32)
    if not _NAME.fullmatch(value):
        raise BadRequest(why="The value of an option or mark is short, in small letters, like `not_said`.")
    return value


def _key(raw: object) -> str:
    value = _text(raw, "key", 1).casefold()
    if not value.isalnum() or value in _TAKEN:
        taken = ", ".join(sorted(_TAKEN))
        raise BadRequest(why=f"The key of a mark is one letter or digit, but none of {taken}: the console uses those.")
    return value


def _list(raw: object, name: str) -> list[Any]:
    value = _field(raw, name)
    if not isinstance(value, list):
        raise BadRequest(why=f"A question's `{name}` is a list.")
    return cast("list[Any]", value)


def _share(raw: object, name: str) -> float:
    value = _field(raw, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRequest(why=f"A question's `{name}` is a number from 0 to 1.")
    return float(value)
