"""What the acoustic network sees of sound: log-mel energies every 10 ms and speech embeddings every 80 ms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.device import DIMENSIONS, SHIFT, WINDOW_SAMPLES, WINDOWS, SpeechEmbedder, frame_count, log_mel

EMBEDDED_EVERY = 8
"""Frames from one embedding to the next (80 ms)."""
_BEFORE = 38 * SHIFT
"""Samples that an embedding sees before the moment it stands for: half of what it sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One utterance, as the network sees it."""

    mel: NDArray[np.float32]
    """Shape (frames, 40)."""
    embeddings: NDArray[np.float32]
    """Shape (frames / 8 rounded up, 96)."""


class Eyes:
    """Turns whole utterances into what the network sees; keeps the embedder's models, so make one and reuse it."""

    def __init__(self) -> None:
        self._embedder = SpeechEmbedder(WINDOWS)

    def look(self, samples: NDArray[np.int16]) -> Sight:
        """`samples`: mono, 16 kHz, at least one."""
        return Sight(mel=log_mel(samples), embeddings=self.embeddings(samples))

    def embeddings(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Return what `look` sees beside the mel energies; before and after the utterance it was quiet."""
        count = -(-frame_count(len(samples)) // EMBEDDED_EVERY)
        step = WINDOWS * EMBEDDED_EVERY * SHIFT
        windows = -(-count // WINDOWS)
        sound = np.zeros(windows * step + WINDOW_SAMPLES, dtype=np.int16)
        kept = samples[: len(sound) - _BEFORE]
        sound[_BEFORE : _BEFORE + len(kept)] = kept
        found = [self._embedder.embed(sound[at * step : at * step + WINDOW_SAMPLES]) for at in range(windows)]
        return np.concatenate([np.zeros((0, DIMENSIONS), np.float32), *found])[:count]
