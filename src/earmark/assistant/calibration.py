"""Turning reviewed utterances into a decision: which evidence means that a command was really said.

`learn/` calls `example` on each labelled utterance and `fit_decision` on what comes of it; the result goes into a
bundle as `asr/decision.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.confidence import Decision, features
from earmark.assistant.engine import Engine
from earmark.assistant.recogniser import Hypothesis


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One utterance with a grammar's reading, judged."""

    vector: NDArray[np.float64]
    """In the order of `FEATURE_NAMES`."""
    right: bool
    """The reading had the intent and every slot of what was said."""


def example(
    engine: Engine,
    hypothesis: Hypothesis,
    *,
    words: str | None = None,
    intent: str | None = None,
    slots: Mapping[str, str] | None = None,
) -> Example | None:
    """Judge a grammar's reading by the reviewed words, or by intent and slots; None when the grammar read nothing.

    With neither words nor an intent the utterance was no command, so any reading of it is wrong.
    """
    if hypothesis.source != "grammar" or not hypothesis.evidence:
        return None
    read = engine.meaning(hypothesis.text)
    if words is not None:
        said = engine.meaning(words)
        intent, slots = (said.intent, said.slots) if said else (None, {})
    right = bool(
        read
        and intent
        and read.intent == intent
        and all(read.slots.get(name) == value for name, value in (slots or {}).items())
    )
    return Example(vector=features(hypothesis), right=right)


def fit_decision(examples: Sequence[Example], *, false_accepts: float = 0.05, among: int | None = None) -> Decision:
    """Fit a logistic decision; its threshold lets at most a share of other speech through.

    `among`: how many utterances of other speech there were, those that the grammar refused by itself included; the
    wrong examples when not given. Raises ValueError without examples of both kinds.
    """
    from sklearn.linear_model import LogisticRegression  # half a second to import, and only training needs it

    vectors = np.array([each.vector for each in examples], dtype=np.float64)
    right = np.array([each.right for each in examples], dtype=bool)
    if not right.any() or right.all():
        raise ValueError("needs right and wrong examples")
    mean, scale = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-3)
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000).fit((vectors - mean) / scale, right)
    draft = Decision(mean=mean, scale=scale, weights=model.coef_[0], bias=float(model.intercept_[0]), threshold=0.5)
    wrong = sorted((draft.confidence(vector) for vector in vectors[~right]), reverse=True)
    allowed = int(false_accepts * (among or len(wrong)))
    threshold = (wrong[allowed] + 1e-6) if allowed < len(wrong) else 0.05
    return Decision(
        mean=mean, scale=scale, weights=draft.weights, bias=draft.bias, threshold=min(0.95, max(0.05, threshold))
    )
