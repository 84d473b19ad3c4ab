"""Which questions may be asked about an interaction, and which part of its sound each may carry. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from earmark.airlock.choosing import may_hear
from earmark.airlock.identifiers import LANGUAGES, find, mask_text
from earmark.airlock.sound import COMMAND_LENGTHS, WAKE_LENGTHS, Span, fits
from earmark.consent import Grants
from earmark.review import Question
from earmark.vault import Interaction, Word
from earmark.words import Seconds

Step = Literal["chosen", "waiting", "said", "done"]
_BEFORE_WAKE: Seconds = 0.3
"""Kept before the wake word, so that its first sound is whole."""
_BEFORE_COMMAND: Seconds = 0.15
_NEAR_WAKE: Seconds = 0.15
"""A recognised word that begins at most this long before the end of the wake word belongs to the command."""
_LONGEST_WAKE: Seconds = WAKE_LENGTHS[-1] - 0.5


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is made of one choice now, and how far it has come then."""

    copies: tuple[Copy, ...]
    step: Step


def allowed(grants: Grants, interaction: Interaction) -> frozenset[Question]:
    """Return the questions that the person's word allows now: nobody listens without `review`.

    The words of a message need `transcription` as well. Of a false wake only the wake word's span may leave, and only
    where it is donated; of what a guest said nothing does.
    """
    if interaction.guest or not interaction.has_sound:
        return frozenset()
    if not may_hear(grants, interaction.kind, interaction.device_id):
        return frozenset()
    if interaction.kind == "false_wake":
        return frozenset({"wake"})
    if interaction.kind == "message" and not grants.allows("transcription", interaction.device_id):
        return frozenset({"wake", "understood"})
    return frozenset({"wake", "transcript", "understood"})


def plan(interaction: Interaction, *, step: Step, grants: Grants, names: frozenset[str], language: str) -> Plan:
    """Plan the next copies of a chosen interaction.

    What followed a wake is asked about only when the assistant took it for a command, when people found that the wake
    word was said (`step` is `said`), or when no wake was needed to record it.
    """
    questions = allowed(grants, interaction)
    if not questions or not _maskable(interaction, language):
        return Plan(copies=(), step="done")
    wake = interaction.wake
    called = step == "said" or wake is None or interaction.content.accepted
    command_now = called and interaction.kind != "false_wake"
    copies: list[Copy] = []
    if wake is not None and step == "chosen":
        copies.append(_wake_copy(interaction, names))
    if command_now:
        copies += _command_copies(interaction, questions, names)
    return Plan(copies=tuple(copies), step="done" if command_now else "waiting")


def _maskable(interaction: Interaction, language: str) -> bool:
    """Tell whether identifiers can be found: words that were recognised must have times."""
    content = interaction.content
    return language in LANGUAGES and (bool(content.words) or not content.text.strip())


def _hidden_spans(words: tuple[Word, ...], names: frozenset[str]) -> tuple[Span, ...]:
    found = find([word.text for word in words], names)
    return tuple((words[part.first].start, words[part.last].end) for part in found)


def _wake_copy(interaction: Interaction, names: frozenset[str]) -> Copy:
    wake, words = interaction.wake, interaction.content.words
    assert wake is not None
    # No margin after the word: with nothing recognised there is no telling whether somebody was already speaking on.
    starts = [word.start for word in words if word.start >= wake.end - _NEAR_WAKE]
    end = min([wake.end, *starts])
    start = max(0.0, wake.start - _BEFORE_WAKE, end - _LONGEST_WAKE)
    return Copy(
        question="wake",
        span=(start, end),
        hidden=_hidden_spans(words, names),
        lengths=WAKE_LENGTHS,
        prefill={"word": wake.word},
    )


def _command_copies(interaction: Interaction, questions: frozenset[Question], names: frozenset[str]) -> list[Copy]:
    content, words = interaction.content, interaction.content.words
    start = 0.0
    if interaction.wake is not None:
        first = words[0].start if words else interaction.duration
        start = max(0.0, interaction.wake.start, min(interaction.wake.end, first - _BEFORE_COMMAND))
    span = (start, interaction.duration)
    if not words or not fits(span[1] - span[0], COMMAND_LENGTHS):
        return []
    hidden = _hidden_spans(words, names)
    copies: list[Copy] = []
    if "transcript" in questions:
        copies.append(
            Copy(
                question="transcript",
                span=span,
                hidden=hidden,
                lengths=COMMAND_LENGTHS,
                words=_shown_words(words, names),
                prefill={},
            )
        )
    if "understood" in questions:
        prefill = {
            "text": " ".join(text for text, *_ in _shown_words(words, names)),
            "accepted": content.accepted,
            "intent": content.intent,
            "slots": {name: mask_text(str(value), names) for name, value in content.slots.items()},
        }
        copies.append(Copy(question="understood", span=span, hidden=hidden, lengths=COMMAND_LENGTHS, prefill=prefill))
    return copies


def _shown_words(words: tuple[Word, ...], names: frozenset[str]) -> tuple[tuple[str, Seconds, Seconds, float], ...]:
    shown, position = [], 0
    for part in find([word.text for word in words], names):
        shown += [(word.text, word.start, word.end, word.confidence) for word in words[position : part.first]]
        shown.append((part.mark, words[part.first].start, words[part.last].end, 1.0))
        position = part.last + 1
    shown += [(word.text, word.start, word.end, word.confidence) for word in words[position:]]
    return tuple(shown)
