"""The questions people are asked about a clip, and what counts as an answer.

Answers are JSON objects, checked here whoever sends them:

    wake         {"value": "said" | "not_said" | "unclear"}
    transcript   {"text": "play some jazz"}                     empty: nothing could be made out
    understood   {"value": "right"} or {"value": "wrong", "intent": "…", "slots": {"…": "…"}}, the last two if known

Words that the airlock cut out stand as `[name]`, `[number]` or `[address]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from earmark.errors import BadRequest

Question = Literal["wake", "transcript", "understood"]
Answer = Mapping[str, Any]
WAKE_VALUES = ("said", "not_said", "unclear")
UNDERSTOOD_VALUES = ("right", "wrong")
LONGEST_TEXT = 1000
"""Characters: fifteen seconds of the fastest speech is a third of this."""
MOST_SLOTS = 20
_TOKEN = re.compile(r"\[[a-z]+\]|[\w']+")
_INTENT = re.compile(r"[A-Za-z][\w.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a question stands on the page, and how its hearings are named to owners."""

    title: str
    purpose: str
    """What the owner reads beside the hearing."""


QUESTIONS: dict[Question, Asked] = {
    "wake": Asked(title="Was the wake word said?", purpose="checking the wake word"),
    "transcript": Asked(title="What was said?", purpose="writing down what was said"),
    "understood": Asked(title="Was it understood right?", purpose="checking what was understood"),
}


def question_named(name: str) -> Question:
    """Return a question by its name. Raises BadRequest."""
    if name not in get_args(Question):
        raise BadRequest(why="There is no such question.")
    return cast(Question, name)


def normalise(text: str) -> str:
    """Return the form in which two transcripts are compared: lower case, no punctuation, single spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(word for token in _TOKEN.findall(plain) if (word := token.strip("'_")))


def check(question: Question, raw: object) -> dict[str, Any]:
    """Return the answer in its one form. Raises BadRequest, never quoting what was sent."""
    if not isinstance(raw, Mapping):
        raise BadRequest(why="An answer must be a JSON object.")
    if question == "wake":
        return {"value": _one_of(raw.get("value"), WAKE_VALUES)}
    if question == "transcript":
        return {"text": normalise(_text(raw.get("text"), LONGEST_TEXT, "The transcript"))}
    value = _one_of(raw.get("value"), UNDERSTOOD_VALUES)
    if value == "right":
        return {"value": value}
    answer: dict[str, Any] = {"value": value}
    if (intent := raw.get("intent")) not in (None, ""):
        if not isinstance(intent, str) or not _INTENT.fullmatch(intent):
            raise BadRequest(why="An intent is a short name of letters, digits, dots and dashes.")
        answer["intent"] = intent
    if slots := raw.get("slots"):
        answer["slots"] = _slots(slots)
    return answer


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise BadRequest(why=f"The answer must be one of: {', '.join(allowed)}.")
    return value


def _text(value: object, longest: int, what: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(why=f"{what} must be text.")
    if len(value) > longest:
        raise BadRequest(why=f"{what} may have {longest} characters at most.")
    if any(unicodedata.category(mark) in ("Cc", "Cs") and mark not in "\n\r\t" for mark in value):
        raise BadRequest(why=f"{what} holds characters that can't be typed.")
    return value


def _slots(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_SLOTS:
        raise BadRequest(why=f"Slots must be an object with {MOST_SLOTS} entries at most.")
    slots = {}
    for name, content in value.items():
        if not isinstance(name, str) or not _INTENT.fullmatch(name):
            raise BadRequest(why="A slot's name is a short name of letters, digits, dots and dashes.")
        slots[name] = normalise(_text(content, 200, "A slot's value"))
    return dict(sorted(slots.items()))
