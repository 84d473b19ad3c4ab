"""The wake word's second stage: a learned verifier, read from a model bundle.

`wake/<word>.json` and `.npz` hold the operating point, a kernel machine on speech embeddings (`earmark.device.machine`)
and, where one was trained, a network on the sound itself (`earmark.device.wake_network`). A bundle may hold another one
for one device, `wake/<word>@<device>.json` and `.npz`, which that device is given and uses. Of a wake word that a
bundle brings (`earmark.device.head`) the kernel machine is the first stage, and the network alone verifies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import ModelBundle
from earmark.device import wake_network
from earmark.device.clearness import clearness
from earmark.device.embeddings import WINDOWS
from earmark.device.machine import Curve, Machine, assemble, curve_of, finite, read
from earmark.device.wake_network import WakeNetwork
from earmark.errors import BadBundle
from earmark.words import Seconds

HEAD = "head"
"""`kind` of a model that is a wake word detector; `SECOND` in it describes the network behind it, if there is one."""
SECOND = "second"


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
    curve: Curve
    machine: Machine | None = None
    network: WakeNetwork | None = None

    @property
    def windows(self) -> int:
        """How many of the newest embeddings it looks at; 0 for a network alone."""
        return self.machine.windows + self.looks - 1 if self.machine else 0

    def score(self, embedding: NDArray[np.float32] | None, *, heard: NDArray[np.int16], peak: float = 0.5) -> float:
        """Return 0..1 for embeddings of shape (≥ windows, 96) of `heard`, the last two seconds (16 kHz), in which the
        first stage's highest score was `peak`. Without windows to look at, no embeddings are needed.
        """
        margin = 0.0 if self.machine is None or embedding is None else self.machine.margin(embedding, looks=self.looks)
        second = self.network.margin(heard) if self.network else 0.0
        return self.curve.score(margin=margin, clear=clearness(heard), peak=peak, second=second)

    def accepts(self, score: float) -> bool:
        return score >= self.threshold


def load(bundle: ModelBundle, word: str) -> Verifier | None:
    """Return the bundle's verifier of a wake word, the device's own before everybody's, or None. Raises BadBundle."""
    own = read(bundle, f"{word}@{bundle.own}") if bundle.own else None
    found = own or read(bundle, word)
    if found is None:
        return None
    about, numbers = found
    try:
        network = wake_network.assemble(numbers)
    except ValueError as error:
        raise BadBundle(why="a wake word's model is unreadable") from error
    head = about.get("kind") == HEAD
    if head and network is None:
        return None
    machine = None if head else assemble(about, numbers)
    about = about.get(SECOND) if head else about
    if not isinstance(about, dict):
        raise BadBundle(why="a wake word's model is unreadable")
    looks = about.get("looks", 1)
    if not isinstance(looks, int) or not 1 <= looks <= WINDOWS - (machine.windows if machine else 0) + 1:
        raise BadBundle(why="a wake word's model is unreadable")
    return Verifier(
        word=word,
        stage1=finite(about, "stage1"),
        threshold=finite(about, "threshold"),
        settle=finite(about, "settle", least=0.0, most=1.0),
        looks=looks,
        curve=machine.curve if machine else curve_of(about),
        machine=machine,
        network=network,
    )
