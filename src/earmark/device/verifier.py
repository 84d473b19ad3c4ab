"""The wake word's second stage: a learned verifier on speech embeddings, read from a model bundle.

`wake/<word>.json` holds the operating point, `wake/<word>.npz` the numbers of a small network, or of several whose
scores are averaged. Arrays only, no pickles: loading one never runs code. scikit-learn trains it, numpy alone runs it.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import ModelBundle
from earmark.device.embeddings import DIMENSIONS, WINDOWS
from earmark.errors import BadBundle
from earmark.words import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Says how sure it is that the wake word was said in a two-second window."""

    word: str
    stage1: float
    """Threshold of the first stage while this verifier stands behind it; lower than the model's own cutoff."""
    threshold: float
    """A wake is refused below this score."""
    settle: Seconds
    """How long after the first stage fires the window is taken, so that the whole word is in it."""
    mean: NDArray[np.float32]
    """Shape (1536,): subtracted from the flattened embeddings."""
    scale: NDArray[np.float32]
    """Shape (1536,): what remains is divided by this."""
    networks: tuple[tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...], ...]
    """Per network its layers, each (weights (inputs, outputs), bias (outputs,)): ReLU between, logistic at the end."""

    def score(self, embedding: NDArray[np.float32]) -> float:
        """Return 0..1 for embeddings of shape (16, 96)."""
        start = (embedding.reshape(-1) - self.mean) / self.scale
        total = 0.0
        for layers in self.networks:
            value = start
            for weights, bias in layers[:-1]:
                value = np.maximum(value @ weights + bias, 0.0)
            weights, bias = layers[-1]
            logit = float((value @ weights + bias)[0])
            total += 1.0 / (1.0 + float(np.exp(-np.clip(logit, -60.0, 60.0))))
        return total / len(self.networks)

    def accepts(self, score: float) -> bool:
        return score >= self.threshold


def load(bundle: ModelBundle, word: str) -> Verifier | None:
    """Return the bundle's verifier of a wake word, or None when it has none. Raises BadBundle."""
    try:
        about = bundle.read_json(f"wake/{word}.json")
        data = bundle.read(f"wake/{word}.npz")
        if about is None or data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            numbers = {name: arrays[name].astype(np.float32) for name in arrays.files}
        return _assemble(word, about, numbers)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadBundle(why="the wake verifier is unreadable") from error


def _assemble(word: str, about: dict[str, float], numbers: dict[str, NDArray[np.float32]]) -> Verifier:
    networks: list[tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]] = []
    while f"n{len(networks)}w0" in numbers:
        prefix = f"n{len(networks)}"
        layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        width = WINDOWS * DIMENSIONS
        while f"{prefix}w{len(layers)}" in numbers:
            weights, bias = numbers[f"{prefix}w{len(layers)}"], numbers[f"{prefix}b{len(layers)}"]
            if weights.shape != (width, len(bias)):
                raise ValueError
            width = len(bias)
            layers.append((weights, bias))
        if width != 1:
            raise ValueError
        networks.append(tuple(layers))
    mean, scale = numbers["mean"], numbers["scale"]
    if not networks or mean.shape != (WINDOWS * DIMENSIONS,) or scale.shape != mean.shape:
        raise ValueError
    return Verifier(
        word=word,
        stage1=float(about["stage1"]),
        threshold=float(about["threshold"]),
        settle=float(about["settle"]),
        mean=mean,
        scale=scale,
        networks=tuple(networks),
    )
