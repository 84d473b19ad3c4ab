"""Which questions may be asked about an interaction, and which part of its sound each may carry. Pure decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.airlock.choosing import may_hear
from earmark.airlock.identifiers import LANGUAGES, find, mask_text
from earmark.airlock.sound import COMMAND_LENGTHS, WAKE_LENGTHS, Span, fits
from earmark.consent import Grants
from earmark.review import QUESTIONS, Question, Spec, normalise
from earmark.vault import Content, Interaction, Word
from earmark.words import Seconds

Step = Literal["chosen", "waiting", "said", "done"]
_BEFORE_WAKE: Seconds = 0.3
"""Kept before the wake word, so that its first sound is whole."""
_BEFORE_COMMAND: Seconds = 0.15
_NEAR_WAKE: Seconds = 0.15
"""A recognised word that begins at most this long before the end of the wake word belongs to the command."""
_LONGEST_WAKE: Seconds = WAKE_LENGTHS[-1] - 0.5


Ask = Callable[[Spec], bool]


def always(spec: Spec) -> bool:
    """Ask every question that is asked of anybody."""
    return spec.share > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One masked copy that is to be made."""

    question: Question
    span: Span
    """What of the recording it holds, in seconds."""
    hidden: tuple[Span, ...]
    """What of that is replaced by a tone."""
    lengths: tuple[Seconds, ...]
    """The lengths it may have."""
    words: tuple[tuple[str, Seconds, Seconds, float], ...] = ()
    """Prefilled words: text, start and end in the recording, confidence."""
    prefill: dict[str, Any]
    """Everything else that is shown with it."""
    speech: tuple[Span, ...] = ()
    """Where in the recording speech is that the question is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is made of one choice now, and how far it has come then."""

    copies: tuple[Copy, ...]
    step: Step


def allowed(grants: Grants, interaction: Interaction, specs: Mapping[Question, Spec]) -> frozenset[Question]:
    """Return the questions that the person's word allows now: nobody listens without `review`.

    The words of a message need `transcription` as well. Of a false wake only the wake word's span may leave, and only
    where it is donated; of what a guest said nothing does.
    """
    if interaction.guest or not interaction.has_sound:
        return frozenset()
    if not may_hear(grants, interaction.kind, interaction.device_id):
        return frozenset()
    about_wake = frozenset(name for name, spec in specs.items() if spec.about == "wake")
    if interaction.kind == "false_wake":
        return about_wake
    if interaction.kind == "message" and not grants.allows("transcription", interaction.device_id):
        return about_wake | {"understood"}
    return frozenset(specs)


def plan(
    interaction: Interaction,
    *,
    step: Step,
    grants: Grants,
    names: frozenset[str],
    language: str,
    specs: Mapping[Question, Spec] = QUESTIONS,
    ask: Ask = always,
) -> Plan:
    """Plan the next copies of a chosen interaction.

    What followed a wake is asked about only when the assistant took it for a command, when people found that the wake
    word was said (`step` is `said`), or when no wake was needed to record it. `ask` draws whether one of the questions
    is asked that only a share is asked.
    """
    questions = allowed(grants, interaction, specs)
    if not questions or not _maskable(interaction, language, names):
        return Plan(copies=(), step="done")
    asked = [spec for name, spec in specs.items() if name in questions and ask(spec)]
    wake = interaction.wake
    called = step == "said" or wake is None or interaction.content.accepted
    command_now = called and interaction.kind != "false_wake"
    copies: list[Copy] = []
    if wake is not None and step == "chosen":
        copies += [_wake_copy(interaction, names, spec) for spec in asked if spec.about == "wake"]
    if command_now:
        copies += _command_copies(interaction, [spec for spec in asked if spec.about == "command"], names)
    return Plan(copies=tuple(copies), step="done" if command_now else "waiting")


def _maskable(interaction: Interaction, language: str, names: frozenset[str]) -> bool:
    """Tell whether identifiers can be found: words that were recognised must have times.

    Where its owner or an imported list says better what was said, and that names more than was recognised, nobody knows
    where in the sound the rest is.
    """
    content = interaction.content
    if language not in LANGUAGES or not (content.words or not content.text.strip()):
        return False
    told = len(find(content.said.split(), names))
    return told <= len(find([word.text for word in content.words], names))


def _hidden_spans(words: tuple[Word, ...], names: frozenset[str]) -> tuple[Span, ...]:
    found = find([word.text for word in words], names)
    return tuple((words[part.first].start, words[part.last].end) for part in found)


def _wake_copy(interaction: Interaction, names: frozenset[str], spec: Spec) -> Copy:
    wake, words = interaction.wake, interaction.content.words
    assert wake is not None
    # No margin after the word: with nothing recognised there is no telling whether somebody was already speaking on.
    starts = [word.start for word in words if word.start >= wake.end - _NEAR_WAKE]
    end = min([wake.end, *starts])
    start = max(0.0, wake.start - _BEFORE_WAKE, end - _LONGEST_WAKE)
    return Copy(
        question=spec.name,
        span=(start, end),
        hidden=_hidden_spans(words, names),
        lengths=WAKE_LENGTHS,
        prefill={"word": wake.word},
        speech=((max(start, wake.start), end),),
    )


def _command_copies(interaction: Interaction, specs: Sequence[Spec], names: frozenset[str]) -> list[Copy]:
    content, words = interaction.content, interaction.content.words
    start = 0.0
    if interaction.wake is not None:
        first = words[0].start if words else interaction.duration
        start = max(0.0, interaction.wake.start, min(interaction.wake.end, first - _BEFORE_COMMAND))
    span = (start, interaction.duration)
    if not words or not fits(span[1] - span[0], COMMAND_LENGTHS):
        return []
    hidden, shown = _hidden_spans(words, names), _shown_words(words, names)
    copies: list[Copy] = []
    for spec in specs:
        if (prefill := _prefill(spec, content, shown, names)) is not None:
            copies.append(
                Copy(
                    question=spec.name,
                    span=span,
                    hidden=hidden,
                    lengths=COMMAND_LENGTHS,
                    words=shown if spec.kind == "transcript" else (),
                    prefill=prefill,
                    speech=tuple((word.start, word.end) for word in words),
                )
            )
    return copies


def _prefill(
    spec: Spec, content: Content, shown: Sequence[tuple[str, Seconds, Seconds, float]], names: frozenset[str]
) -> dict[str, Any] | None:
    """Return what is shown with a question about a command; None where there is nothing to ask."""
    text = " ".join(word for word, *_ in shown)
    if spec.name == "understood":
        slots = {name: mask_text(str(value), names) for name, value in content.slots.items()}
        return {"text": text, "accepted": content.accepted, "intent": content.intent, "slots": slots}
    if spec.name == "helpful":
        return {"text": text, "reply": mask_text(content.reply, names)} if content.reply else None
    if spec.name == "compare":
        # Two ways of writing it down: the machine's, and its owner's where that says something else.
        theirs = None if content.corrected is None else mask_text(content.corrected, names)
        return {"texts": [text, theirs]} if theirs and normalise(theirs) != normalise(text) else None
    return {}


def _shown_words(words: tuple[Word, ...], names: frozenset[str]) -> tuple[tuple[str, Seconds, Seconds, float], ...]:
    shown, position = [], 0
    for part in find([word.text for word in words], names):
        shown += [(word.text, word.start, word.end, word.confidence) for word in words[position : part.first]]
        shown.append((part.mark, words[part.first].start, words[part.last].end, 1.0))
        position = part.last + 1
    shown += [(word.text, word.start, word.end, word.confidence) for word in words[position:]]
    return tuple(shown)
