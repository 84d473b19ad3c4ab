"""What the other recognisers share: whether anybody spoke, and how their words become a `Hypothesis`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from earmark.assistant.biasing import plain
from earmark.assistant.gate import SpeechGate
from earmark.assistant.recogniser import NOTHING, Hypothesis, Word
from earmark.words import Seconds

_FEWEST_VOICED = 3
"""Voiced chunks (32 ms) below which there was no speech: large models make words of silence."""


class Presence:
    """Listens along for whether anybody speaks at all, and makes whole samples of any pieces."""

    def __init__(self) -> None:
        self._gate = SpeechGate()
        self._rest = b""

    def reset(self) -> None:
        self._gate.reset()
        self._rest = b""

    def feed(self, pcm: bytes) -> bytes:
        """Take mono 16-bit sound at 16 kHz; return it without the half sample at its end, which comes next time."""
        data = self._rest + pcm
        whole = len(data) // 2 * 2
        data, self._rest = data[:whole], data[whole:]
        for _ in self._gate.feed(np.frombuffer(data, dtype="<i2").astype(np.int16)):
            pass
        return data

    @property
    def speech(self) -> bool:
        return self._gate.voiced >= _FEWEST_VOICED


def spoken_words(found: Sequence[tuple[str, Seconds, Seconds, float]]) -> list[Word]:
    """Turn (text, start, end, confidence) into words: lower case, without signs; one text may hold several."""
    words: list[Word] = []
    for text, start, end, confidence in found:
        parts = plain(text).split()
        step = (end - start) / max(1, len(parts))
        for at, part in enumerate(parts):
            first = start + at * step
            words.append(Word(text=part, start=first, end=first + step, confidence=min(1.0, max(0.0, confidence))))
    return words


def open_reading(words: Sequence[Word], *, confidence: float | None = None) -> Hypothesis:
    """Return an open-speech reading; its confidence is the mean of its words' without another."""
    if not words:
        return NOTHING
    return Hypothesis(
        words=tuple(words),
        text=" ".join(word.text for word in words),
        confidence=float(np.mean([word.confidence for word in words])) if confidence is None else confidence,
        source="ngram",
    )
