"""The wake verifier's second witness: a small convolutional network on log-mel energies. numpy alone runs it.

The kernel machine sees speech embeddings, which know many voices and say little of a word's last consonant. This one
sees the sound itself, and was trained on far more words that only sound like the wake word. Four layers, of which
three halve the rate, then a mean over the moments that it attends to (Bahdanau et al. 2015). A bundle brings it in
`wake/<word>.npz`, beside the machine; `earmark.learn.wake_network` trains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.device.mel import BANDS, SHIFT, WINDOW, log_mel, times

FRAMES = 128
"""Of 10 ms: the longest wake word and what comes after it."""
SLACK = 8
"""Frames by which it may lie earlier or later than in the middle."""
SEEN = FRAMES + 2 * SLACK
PLACES = (4, 8, 12)
"""First frames of the stretches, of those that are seen, whose mean counts: where a word ends is known only so well."""
WIDTH = 80
KERNEL = 5
"""Steps that each layer sees."""
STRIDES = (2, 2, 2, 1)
SPREAD = 2.5
"""What mel energies are divided by."""
TINY = 1e-5
"""Added to a variance before dividing by its root."""
PREFIX = "network."
"""Before the names of its arrays in a bundle."""
_DITHER = 4.0
"""LSB, as for the embeddings: digital silence, which only files and padding have, must look like a quiet room."""
_SAMPLES = SHIFT * (SEEN - 1) + WINDOW
_NOISE = np.random.default_rng(0).normal(0.0, _DITHER, _SAMPLES).astype(np.float32)


def look(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return what the network sees of the end of `samples` (16 kHz), shape (144, 40); before them it was quiet."""
    window = _NOISE.copy()
    recent = samples[-_SAMPLES:]
    if len(recent):
        window[-len(recent) :] += recent
    return log_mel(window)


def look_along(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return what `look` gives, for every 10 ms of `samples`: shape (frames, 40), the last frame ends with them.

    But for the draw of the dither: 144 frames of it are what `look` gives of sound that ends with the last of them.
    """
    sound = samples[max(0, len(samples) - WINDOW) % SHIFT :].astype(np.float32)
    return log_mel(sound + np.random.default_rng(0).normal(0.0, _DITHER, len(sound)).astype(np.float32))


def steps() -> int:
    """Return how many moments the last layer has, for FRAMES frames."""
    count = FRAMES
    for stride in STRIDES:
        count = (count - KERNEL) // stride + 1
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeNetwork:
    """A trained network."""

    layers: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    """Weights and bias, of the shapes that `shapes` gives: of `layer0` to `layer3`, of `said`, how much a moment speaks
    for the word, and of `attends`, how much it counts."""

    def margin(self, samples: NDArray[np.int16]) -> float:
        """Return the log odds that the word was said at the end of `samples` (16 kHz)."""
        return float(self.margins(look(samples)[None])[0])

    def margins(self, mel: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the log odds, shape (n,), of what `look` gives, shape (n, 144, 40)."""
        stretches = [mel[:, at : at + FRAMES].astype(np.float32) for at in PLACES]
        return np.stack([self._through(one) for one in stretches]).mean(axis=0, dtype=np.float64)

    def _through(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        hidden = (mel - mel.mean(axis=(1, 2), keepdims=True)) / np.float32(SPREAD)
        for number, stride in enumerate(STRIDES):
            weights, bias = self.layers[f"layer{number}"]
            many, length, channels = hidden.shape
            seen = [hidden[:, at : length - KERNEL + 1 + at : stride] for at in range(KERNEL)]
            beside = np.concatenate(seen, axis=2).reshape(-1, KERNEL * channels)
            found = np.maximum(times(beside, weights) + bias, 0.0).reshape(many, -1, len(bias))
            centred = found - found.mean(axis=2, keepdims=True)
            hidden = centred / np.sqrt((centred**2).mean(axis=2, keepdims=True) + np.float32(TINY))
        said, bias = self.layers["said"]
        attends, places = self.layers["attends"]
        counts = hidden @ attends + places
        counts = np.exp(counts - counts.max(axis=1, keepdims=True))
        return (hidden @ said * counts).sum(axis=1) / counts.sum(axis=1) + bias[0]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a bundle holds of it: weights in half precision."""
        found: dict[str, NDArray[np.generic]] = {}
        for name, (weights, bias) in self.layers.items():
            found[f"{PREFIX}{name}.weights"], found[f"{PREFIX}{name}.bias"] = weights.astype(np.float16), bias
        return found


def shapes() -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the shapes of each layer's weights and bias."""
    layers = {f"layer{at}": ((KERNEL * (WIDTH if at else BANDS), WIDTH), (WIDTH,)) for at in range(len(STRIDES))}
    return {**layers, "said": ((WIDTH,), (1,)), "attends": ((WIDTH,), (steps(),))}


def assemble(numbers: Mapping[str, NDArray[np.float32]]) -> WakeNetwork | None:
    """Return the network among a bundle's arrays; None when there is none. Raises ValueError when it doesn't fit."""
    if not any(name.startswith(PREFIX) for name in numbers):
        return None
    layers = {}
    for name, (matrix, row) in shapes().items():
        weights, bias = numbers.get(f"{PREFIX}{name}.weights"), numbers.get(f"{PREFIX}{name}.bias")
        if weights is None or bias is None or weights.shape != matrix or bias.shape != row:
            raise ValueError
        if not np.isfinite(weights).all() or not np.isfinite(bias).all():
            raise ValueError
        layers[name] = weights, bias
    return WakeNetwork(layers=layers)
