"""What a wake verifier learns from, as rows of numbers, and the support vector machine that learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

_C = 3.0
_FOLDS = 4
_DRAWS = 2
"""How often people are parted into folds anew; a row's margin is the mean. Of one draw alone the threshold, which
stands between a few rows, moved by some clips from run to run."""
WEIGHT_OF_A_LABEL = 2.0
"""Against a synthetic clip."""
WEIGHT_OF_ITS_OWN = 3.0
"""Of a device's own recordings against other people's, in the verifier that only this device gets."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A trained support vector machine on standardised windows."""

    scaler: StandardScaler
    svc: SVC

    @property
    def gamma(self) -> float:
        return float(self.svc._gamma)

    @property
    def intercept(self) -> float:
        return float(self.svc.intercept_[0])

    def margins(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the margin of each window, shape (n,), for windows of shape (n, features)."""
        return self.svc.decision_function(self.scaler.transform(values))

    def margin(self, rows: Rows) -> NDArray[np.float64]:
        """Return the mean margin of each row's looks, shape (n,)."""
        count, looks, features = rows.values.shape
        return self.margins(rows.values.reshape(count * looks, features)).reshape(count, looks).mean(axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a bundle holds of it, see `earmark.device.machine`."""
        return {
            "mean": np.asarray(self.scaler.mean_, dtype=np.float32),
            "scale": np.asarray(self.scaler.scale_, dtype=np.float32),
            "vectors": self.svc.support_vectors_.astype(np.float16),  # half the size; scores move by less than 0.001
            "weights": self.svc.dual_coef_[0].astype(np.float32),
        }


def fit_values(values: NDArray[np.float32], said: NDArray[np.bool_], weight: NDArray[np.float64]) -> Trained:
    """Train on windows of shape (n, features), both kinds weighing the same in all."""
    scaler = StandardScaler().fit(values)
    svc = SVC(C=_C, kernel="rbf", gamma="scale", class_weight="balanced", cache_size=300)
    return Trained(scaler=scaler, svc=svc.fit(scaler.transform(values), said, sample_weight=weight))


def fit(rows: Rows, *, own: str | None = None) -> Trained:
    """Train on rows; of each one look, in turn, so that the machine knows them all and costs no more.

    `own`: the device whose recordings weigh more.
    """
    count, looks, _ = rows.values.shape
    weight = np.where(rows.labelled, WEIGHT_OF_A_LABEL, 1.0)
    if own is not None:
        weight = weight * np.where(rows.device == own, WEIGHT_OF_ITS_OWN, 1.0)
    return fit_values(rows.values[np.arange(count), np.arange(count) % looks], rows.said, weight)


def unseen_margins(rows: Rows, *, seed: int, own: str | None = None) -> NDArray[np.float64]:
    """Return each row's margin, shape (n,), by machines that never heard its speaker."""
    folds = min(_FOLDS, len(set(rows.group.tolist())))
    margins = np.zeros((_DRAWS, len(rows)))
    for draw in range(_DRAWS):
        splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed + draw)
        for train_on, try_on in splitter.split(rows.said, rows.said, rows.group):
            some = rows.take(train_on)
            if some.said.all() or not some.said.any():
                continue  # one speaker holds a whole side: its rows stay at the boundary
            margins[draw, try_on] = fit(some, own=own).margin(rows.take(try_on))
    return margins.mean(axis=0)
