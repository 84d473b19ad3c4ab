"""What a simulated reviewer answers: the truth, and in a stated share of cases a mistake. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from earmark.demo.material import Utterance

ERROR_RATE = 0.05
_OPPOSITE = {"said": "not_said", "not_said": "said"}


def answer(question: str, prefill: Mapping[str, Any], truth: Utterance, random: Random) -> dict[str, Any]:
    """Return an answer to one question about a clip of which the demo knows the truth."""
    wrong = random.random() < ERROR_RATE
    if question == "wake":
        value = "said" if truth.called else "not_said"
        return {"value": _OPPOSITE[value] if wrong else value}
    if question == "transcript":
        return {"text": _slip(_words(prefill, truth), random) if wrong else _words(prefill, truth)}
    right = understood_right(prefill, truth)
    if right != wrong:
        return {"value": "right"}
    correction: dict[str, Any] = {"value": "wrong"}
    if not wrong and truth.intent is not None:
        correction |= {"intent": truth.intent, "slots": dict(truth.slots)}
    return correction


def understood_right(prefill: Mapping[str, Any], truth: Utterance) -> bool:
    """Tell whether the machine did what was meant: the intent and every slot that was said."""
    if truth.intent is None:
        return not prefill["accepted"]
    slots = prefill.get("slots") or {}
    return bool(
        prefill["accepted"]
        and prefill.get("intent") == truth.intent
        and all(str(slots.get(name, "")).casefold() == value.casefold() for name, value in truth.slots.items())
    )


def _words(prefill: Mapping[str, Any], truth: Utterance) -> str:
    """Return what was said; where the recording's words aren't known, only what the machine heard right is kept."""
    if truth.text is not None:
        return truth.text
    heard = " ".join(word["text"] for word in prefill.get("words", ()))
    slots = [value.casefold() for value in truth.slots.values()]
    return heard if truth.intent is not None and all(value in heard.casefold() for value in slots) else ""


def _slip(text: str, random: Random) -> str:
    """Leave a word out, as a tired listener does."""
    words = text.split()
    if len(words) < 2:
        return ""
    words.pop(random.randrange(len(words)))
    return " ".join(words)
