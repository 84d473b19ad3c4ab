"""A kernel machine on speech embeddings, as a model bundle holds it: numbers only, run with numpy.

`wake/<name>.npz` holds its arrays, `wake/<name>.json` its three or four numbers. No pickles: loading one never runs
code. `earmark learn` trains it; asking it takes some milliseconds.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import UNREADABLE, ModelBundle
from earmark.device.embeddings import DIMENSIONS, WINDOWS
from earmark.errors import BadBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """From what is known of a window to a score of 0..1: the logistic function of slope * margin + tilt * clearness +
    lift * first + lean * second + offset.

    Platt scaling with what else is known. In noise all margins shrink, and the boundary lies elsewhere than in a quiet
    room.
    """

    offset: float
    slope: float = 0.0
    tilt: float = 0.0
    lift: float = 0.0
    """`first` are the log odds of the first stage's peak."""
    lean: float = 0.0
    """`second` are those of another witness, `earmark.device.wake_network`."""

    def score(self, *, margin: float = 0.0, clear: float = 0.0, peak: float = 0.5, second: float = 0.0) -> float:
        """Return 0..1 for a margin in sound as clear as that, in dB; `peak` is the first stage's highest score."""
        exponent = self.slope * margin + self.tilt * clear + self.lift * float(log_odds(peak)) + self.lean * second
        return float(1.0 / (1.0 + np.exp(-np.clip(exponent + self.offset, -60.0, 60.0))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Says how sure it is that a word was said in a window of embeddings."""

    mean: NDArray[np.float32]
    """Shape (features,): subtracted from the embeddings, flattened; 96 features each."""
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
    curve: Curve

    @property
    def windows(self) -> int:
        """How many embeddings it looks at."""
        return len(self.mean) // DIMENSIONS

    def margin(self, embedding: NDArray[np.float32], *, looks: int = 1) -> float:
        """Return the signed distance from the boundary of embeddings of shape (≥ windows + looks - 1, 96).

        It looks at the newest; with more `looks` also at those that ended 80 ms earlier, 160 ms, …: the mean counts.
        """
        flat, size = embedding.reshape(-1), len(self.mean)
        ends = [len(flat) - DIMENSIONS * look for look in range(looks)]
        values = (np.stack([flat[end - size : end] for end in ends]) - self.mean) / self.scale
        # BLAS would wake its threads for a millisecond.
        products = np.stack([np.einsum("vf,f->v", self.vectors, value) for value in values])
        distances = self.squares + (values**2).sum(axis=1)[:, None] - 2.0 * products
        kernel = np.exp(-self.gamma * np.maximum(distances, 0.0))
        return float(np.mean(kernel @ self.weights)) + self.intercept

    def score(self, embedding: NDArray[np.float32], *, looks: int = 1, **known: float) -> float:
        """Return 0..1 for embeddings of shape (≥ windows + looks - 1, 96); `known` as `Curve.score` takes it."""
        return self.curve.score(margin=self.margin(embedding, looks=looks), **known)


def log_odds(peak: float | NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log odds of a first stage's score, which comes in steps of 1/256."""
    sure = np.clip(np.asarray(peak, dtype=np.float64), 0.004, 0.996)
    return np.log(sure / (1.0 - sure))


def read(bundle: ModelBundle, name: str) -> tuple[Mapping[str, Any], Mapping[str, NDArray[np.float32]]] | None:
    """Return the contents of `wake/<name>.json` and `.npz`, or None when one is not there. Raises BadBundle."""
    try:
        about, data = bundle.read_json(f"wake/{name}.json"), bundle.read(f"wake/{name}.npz")
        if about is None or data is None:
            return None
        if not isinstance(about, dict):
            raise ValueError
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return about, {each: arrays[each].astype(np.float32) for each in arrays.files}
    except UNREADABLE as error:
        raise BadBundle(why="a wake word's model is unreadable") from error


def assemble(about: Mapping[str, Any], numbers: Mapping[str, NDArray[np.float32]]) -> Machine:
    """Put a machine together from the contents of its two files. Raises BadBundle when they don't fit."""
    try:
        mean, scale, vectors, weights = (numbers[name] for name in ("mean", "scale", "vectors", "weights"))
        features = len(mean)
        if features % DIMENSIONS or not 0 < features <= WINDOWS * DIMENSIONS or scale.shape != mean.shape:
            raise ValueError
        if vectors.shape != (len(weights), features) or not np.all(scale > 0):
            raise ValueError
        values = {name: finite(about, name) for name in ("gamma", "intercept")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadBundle(why="a wake word's model is unreadable") from error
    squares = (vectors**2).sum(axis=1)
    curve = curve_of(about)
    return Machine(mean=mean, scale=scale, vectors=vectors, squares=squares, weights=weights, curve=curve, **values)


def curve_of(about: Mapping[str, Any]) -> Curve:
    """Return the curve that a model's JSON file describes. Raises BadBundle."""
    weights = {name: finite({name: 0.0, **about}, name) for name in ("tilt", "lift", "lean")}
    return Curve(offset=finite(about, "offset"), slope=finite(about, "slope"), **weights)


def finite(about: Mapping[str, Any], name: str, *, least: float = -np.inf, most: float = np.inf) -> float:
    """Return a number of a model's JSON file. Raises BadBundle when it is none, or lies outside of its range."""
    try:
        value = float(about[name])
    except (KeyError, TypeError, ValueError) as error:
        raise BadBundle(why="a wake word's model is unreadable") from error
    if not np.isfinite(value) or not least <= value <= most:
        raise BadBundle(why="a wake word's model is unreadable")
    return value


def pack(about: Mapping[str, Any], numbers: Mapping[str, NDArray[np.generic]], *, name: str) -> dict[str, bytes]:
    """Return the two files of a machine, `wake/<name>.json` and `.npz`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **numbers)
    return {f"wake/{name}.json": json.dumps(about, sort_keys=True).encode(), f"wake/{name}.npz": buffer.getvalue()}
