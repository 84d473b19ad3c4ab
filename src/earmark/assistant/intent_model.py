"""A trained intent and slot model: linear over word and letter n-grams and over a sentence encoder's numbers.

`nlu/model.json` holds names, `nlu/model.npz` numbers. Arrays and text only: loading one never runs code. Beside
numpy it runs the encoder, where it was trained with one, and a second time with the layers of `nlu/encoder.npz`, where
the encoder itself was trained further. `earmark.learn.understanding` and `.tuning` train them.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import encoder, layers
from earmark.assistant.encoder import Encoded, MiniLm, SentenceEncoder
from earmark.assistant.slots import SlotTagger, plain, slots_of
from earmark.bundle import UNREADABLE, ModelBundle
from earmark.errors import BadBundle

JSON, NPZ = "nlu/model.json", "nlu/model.npz"
TUNED = "nlu/encoder.npz"
"""The encoder's layers, trained further, and the head that they were trained with."""
ARRAYS = (
    "idf",
    "weights",
    "dense",
    "bias",
    "slot_starts",
    "slot_columns",
    "slot_weights",
    "slot_follows",
    "slot_dense",
)
"""What `nlu/model.npz` holds."""
_SURE = 1.0
"""Lead of the best margin from which the tuned encoder changes nothing: docs/decisions/understanding.md."""
NONE = ""
"""The class of sentences that ask for nothing the model knows."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|['’][^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedEncoder:
    """An encoder that was trained further, and what tells intents apart by its numbers."""

    encoder: SentenceEncoder
    head: NDArray[np.float32]
    """Shape (width, intents)."""
    bias: NDArray[np.float32]
    """Shape (intents,)."""
    intents: Sequence[str]

    def likely(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the logarithm of each intent's probability, shape (intents,)."""
        odds = self.encoder.encode(words).whole @ self.head + self.bias
        odds = odds - odds.max()
        return odds - np.log(np.exp(odds).sum())


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
    dense: NDArray[np.float32]
    """Shape (width, intents): weights of the encoder's numbers; width is 0 where it is not used."""
    bias: NDArray[np.float32]
    """Shape (intents,)."""
    temperature: float
    """Divides the scores before the softmax, so that confidences are shares of right answers."""
    threshold: float
    """A sentence whose best score is below this is refused."""
    tagger: SlotTagger
    encoder: SentenceEncoder | None
    """None where the model was trained without."""
    tuned: TunedEncoder | None = None
    tuned_weight: float = 0.0
    """Of its logarithms beside the scores."""

    def predict(self, text: str) -> tuple[str, Sequence[tuple[str, str]], float] | None:
        """Return intent, (slot, value) pairs and confidence (0 to 1) of a sentence; None when it fits no intent."""
        words = split(text)
        if not words:
            return None
        scores, encoded = self.scores(words)
        best = int(np.argmax(scores))
        intent = self.intents[best]
        if intent == NONE or scores[best] < self.threshold:
            return None
        odds = np.exp((scores - scores[best]) / self.temperature)
        tags = self.tagger.tag(words, intent, encoded.words)
        return intent, slots_of(text, places(text), tags), float(1.0 / odds.sum())

    def encode(self, words: Sequence[str]) -> Encoded:
        """Return the encoder's numbers, or none of width 0 where there is no encoder."""
        return self.encoder.encode(words) if self.encoder else nothing(words)

    def scores(self, words: Sequence[str]) -> tuple[NDArray[np.float64], Encoded]:
        """Return each intent's score, shape (intents,), and the packaged encoder's numbers.

        A score is the margin of that intent against all others; with a tuned encoder the logarithm of what that one
        makes its probability is added, unless the margins are sure: that encoder costs another pass.
        """
        encoded = self.encode(words)
        margins = self._margins(words, encoded)
        if self.tuned is None or sure(margins):
            return margins, encoded
        return margins + self.tuned_weight * self.tuned.likely(words), encoded

    def _margins(self, words: Sequence[str], encoded: Encoded) -> NDArray[np.float64]:
        """Return the classifier's one-vs-rest margins, shape (intents,)."""
        counts = Counter(self.vocabulary[name] for name in sentence_features(words) if name in self.vocabulary)
        columns = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        values = 1.0 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        values = values * self.idf[columns]
        length = float(np.sqrt(values @ values))
        worded = (values / length if length else values) @ self.weights[columns]
        return worded + encoded.whole @ self.dense + self.bias


def sure(margins: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell of margins, shape (..., intents), whether one is a yes and leads all others by `_SURE`, shape (...)."""
    second, best = np.partition(margins, -2, axis=-1)[..., -2:].T
    return (best >= 0.0) & (best - second >= _SURE)


def nothing(words: Sequence[str]) -> Encoded:
    """Return what stands for an encoder's numbers where there is none."""
    return Encoded(whole=np.zeros(0, dtype=np.float32), words=np.zeros((len(words), 0), dtype=np.float32))


def split(text: str) -> list[str]:
    """Return the words of a sentence in lower case, without punctuation."""
    return [plain(text[start:end]) for start, end in places(text)]


def places(text: str) -> list[tuple[int, int]]:
    """Return where each of these words begins and ends in the text."""
    return [found.span() for found in _WORD.finditer(text)]


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


def load(bundle: ModelBundle) -> LinearIntentModel | None:
    """Return the bundle's model, or None when it has none.

    Raises BadBundle when a part is missing or unreadable, or when it needs an encoder that isn't installed.
    """
    data = bundle.read(NPZ)
    try:
        about = bundle.read_json(JSON)
        if about is None or data is None or "tagger" in about:
            # With a tagger it is of an older kind: the templates do until the next run of `earmark learn` replaces it.
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ARRAYS}
        model = _assembled(about, found, bundle.read(TUNED))
        needs = bool(about["encoder"])
    except UNREADABLE as error:
        raise BadBundle(why="its intent model can't be read") from error
    if not _fits(model):
        raise BadBundle(why="its intent model's parts don't fit each other")
    if needs and model.encoder is None:
        raise BadBundle(why="its intent model needs the sentence encoder that it was trained with")
    if model.tuned_weight and model.tuned is None:
        raise BadBundle(why="its intent model lacks the encoder that was trained with it")
    return model


def tuned_encoder(data: bytes, packaged: MiniLm) -> TunedEncoder:
    """Return what `nlu/encoder.npz` holds. Raises UNREADABLE."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        tuned = {name: arrays[name] for name in layers.names()}
        head, bias = arrays["head"].astype(np.float32), arrays["bias"].astype(np.float32)
        intents = [str(name) for name in arrays["intents"]]
    return TunedEncoder(encoder=packaged.changed(tuned), head=head, bias=bias, intents=intents)


def _assembled(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], tuned: bytes | None) -> LinearIntentModel:
    whole = {name: arrays[name].astype(np.float32) for name in ARRAYS if name not in ("slot_starts", "slot_columns")}
    depths = {encoder.identity(depth): depth for depth in range(1, layers.LAYERS + 1)}
    packaged = encoder.load(depth) if (depth := depths.get(about["encoder"])) else None
    return LinearIntentModel(
        intents=[str(name) for name in about["intents"]],
        vocabulary={str(name): column for column, name in enumerate(about["vocabulary"])},
        idf=whole["idf"],
        weights=whole["weights"],
        dense=whole["dense"],
        bias=whole["bias"],
        temperature=float(about["temperature"]),
        threshold=float(about["threshold"]),
        tagger=SlotTagger(
            tags=[str(name) for name in about["tags"]],
            features={str(name): row for row, name in enumerate(about["slot_features"])},
            starts=arrays["slot_starts"].astype(np.int32),
            columns=arrays["slot_columns"].astype(np.int16),
            weights=whole["slot_weights"],
            follows=whole["slot_follows"],
            dense=whole["slot_dense"],
        ),
        encoder=packaged,
        tuned=tuned_encoder(tuned, packaged) if tuned and packaged else None,
        tuned_weight=float(about.get("tuned_weight", 0.0)),
    )


def _fits(model: LinearIntentModel) -> bool:
    """Tell whether every array has the shape that the others ask for, and points only where there is something."""
    columns, intents, tags = len(model.vocabulary), len(model.intents), len(model.tagger.tags)
    tagger, width = model.tagger, encoder.WIDTH if model.encoder else len(model.dense)
    starts = tagger.starts
    return (
        model.idf.shape == (columns,)
        and model.weights.shape == (columns, intents)
        and model.dense.shape == (width, intents)
        and (model.tuned is None or _heads_fit(model.tuned, model.intents))
        and all(np.isfinite(array).all() for array in (model.idf, model.weights, model.dense, model.bias))
        and all(np.isfinite(number) for number in (model.temperature, model.threshold, model.tuned_weight))
        and all(np.isfinite(array).all() for array in (tagger.weights, tagger.follows, tagger.dense))
        and model.bias.shape == (intents,)
        and tagger.dense.shape == (width, tags)
        and tagger.follows.shape == (tags + 1, tags)
        and starts.shape == (len(tagger.features) + 1,)
        and tagger.weights.shape == tagger.columns.shape == (starts[-1],)
        and starts[0] == 0
        and bool((np.diff(starts) >= 0).all())
        and bool(((tagger.columns >= 0) & (tagger.columns < tags)).all())
    )


def _heads_fit(tuned: TunedEncoder, intents: Sequence[str]) -> bool:
    shapes = tuned.head.shape, tuned.bias.shape
    sound = bool(np.isfinite(tuned.head).all() and np.isfinite(tuned.bias).all())
    same = list(tuned.intents) == list(intents)
    return sound and same and len(intents) > 1 and shapes == ((encoder.WIDTH, len(intents)), (len(intents),))
