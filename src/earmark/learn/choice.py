"""Which recordings are most worth a person's review: an order over utterances, by what learning would gain. Pure.

Three reasons, each 0 to 1, are weighed: two readings that disagree (where the grammar and the n-gram agreed they were
right in 98 to 99 of 100 cases, so people learn little there); a confidence near the threshold, where a label moves the
decision; and sounds and speakers of which little has been chosen yet. The last is the submodular gain of a concave sum
over features (Wei et al. 2014, "Submodular subset selection for large-scale speech training data"), so that the second
recording of the same sentence by the same person is worth less than the first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from earmark.assistant import lexicon
from earmark.learn.hearing import Result
from earmark.learn.scoring import normal_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What the assistant made of a recording that nobody has reviewed."""

    id: str
    """Opaque; only decides between equals."""
    speaker: str
    """Opaque; equal for one voice."""
    reading: tuple[str, ...]
    """Words of the reading it would act on."""
    rival: tuple[str, ...]
    """Words of the open-speech reading."""
    confidence: float
    """0 to 1: that the reading is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each reason counts."""

    disagreement: float = 1.0
    doubt: float = 1.0
    sounds: float = 1.0
    speakers: float = 1.0


def utterance(identifier: str, speaker: str, result: Result) -> Utterance:
    """Put together what was heard of a recording. Raises ValueError when nobody listened to its words."""
    if result.reading is None:
        raise ValueError("the recogniser was not asked")
    hypothesis = result.reading.heard.hypothesis
    rival = hypothesis.rival or hypothesis
    return Utterance(
        id=identifier,
        speaker=speaker,
        reading=tuple(normal_words(hypothesis.text)),
        rival=tuple(normal_words(rival.text)),
        confidence=hypothesis.confidence,
    )


def by_usefulness(
    utterances: Sequence[Utterance], *, threshold: float, weights: Weights = Weights(), most: int | None = None
) -> list[str]:
    """Return the ids of the `most` useful utterances (all without it), the most useful first.

    `threshold`: the confidence from which a reading is acted on. The order does not depend on that of `utterances`, and
    a longer list begins with every shorter one.
    """
    waiting = sorted(utterances, key=lambda one: _rank(one.id))
    count = len(waiting) if most is None else min(most, len(waiting))
    fixed = np.array(
        [
            weights.disagreement * disagreement(one) + weights.doubt * doubt(one.confidence, threshold=threshold)
            for one in waiting
        ]
    )
    sounds = _table([_sounds(one.reading or one.rival) for one in waiting])
    speakers = _table([{one.speaker: 1} for one in waiting])
    free, chosen = np.ones(len(waiting), dtype=bool), list[str]()
    had_sounds, had_speakers = np.zeros(sounds.shape[1]), np.zeros(speakers.shape[1])
    while len(chosen) < count:
        worth = fixed + weights.sounds * _gain(sounds, had_sounds) + weights.speakers * _gain(speakers, had_speakers)
        best = int(np.argmax(np.where(free, worth, -np.inf)))
        free[best] = False
        had_sounds += sounds[best]
        had_speakers += speakers[best]
        chosen.append(waiting[best].id)
    return chosen


def uniformly(utterances: Sequence[Utterance], *, seed: int) -> list[str]:
    """Return the ids in an order that only chance decides, to compare with; the same seed gives the same order."""
    return sorted((one.id for one in utterances), key=lambda name: _rank(f"{seed}/{name}"))


def disagreement(one: Utterance) -> float:
    """Return how far apart the two readings are: word edits over the longer one's length, 0 to 1."""
    longest = max(len(one.reading), len(one.rival))
    return _edits(one.reading, one.rival) / longest if longest else 0.0


def doubt(confidence: float, *, threshold: float) -> float:
    """Return how near a confidence is to the threshold: 1 at it, 0 at the farther end of the scale."""
    return 1.0 - abs(confidence - threshold) / max(threshold, 1.0 - threshold)


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the word edits that make one of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, start=1):
        corner, row[0] = row[0], number
        for at, said in enumerate(other, start=1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (word != said))
    return row[-1]


def _sounds(words: Sequence[str]) -> Mapping[str, int]:
    """Count pairs of neighbouring phones, those across words included."""
    phones = [phone for word in words for phone in _phones(word)]
    return Counter(f"{one} {other}" for one, other in pairwise(("SIL", *phones, "SIL")))


def _phones(word: str) -> list[str]:
    return (_dictionary().get(word) or lexicon.spell_out(word)).split()


@cache
def _dictionary() -> Mapping[str, str]:
    """Read the packaged dictionary: word → phones (0.1 s)."""
    lines = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text().splitlines()
    return dict(line.split(maxsplit=1) for line in reversed(lines) if line)


def _table(rows: Sequence[Mapping[str, int]]) -> NDArray[np.float64]:
    """Return counts, shape (rows, names), in the order of the names."""
    names = {name: at for at, name in enumerate(sorted({name for row in rows for name in row}))}
    table = np.zeros((len(rows), len(names)))
    for number, row in enumerate(rows):
        for name, count in row.items():
            table[number, names[name]] = count
    return table


def _gain(counts: NDArray[np.float64], had: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each row adds to the sum of square roots, as a share of what it would add to nothing: 0 to 1."""
    whole = np.sqrt(counts).sum(axis=1)
    added = (np.sqrt(had + counts) - np.sqrt(had)).sum(axis=1)
    return np.divide(added, whole, out=np.zeros(len(counts)), where=whole > 0)


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
