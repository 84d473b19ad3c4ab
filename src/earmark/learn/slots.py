"""Learning slots: a structured averaged perceptron over whole sentences (Collins 2002), in numpy.

The same sentences in the same order give the same numbers, bit for bit; the order is drawn from the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.intent_model import split
from earmark.assistant.slots import OUTSIDE, SlotTagger, best_path, forbidden, word_features

_ROUNDS = 8
_CLEARLY = 10.0
"""By how much the true tag of a word must win while learning, in the unit of one step."""
_SILENCE = 10.0
"""By how much more it must win over no slot."""
_COMMON = 2
"""A feature met less often than this can't be checked against another sentence; in a small collection it is kept."""
_LARGE = 1000
"""Sentences from which a collection is large."""
_SMALL = 0.02
"""Averaged scores below this change no answer and are left out of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A sentence to learn slots from."""

    words: Sequence[str]
    intent: str
    slots: Sequence[tuple[str, str]]
    vectors: NDArray[np.float32]
    """Shape (words, width): the encoder's numbers for each word."""


def train(sentences: Sequence[Tagged], *, seed: int) -> SlotTagger:
    """Learn a tagger from sentences with at least one word each."""
    labels = [tags_of(one.words, one.slots) for one in sentences]
    tags = sorted({label for row in labels for label in row} | {OUTSIDE})
    named = [[word_features(one.words, at, one.intent) for at in range(len(one.words))] for one in sentences]
    counts = Counter(name for row in named for names in row for name in names)
    fewest = _COMMON if len(sentences) >= _LARGE else 1
    features = {name: row for row, name in enumerate(sorted(name for name, n in counts.items() if n >= fewest))}
    known = [[np.array([features[n] for n in names if n in features]) for names in row] for row in named]
    truths = [[tags.index(label) for label in row] for row in labels]
    weights, follows, dense = _averaged(sentences, known, truths, len(features), tags, seed)
    return _packed(tags, features, weights, follows, dense)


def _averaged(
    sentences: Sequence[Tagged],
    known: Sequence[Sequence[NDArray[np.int64]]],
    truths: Sequence[Sequence[int]],
    rows: int,
    tags: Sequence[str],
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the averaged scores of features, of neighbours and of the encoder's numbers.

    A step at time t counts for every later moment, so the average is the final value minus the steps weighted by t.
    """
    width = sentences[0].vectors.shape[1]
    shapes = (rows, len(tags)), (len(tags) + 1, len(tags)), (width, len(tags))
    now = [np.zeros(shape, dtype=np.float32) for shape in shapes]
    late = [np.zeros(shape, dtype=np.float32) for shape in shapes]
    rivals = np.full(len(tags), _CLEARLY, dtype=np.float32)
    rivals[tags.index(OUTSIDE)] += _SILENCE
    wall, order, draw, step = forbidden(tags), list(range(len(sentences))), Random(seed), 0
    total = float(max(1, _ROUNDS * len(sentences)))
    for _ in range(_ROUNDS):
        draw.shuffle(order)
        for index in order:
            # The share of the time that has passed, so that the sums stay small enough for 32 bits.
            step += 1
            passed = np.float32(step / total)
            vectors, ids, truth = sentences[index].vectors, known[index], truths[index]
            scores = vectors @ now[2]
            for at, names in enumerate(ids):
                scores[at] += now[0][names].sum(axis=0)
            # The truth must win clearly, and over no slot at all more clearly still: real labels miss slots more often
            # than they make them up, and what is learned plainly from them does so too.
            scores += rivals
            at_truth = np.arange(len(truth)), truth
            scores[at_truth] -= rivals[truth]
            guess = best_path(scores, now[1] + wall)
            if guess == truth:
                continue
            for sign, path in ((np.float32(1), truth), (np.float32(-1), guess)):
                before = len(tags)
                for at, label in enumerate(path):
                    for table, factor in ((now, sign), (late, sign * passed)):
                        table[0][ids[at], label] += factor
                        table[1][before, label] += factor
                        table[2][:, label] += factor * vectors[at]
                    before = label
    averaged = [value - weighted for value, weighted in zip(now, late, strict=True)]
    return averaged[0], averaged[1] + wall, averaged[2]


def _packed(
    tags: Sequence[str],
    features: dict[str, int],
    weights: NDArray[np.float32],
    follows: NDArray[np.float32],
    dense: NDArray[np.float32],
) -> SlotTagger:
    """Keep the scores that matter; half precision is what the file holds."""
    large = np.abs(weights) >= _SMALL
    kept = np.flatnonzero(large.any(axis=1))
    names = list(features)
    chosen = large[kept]
    starts = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
    return SlotTagger(
        tags=tags,
        features={names[row]: new for new, row in enumerate(kept)},
        starts=starts.astype(np.int32),
        columns=np.nonzero(chosen)[1].astype(np.int16),
        weights=weights[kept][chosen].astype(np.float16).astype(np.float32),
        follows=follows.astype(np.float32),
        dense=dense.astype(np.float16).astype(np.float32),
    )


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
