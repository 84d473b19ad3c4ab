"""The wake word's second stage: a learned verifier on speech embeddings, read from a model bundle.

`wake/<word>.json` holds the operating point, `wake/<word>.npz` the numbers of a support vector machine with a Gaussian
kernel and of the logistic curve that turns its margin into a score. Arrays only, no pickles: loading one never runs
code. scikit-learn trains it, numpy alone runs it, in about a millisecond.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
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
    """Shape (features,): subtracted from the newest embeddings, flattened; 96 features each."""
    scale: NDArray[np.float32]
    """Shape (features,): what remains is divided by this."""
    vectors: NDArray[np.float32]
    """Shape (vectors, features): the support vectors, standardised like the input."""
    squares: NDArray[np.float32]
    """Shape (vectors,): the vectors' squared lengths."""
    weights: NDArray[np.float32]
    """Shape (vectors,): their weights in the margin."""
    gamma: float
    """Of the kernel exp(-gamma * squared distance)."""
    intercept: float
    slope: float
    """The score is the logistic function of slope * margin + offset (Platt scaling)."""
    offset: float

    @property
    def windows(self) -> int:
        """How many of the newest embeddings it looks at."""
        return len(self.mean) // DIMENSIONS

    def margin(self, embedding: NDArray[np.float32]) -> float:
        """Return the signed distance from the boundary of embeddings of shape (≥ windows, 96)."""
        value = (embedding.reshape(-1)[-len(self.mean) :] - self.mean) / self.scale
        products = np.einsum("vf,f->v", self.vectors, value)  # BLAS would wake its threads for a quarter millisecond
        distances = self.squares + value @ value - 2.0 * products
        return float(np.exp(-self.gamma * np.maximum(distances, 0.0)) @ self.weights) + self.intercept

    def score(self, embedding: NDArray[np.float32]) -> float:
        """Return 0..1 for embeddings of shape (≥ windows, 96)."""
        exponent = np.clip(self.slope * self.margin(embedding) + self.offset, -60.0, 60.0)
        return float(1.0 / (1.0 + np.exp(-exponent)))

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
        return assemble(word, about, numbers)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise BadBundle(why="the wake verifier is unreadable") from error


def assemble(word: str, about: Mapping[str, float], numbers: Mapping[str, NDArray[np.float32]]) -> Verifier:
    """Put a verifier together from the contents of its two files. Raises ValueError when shapes don't fit."""
    mean, scale, vectors, weights = (numbers[name] for name in ("mean", "scale", "vectors", "weights"))
    features = len(mean)
    if features % DIMENSIONS or not 0 < features <= WINDOWS * DIMENSIONS or scale.shape != mean.shape:
        raise ValueError
    if vectors.shape != (len(weights), features) or not np.all(scale > 0):
        raise ValueError
    names = ("stage1", "threshold", "settle", "gamma", "intercept", "slope", "offset")
    values = {name: float(about[name]) for name in names}
    if not all(np.isfinite(value) for value in values.values()) or not 0 <= values["settle"] <= 1:
        raise ValueError
    squares = (vectors**2).sum(axis=1)
    return Verifier(word=word, mean=mean, scale=scale, vectors=vectors, squares=squares, weights=weights, **values)
