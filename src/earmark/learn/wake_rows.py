"""What a wake verifier learns from, as rows of numbers, and the kernel machine that learns from them.

A least-squares support vector machine (Suykens and Vandewalle 1999): one factorisation trains it, and from it
follows, exactly, how each row is judged by a machine that never heard its speaker. With folds that took five trainings,
and the threshold moved with how the folds fell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, get_lapack_funcs

_RIDGE = 0.5
"""Weight of smoothness against fitting the rows."""
_GAMMA = 1.0
"""Of the kernel exp(-gamma / features * squared distance) of standardised windows."""
_PEOPLE = 0.6
"""Share of all weight that people's rows have against synthetic voices', which are more."""
WEIGHT_OF_ITS_OWN = 3.0
"""Of a device's own recordings against other people's, in the verifier that only this device gets."""
_CHUNK = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Windows with who spoke in them."""

    values: NDArray[np.float32]
    """Shape (n, looks, features): what the verifier looks at, the newest first."""
    said: NDArray[np.bool_]
    group: NDArray[np.str_]
    labelled: NDArray[np.bool_]
    """True where people said what it is, False for synthetic voices."""
    peak: NDArray[np.float32]
    """The first stage's highest score."""
    clear: NDArray[np.float32]
    """dB that the loud moments lie above the quiet ones."""
    second: NDArray[np.float64]
    """Log odds by a network that never heard its speaker; 0 where there is none."""
    as_heard: NDArray[np.bool_]
    """False for a clip that was put into a drawn room."""
    device: NDArray[np.str_]
    """Opaque name of the device that heard it; empty when that does not matter."""
    clip: NDArray[np.int64]
    """Index of the clip that a row was made of, among those of its kind."""

    def __len__(self) -> int:
        return len(self.said)

    def take(self, chosen: NDArray[Any]) -> Rows:
        return Rows(**{name: getattr(self, name)[chosen] for name in self.__slots__})

    @staticmethod
    def together(parts: Sequence[Rows]) -> Rows:
        return Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__slots__})

    def weight(self, own: str | None = None) -> NDArray[np.float64]:
        """Return each row's weight, 1 on average: among people, and among synthetic voices, both sides weigh the same.

        Otherwise the machine learns that synthetic voices say what only sounds like the word, as they mostly do.
        """
        weight = np.where(self.device == own, WEIGHT_OF_ITS_OWN, 1.0) if own else np.ones(len(self))
        sides = [
            (share, weight * (self.labelled == labelled) * (self.said == said))
            for labelled, share in ((True, _PEOPLE), (False, 1.0 - _PEOPLE))
            for said in (True, False)
        ]
        total = np.sum([share * side / side.sum() for share, side in sides if side.any()], axis=0)
        return total * len(self) / total.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A trained machine on standardised windows."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    vectors: NDArray[np.float32]
    """Shape (rows, features), standardised."""
    weights: NDArray[np.float32]
    """Shape (rows,)."""
    gamma: float
    intercept: float = 0.0

    def margins(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the margin of each window, shape (n,), for windows of shape (n, features)."""
        found = [
            _kernel((values[at : at + _CHUNK] - self.mean) / self.scale, self.vectors, self.gamma) @ self.weights
            for at in range(0, len(values), _CHUNK)
        ]
        return np.concatenate([np.zeros(0), *found]).astype(np.float64) + self.intercept

    def margin(self, rows: Rows) -> NDArray[np.float64]:
        """Return the mean margin of each row's looks, shape (n,)."""
        count, looks, features = rows.values.shape
        return self.margins(rows.values.reshape(count * looks, features)).reshape(count, looks).mean(axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a bundle holds of it, see `earmark.device.machine`."""
        return {
            "mean": self.mean,
            "scale": self.scale,
            "vectors": self.vectors.astype(np.float16),  # half the size; scores move by less than 0.001
            "weights": self.weights,
        }


def fit_unseen(rows: Rows, *, own: str | None = None) -> tuple[Trained, NDArray[np.float64]]:
    """Train on rows, and return each row's margin, shape (n,), by the machine without all rows of its speaker.

    A speaker who holds a whole side leaves nothing to learn from: its rows stay at the boundary.
    """
    machine, inverse = _solve(_looked(rows), rows.said, rows.weight(own))
    count, looks, features = rows.values.shape
    margins = np.zeros(count)
    for group in np.unique(rows.group):
        gone = np.flatnonzero(rows.group == group)
        left = np.delete(rows.said, gone)
        if left.all() or not left.any():
            continue
        block = np.linalg.solve(inverse[np.ix_(gone, gone)].astype(np.float64), machine.weights[gone])
        weights = machine.weights - inverse[:, gone] @ block
        weights[gone] = 0.0
        values = (rows.values[gone].reshape(len(gone) * looks, features) - machine.mean) / machine.scale
        found = _kernel(values, machine.vectors, machine.gamma) @ weights
        margins[gone] = found.reshape(len(gone), looks).mean(axis=1)
    return machine, margins


def _looked(rows: Rows) -> NDArray[np.float32]:
    """Return one look of each row, in turn, so that the machine knows them all and costs no more."""
    count, looks, _ = rows.values.shape
    return rows.values[np.arange(count), np.arange(count) % looks]


def _solve(
    values: NDArray[np.float32], said: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[Trained, NDArray[np.float32]]:
    """Return the machine, and the inverse of its system, shape (n, n)."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + np.float32(1e-6)
    vectors = ((values - mean) / scale).astype(np.float32)
    gamma = _GAMMA / vectors.shape[1]
    system = _kernel(vectors, vectors, gamma)
    system[np.diag_indices(len(system))] += (_RIDGE / weight).astype(np.float32)
    factor, _ = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = get_lapack_funcs(("potri",), (factor,))[0](factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = (inverse @ np.where(said, 1.0, -1.0)).astype(np.float32)
    return Trained(mean=mean, scale=scale, vectors=vectors, weights=weights, gamma=gamma), inverse


def _kernel(one: NDArray[np.float32], other: NDArray[np.float32], gamma: float) -> NDArray[np.float32]:
    distances = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2.0 * (one @ other.T)
    return np.exp(np.float32(-gamma) * np.maximum(distances, 0.0)).astype(np.float32)
