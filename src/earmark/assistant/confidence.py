"""Was it this command, or something else that was forced into it? Features, and the decision on them.

A grammar finds its nearest sentence in any sound. So every utterance is also decoded by competitors that can say
anything: a phone loop and an n-gram. The features compare them, per frame, on the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.network import FILE as NETWORK_FILE
from earmark.assistant.recogniser import Hypothesis
from earmark.assistant.spans import FRAMES_PER_SECOND, Span
from earmark.bundle import ModelBundle
from earmark.errors import BadBundle

FEATURE_NAMES = (
    "phone_llr",
    "worst_word_llr",
    "ngram_llr",
    "ngram_agreement",
    "log_words",
    "words_per_second",
    "coverage",
    "score_per_frame",
)
"""In the order of the vector that `features` returns."""
NETWORK_FEATURES = ("network_llr", "network_worst_word", "network_agreement")
"""What a bundle's acoustic network adds to them: how its sentence stands against any phones, its worst word alone, and
how far the packaged models read the same words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A logistic decision on standardised features."""

    names: tuple[str, ...] = FEATURE_NAMES
    """Which features, in their order: `FEATURE_NAMES`, or those and `NETWORK_FEATURES`."""
    mean: NDArray[np.float64]
    """Shape (features,)."""
    scale: NDArray[np.float64]
    """Shape (features,), positive."""
    weights: NDArray[np.float64]
    """Shape (features,)."""
    bias: float
    threshold: float
    """Commands with at least this confidence (0 to 1) are accepted."""

    @staticmethod
    def load(bundle: ModelBundle) -> Decision:
        """Return the bundle's `asr/decision.json`, or the packaged decision.

        Raises BadBundle when the file lacks a part or was made for other features.
        """
        found = bundle.read_json("asr/decision.json")
        decision = None if found is None else Decision.from_json(found)
        if bundle.path(NETWORK_FILE) is None:
            if decision is not None and decision.names != FEATURE_NAMES:
                raise BadBundle(why="its decision was made for other features")
            return decision or DEFAULT
        return decision if decision is not None and decision.names != FEATURE_NAMES else WITH_NETWORK

    @staticmethod
    def from_json(found: Mapping[str, object]) -> Decision:
        """Raises BadBundle when a part is missing or made for other features."""
        try:
            names = tuple(found["features"])  # type: ignore[arg-type]
            if names not in (FEATURE_NAMES, FEATURE_NAMES + NETWORK_FEATURES):
                raise BadBundle(why="its decision was made for other features")
            mean, scale, weights = (np.asarray(found[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
            if any(part.shape != (len(names),) for part in (mean, scale, weights)):
                raise BadBundle(why="its decision was made for other features")
            return Decision(
                names=names,
                mean=mean,
                scale=scale,
                weights=weights,
                bias=float(found["bias"]),  # type: ignore[arg-type]
                threshold=float(found["threshold"]),  # type: ignore[arg-type]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadBundle(why="its decision can't be read") from error

    def to_json(self) -> dict[str, object]:
        """Return what `asr/decision.json` holds."""
        return {
            "features": list(self.names),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "bias": self.bias,
            "threshold": self.threshold,
        }

    def confidence(self, vector: NDArray[np.float64]) -> float:
        """Return how sure it is, 0 to 1, that the utterance was the command."""
        logit = float(self.weights @ ((vector - self.mean) / self.scale) + self.bias)
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))

    def accept(self, vector: NDArray[np.float64]) -> bool:
        return self.confidence(vector) >= self.threshold


def features(hypothesis: Hypothesis, names: Sequence[str] = FEATURE_NAMES) -> NDArray[np.float64]:
    """Return a hypothesis' features in the order of `names`, shape (features,).

    Raises KeyError for a hypothesis without evidence.
    """
    return np.array([hypothesis.evidence[name] for name in names], dtype=np.float64)


def evidence(grammar: Sequence[Span], phones: Sequence[Span], ngram: Sequence[Span]) -> dict[str, float]:
    """Compare a grammar's reading with its competitors' readings of the same frames.

    Only the grammar's own words are judged; open speech between them may be anything.
    """
    words = [span for span in grammar if not span.is_filler and not span.is_open]
    opened = np.zeros(max([1, *(span.last + 1 for span in grammar)]), dtype=bool)
    for span in grammar:
        opened[span.first : span.last + 1] = span.is_open
    total = max([1, *(span.last + 1 for part in (grammar, phones, ngram) for span in part)])
    theirs, free, ours = _frames(phones, total), _frames(ngram, total), _frames(grammar, total)
    spoken = np.zeros(total, dtype=bool)
    for span in words:
        spoken[span.first : span.last + 1] = True
    frames = max(1, int(spoken.sum()))
    ratios = [_word_ratio(span, theirs) for span in words]
    other = [
        span.word
        for span in ngram
        if not span.is_filler and not opened[min((span.first + span.last) // 2, len(opened) - 1)]
    ]
    seconds = max(0.1, frames / FRAMES_PER_SECOND)
    return {
        "phone_llr": float((ours - theirs)[spoken].sum() / frames),
        "worst_word_llr": min(ratios, default=-10.0),
        "ngram_llr": float((ours - free)[spoken].sum() / frames),
        "ngram_agreement": SequenceMatcher(None, [span.word for span in words], other, autojunk=False).ratio(),
        "log_words": math.log(max(1, len(words))),
        "words_per_second": len(words) / seconds,
        "coverage": (frames + int(opened.sum())) / total,
        "score_per_frame": float(ours[spoken].sum() / frames),
    }


def word_confidence(span: Span, phones: Sequence[Span]) -> float:
    """Return a word's confidence, 0 to 1, from its likelihood against the phone loop's over the same frames."""
    total = max([span.last + 1, *(phone.last + 1 for phone in phones)])
    return 1.0 / (1.0 + math.exp(min(50.0, -2.0 * (_word_ratio(span, _frames(phones, total)) + 3.0))))


def _word_ratio(span: Span, theirs: NDArray[np.float64]) -> float:
    return float(span.score - theirs[span.first : span.last + 1].sum()) / span.frames


def _frames(spans: Sequence[Span], total: int) -> NDArray[np.float64]:
    """Spread each span's score evenly over its frames, shape (total,)."""
    scores = np.zeros(total, dtype=np.float64)
    for span in spans:
        scores[span.first : span.last + 1] = span.score / span.frames
    return scores


DEFAULT = Decision(
    mean=np.array([-2.98, -5.64, -0.05, 0.25, 1.68, 4.40, 0.667, -4.20]),
    scale=np.array([1.88, 2.47, 1.97, 0.28, 0.66, 1.30, 0.148, 2.04]),
    weights=np.array([0.39, 0.80, 0.65, 0.05, 0.14, -0.57, 0.16, 0.35]),
    bias=0.0,
    threshold=0.3,
)
"""The packaged operating point; how it was chosen: docs/decisions/rejection.md."""
WITH_NETWORK = Decision(
    names=FEATURE_NAMES + NETWORK_FEATURES,
    mean=np.append(DEFAULT.mean, [-0.5, -1.5, 0.7]),
    scale=np.append(DEFAULT.scale, [0.4, 1.0, 0.3]),
    weights=np.append(0.5 * DEFAULT.weights, [1.0, 0.6, 0.6]),
    bias=0.0,
    threshold=0.3,
)
"""Where a bundle has a network and too few labels to learn a decision from: docs/decisions/neural-acoustics.md."""
