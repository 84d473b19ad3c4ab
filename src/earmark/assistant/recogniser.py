"""From sound to words: the seam for recognisers, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from earmark.assistant.spans import Decoding
from earmark.words import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word."""

    text: str
    """Lower case, as in the dictionary, without a pronunciation's number."""
    start: Seconds
    """Since the first sample that was fed."""
    end: Seconds
    """Since the first sample that was fed."""
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What a recogniser takes an utterance for."""

    words: Sequence[Word]
    """In order; empty when no speech was heard."""
    text: str
    """The words with single spaces."""
    confidence: float
    """0 to 1: that this is what was said."""
    source: str
    """`grammar` (a command's sentence), `ngram` (open speech) or `none`."""
    evidence: Mapping[str, float] = field(default_factory=dict)
    """The features of `confidence.FEATURE_NAMES`; empty from recognisers that have none."""
    rival: Hypothesis | None = None
    """The open-speech reading beside a grammar's reading."""
    decoding: Decoding | None = field(default=None, repr=False, compare=False)
    """What it was read from; None where nothing was heard, and from recognisers that don't say."""


NOTHING = Hypothesis(words=(), text="", confidence=0.0, source="none")
"""No speech was heard."""


class Recogniser(Protocol):
    """One utterance at a time, streaming; not thread-safe, reusable after `finish`."""

    def start(self) -> None:
        """Begin an utterance and forget the one before, finished or not."""
        ...

    def feed(self, pcm: bytes) -> None:
        """Take the next sound: mono, 16 kHz, 16-bit little-endian, any length of whole samples."""
        ...

    def partial(self) -> str:
        """Return the words so far, for showing; they may still change."""
        ...

    def finish(self) -> Hypothesis:
        """End the utterance."""
        ...
