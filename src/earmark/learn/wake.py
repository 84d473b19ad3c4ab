"""Training the wake verifier: labelled wakes and synthetic voices → a kernel machine, a network, an operating point.

The threshold is where a stated cost is least over people that the machine was not trained on. A device with enough
labels of its own may get a verifier in which they weigh more. Deterministic for a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from earmark.device import DIMENSIONS, MicroWakeDetector, log_odds, pack
from earmark.device.wake_network import WakeNetwork
from earmark.errors import MissingExtra
from earmark.learn import wake_network
from earmark.learn.background import Background
from earmark.learn.lessons import Taught, wake_span
from earmark.learn.wake_own import Own, own_verifiers
from earmark.learn.wake_point import OperatingPoint, operating_point
from earmark.learn.wake_rows import Rows, Trained, fit_unseen
from earmark.learn.wake_voices import parted, pico_clips, synthetic_clips
from earmark.learn.wake_windows import COST_OF_A_MISS, LOOKS, NEWEST, SETTLE, STAGE1, WakeClip, Windows, make_windows

Progress = Callable[[str, int, int], None]
_LEAST = 3
"""Labels of each kind without which there is nothing to learn from."""
_DECIBELS, _FREE = 10.0, 3.0
"""Unit of clearness, and how freely a few rows may bend the curve."""
_PEOPLES_ROOMS, _VOICES_ROOMS = 3, 1
"""In how many drawn rooms a clip is heard, besides as it is."""
_OF_A_MACHINE = 900
"""Clips of synthetic voices that only sound like the word, at most, that the kernel machine learns from: a device holds
each of its rows. The network learns from all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Verifiers of one wake word."""

    files: Mapping[str, bytes]
    """`wake/<word>.json` and `.npz`."""
    own: Sequence[Own]
    """For devices of which the labels are enough, and whose own recordings were better judged by one of their own."""


def learn_word(
    word: str,
    taught: Sequence[Taught],
    *,
    device_name: Callable[[Taught], str | None] = lambda taught: None,
    cost_of_a_miss: float = COST_OF_A_MISS,
    seed: int = 0,
    progress: Progress = lambda what, done, total: None,
) -> Learned | str:
    """Train on judged recordings; return verifiers, or one sentence saying why there is nothing to learn.

    `device_name` gives the opaque name of the device that heard a recording. Their quiet moments are the background of
    half the drawn rooms.
    """
    clips = [
        WakeClip(
            audio=wake_span(one), said=one.lesson.called, group=one.lesson.speaker, device=device_name(one) or None
        )
        for one in taught
        if one.lesson.called is not None
    ]
    noise = Background(one.audio for one in taught).samples()
    return train(word, clips, cost_of_a_miss=cost_of_a_miss, noise=noise, seed=seed, progress=progress)


def train(
    word: str,
    clips: Sequence[WakeClip],
    *,
    synthetic: Sequence[WakeClip] | None = None,
    cost_of_a_miss: float = COST_OF_A_MISS,
    noise: NDArray[np.int16] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Learned | str:
    """Train a verifier for all, and for devices of their own; or say in one sentence why there is nothing to learn.

    `synthetic` are the clips of synthetic voices; by default they are made here, and without a synthesiser installed
    people's clips have to do. `noise`: a recording of what homes sound like, 16 kHz. `workers`: processes; without it
    as many as cores are free to this one, at most 4.
    """
    counts = {said: sum(clip.said is said for clip in clips) for said in (True, False)}
    if min(counts.values()) < _LEAST:
        return f"Too few judged wakes: it takes {_LEAST} that were said and {_LEAST} that were not."
    if synthetic is None:
        try:
            synthetic = synthetic_clips(word, seed=seed, progress=progress)
            synthetic += pico_clips(word, seed=seed, progress=progress)
        except MissingExtra:
            synthetic = []
    cut = partial(make_windows, word, noise=noise, workers=workers)
    some, more = ([synthetic[at] for at in part] for part in parted(synthetic, most=_OF_A_MACHINE))
    more = more if wake_network.can_train() else []
    spoken = len(clips) + len(some) + len(more)

    def told(before: int) -> Callable[[int], None]:
        return lambda done: progress("cutting windows", before + done, spoken)

    people = cut(clips, rooms=_PEOPLES_ROOMS, seed=seed, told=told(0))
    voices = cut(some, rooms=_VOICES_ROOMS, seed=seed + 1, told=told(len(clips)))
    further = cut(more, rooms=_VOICES_ROOMS, seed=seed + 2, embedded=False, told=told(len(clips) + len(some)))
    rows = Rows.together([_rows(people, clips, labelled=True), _rows(voices, some, labelled=False)])
    if rows.said.all() or not rows.said.any():
        return "The judged wakes are all of one kind for the first stage; it takes both."
    mel = np.concatenate([people.mel, voices.mel, further.mel])
    everything = Rows.together([rows, _rows(further, more, labelled=False)])
    found = wake_network.witness(mel, everything, noise=noise, seed=seed, note=progress)
    network, second = found or (None, everything.second)
    rows = replace(rows, second=second[: len(rows)])
    cutoff = MicroWakeDetector(word).cutoff
    make = partial(calibrated, cutoff=cutoff, cost_of_a_miss=cost_of_a_miss, network=network)
    verifier = make(rows)
    progress("training", 1, 1)
    about = verifier.about() | {
        "cost_of_a_miss": cost_of_a_miss,
        "rows": {"labelled": int(rows.labelled.sum()), "synthetic": int((~rows.labelled).sum())},
        "network": {"rows": len(mel)} if network else None,
    }
    own = own_verifiers(word, rows, make=make, cost_of_a_miss=cost_of_a_miss, progress=progress)
    return Learned(files=pack(about, verifier.arrays(), name=word), own=own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A machine and a network, the curve from what they say to a score, and its operating point."""

    machine: Trained
    network: WakeNetwork | None
    slope: float
    tilt: float
    lift: float
    lean: float
    offset: float
    """See `earmark.device.machine.Machine`."""
    point: OperatingPoint

    def woke(self, rows: Rows) -> NDArray[np.bool_]:
        """Return whether a device would wake, shape (n,)."""
        exponents = self.slope * self.machine.margin(rows) + self.tilt * rows.clear + self.lift * log_odds(rows.peak)
        exponents += self.lean * rows.second
        return (rows.peak > STAGE1) & (_logistic(exponents + self.offset) >= self.point.threshold)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return self.machine.arrays() | (self.network.arrays() if self.network else {})

    def about(self) -> dict[str, Any]:
        point = self.point
        return {
            "stage1": STAGE1,
            "threshold": point.threshold,
            "settle": SETTLE,
            "looks": LOOKS,
            "gamma": self.machine.gamma,
            "intercept": 0.0,
            "slope": self.slope,
            "tilt": self.tilt,
            "lift": self.lift,
            "lean": self.lean,
            "offset": self.offset,
            "unseen": {"miss_rate": point.miss_rate, "false_wakes_passed": point.passed},
            "without": {"miss_rate": point.miss_rate_without, "false_wakes_passed": point.passed_without},
        }


def calibrated(
    rows: Rows, *, cutoff: float, cost_of_a_miss: float, network: WakeNetwork | None = None, own: str | None = None
) -> Calibrated:
    """Train on rows, and choose the operating point by how machine and network without a row's speaker judge it."""
    machine, unseen = fit_unseen(rows, own=own)
    known = np.column_stack([unseen, rows.clear / _DECIBELS, log_odds(rows.peak), rows.second])
    curve = LogisticRegression(C=_FREE, max_iter=1000).fit(known, rows.said, sample_weight=rows.weight(own))
    slope, tilt, lift, lean = (float(each) for each in curve.coef_[0])
    offset = float(curve.intercept_[0])
    scores = _logistic(curve.decision_function(known))
    point = operating_point(scores, rows, cutoff=cutoff, cost_of_a_miss=cost_of_a_miss, own=own)
    weights = {"slope": slope, "tilt": tilt / _DECIBELS, "lift": lift, "lean": lean, "offset": offset}
    return Calibrated(machine=machine, network=network, point=point, **weights)


def _logistic(exponents: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(exponents, -60.0, 60.0)))


def _rows(windows: Windows, clips: Sequence[WakeClip], *, labelled: bool) -> Rows:
    ends = windows.embeddings.shape[1] - np.arange(LOOKS)
    looks = [windows.embeddings[:, end - NEWEST : end].reshape(len(windows), NEWEST * DIMENSIONS) for end in ends]
    return Rows(
        values=np.stack(looks, axis=1),
        said=windows.said,
        group=np.array([clips[index].group for index in windows.clip], dtype=np.str_),
        labelled=np.full(len(windows), labelled),
        peak=windows.peak,
        clear=windows.clear,
        second=np.zeros(len(windows)),
        as_heard=np.diff(windows.clip, prepend=-1) != 0,  # a clip's first window is of the clip as it is
        device=np.array([clips[index].device or "" for index in windows.clip], dtype=np.str_),
        clip=windows.clip if labelled else np.full(len(windows), -1),
    )
