"""Training intents and slots: TF-IDF n-grams with a linear classifier, and an averaged perceptron for the slots.

The tagger is Collins' averaged perceptron (2002), greedy from left to right, its features those of
`assistant.intent_model`. scikit-learn trains the classifier, numpy alone runs it.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from earmark.assistant.intent_model import (
    JSON,
    NPZ,
    OUTSIDE,
    may_follow,
    sentence_features,
    split,
    word_features,
)
from earmark.learn.clips import Sentence

FEWEST = 40
"""Sentences below which nothing is trained."""
FEWEST_EACH = 3
"""Sentences of an intent below which it is left out."""
_ROUNDS = 5
_SHORTFALL = 0.25
"""A sentence is refused below this confidence. Where it matters most, in commands, the grammar must agree as well."""


def train(sentences: Sequence[Sentence], *, seed: int = 0) -> dict[str, bytes] | None:
    """Return the files of a model; None when there are too few sentences or fewer than two intents.

    Sentences whose intent is empty teach what to refuse. The same sentences and seed give the same files.
    """
    counts = Counter(sentence.intent for sentence in sentences)
    kept = [one for one in sentences if counts[one.intent] >= FEWEST_EACH and split(one.text)]
    if len(kept) < FEWEST or len({one.intent for one in kept}) < 2:
        return None
    intents = sorted({one.intent for one in kept})
    classifier = _classifier(kept, intents, seed)
    tagger, tags = train_tagger(kept, seed=seed)
    about = {
        "intents": intents,
        "vocabulary": classifier.vocabulary,
        "temperature": classifier.temperature,
        "threshold": _SHORTFALL,
        "tagger": tagger,
        "tags": tags,
    }
    buffer = io.BytesIO()
    half = classifier.weights.astype(np.float16)
    np.savez_compressed(buffer, idf=classifier.idf, weights=half, bias=classifier.bias)
    return {JSON: json.dumps(about, sort_keys=True, separators=(",", ":")).encode(), NPZ: buffer.getvalue()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classifier:
    vocabulary: list[str]
    idf: NDArray[np.float32]
    """Shape (columns,)."""
    weights: NDArray[np.float32]
    """Shape (columns, intents)."""
    bias: NDArray[np.float32]
    """Shape (intents,)."""
    temperature: float


def _classifier(sentences: Sequence[Sentence], intents: Sequence[str], seed: int) -> _Classifier:
    # Loading scikit-learn takes a second: only who trains needs it.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import train_test_split
    from sklearn.svm import LinearSVC

    # A feature of one sentence alone can't be checked against another; in a small collection it is kept all the same.
    vectorizer: Any = TfidfVectorizer(
        analyzer=lambda text: sentence_features(split(text)),  # pyright: ignore[reportArgumentType]  (documented)
        min_df=2 if len(sentences) >= 1000 else 1,
        sublinear_tf=True,
        dtype=np.float32,  # pyright: ignore[reportArgumentType]  (documented)
    )
    matrix = vectorizer.fit_transform([one.text for one in sentences])
    truth = np.array([intents.index(one.intent) for one in sentences])

    def machine() -> Any:
        return LinearSVC(C=0.5, random_state=seed, class_weight="balanced", tol=1e-3)

    rows = np.arange(len(truth))
    size = max(len(intents), len(truth) // 5)
    some, rest = train_test_split(rows, test_size=size, stratify=truth, random_state=seed)
    margins = _two_sided(machine().fit(matrix[some], truth[some]).decision_function(matrix[rest]))
    whole = machine().fit(matrix, truth)
    weights, bias = whole.coef_.T, whole.intercept_
    if len(intents) == 2:  # one score says which of the two
        weights, bias = np.hstack([-weights, weights]), np.array([-bias[0], bias[0]])
    return _Classifier(
        vocabulary=[str(name) for name in vectorizer.get_feature_names_out()],
        idf=vectorizer.idf_.astype(np.float32),
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=_temperature(margins, truth[rest]),
    )


def _two_sided(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    return margins if margins.ndim == 2 else np.column_stack([-margins, margins])


def _temperature(margins: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Return the temperature of least log loss on sentences that were left out (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(-4.0, 3.0, 141))
    rows = np.arange(len(truth))
    losses = [float(np.mean(logsumexp(margins / value, axis=1) - margins[rows, truth] / value)) for value in candidates]
    return float(candidates[int(np.argmin(losses))])


def train_tagger(sentences: Sequence[Sentence], *, seed: int) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Train the slot tagger; returns feature → tag → averaged weight, and the tags."""
    examples = [(words, one.intent, tags_of(words, one.slots)) for one in sentences if (words := split(one.text))]
    tags = sorted({label for _, _, labels in examples for label in labels} | {OUTSIDE})
    weights: dict[str, dict[str, float]] = {}
    totals: dict[tuple[str, str], float] = {}
    stamps: dict[tuple[str, str], int] = {}
    order, now = Random(seed), 0

    def move(name: str, label: str, by: float) -> None:
        key, row = (name, label), weights.setdefault(name, {})
        value = row.get(label, 0.0)
        totals[key] = totals.get(key, 0.0) + (now - stamps.get(key, 0)) * value
        stamps[key] = now
        row[label] = value + by

    for _ in range(_ROUNDS):
        order.shuffle(examples)
        for words, intent, labels in examples:
            before = second = OUTSIDE
            for at, truth in enumerate(labels):
                now += 1
                names = word_features(words, at, intent, before, second)
                guess = _best(names, weights, before)
                if guess != truth:
                    for name in names:
                        move(name, truth, 1.0)
                        move(name, guess, -1.0)
                # What it guessed stands before the next word, as it will when it is used.
                second, before = before, guess
    averaged: dict[str, dict[str, float]] = {}
    for name, row in weights.items():
        for label, value in row.items():
            key = (name, label)
            mean = (totals[key] + (now - stamps[key]) * value) / max(now, 1)
            if abs(mean) >= 0.005:
                averaged.setdefault(name, {})[label] = round(mean, 3)
    return averaged, tags


def _best(names: Sequence[str], weights: dict[str, dict[str, float]], before: str) -> str:
    scores = {OUTSIDE: 0.0}
    for name in names:
        for label, weight in weights.get(name, {}).items():
            scores[label] = scores.get(label, 0.0) + weight
    return min((label for label in scores if may_follow(label, before)), key=lambda label: (-scores[label], label))


def tags_of(words: Sequence[str], slots: Sequence[tuple[str, str]]) -> list[str]:
    """Return each word's tag; a slot's value is looked for from left to right among the words that have none yet."""
    tags = [OUTSIDE] * len(words)
    for name, value in slots:
        wanted = split(value)
        for at in range(len(words) - len(wanted) + 1):
            free = all(label == OUTSIDE for label in tags[at : at + len(wanted)])
            if wanted and free and list(words[at : at + len(wanted)]) == wanted:
                tags[at : at + len(wanted)] = [f"B-{name}"] + [f"I-{name}"] * (len(wanted) - 1)
                break
    return tags
