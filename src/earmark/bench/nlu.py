"""`earmark bench nlu --data DIR`: requests understood that the model never read, by cross-validation.

`DIR/nlu/home.jsonl` is parted into five folds, each intent evenly. Each fold is judged by a model of the other four:
intents (a refused sentence counts as wrong), slots as micro-averaged F1 over name and value, time a sentence, and all
of it again with words misheard at a given rate. Beside it runs a pilot on the same folds, TF-IDF of words and
pairs with a linear SVM. A second model of the first fold has never read one fifth of the intents: how many of their
sentences it takes for something else is the rate of false accepts out of scope, at its threshold and at others.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle
from earmark.assistant import encoder
from earmark.assistant.intent_model import NONE, LinearIntentModel, load, split
from earmark.bench.misheard import Ear
from earmark.errors import BadRequest
from earmark.learn.clips import Sentence, read_sentences
from earmark.learn.scoring import sentence_outcome, summarise
from earmark.learn.understanding import train, tune
from earmark.supervisor import Progress

FOLDS = 5
RATES = (0.05, 0.1, 0.2)
"""Shares of words that are misheard."""
COSTS = (0.01, 0.02, 0.05)
"""Shares of the right answers that would be refused at other thresholds."""
_NEEDS = "`earmark bench nlu` needs nlu/home.jsonl in the folder, with some sentences of two intents or more."

Row = dict[str, float | str]


def run(note: Progress, data: Path, *, light: bool = False, encode: bool = True) -> list[Row]:
    """Return a row for each fold and one for their mean. `light`: one of the five.

    Raises BadRequest when the folder has no sentences, or too few to learn from.
    """
    path = data / "nlu" / "home.jsonl"
    sentences = read_sentences(path) if path.is_file() else []
    parts = folded(sentences)
    ear = Ear(word for one in sentences for word in split(one.text))
    rows: list[Row] = []
    folds = 1 if light else FOLDS
    for number in range(folds):
        learned = [one for one, part in zip(sentences, parts, strict=True) if part != number]
        judged = [one for one, part in zip(sentences, parts, strict=True) if part == number]
        note(f"fold {number + 1} of {folds}")
        started = _processor_seconds()
        model = _model(learned, encode=encode)
        row: Row = {"fold": number + 1, "learned": len(learned), "judged": len(judged)}
        row["training_cpu_s"] = round(_processor_seconds() - started, 1)
        row |= _judged(model, judged)
        row |= _misheard(model, judged, ear, seed=number)
        row["pilot_intents"] = _pilot(learned, judged)
        if not number:  # one is enough: it takes as long as all else of a fold
            row |= _out_of_scope(learned, judged, encode=encode)
        note(f"fold {number + 1} of {folds}: {float(row['intents']):.1%} of intents, slots {row['slot_f1']}")
        rows.append(row)
    mean: Row = {name: round(float(np.mean([float(row[name]) for row in rows])), 4) for name in rows[-1]}
    return [*rows, {**mean, "fold": "mean", "encoder": str(bool(encode and encoder.load()))}]


def folded(sentences: Sequence[Sentence]) -> list[int]:
    """Return each sentence's fold: each intent's sentences are dealt out evenly, in an order that their hash gives."""
    parts = [0] * len(sentences)
    by_intent: dict[str, list[int]] = {}
    for index, one in enumerate(sentences):
        by_intent.setdefault(one.intent, []).append(index)
    for offset, members in enumerate(by_intent.values()):
        members.sort(key=lambda index: hashlib.sha256(sentences[index].text.encode()).digest())
        for place, index in enumerate(members):
            parts[index] = (place + offset) % FOLDS
    return parts


def _model(sentences: Sequence[Sentence], *, encode: bool) -> LinearIntentModel:
    found = encoder.load() if encode else None
    files = train(sentences, encoder=found, tuned=tune(sentences) if found else None)
    if files is None:
        raise BadRequest(why=_NEEDS)
    with tempfile.TemporaryDirectory() as folder:
        made = load(bundle.write(Path(folder), files=files, about={}, key=Ed25519PrivateKey.generate()))
    if made is None:
        raise BadRequest(why=_NEEDS)
    return made


def _judged(model: LinearIntentModel, judged: Sequence[Sentence]) -> Row:
    spent: list[float] = []
    results: list[Any] = []
    unrefused = 0
    for one in judged:
        started = time.perf_counter()
        guess = model.predict(one.text)
        spent.append(1000 * (time.perf_counter() - started))
        results.append(sentence_outcome(one, (guess[0], guess[1]) if guess else None))
        unrefused += _best(model, one)[1]
    scores = summarise(results)["nlu"]
    return {
        "intents": round(scores["intent_accuracy"], 4),
        "intents_if_nothing_were_refused": round(unrefused / len(judged), 4),
        "slot_f1": round(scores["slot_f1"] or 0.0, 4),
        "ms_p50": round(float(np.percentile(spent, 50)), 2),
        "ms_p95": round(float(np.percentile(spent, 95)), 2),
    }


def _misheard(model: LinearIntentModel, judged: Sequence[Sentence], ear: Ear, *, seed: int) -> Row:
    found: Row = {}
    some = [one for one in judged if split(one.text)][::2]
    for rate in RATES:
        draw, results = Random(seed), []
        for one in some:
            guess = model.predict(" ".join(ear.mishear(split(one.text), rate, draw)))
            results.append(sentence_outcome(one, (guess[0], guess[1]) if guess else None))
        scores = summarise(results)["nlu"]
        found[f"intents_misheard_{rate:.0%}"] = round(scores["intent_accuracy"], 4)
        found[f"slot_f1_misheard_{rate:.0%}"] = round(scores["slot_f1"] or 0.0, 4)
    return found


def _out_of_scope(learned: Sequence[Sentence], judged: Sequence[Sentence], *, encode: bool) -> Row:
    """Train without one fifth of the intents, and see what becomes of their sentences."""
    intents = sorted({one.intent for one in learned})
    unknown = set(intents[::FOLDS])
    # Without slots the tagger has nothing to learn: only what is refused matters here.
    known = [Sentence(text=one.text, intent=one.intent) for one in learned if one.intent not in unknown]
    model = _model(known, encode=encode)
    strangers = [_best(model, one) for one in judged if one.intent in unknown]
    friends = [_best(model, one) for one in judged if one.intent not in unknown]
    row: Row = {
        "out_of_scope_false_accepts": _share(score >= model.threshold for score, _ in strangers),
        "in_scope_refused": _share(score < model.threshold for score, _ in friends),
    }
    right = [score for score, is_right in friends if is_right]
    for cost in COSTS if right else ():
        threshold = float(np.quantile(right, cost))
        row[f"out_of_scope_false_accepts_at_{cost:.0%}"] = _share(score >= threshold for score, _ in strangers)
    return row


def _best(model: LinearIntentModel, one: Sentence) -> tuple[float, bool]:
    """Return the best score of a sentence, and whether it is that of its intent; minus infinity where it is refused at
    any threshold."""
    words = split(one.text)
    if not words:
        return -np.inf, False
    scores, _ = model.scores(words)
    best = int(np.argmax(scores))
    return (float(scores[best]) if model.intents[best] != NONE else -np.inf), model.intents[best] == one.intent


def _processor_seconds() -> float:
    """Return what this process and those that it has ended took: the encoder is tuned in one of its own."""
    return sum(os.times()[:4])


def _share(found: Iterable[bool]) -> float:
    return round(float(np.mean([*found] or [0.0])), 4)


def _pilot(learned: Sequence[Sentence], judged: Sequence[Sentence]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectorizer: Any = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    machine: Any = LinearSVC(random_state=0)
    machine.fit(vectorizer.fit_transform([one.text for one in learned]), [one.intent for one in learned])
    found = machine.predict(vectorizer.transform([one.text for one in judged]))
    return round(float(np.mean([guess == one.intent for guess, one in zip(found, judged, strict=True)])), 4)
