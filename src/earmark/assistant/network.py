"""The learned acoustic model: sound in, how well each phone fits each moment out. numpy alone runs it.

A time-delay network (Waibel et al. 1989; Peddinti et al. 2015) of four layers that look 0.2 s to both sides, one output
every 30 ms. It sees log-mel energies and, beside them, the speech embeddings that the wake word's verifier uses too:
they were made from more voices and rooms than any household has. A bundle brings it as `asr/network.npz`;
`earmark.learn.network` trains it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.sight import EMBEDDED_EVERY, Sight
from earmark.bundle import UNREADABLE, ModelBundle
from earmark.device import BANDS, DIMENSIONS
from earmark.errors import BadBundle

FILE = "asr/network.npz"
STEP = 3
"""Frames from one output to the next (30 ms)."""
SIDE = 3
"""Frames that the first layer sees on both sides of its own."""
OFFSETS = (1, 2, 3)
"""Outputs that each further layer looks to both sides."""
MARGIN = SIDE + STEP * sum(OFFSETS)
"""Frames that an output sees on both sides."""
SILENCE = "SIL"
_LIKE_MEL = np.float32(0.125)
"""Embeddings lie between about -30 and 30; so they are like the mel energies."""
TINY = 1e-5
"""Added to a variance before dividing by its root."""
_PRIOR_SCALE = 0.5
"""How much of a phone's frequency in training is taken off its score. Measured: docs/decisions/neural-acoustics.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A trained network."""

    phones: tuple[str, ...]
    """Names of the outputs; the first is silence."""
    scale: NDArray[np.float32]
    """Shape (40,): a band's standard deviation."""
    log_prior: NDArray[np.float32]
    """Shape (phones,)."""
    layers: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    """Weights and bias of `first`, `layer0`, `layer1`, `layer2` and `phones`."""

    def scores(self, sight: Sight) -> NDArray[np.float32]:
        """Return log likelihoods of each phone, shape (outputs, phones), 0 for the likeliest of each moment."""
        mel = padded(standardised(sight.mel, self.scale))
        count = outputs_of(sight) + 2 * sum(OFFSETS)
        seen = [mel[1 + at : 1 + at + STEP * (count - 1) + 1 : STEP] for at in range(2 * SIDE + 1)]
        first = np.concatenate([*seen, embeddings_at(sight)], axis=1)
        hidden = self._layer("first", first)
        for number, offset in enumerate(OFFSETS):
            length = len(hidden) - 2 * offset
            beside = np.concatenate([hidden[at : at + length] for at in (0, offset, 2 * offset)], axis=1)
            hidden = self._layer(f"layer{number}", beside) + hidden[offset : offset + length]
        odds = self._through("phones", hidden)
        odds = odds - np.logaddexp.reduce(odds, axis=1, keepdims=True) - _PRIOR_SCALE * self.log_prior
        return odds - odds.max(axis=1, keepdims=True)

    def _layer(self, name: str, values: NDArray[Any]) -> NDArray[np.float32]:
        """A rectified layer, each row brought to mean 0 and deviation 1 (Ba et al. 2016)."""
        found = np.maximum(self._through(name, values), 0.0)
        centred = found - found.mean(axis=1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(TINY))

    def _through(self, name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
        weights, bias = self.layers[name]
        return values @ weights + bias


def outputs_of(sight: Sight) -> int:
    return -(-len(sight.mel) // STEP)


def standardised(mel: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take an utterance's mean off its mel energies, and bring each band to a deviation of about 1."""
    return (mel - mel.mean(axis=0)) / scale


def padded(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Repeat the first and the last frame, so that every output sees its margin on both sides."""
    return np.pad(mel, ((MARGIN, MARGIN + -len(mel) % STEP), (0, 0)), mode="edge")


def embeddings_at(sight: Sight) -> NDArray[np.float32]:
    """Return the embedding of each output and of those beyond both ends that layers look at.

    Shape (outputs + 12, 96).
    """
    side = sum(OFFSETS)
    frames = STEP * np.arange(-side, outputs_of(sight) + side) + 1
    chosen = np.clip(frames // EMBEDDED_EVERY, 0, len(sight.embeddings) - 1)
    return (sight.embeddings[chosen] * _LIKE_MEL).astype(np.float32)


def load(bundle: ModelBundle) -> Network | None:
    """Return the bundle's network; None when it brings none. Raises BadBundle when it can't be read."""
    data = bundle.read(FILE)
    return None if data is None else unpack(data)


def pack(network: Network) -> bytes:
    """Return what `asr/network.npz` holds: weights in half precision."""
    arrays: dict[str, NDArray[np.generic]] = {
        "phones": np.array(network.phones, dtype=np.str_),
        "scale": network.scale.astype(np.float32),
        "log_prior": network.log_prior.astype(np.float32),
    }
    for name, (weights, bias) in network.layers.items():
        arrays[f"{name}.weights"], arrays[f"{name}.bias"] = weights.astype(np.float16), bias.astype(np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType]  (arrays by name, as documented)
    return buffer.getvalue()


def unpack(data: bytes) -> Network:
    """Read what `pack` wrote. Raises BadBundle when its parts don't fit each other."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            names = ["first", *(f"layer{number}" for number in range(len(OFFSETS))), "phones"]
            layers = {name: (_numbers(found[f"{name}.weights"]), _numbers(found[f"{name}.bias"])) for name in names}
            network = Network(
                phones=tuple(str(name) for name in found["phones"]),
                scale=_numbers(found["scale"]),
                log_prior=_numbers(found["log_prior"]),
                layers=layers,
            )
        width = layers["first"][1].shape[0]
        shapes = {"first": ((2 * SIDE + 1) * BANDS + DIMENSIONS, width), "phones": (width, len(network.phones))}
        for name, (weights, bias) in layers.items():
            if weights.shape != shapes.get(name, (3 * width, width)) or bias.shape != weights.shape[1:]:
                raise ValueError
        if network.scale.shape != (BANDS,) or network.log_prior.shape != (len(network.phones),):
            raise ValueError
        if network.phones[0] != SILENCE:
            raise ValueError
    except UNREADABLE as error:
        raise BadBundle(why="its acoustic network can't be read") from error
    return network


def _numbers(values: NDArray[np.generic]) -> NDArray[np.float32]:
    found = values.astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError
    return found
