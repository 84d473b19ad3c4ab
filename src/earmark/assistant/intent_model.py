"""A trained intent and slot model, run with numpy alone: n-gram features, a linear classifier, a perceptron tagger.

`nlu/model.json` holds names and the tagger's weights, `nlu/model.npz` the classifier's numbers. Arrays and text only:
loading one never runs code. `earmark.learn.understanding` trains it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import ModelBundle
from earmark.errors import BadBundle

JSON, NPZ = "nlu/model.json", "nlu/model.npz"
NONE = ""
"""The class of sentences that ask for nothing the model knows."""
OUTSIDE = "O"
"""The tag of a word that belongs to no slot."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|'[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearIntentModel:
    """An `IntentModel` (see `understanding`)."""

    intents: Sequence[str]
    vocabulary: Mapping[str, int]
    """Feature to column."""
    idf: NDArray[np.float32]
    """Shape (columns,): inverse document frequencies."""
    weights: NDArray[np.float32]
    """Shape (columns, intents)."""
    bias: NDArray[np.float32]
    """Shape (intents,)."""
    temperature: float
    """Divides the scores before the softmax, so that confidences are shares of right answers."""
    threshold: float
    """Below this confidence a sentence is refused."""
    tagger: Mapping[str, Mapping[str, float]]
    """Feature to tag to weight."""
    tags: Sequence[str]
    """`O`, `B-<slot>`, `I-<slot>`."""

    def predict(self, text: str) -> tuple[str, Mapping[str, str], float] | None:
        """Return intent, slots and confidence (0 to 1) of a sentence; None when it fits no intent."""
        words = split(text)
        if not words:
            return None
        confidences = self.confidences(words)
        best = int(np.argmax(confidences))
        intent, confidence = self.intents[best], float(confidences[best])
        if intent == NONE or confidence < self.threshold:
            return None
        tags = tag(words, intent, self.tagger, self.tags)
        return intent, dict(slots_of(words, tags)), confidence

    def confidences(self, words: Sequence[str]) -> NDArray[np.float64]:
        """Return each intent's share of the belief, shape (intents,), adding up to 1."""
        counts = Counter(self.vocabulary[name] for name in sentence_features(words) if name in self.vocabulary)
        columns = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        values = 1.0 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        values = values * self.idf[columns]
        length = float(np.sqrt(values @ values))
        scores = (values / length if length else values) @ self.weights[columns] + self.bias
        shifted = scores / self.temperature
        odds = np.exp(shifted - shifted.max())
        return odds / odds.sum()


def split(text: str) -> list[str]:
    """Return the words of a sentence in lower case, without punctuation."""
    return _WORD.findall(text.lower().replace("’", "'"))


def sentence_features(words: Sequence[str]) -> list[str]:
    """Return word n-grams (1 to 3) and the characters' n-grams within words (2 to 5)."""
    framed = ["<", *words, ">"]
    found = [f"w {word}" for word in words]
    found += [f"b {first} {second}" for first, second in pairwise(framed)]
    found += [f"t {' '.join(framed[at : at + 3])}" for at in range(len(framed) - 2)]
    for word in words:
        padded = f" {word} "
        found += [f"c{padded[at : at + size]}" for size in range(2, 6) for at in range(len(padded) - size + 1)]
    return found


def word_features(words: Sequence[str], at: int, intent: str, before: str, second: str) -> list[str]:
    """Return what tells a word's tag: the word, its neighbours, its ending, the intent and the two tags before it."""
    word = words[at]
    left = words[at - 1] if at else "<"
    right = words[at + 1] if at + 1 < len(words) else ">"
    farther = words[at - 2] if at > 1 else "<"
    next_but_one = words[at + 2] if at + 2 < len(words) else ">"
    return [
        "bias",
        f"w {word}",
        f"l {left}",
        f"r {right}",
        f"ll {farther}",
        f"rr {next_but_one}",
        f"lw {left} {word}",
        f"wr {word} {right}",
        f"lr {left} {right}",
        f"s {word[-3:]}",
        f"p {word[:3]}",
        f"i {intent}",
        f"iw {intent} {word}",
        f"il {intent} {left}",
        f"t {before}",
        f"tt {second} {before}",
        f"tw {before} {word}",
        f"ti {before} {intent}",
        f"d {word.isdigit()}",
        f"e {at == 0} {at + 1 == len(words)}",
    ]


def tag(
    words: Sequence[str], intent: str, weights: Mapping[str, Mapping[str, float]], tags: Sequence[str]
) -> list[str]:
    """Tag words from left to right, each with the best tag that may follow the one before."""
    found: list[str] = []
    before = second = OUTSIDE
    for at in range(len(words)):
        scores: dict[str, float] = {}
        for name in word_features(words, at, intent, before, second):
            for label, weight in weights.get(name, {}).items():
                scores[label] = scores.get(label, 0.0) + weight
        allowed = {label: score for label, score in scores.items() if may_follow(label, before)}
        # Ties go to the tag that is named first, so that every machine answers the same.
        best = min(allowed, key=lambda label: (-allowed[label], label)) if allowed else OUTSIDE
        found.append(best)
        second, before = before, best
    return found


def may_follow(label: str, before: str) -> bool:
    """Tell whether a tag may stand after another: a slot goes on only where it has begun."""
    return not label.startswith("I-") or before[2:] == label[2:]


def slots_of(words: Sequence[str], tags: Sequence[str]) -> list[tuple[str, str]]:
    """Return (slot, value) pairs in order."""
    found: list[tuple[str, list[str]]] = []
    for word, label in zip(words, tags, strict=True):
        if label.startswith("B-"):
            found.append((label[2:], [word]))
        elif label.startswith("I-") and found:
            found[-1][1].append(word)
    return [(name, " ".join(value)) for name, value in found]


def load(bundle: ModelBundle) -> LinearIntentModel | None:
    """Return the bundle's model, or None when it has none. Raises BadBundle when a part is missing or unreadable."""
    about, data = bundle.read_json(JSON), bundle.read(NPZ)
    if about is None or data is None:
        return None
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            idf, weights, bias = (arrays[name].astype(np.float32) for name in ("idf", "weights", "bias"))
        vocabulary = {str(name): column for column, name in enumerate(about["vocabulary"])}
        intents = [str(name) for name in about["intents"]]
        if weights.shape != (len(vocabulary), len(intents)) or idf.shape != (len(vocabulary),):
            raise BadBundle(why="its intent model's parts don't fit each other")
        return LinearIntentModel(
            intents=intents,
            vocabulary=vocabulary,
            idf=idf,
            weights=weights,
            bias=bias,
            temperature=float(about["temperature"]),
            threshold=float(about["threshold"]),
            tagger={str(name): _numbers(found.items()) for name, found in about["tagger"].items()},
            tags=[str(name) for name in about["tags"]],
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise BadBundle(why="its intent model can't be read") from error


def _numbers(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {str(name): float(value) for name, value in pairs}
