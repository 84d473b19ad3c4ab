"""Training the wake verifier: labelled wakes and synthetic voices → a support vector machine and its operating point.

The threshold is where a stated cost is least over people that the machine was not trained on: folds never share a
speaker. Deterministic for a seed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.device import DIMENSIONS, MicroWakeDetector
from earmark.errors import MissingExtra
from earmark.learn.lessons import Taught, wake_span
from earmark.learn.wake_voices import synthetic_clips
from earmark.learn.wake_windows import NEWEST, SETTLE, STAGE1, WakeClip, Windows, make_windows

Progress = Callable[[str, int, int], None]
COST_OF_A_MISS = 5.0
"""A missed wake counts as much as five false ones that the first stage let through; so the operating point gives up
few wakes, and refuses as many confusables as that allows."""
_C = 3.0
_FOLDS = 4
_LEAST = 3
"""Labels of each kind without which there is nothing to learn from."""
_STAGES = 9
"""First thresholds that are tried, from STAGE1 to the first stage's own cutoff."""
_ENOUGH = 20
"""Rows of labelled wakes from which on the miss rate is taken from people alone, without the synthetic voices."""
_MANY = 8
"""Speakers of labelled wakes, likewise: what two or three people lose says little about the next one."""
_WEIGHT_OF_A_LABEL = 2.0
"""Against a synthetic clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Windows with who spoke in them."""

    values: NDArray[np.float32]
    """Shape (n, features)."""
    said: NDArray[np.bool_]
    group: NDArray[np.str_]
    labelled: NDArray[np.bool_]
    """True where people said what it is, False for synthetic voices."""
    peak: NDArray[np.float32]
    """The first stage's highest score."""
    as_heard: NDArray[np.bool_]
    """False for a clip that was put into a drawn room."""

    def take(self, chosen: NDArray[Any]) -> Rows:
        return Rows(
            values=self.values[chosen],
            said=self.said[chosen],
            group=self.group[chosen],
            labelled=self.labelled[chosen],
            peak=self.peak[chosen],
            as_heard=self.as_heard[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A trained support vector machine on standardised rows."""

    scaler: StandardScaler
    svc: SVC

    def margin(self, rows: Rows) -> NDArray[np.float64]:
        return self.svc.decision_function(self.scaler.transform(rows.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Where the verifier is asked and says no, and what that means for speakers and phrases it was not trained on."""

    stage1: float
    """The first stage's score from which it is asked."""
    threshold: float
    miss_rate: float
    """Of the wakes that the first stage fired on at STAGE1, the share refused."""
    passed: float
    """Of what else it fired on, the share let through."""
    miss_rate_without: float
    """The same two for the first stage alone, at its own cutoff."""
    passed_without: float


def learn_word(
    word: str, taught: Sequence[Taught], *, seed: int = 0, progress: Progress = lambda what, done, total: None
) -> dict[str, bytes] | str:
    """Train on judged recordings; return a bundle's files, or one sentence saying why there is nothing to learn."""
    clips = [
        WakeClip(audio=wake_span(one), said=one.lesson.called, group=one.lesson.speaker)
        for one in taught
        if one.lesson.called is not None
    ]
    return train(word, clips, seed=seed, progress=progress)


def train(
    word: str,
    clips: Sequence[WakeClip],
    *,
    synthetic: Sequence[WakeClip] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, bytes] | str:
    """Train a verifier; return `wake/<word>.json` and `.npz`, or one sentence saying why there is nothing to learn.

    `synthetic` are the clips of synthetic voices; by default they are made here, and without a synthesiser installed
    people's clips have to do. `workers`: processes; without it as `compute.map` chooses.
    """
    counts = {said: sum(clip.said is said for clip in clips) for said in (True, False)}
    if min(counts.values()) < _LEAST:
        return f"Too few judged wakes: it takes {_LEAST} that were said and {_LEAST} that were not."
    if synthetic is None:
        try:
            synthetic = synthetic_clips(word, seed=seed, progress=progress)
        except MissingExtra:
            synthetic = []
    cut = partial(make_windows, word, workers=workers)
    progress("cutting windows", 0, 2)
    people = _rows(cut(clips, rooms=3, seed=seed), clips, labelled=True)
    progress("cutting windows", 1, 2)
    voices = _rows(cut(synthetic, rooms=1, seed=seed + 1), synthetic, labelled=False)
    progress("cutting windows", 2, 2)
    rows = _together(people, voices)
    if rows.said.all() or not rows.said.any():
        return "The judged wakes are all of one kind for the first stage; it takes both."
    unseen = unseen_margins(rows, seed=seed)
    platt = LogisticRegression(C=1e3).fit(unseen[:, None], rows.said)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    scores = 1.0 / (1.0 + np.exp(-(slope * unseen + offset)))
    point = operating_point(scores, rows, cutoff=MicroWakeDetector(word).cutoff)
    machine = fit(rows)
    progress("training", 1, 1)
    about = {
        "stage1": point.stage1,
        "threshold": point.threshold,
        "settle": SETTLE,
        "gamma": float(machine.svc._gamma),
        "intercept": float(machine.svc.intercept_[0]),
        "slope": slope,
        "offset": offset,
        "cost_of_a_miss": COST_OF_A_MISS,
        "unseen": {"miss_rate": point.miss_rate, "false_wakes_passed": point.passed},
        "without": {"miss_rate": point.miss_rate_without, "false_wakes_passed": point.passed_without},
        "rows": {"labelled": int(rows.labelled.sum()), "synthetic": int((~rows.labelled).sum())},
    }
    return {f"wake/{word}.json": json.dumps(about, sort_keys=True).encode(), f"wake/{word}.npz": _arrays(machine)}


def fit(rows: Rows) -> Machine:
    """Train on rows, both kinds weighing the same in all."""
    scaler = StandardScaler().fit(rows.values)
    weight = np.where(rows.labelled, _WEIGHT_OF_A_LABEL, 1.0)
    svc = SVC(C=_C, kernel="rbf", gamma="scale", class_weight="balanced", cache_size=300)
    return Machine(scaler=scaler, svc=svc.fit(scaler.transform(rows.values), rows.said, sample_weight=weight))


def unseen_margins(rows: Rows, *, seed: int) -> NDArray[np.float64]:
    """Return each row's margin, shape (n,), by a machine that never heard its speaker."""
    margins = np.zeros(len(rows.said))
    folds = min(_FOLDS, len(set(rows.group.tolist())))
    splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for train_on, try_on in splitter.split(rows.values, rows.said, rows.group):
        some = rows.take(train_on)
        if some.said.all() or not some.said.any():
            continue  # one speaker holds a whole side: its rows stay at the boundary
        margins[try_on] = fit(some).margin(rows.take(try_on))
    return margins


def operating_point(scores: NDArray[np.float64], rows: Rows, *, cutoff: float) -> OperatingPoint:
    """Return both thresholds, with the least cost of those that let through at most half as much as today.

    Today is the first stage alone at its own `cutoff`, on the same rows. Misses are counted on people's wakes as their
    devices heard them, where there are enough: synthetic voices and drawn rooms teach, but a device is for people at
    home. Counted in drawn rooms too, a quarter of wakes seemed lost, and the threshold fell until little was refused.
    Where the people are few, the synthetic voices, which are more, count as well.
    """
    people = rows.said & rows.labelled & rows.as_heard
    many = len(set(rows.group[people].tolist())) >= _MANY
    heard = people if many else rows.said & rows.as_heard
    counted = heard if people.sum() >= _ENOUGH else rows.said
    missed_without = float(np.mean(rows.peak[counted] <= cutoff))
    passed_without = float(np.mean(rows.peak[~rows.said] > cutoff))
    every = np.unique(scores)
    edges = np.concatenate([[0.0], (every[1:] + every[:-1]) / 2, [1.0]])
    stages = np.linspace(STAGE1, cutoff, _STAGES)
    misses, passed = np.empty((_STAGES, len(edges))), np.empty((_STAGES, len(edges)))
    for index, stage in enumerate(stages):
        asked = np.where(rows.peak > stage, scores, -1.0)  # where the first stage is silent nobody is asked
        misses[index] = np.searchsorted(np.sort(asked[counted]), edges, side="left") / counted.sum()
        passed[index] = 1.0 - np.searchsorted(np.sort(asked[~rows.said]), edges, side="left") / (~rows.said).sum()
    cost = COST_OF_A_MISS * misses + passed + np.where(passed > passed_without / 2, 2 * COST_OF_A_MISS, 0.0)
    best = np.argmin(cost)
    if many:
        # Where the least cost leaves fewer misses than today, the difference is better spent on fewer false wakes. What
        # few people leave to be spent is chance, and the next speaker pays for it.
        allowed = max(float(misses.flat[best]), missed_without)
        best = np.argmin(np.where(misses <= allowed, passed + 1e-3 * misses, np.inf))
    stage, edge = np.unravel_index(best, cost.shape)
    return OperatingPoint(
        stage1=float(stages[stage]),
        threshold=float(edges[edge]),
        miss_rate=float(misses[stage, edge]),
        passed=float(passed[stage, edge]),
        miss_rate_without=missed_without,
        passed_without=passed_without,
    )


def _rows(windows: Windows, clips: Sequence[WakeClip], *, labelled: bool) -> Rows:
    return Rows(
        values=windows.embeddings.reshape(len(windows), NEWEST * DIMENSIONS),
        said=windows.said,
        group=np.array([clips[index].group for index in windows.clip], dtype=np.str_),
        labelled=np.full(len(windows), labelled),
        peak=windows.peak,
        as_heard=np.diff(windows.clip, prepend=-1) != 0,  # a clip's first window is of the clip as it is
    )


def _together(one: Rows, other: Rows) -> Rows:
    return Rows(
        values=np.concatenate([one.values, other.values]),
        said=np.concatenate([one.said, other.said]),
        group=np.concatenate([one.group.astype(np.str_), other.group.astype(np.str_)]),
        labelled=np.concatenate([one.labelled, other.labelled]),
        peak=np.concatenate([one.peak, other.peak]),
        as_heard=np.concatenate([one.as_heard, other.as_heard]),
    )


def _arrays(machine: Machine) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        mean=np.asarray(machine.scaler.mean_, dtype=np.float32),
        scale=np.asarray(machine.scaler.scale_, dtype=np.float32),
        vectors=machine.svc.support_vectors_.astype(np.float16),  # half the size; scores move by less than 0.001
        weights=machine.svc.dual_coef_[0].astype(np.float32),
    )
    return buffer.getvalue()
