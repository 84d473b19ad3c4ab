"""A wake word without a packaged model: a small head on streaming speech embeddings, read from a model bundle.

`earmark wake add` learns one from recordings of the word and synthetic voices. Every 160 ms the embedder turns the
newest sound into two more embeddings, and the machine is asked about the last ones; that costs some 6 % of a core.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from earmark.bundle import ModelBundle
from earmark.device.embeddings import SpeechEmbedder, samples_seen
from earmark.device.machine import Machine, assemble, finite, read
from earmark.device.verifier import HEAD
from earmark.device.wake import FRAME_BYTES, FRAME_SAMPLES, WORDS, MicroWakeDetector, WakeDetector
from earmark.errors import BadBundle, BadRequest
from earmark.words import Seconds

HOP = 2
"""Embeddings that are made at a time: 160 ms of sound."""
_HOP_FRAMES = HOP * 8
SMOOTHED = 3
"""Scores whose mean counts, 80 ms apart: a word is there for longer than what resembles it."""


class EmbeddingDetector:
    """A learned wake word, as a WakeDetector."""

    def __init__(self, word: str, machine: Machine, *, cutoff: float, lag: Seconds) -> None:
        self.word = word
        self.cutoff = cutoff
        self.lag = lag
        self._machine = machine
        self._embedder = SpeechEmbedder(HOP)
        self._start()

    def _start(self) -> None:
        self._sound: deque[bytes] = deque(maxlen=-(-samples_seen(HOP) // FRAME_SAMPLES))
        self._heard: deque[np.ndarray] = deque(maxlen=self._machine.windows)
        self._scores: deque[float] = deque(maxlen=SMOOTHED)
        self._due = _HOP_FRAMES

    def reset(self) -> None:
        self._start()

    def feed(self, frame: bytes) -> float | None:
        if len(frame) != FRAME_BYTES:
            raise BadRequest(why="A frame of sound must be 10 ms long: 320 bytes at 16 kHz, 16 bits, one channel.")
        self._sound.append(frame)
        self._due -= 1
        if self._due:
            return None
        self._due = _HOP_FRAMES
        samples = np.frombuffer(b"".join(self._sound), dtype="<i2")
        for embedding in self._embedder.embed(samples):
            self._heard.append(embedding)
            full = len(self._heard) == self._machine.windows
            self._scores.append(self._machine.score(np.stack(self._heard)) if full else 0.0)
        return sum(self._scores) / SMOOTHED


def detector_of(bundle: ModelBundle, word: str) -> WakeDetector:
    """Return the detector of a wake word: the packaged model, or the one that the bundle brings.

    Raises BadRequest for a word that neither has, BadBundle when its model is unreadable.
    """
    if word in WORDS:
        return MicroWakeDetector(word)
    found = _head(bundle, word)
    if found is None:
        words = (*WORDS, *learned_words(bundle))
        raise BadRequest(why=f"There is no wake word model of that name; choose one of {', '.join(words)}.")
    machine, about = found
    cutoff, lag = finite(about, "cutoff", least=0.0, most=1.0), finite(about, "lag", least=0.0, most=1.0)
    return EmbeddingDetector(word, machine, cutoff=cutoff, lag=lag)


def learned_head(bundle: ModelBundle, word: str) -> tuple[Machine, float]:
    """Return a learned word's machine and its cutoff. Raises BadBundle when the bundle brings no such word."""
    found = _head(bundle, word)
    if found is None:
        raise BadBundle(why="it has no model of this wake word")
    return found[0], finite(found[1], "cutoff", least=0.0, most=1.0)


def _head(bundle: ModelBundle, word: str) -> tuple[Machine, Mapping[str, Any]] | None:
    found = read(bundle, word)
    if found is None or found[0].get("kind") != HEAD:
        return None
    return assemble(*found), found[0]


def learned_words(bundle: ModelBundle) -> tuple[str, ...]:
    """Return the wake words that a bundle brings besides the packaged ones, sorted."""
    names = [name[len("wake/") : -len(".json")] for name in bundle.manifest.get("files", {}) if _is_head(bundle, name)]
    return tuple(sorted(names))


def _is_head(bundle: ModelBundle, name: str) -> bool:
    if not (name.startswith("wake/") and name.endswith(".json")) or "@" in name:
        return False
    try:
        about = bundle.read_json(name)
    except (OSError, ValueError) as error:
        raise BadBundle(why="a wake word's model is unreadable") from error
    return isinstance(about, dict) and about.get("kind") == HEAD
