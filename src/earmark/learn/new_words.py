"""A new wake word from recordings of a few people and synthetic voices: a head on the streaming speech embeddings.

The head is a kernel machine asked every 80 ms. It learns from where the word has just ended against everything
else: other words, other speech, what sounds like the word, and the word's own first half; then again with what it fell
for. Where its threshold lies is decided by speakers and phrases that it was not trained on. Where JAX is installed a
network on the sound itself stands behind it (`new_words_second`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.svm import SVC

from earmark.device import HEAD, SECOND, SMOOTHED, pack
from earmark.learn import wake_network
from earmark.learn.new_words_point import Streams, operating_point
from earmark.learn.new_words_second import STAGE1, second_stage
from earmark.learn.wake_rows import Trained
from earmark.learn.wake_streams import STEP, Hearing, Stream, make_streams
from earmark.learn.wake_voices import parted
from earmark.learn.wake_windows import WakeClip
from earmark.words import SAMPLE_RATE, Seconds

Progress = Callable[[str, int, int], None]
_AFTER: tuple[Seconds, Seconds] = (0.06, 0.36)
"""A window holds the word when it ends this long after it: long enough for what tells "alexa" from "a lexus"."""
_ROOMS_OF_THE_WORD, _ROOMS = 4, 1
_DRAWN = 2
"""Windows drawn from each stream without the word, before it is known which are hard."""
_MINED = 3
"""Windows of each such stream that are taken afterwards: those that were hardest."""
_HARD = -1.0
"""Margin above which a window is hard."""
_C = 2.0
"""Weight of a window on the wrong side. Most windows lie far on the right one, and the device need not know them."""
_FOLDS = 3
_OF_A_HEAD = 900
"""Clips of synthetic voices that only sound like the word, at most, that the head learns from: a device holds what it
learned of each. The network behind it learns from all."""


def train(
    word: str,
    clips: Sequence[WakeClip],
    *,
    cost_of_a_miss: float,
    noise: NDArray[np.int16] | None = None,
    seed: int = 0,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, bytes]:
    """Train a head on people's clips and synthetic ones; return `wake/<word>.json` and `.npz`.

    `clips` hold the word on one side and anything else on the other, people and synthetic voices on both.
    """
    enough, more = parted(clips, most=_OF_A_HEAD)
    more = more if wake_network.can_train() else []
    hearings = [_hearing(clips[number], number) for number in (*enough, *more)]
    streams = make_streams(
        hearings, seed=seed, noise=noise, told=lambda done: progress("listening to examples", done, len(hearings))
    )
    known, without = Streams(streams=streams, clips=clips), set(more)
    taught = [stream for stream in streams if stream.clip not in without]  # they stand before the others
    rng = np.random.default_rng(seed)
    drawn = [_windows(stream, rng) for stream in taught]
    progress("training", 0, _FOLDS + 2)
    first = _fit(known, drawn, range(len(drawn)))
    progress("training", 1, _FOLDS + 2)
    harder = [_mined(stream, chosen, first) for stream, chosen in zip(taught, drawn, strict=True)]
    scores = unseen_scores(known, harder, seed=seed, progress=progress)
    machine = _fit(known, harder, range(len(harder)))
    slope, offset = scores.platt
    point = operating_point(known, scores.peaks, cost_of_a_miss=cost_of_a_miss)
    progress("training", _FOLDS + 2, _FOLDS + 2)
    second = second_stage(
        known,
        [scores.smooth(margins) for margins in scores.margins],
        cost_of_a_miss=cost_of_a_miss,
        noise=noise,
        seed=seed,
        progress=progress,
    )
    unseen = second.point if second else point
    about = {
        "kind": HEAD,
        "written": word.replace("_", " "),
        "cutoff": point.cutoff,
        "lag": _lag(known, scores, STAGE1 if second else point.cutoff),
        "gamma": machine.gamma,
        "intercept": machine.intercept,
        "slope": slope,
        "offset": offset,
        "cost_of_a_miss": cost_of_a_miss,
        "unseen": {
            "miss_rate": unseen.miss_rate,
            "confusables_passed": unseen.passed,
            "false_wakes_per_hour": unseen.false_per_hour,
            "hours": unseen.hours,
        },
        "recordings": sum(clip.said and not clip.synthetic for clip in clips),
    }
    if second is None:
        return pack(about, machine.arrays(), name=word)
    return pack(about | {SECOND: second.about()}, machine.arrays() | second.network.arrays(), name=word)


def _hearing(clip: WakeClip, number: int) -> Hearing:
    """Say how often a clip is heard. Of synthetic clips there are many: each once, every second one in a room."""
    if not clip.synthetic:
        return Hearing(clip=clip, number=number, rooms=_ROOMS_OF_THE_WORD if clip.said else _ROOMS, plain=True)
    return Hearing(clip=clip, number=number, rooms=number % 2, plain=not number % 2)


def _after(stream: Stream) -> NDArray[np.int64]:
    """Return the windows in which the word has just ended; none where it is not said."""
    if stream.span is None:
        return np.zeros(0, dtype=np.int64)
    late = (stream.ends[stream.all] - stream.span[1]) / SAMPLE_RATE
    return stream.all[(late >= _AFTER[0]) & (late <= _AFTER[1])]


def _without(stream: Stream) -> NDArray[np.int64]:
    """Return the windows that hold no more than the word's first half; all where it is not said."""
    if stream.span is None:
        return stream.all
    return stream.all[stream.ends[stream.all] <= (stream.span[0] + stream.span[1]) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """Windows of one stream to learn from."""

    said: NDArray[np.int64]
    other: NDArray[np.int64]


def _windows(stream: Stream, rng: np.random.Generator) -> _Chosen:
    other = _without(stream)
    few = min(len(other), 1 if stream.span else _DRAWN)
    return _Chosen(said=_after(stream), other=np.sort(rng.choice(other, few, replace=False)) if few else other)


def _mined(stream: Stream, chosen: _Chosen, machine: Trained) -> _Chosen:
    """Add the windows that a first machine takes most nearly for the word."""
    other = _without(stream)
    if not len(other):
        return chosen
    margins = machine.margins(stream.windows(other))
    hardest = other[np.argsort(-margins)[:_MINED]]
    hard = hardest[np.sort(-margins)[:_MINED] < -_HARD]
    return _Chosen(said=chosen.said, other=np.union1d(chosen.other, hard))


def _fit(known: Streams, chosen: Sequence[_Chosen], which: Sequence[int]) -> Trained:
    values, said, weight = _table(known, chosen, which)
    for side in (said, ~said):  # both weigh the same in all
        weight[side] *= len(said) / 2 / weight[side].sum()
    mean, scale = values.mean(axis=0), values.std(axis=0) + np.float32(1e-6)
    gamma = 1.0 / values.shape[1]
    machine = SVC(C=_C, gamma=gamma).fit((values - mean) / scale, said, sample_weight=weight)
    return Trained(
        mean=mean,
        scale=scale,
        vectors=machine.support_vectors_.astype(np.float32),
        weights=machine.dual_coef_[0].astype(np.float32),
        gamma=gamma,
        intercept=float(machine.intercept_[0]),
    )


def _table(
    known: Streams, chosen: Sequence[_Chosen], which: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    values, said, weight = [], [], []
    for index in which:
        stream, some = known.streams[index], chosen[index]
        values.append(stream.windows(np.concatenate([some.said, some.other])))
        said += [True] * len(some.said) + [False] * len(some.other)
        weight += [known.weight(stream)] * (len(some.said) + len(some.other))
    return np.concatenate(values), np.array(said), np.array(weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """How streams score by machines that never heard their speaker, or their phrase."""

    platt: tuple[float, float]
    """Slope and offset from margin to score."""
    margins: Sequence[NDArray[np.float64]]
    """Of each stream: those of its windows."""

    def smooth(self, margins: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the smoothed scores of a stream's windows, as the device computes them."""
        slope, offset = self.platt
        return smoothed(slope * margins + offset)

    @property
    def peaks(self) -> NDArray[np.float64]:
        """Shape (streams,)."""
        return np.array([float(scores.max()) if len(scores) else 0.0 for scores in map(self.smooth, self.margins)])


def unseen_scores(known: Streams, chosen: Sequence[_Chosen], *, seed: int, progress: Progress) -> Unseen:
    """Score every stream by a machine that was trained without its group.

    `chosen` are the windows of the first streams, which a machine learns from; those after them are scored alone.
    """
    groups = np.array([known.group(stream) for stream in known.streams])
    folds = min(_FOLDS, len(set(groups.tolist())))
    margins: list[NDArray[np.float64]] = [np.zeros(0)] * len(groups)
    splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for fold, (learn_from, try_on) in enumerate(splitter.split(groups, groups=groups)):
        machine = _fit(known, chosen, learn_from[learn_from < len(chosen)].tolist())
        for index in try_on.tolist():
            stream = known.streams[index]
            margins[index] = machine.margins(stream.windows(stream.all))
        progress("training", 2 + fold, _FOLDS + 2)
    rows, said = [], []
    for stream, some, found in zip(known.streams, chosen, margins, strict=False):
        rows.append(found[np.concatenate([some.said, some.other]) - stream.all[0]] if len(found) else found)
        said += [True] * len(some.said) + [False] * len(some.other)
    platt = LogisticRegression(C=1e3).fit(np.concatenate(rows)[:, None], said)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    return Unseen(platt=(slope, offset), margins=margins)


def smoothed(exponents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores of a stream's windows, as the device computes and smooths them."""
    scores = 1.0 / (1.0 + np.exp(-np.clip(exponents, -60.0, 60.0)))
    return np.convolve(scores, np.full(SMOOTHED, 1.0 / SMOOTHED))[: len(scores)]


def _lag(known: Streams, scores: Unseen, cutoff: float) -> Seconds:
    """Return how long after the word's end the head fires, as a rule."""
    found = []
    for stream, margins in zip(known.streams, scores.margins, strict=True):
        if stream.span is not None and len(fired := np.flatnonzero(scores.smooth(margins) > cutoff)):
            found.append((stream.ends[stream.all[fired[0]]] - stream.span[1]) / SAMPLE_RATE)
    # Two embeddings are made at a time, so that every other one is heard of 80 ms late.
    return float(np.clip(np.median(found) + STEP / SAMPLE_RATE / 2, 0.0, 1.0)) if found else 0.0
