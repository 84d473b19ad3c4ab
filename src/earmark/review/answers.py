"""What counts as an answer, by the kind of its question.

Answers are JSON objects, checked here whoever sends them:

    choice       {"value": one of the question's options}
    transcript   {"text": "play some jazz"}                     empty: nothing could be made out
    intent       {"value": "right"} or {"value": "wrong", "intent": "…", "slots": {"…": "…"}}, the last two if known

Words that the airlock cut out stand as `[name]`, `[number]` or `[address]`; a transcript may also hold its question's
marks, such as `[unclear]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from earmark.errors import BadRequest
from earmark.review.questions import Spec

Answer = Mapping[str, Any]
CUT_OUT = ("name", "number", "address")
"""What the airlock puts in place of identifiers, as `[name]`."""
LONGEST_TEXT = 1000
"""Characters: fifteen seconds of the fastest speech is a third of this."""
MOST_SLOTS = 20
_MARKS = re.compile(r"(\[[a-z_]+\])")
_INTENT = re.compile(r"[A-Za-z][\w.-]{0,63}")


def normalise(text: str) -> str:
    """Return the form in which two transcripts are compared: lower case, no punctuation, single spaces.

    Letters keep their combining signs: without them no word of Hindi would stay whole.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("’", "'")
    words: list[str] = []
    for piece in _MARKS.split(plain):
        if _MARKS.fullmatch(piece):
            words.append(piece)
        else:
            kept = (mark if mark in "'_" or unicodedata.category(mark)[0] in "LMN" else " " for mark in piece)
            words += [word for each in "".join(kept).split() if (word := each.strip("'_"))]
    return " ".join(words)


def check(spec: Spec, raw: object) -> dict[str, Any]:
    """Return the answer in its one form. Raises BadRequest, never quoting what was sent."""
    if not isinstance(raw, Mapping):
        raise BadRequest(why="An answer must be a JSON object.")
    if spec.kind == "choice":
        return {"value": _one_of(raw.get("value"), spec.values)}
    if spec.kind == "transcript":
        return {"text": transcript(raw.get("text"), tuple(mark.value for mark in spec.marks))}
    value = _one_of(raw.get("value"), spec.values)
    if value != "wrong":
        return {"value": value}
    answer: dict[str, Any] = {"value": value}
    if (intent := raw.get("intent")) not in (None, ""):
        if not isinstance(intent, str) or not _INTENT.fullmatch(intent):
            raise BadRequest(why="An intent is a short name of letters, digits, dots and dashes.")
        answer["intent"] = intent
    if slots := raw.get("slots"):
        answer["slots"] = _slots(slots)
    return answer


def transcript(value: object, marks: tuple[str, ...] = (), *, longest: int = LONGEST_TEXT) -> str:
    """Return words as two people's are compared. Raises BadRequest for what is no text, or for a mark unknown here."""
    text = normalise(_text(value, longest, "The transcript"))
    allowed = [f"[{mark}]" for mark in (*marks, *CUT_OUT)]
    if not set(_MARKS.findall(text)) <= set(allowed):
        known = ", ".join(allowed)
        raise BadRequest(why=f"Square brackets are for marks: {known}.")
    return text


def shown(prefill: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the reviewer sees of a prefill: where speech is goes its own way."""
    return {name: value for name, value in prefill.items() if name != "speech"}


def as_given(spec: Spec, prefill: Mapping[str, Any], answer: Answer) -> bool | None:
    """Tell whether an answer is what the machine had filled in; None where it had filled in nothing."""
    if spec.kind == "transcript" and prefill.get("words"):
        return normalise(" ".join(word["text"] for word in prefill["words"])) == answer["text"]
    if spec.kind == "intent":
        return answer["value"] == "right"
    return None


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
