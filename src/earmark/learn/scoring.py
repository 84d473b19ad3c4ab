"""What came of each clip, and the scores that `earmark evaluate` prints. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jiwer

from earmark.assistant import Heard
from earmark.learn.clips import Clip, Sentence
from earmark.learn.hearing import Result
from earmark.words import Seconds

Guess = tuple[str, Sequence[tuple[str, str]]]
"""An intent and its (name, value) slots."""
Scores = dict[str, Any]
"""The object that DESIGN's `earmark evaluate` answers; parts that were not measured are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one clip; None where the clip says nothing about it."""

    speaker: str
    duration: Seconds
    woke: int | None = None
    """How often the device woke."""
    said: bool | None = None
    """Whether the wake word was said."""
    right: bool | None = None
    """A command: accepted with its intent and every labelled slot right."""
    strict: bool | None = None
    """A command: right, and no slot too many."""
    took: bool | None = None
    """Speech that is no command: it became one all the same."""
    errors: int | None = None
    """Word errors against the transcript."""
    words: int | None = None
    """Words of the transcript."""
    heard: Seconds | None = None
    """Length of the sound that was recognised."""
    spent: Seconds | None = None
    """Time that recognition took."""
    intent_right: bool | None = None
    """A written sentence: its intent was found."""
    slots_right: int | None = None
    """A written sentence: slots that were found with name and value."""
    slots_true: int | None = None
    """Slots that it has."""
    slots_given: int | None = None
    """Slots that were given, right or wrong."""
    traits: Mapping[str, str] = field(default_factory=dict)
    """Of the clip: which slices it is part of."""
    clip: str = ""
    """Its id, the same however often and in whatever noise it is heard; empty for one that stands for itself."""


def outcome(clip: Clip, result: Result) -> Outcome:
    """Compare what was heard with what is true."""
    right = strict = took = None
    errors = words = None
    reading = result.reading
    if reading is not None:
        if clip.intent is not None:
            right, strict = is_right(reading.heard, clip.intent, clip.slots)
        elif clip.part != "commands":
            took = reading.heard.understanding.accepted
        if clip.text is not None and (spoken := normal_words(clip.text)):
            errors, words = word_errors(spoken, normal_words(reading.heard.text)), len(spoken)
    return Outcome(
        speaker=clip.speaker,
        duration=clip.duration or 0.0,
        woke=result.wakes,
        said=clip.wake if result.wakes is not None else None,
        right=right,
        strict=strict,
        took=took,
        errors=errors,
        words=words,
        heard=reading.duration if reading else None,
        spent=reading.seconds if reading else None,
        traits=clip.traits,
        clip=clip.id,
    )


def is_right(heard: Heard, intent: str, slots: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a command was accepted by the public benchmark's rule, and strictly (no slot too many)."""
    understood = heard.understanding
    got = {name: plain(value) for name, value in understood.slots.items()}
    wanted = {name: plain(value) for name, value in slots.items()}
    right = understood.accepted and understood.intent == intent and wanted.items() <= got.items()
    return right, right and got.keys() == wanted.keys()


def plain(value: str) -> str:
    """Return a slot's value as values are compared: without case, hyphens or the full stop of "g. m. t."."""
    return " ".join(value.lower().replace("-", " ").split()).rstrip(".,!?")


def normal_words(text: str) -> list[str]:
    """Return a text's words as a recogniser writes them: lower case, no punctuation but apostrophes."""
    return re.sub(r"[^\w' ]+", " ", text.lower().replace("’", "'")).split()


def word_errors(spoken: Sequence[str], heard: Sequence[str]) -> int:
    """Return substitutions, deletions and insertions; `spoken` holds at least one word."""
    found = jiwer.process_words(" ".join(spoken), " ".join(heard))
    return found.substitutions + found.deletions + found.insertions


def summarise(outcomes: Iterable[Outcome]) -> Scores:
    """Add outcomes up to the parts `wake`, `commands`, `asr` and `nlu` of the scores."""
    found = list(outcomes)
    scores: Scores = {}
    if any(one.said is not None for one in found):
        scores["wake"] = _wake([one for one in found if one.said is not None])
    commands = [one for one in found if one.right is not None]
    others = [one for one in found if one.took is not None]
    if commands or others:
        scores["commands"] = _commands(commands, others)
    transcribed = [one for one in found if one.words]
    if transcribed:
        total = sum(one.words or 0 for one in transcribed)
        scores["asr"] = {"wer": sum(one.errors or 0 for one in transcribed) / total}
    if written := [one for one in found if one.intent_right is not None]:
        scores["nlu"] = _sentences(written)
    return scores


def _wake(found: Sequence[Outcome]) -> Scores:
    positive = [one for one in found if one.said]
    negative = [one for one in found if not one.said]
    hits = sum(bool(one.woke) for one in positive)
    false_accepts = sum(one.woke or 0 for one in negative)
    hours = sum(one.duration for one in negative) / 3600
    return {
        "hits": hits,
        "misses": len(positive) - hits,
        "false_accepts": false_accepts,
        "hours": hours,
        "miss_rate": (len(positive) - hits) / len(positive) if positive else None,
        "false_accepts_per_hour": false_accepts / hours if hours else None,
    }


def _commands(commands: Sequence[Outcome], others: Sequence[Outcome]) -> Scores:
    accepted = sum(bool(one.right) for one in commands)
    timed = [one for one in [*commands, *others] if one.heard]
    length = sum(one.heard or 0.0 for one in timed)
    return {
        "n": len(commands),
        "accepted": accepted,
        "acceptance": accepted / len(commands) if commands else None,
        "strict": sum(bool(one.strict) for one in commands) / len(commands) if commands else None,
        "false_accepted": sum(bool(one.took) for one in others),
        "n_other": len(others),
        "rtf": sum(one.spent or 0.0 for one in timed) / length if length else None,
    }


def sentence_outcome(sentence: Sentence, guess: Guess | None) -> Outcome:
    """Compare what a written sentence was taken for with what it means; a refused one (None) counts as wrong."""
    intent, slots = guess or ("", ())
    true = Counter((name, plain(value)) for name, value in sentence.slots)
    got = Counter((name, plain(value)) for name, value in slots)
    return Outcome(
        speaker=sentence.text,  # nobody is known to have said it: every sentence stands for itself
        duration=0.0,
        intent_right=guess is not None and intent == sentence.intent,
        slots_right=(true & got).total(),
        slots_true=true.total(),
        slots_given=got.total(),
    )


def _sentences(found: Sequence[Outcome]) -> Scores:
    """Return intent accuracy, and the micro-averaged F1 over (name, value) pairs."""
    both = sum((one.slots_true or 0) + (one.slots_given or 0) for one in found)
    return {
        "n": len(found),
        "intent_accuracy": sum(bool(one.intent_right) for one in found) / len(found),
        "slot_f1": 2 * sum(one.slots_right or 0 for one in found) / both if both else None,
    }
