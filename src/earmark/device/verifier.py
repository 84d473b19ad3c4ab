"""The wake word's second stage: a learned verifier, read from a model bundle.

`wake/<word>.json` and `.npz` hold the operating point, a kernel machine on speech embeddings (`earmark.device.machine`)
and, where one was trained, a network on the sound itself (`earmark.device.wake_network`). A bundle may hold another one
for one device, `wake/<word>@<device>.json` and `.npz`, which that device is given and uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import ModelBundle
from earmark.device import wake_network
from earmark.device.clearness import clearness
from earmark.device.embeddings import WINDOWS
from earmark.device.machine import Machine, assemble, finite, read
from earmark.device.wake_network import WakeNetwork
from earmark.errors import BadBundle
from earmark.words import Seconds

HEAD = "head"
"""`kind` of a model that is a whole wake word detector: no verifier stands behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Says how sure it is that the wake word was said in a window of up to two seconds."""

    word: str
    stage1: float
    """Threshold of the first stage while this verifier stands behind it; lower than the model's own cutoff."""
    threshold: float
    """A wake is refused below this score."""
    settle: Seconds
    """How long after the first stage fires the window is taken, so that the whole word is in it."""
    looks: int
    """How many windows are looked at, 80 ms apart, the last one ending after `settle`; their mean counts."""
    machine: Machine
    network: WakeNetwork | None = None

    @property
    def windows(self) -> int:
        """How many of the newest embeddings it looks at."""
        return self.machine.windows + self.looks - 1

    def score(self, embedding: NDArray[np.float32], *, heard: NDArray[np.int16], peak: float = 0.5) -> float:
        """Return 0..1 for embeddings of shape (≥ windows, 96) of `heard`, the last two seconds (16 kHz), in which the
        first stage's highest score was `peak`.
        """
        second = self.network.margin(heard) if self.network else 0.0
        return self.machine.score(embedding, looks=self.looks, clear=clearness(heard), peak=peak, second=second)

    def accepts(self, score: float) -> bool:
        return score >= self.threshold


def load(bundle: ModelBundle, word: str) -> Verifier | None:
    """Return the bundle's verifier of a wake word, the device's own before everybody's, or None. Raises BadBundle."""
    own = read(bundle, f"{word}@{bundle.own}") if bundle.own else None
    found = own or read(bundle, word)
    if found is None or found[0].get("kind") == HEAD:
        return None
    about, numbers = found
    machine = assemble(about, numbers)
    try:
        network = wake_network.assemble(numbers)
    except ValueError as error:
        raise BadBundle(why="a wake word's model is unreadable") from error
    looks = about.get("looks", 1)
    if not isinstance(looks, int) or not 1 <= looks <= WINDOWS - machine.windows + 1:
        raise BadBundle(why="a wake word's model is unreadable")
    return Verifier(
        word=word,
        stage1=finite(about, "stage1"),
        threshold=finite(about, "threshold"),
        settle=finite(about, "settle", least=0.0, most=1.0),
        looks=looks,
        machine=machine,
        network=network,
    )
