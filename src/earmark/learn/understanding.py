"""Training intents and slots: a linear classifier of n-grams beside a sentence encoder's numbers, and a chain.

scikit-learn trains the classifier, `learn.slots` the tagger; running them needs neither. The encoder, where it is
installed, brings what words mean; the n-grams how requests are worded. docs/decisions/understanding.md has the numbers.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from earmark.assistant import encoder as encoders
from earmark.assistant import layers
from earmark.assistant.encoder import Encoded, SentenceEncoder
from earmark.assistant.intent_model import (
    JSON,
    NONE,
    NPZ,
    TUNED,
    TunedEncoder,
    nothing,
    sentence_features,
    split,
    sure,
    tuned_encoder,
)
from earmark.learn import slots, tuning
from earmark.learn.clips import Sentence
from earmark.learn.slots import Tagged

FEWEST = 40
"""Sentences below which nothing is trained."""
FEWEST_EACH = 3
"""Sentences of an intent below which it is left out."""
REFUSED_RIGHT = 0.005
"""The cost that refusing may have: the share of rightly understood sentences that it refuses. What comes of it for
requests that no intent is for is what `earmark bench nlu` measures."""
_LOUD = 0.7
"""Length of the encoder's numbers beside n-grams of length 1; 0.3 and 1.5 did worse on left-out sentences."""
_LARGE = 1000
"""Sentences from which a feature must be met twice, in a smaller collection one of a single sentence is kept."""
TUNED_FROM = 1000
"""Sentences from which the encoder's layers are trained as well."""
_TUNED_WEIGHT = 1.0
"""Of the tuned encoder's logarithms beside the classifier's margins. With 0.3 as many intents are right, but what no
intent is for is told apart less well."""
_LOWER = 3
"""The packaged encoder's layers that read every sentence, where all of them, tuned, read those that are not sure."""
_TAIL = 0.05
"""Share of the lowest scores by which the threshold is found; the few that are refused are too few for it."""
_FEW = 20
"""Scores below which there is no tail."""
_LEFT_OUT = 800
"""Sentences, at most, that are left out to learn how sure to be."""

Note = Callable[[str, int, int], None]


def train(
    sentences: Sequence[Sentence],
    *,
    seed: int = 0,
    encoder: SentenceEncoder | None = None,
    tuned: Mapping[str, bytes] | None = None,
    note: Note = lambda what, done, of: None,
) -> dict[str, bytes] | None:
    """Return the files of a model; None when there are too few sentences or fewer than two intents.

    Sentences whose intent is empty teach what to refuse. The same sentences, encoder and seed give the same files.
    `encoder` is the packaged one where it is installed (`assistant.encoder.load()`), `tuned` what `tune` returned for
    the same sentences and seed: of the packaged one the first layers are enough then.
    """
    kept, intents = _kept(sentences)
    if len(kept) < FEWEST or len(intents) < 2:
        return None
    head, depth = None, layers.LAYERS
    if tuned and encoder and (lower := encoders.load(_LOWER)):
        encoder, head, depth = lower, tuned_encoder(tuned[TUNED], lower), _LOWER
    if head is not None and list(head.intents) != intents:
        raise ValueError("the encoder was tuned on other sentences")
    encoded = _encoded(kept, encoder, note)
    note("learning intents", 0, 1)
    classifier = _classifier(kept, encoded, intents, head, seed)
    note("learning slots", 0, 1)
    tagger = slots.train(_tagged(kept, encoded), seed=seed)
    about = {
        "intents": intents,
        "vocabulary": classifier.vocabulary,
        "temperature": classifier.temperature,
        "threshold": classifier.threshold,
        "encoder": encoders.identity(depth) if encoder else None,
        "tuned_weight": _TUNED_WEIGHT if head else 0.0,
        "slot_features": list(tagger.features),
        "tags": tagger.tags,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        idf=classifier.idf,
        weights=classifier.weights.astype(np.float16),
        dense=classifier.dense,
        bias=classifier.bias,
        slot_starts=tagger.starts,
        slot_columns=tagger.columns,
        slot_weights=tagger.weights.astype(np.float16),
        slot_follows=tagger.follows,
        slot_dense=tagger.dense.astype(np.float16),
    )
    written = json.dumps(about, sort_keys=True, separators=(",", ":")).encode()
    return {JSON: written, NPZ: buffer.getvalue(), **(tuned if tuned and head else {})}


def tune(sentences: Sequence[Sentence], *, seed: int = 0, note: Note = lambda what, done, of: None) -> dict[str, bytes]:
    """Train the encoder's layers on the sentences that `train` learns from, but for those that it leaves out.

    Returns nothing where the sentences are fewer than TUNED_FROM, or JAX or the encoder is missing.
    """
    kept, intents = _kept(sentences)
    if len(kept) < TUNED_FROM or len(intents) < 2:
        return {}
    truth = np.array([intents.index(one.intent) for one in kept])
    some, _ = _left_out(truth, intents, seed)
    words = [split(kept[row].text) for row in some]
    return tuning.tune(tuning.Lesson(sentences=words, truth=truth[some], intents=intents, seed=seed), note=note)


def _kept(sentences: Sequence[Sentence]) -> tuple[list[Sentence], list[str]]:
    """Return the sentences that teach something, and their intents."""
    worded = [one for one in sentences if split(one.text)]
    counts = Counter(sentence.intent for sentence in worded)
    kept = [one for one in worded if counts[one.intent] >= FEWEST_EACH]
    return kept, sorted({one.intent for one in kept})


def _encoded(sentences: Sequence[Sentence], encoder: SentenceEncoder | None, note: Note) -> list[Encoded]:
    found: list[Encoded] = []
    for done, one in enumerate(sentences, start=1):
        words = split(one.text)
        found.append(encoder.encode(words) if encoder else nothing(words))
        if encoder and not done % 500:
            note("encoding sentences", done, len(sentences))
    return found


def _tagged(sentences: Sequence[Sentence], encoded: Sequence[Encoded]) -> list[Tagged]:
    return [
        Tagged(words=split(one.text), intent=one.intent, slots=one.slots, vectors=numbers.words)
        for one, numbers in zip(sentences, encoded, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classifier:
    vocabulary: list[str]
    idf: NDArray[np.float32]
    """Shape (columns,)."""
    weights: NDArray[np.float32]
    """Shape (columns, intents)."""
    dense: NDArray[np.float32]
    """Shape (width, intents)."""
    bias: NDArray[np.float32]
    """Shape (intents,)."""
    temperature: float
    threshold: float


def _classifier(
    sentences: Sequence[Sentence],
    encoded: Sequence[Encoded],
    intents: Sequence[str],
    head: TunedEncoder | None,
    seed: int,
) -> _Classifier:
    # Loading scikit-learn takes a second: only who trains needs it.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectorizer: Any = TfidfVectorizer(
        analyzer=lambda text: sentence_features(split(text)),  # pyright: ignore[reportArgumentType]  (documented)
        min_df=2 if len(sentences) >= _LARGE else 1,
        sublinear_tf=True,
        dtype=np.float32,  # pyright: ignore[reportArgumentType]  (documented)
    )
    worded = vectorizer.fit_transform([one.text for one in sentences])
    meant = np.array([one.whole for one in encoded], dtype=np.float32) * np.float32(_LOUD)
    matrix = sparse.hstack([worded, sparse.csr_matrix(meant)]).tocsr()
    truth = np.array([intents.index(one.intent) for one in sentences])

    def machine() -> Any:
        return LinearSVC(C=0.5, random_state=seed, class_weight="balanced", tol=1e-3)

    some, rest = _left_out(truth, intents, seed)
    margins = _two_sided(machine().fit(matrix[some], truth[some]).decision_function(matrix[rest]))
    if head is not None:
        for at in np.flatnonzero(~sure(margins)):
            margins[at] += _TUNED_WEIGHT * head.likely(split(sentences[rest[at]].text))
    whole = machine().fit(matrix, truth)
    weights, bias = whole.coef_.T, whole.intercept_
    if len(intents) == 2:  # one score says which of the two
        weights, bias = np.hstack([-weights, weights]), np.array([-bias[0], bias[0]])
    columns = worded.shape[1]
    return _Classifier(
        vocabulary=[str(name) for name in vectorizer.get_feature_names_out()],
        idf=vectorizer.idf_.astype(np.float32),
        weights=weights[:columns].astype(np.float32),
        # A bundle's model is given the encoder's numbers at length 1.
        dense=(weights[columns:] * _LOUD).astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=_temperature(margins, truth[rest]),
        threshold=_threshold(margins, truth[rest], intents),
    )


def _left_out(truth: NDArray[np.int64], intents: Sequence[str], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(truth))
    size = max(len(intents), min(_LEFT_OUT, len(truth) // 5))
    some, rest = train_test_split(rows, test_size=size, stratify=truth, random_state=seed)
    return np.asarray(some), np.asarray(rest)


def _two_sided(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    return margins if margins.ndim == 2 else np.column_stack([-margins, margins])


def _temperature(margins: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Return the temperature of least log loss on sentences that were left out (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(-4.0, 3.0, 141))
    rows = np.arange(len(truth))
    losses = [float(np.mean(logsumexp(margins / value, axis=1) - margins[rows, truth] / value)) for value in candidates]
    return float(candidates[int(np.argmin(losses))])


def _threshold(margins: NDArray[np.float64], truth: NDArray[np.int64], intents: Sequence[str]) -> float:
    """Return the score below which a sentence is refused, from sentences that were left out.

    The best score itself, and not its share among all, tells requests apart that no intent is for: each one-vs-rest
    score says whether a sentence belongs to its intent at all.
    """
    best = margins.max(axis=1)
    right = (margins.argmax(axis=1) == truth) & np.array([intents[one] != NONE for one in truth])
    if not right.any():
        return 0.0
    edge = float(np.quantile(best[right], _TAIL))
    below = edge - best[right & (best <= edge)]
    if len(below) < _FEW:
        # In a small collection hardly anything is left out, and all of it is alike; a margin above 0 is a yes.
        return min(0.0, float(np.quantile(best[right], REFUSED_RIGHT)))
    # As if the tail fell off exponentially.
    return min(0.0, edge - float(below.mean()) * float(np.log(_TAIL / REFUSED_RIGHT)))
