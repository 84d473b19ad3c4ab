"""The second stage of a learned wake word: a network on the sound itself, asked where the head fires.

It learns from the windows in which the head fires, or comes nearest to it, by what the head says of speakers and
phrases that it was not trained on; its own say on them comes from networks that never heard them either. A curve puts
the two together, and the threshold lies where a stated cost is least, as for the head alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from earmark.device import HOP, log_odds
from earmark.device.wake_network import WakeNetwork
from earmark.learn import wake_network
from earmark.learn.new_words_point import Point, Streams, operating_point
from earmark.learn.wake_rows import Rows
from earmark.learn.wake_streams import STEP, Stream
from earmark.words import SAMPLE_RATE

STAGE1 = 0.15
"""The head's cutoff with a network behind it: it fires early and often, and the network refuses."""
SETTLE = 3
"""Embeddings (of 80 ms) from where the head fires to the end of the window that the network sees."""
_HOLD = 8
"""Embeddings after a refusal until it may fire again, unless the score fell or rose meanwhile, as `Listener` waits."""
_HIGHER = 0.2
_MOST = 3
"""Firings of one clip that are learned from."""
_LATE = (0.05, 0.9)
"""Seconds after the word in which a window that holds it ends."""
_AFTER = 0.25
"""Seconds after the word at which the network would be asked, where the head did not fire."""
_FREE = 3.0
"""How freely a few rows may bend the curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Where a head fires in a stream of smoothed scores."""

    end: int
    """Index of the score at which the network is asked."""
    peak: float
    """The highest score until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """A network behind a head, and the curve from what the two say to a score."""

    network: WakeNetwork
    lift: float
    lean: float
    offset: float
    """See `earmark.device.machine.Curve`."""
    point: Point

    def about(self) -> dict[str, Any]:
        """Return what a bundle holds of it besides the network."""
        return {
            "stage1": STAGE1,
            "threshold": self.point.cutoff,
            "settle": SETTLE * STEP / SAMPLE_RATE,
            "slope": 0.0,
            "lift": self.lift,
            "lean": self.lean,
            "offset": self.offset,
        }


def firings(smoothed: NDArray[np.float64], *, above: float = STAGE1, phase: int = 0) -> list[Firing]:
    """Return where a device's head fires if each is refused; it asks about every second score, from `phase` on."""
    found: list[Firing] = []
    held, at = -1, phase
    while at < len(smoothed):
        score = float(smoothed[at])
        if held >= 0 and score <= found[-1].peak + _HIGHER:
            held = -1 if score <= above or at >= held else held
        elif score > above:
            end = min(at + SETTLE, len(smoothed) - 1)
            found.append(Firing(end=end, peak=float(smoothed[at : end + 1 : HOP].max())))
            held, at = end + _HOLD, at + 2 * HOP
            continue
        at += HOP
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    stream: int
    firing: Firing
    fired: bool
    """False for a nearest miss without the word, and for the word where it was not heard."""


def second_stage(
    known: Streams,
    smoothed: Sequence[NDArray[np.float64]],
    *,
    cost_of_a_miss: float,
    noise: NDArray[np.int16] | None,
    seed: int,
    progress: Callable[[str, int, int], None],
) -> Second | None:
    """Train a network on the windows in which a head fires; None without JAX, or where there are too few of them.

    `smoothed` are of each stream the head's scores, by machines that were trained without its group.
    """
    rows = [row for at, stream in enumerate(known.streams) for row in _rows(known, at, stream, smoothed[at])]
    if not rows:
        return None
    clips = [known.clips[known.streams[row.stream].clip] for row in rows]
    table = Rows(
        values=np.zeros((len(rows), 0, 0), dtype=np.float32),
        said=np.array([clip.said for clip in clips]),
        group=np.array([clip.group for clip in clips], dtype=np.str_),
        labelled=np.array([not clip.synthetic for clip in clips]),
        peak=np.array([row.firing.peak for row in rows], dtype=np.float32),
        clear=np.zeros(len(rows), dtype=np.float32),
        second=np.zeros(len(rows)),
        as_heard=np.array([known.streams[row.stream].as_heard for row in rows]),
        device=np.full(len(rows), "", dtype=np.str_),
        clip=np.array([known.streams[row.stream].clip for row in rows]),
    )
    mel = np.stack([known.streams[row.stream].seen(_window(known.streams[row.stream], row.firing)) for row in rows])
    trained = wake_network.witness(mel, table, noise=noise, seed=seed, note=progress)
    if trained is None:
        return None
    network, second = trained
    fired = np.array([row.fired for row in rows])
    if table.said[fired].all() or not table.said[fired].any():
        return None
    says = np.column_stack([log_odds(table.peak), second])
    curve = LogisticRegression(C=_FREE, max_iter=1000)
    curve.fit(says[fired], table.said[fired], sample_weight=table.weight()[fired])
    scores = curve.predict_proba(says)[:, 1]
    highest = np.zeros(len(known.streams))
    for row, score in zip(rows, scores, strict=True):
        if row.fired:
            highest[row.stream] = max(highest[row.stream], score)
    offset: NDArray[np.float64] = np.asarray(curve.intercept_)
    return Second(
        network=network,
        lift=float(curve.coef_[0, 0]),
        lean=float(curve.coef_[0, 1]),
        offset=float(offset[0]),
        point=operating_point(known, highest, cost_of_a_miss=cost_of_a_miss),
    )


def _window(stream: Stream, firing: Firing) -> int:
    """Return the index of the newest embedding when the network is asked."""
    return int(stream.all[firing.end])


def _rows(known: Streams, number: int, stream: Stream, smoothed: NDArray[np.float64]) -> list[_Row]:
    """Return the windows of a stream to learn from; where its head fires before the word ends is none."""
    if not len(smoothed):
        return []
    clip, found = known.clips[stream.clip], firings(smoothed, phase=number % HOP)[:_MOST]
    if stream.span is None:
        most = _MOST if clip.talk or not clip.synthetic else 1  # of what is said at length there is more to learn
        missed = _nearest(smoothed, most - len(found))
        return [_Row(stream=number, firing=one, fired=one in found) for one in (*found, *missed)]
    late = (stream.ends[stream.all] - stream.span[1]) / SAMPLE_RATE
    after = [one for one in found if _LATE[0] <= late[one.end] <= _LATE[1]]
    if after or late[-1] < _AFTER:
        return [_Row(stream=number, firing=one, fired=True) for one in after]
    unheard = Firing(end=int(np.flatnonzero(late >= _AFTER)[0]), peak=float(smoothed.max()))
    return [_Row(stream=number, firing=unheard, fired=False)]


def _nearest(smoothed: NDArray[np.float64], count: int) -> list[Firing]:
    """Return where a head came nearest to firing and did not, at most so often, two thirds of a second apart."""
    found: list[Firing] = []
    for at in np.argsort(-smoothed).tolist():
        if len(found) >= count:
            break
        if smoothed[at] <= STAGE1 and all(abs(at + SETTLE - one.end) >= _HOLD for one in found):
            found.append(Firing(end=min(at + SETTLE, len(smoothed) - 1), peak=float(smoothed[at])))
    return found
