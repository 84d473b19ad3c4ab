"""From words to intent and slots: the skills' templates, and a trained model where the bundle brings one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hassil import Intents, recognize
from hassil.recognize import RecognizeResult

from earmark.assistant import intent_model
from earmark.assistant.recogniser import Hypothesis
from earmark.bundle import ModelBundle

_FILLERS = ["please", "uh", "um", "er", "hey", "okay"]
"""Words that change nothing and may stand anywhere in open speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What an utterance means to the assistant."""

    intent: str | None
    """The intent, or the nearest one of a refused command; None when it resembles none."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """Slot name to value; numbers are decimal digits."""
    confidence: float = 0.0
    """0 to 1."""
    template: str = ""
    """The sentence template that fitted, for the owner's history; empty when none did."""
    accepted: bool = False
    """True when the command should be carried out."""
    reason: str = ""
    """Why: `grammar`, `open-speech` or `model` when accepted; `no-speech`, `no-command`, `unsure` or `no-skill`
    (the model knows what is wanted, and nothing here does it) when not."""


class IntentModel(Protocol):
    """A trained intent and slot model."""

    def predict(self, text: str) -> tuple[str, Sequence[tuple[str, str]], float] | None:
        """Return intent, (slot, value) pairs and confidence (0 to 1) of a sentence; None when it fits no intent."""
        ...


def load_intent_model(bundle: ModelBundle) -> IntentModel | None:
    """Return the bundle's trained model; None when it brings none.

    Raises BadBundle when it can't be read.
    """
    return intent_model.load(bundle)


def parse(text: str, intents: Intents, *, skip: Sequence[str] = ()) -> Understanding | None:
    """Fit a sentence to the templates; None when none fits. The result is not accepted yet."""
    found = recognize(text, intents, skip_words=list(skip), language="en")
    if found is None:
        return None
    return Understanding(intent=found.intent.name, slots=_slots(found), confidence=1.0, template=_template(found))


def understand(
    hypothesis: Hypothesis, intents: Intents, *, threshold: float, model: IntentModel | None = None
) -> Understanding:
    """Decide what an utterance means and whether to act on it.

    A grammar's reading counts when its confidence reaches `threshold`. Otherwise the open-speech reading must fit a
    template word by word, or the trained model must know what it means.
    """
    if hypothesis.source == "none":
        return Understanding(intent=None, reason="no-speech")
    nearest: Understanding | None = None
    if hypothesis.source == "grammar":
        nearest = parse(hypothesis.text, intents)
        if nearest and hypothesis.confidence >= threshold:
            return _settled(nearest, hypothesis.confidence, accepted=True, reason="grammar")
    spoken = hypothesis.rival or hypothesis
    if found := parse(spoken.text, intents, skip=_FILLERS):
        return _settled(found, max(spoken.confidence, hypothesis.confidence), accepted=True, reason="open-speech")
    if model and (guess := _guess(model, spoken.text, intents, nearest)):
        return guess
    if nearest:
        return _settled(nearest, hypothesis.confidence, accepted=False, reason="unsure")
    return Understanding(intent=None, reason="no-command")


def _guess(model: IntentModel, text: str, intents: Intents, nearest: Understanding | None) -> Understanding | None:
    """Ask the trained model. Where the grammar read the same sound, both must mean the same: the model sees only words,
    and open speech misheard as words of a command would otherwise become one."""
    guess = model.predict(text)
    if guess is None or (nearest and nearest.intent != guess[0]):
        return None
    intent, pairs, confidence = guess
    slots = dict(reversed(pairs))  # a skill takes one value a slot: the first
    if intent not in intents.intents:
        return Understanding(intent=intent, slots=slots, confidence=confidence, reason="no-skill")
    return Understanding(
        intent=intent,
        slots={**slots, **nearest.slots} if nearest else slots,
        confidence=confidence,
        accepted=True,
        reason="model",
    )


def _settled(found: Understanding, confidence: float, *, accepted: bool, reason: str) -> Understanding:
    return Understanding(
        intent=found.intent,
        slots=found.slots,
        confidence=confidence,
        template=found.template,
        accepted=accepted,
        reason=reason,
    )


def _slots(found: RecognizeResult) -> dict[str, str]:
    """Values as text; a list value that is itself a template stands for the words that were said."""
    slots: dict[str, str] = {}
    for name, entity in found.entities.items():
        value = str(entity.value)
        slots[name] = entity.text.strip() if set(value) & set("<[(|") else value.strip()
    return slots


def _template(found: RecognizeResult) -> str:
    return (found.intent_sentence.text or "") if found.intent_sentence else ""
