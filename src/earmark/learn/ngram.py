"""An n-gram of open speech: the packaged general model, pruned, with reviewed sentences mixed in.

    P(w | h) = λ P_said(w | h) + (1 − λ) P_general(w | h),   λ = n(h) / (n(h) + types(h))

The weight is Witten and Bell's (1991). Only sequences that enough different people said are counted. Of the general
model the commonest words stay, of its bigrams those whose loss would cost most (after Stolcke 1998), of its trigrams
those that begin as reviewed ones do. pocketsphinx can't write its packaged model (5.1.1 crashes) or mix two models; but
it answers for every probability, and that is enough.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

START, END = "<s>", "</s>"
WORDS_OF_DOUBT = 2000.0
"""Reviewed words at which a single word's share counts half as much as in general."""
_VOCABULARY = 8000
"""General words that stay, besides what was said and what the skills know. Each further one costs search: of the same
orders 18 % of words were wrong with 5,000, 19 % with 8,000, 27 % with 20,000 however improbable the rest."""
_COMMON = 3000
"""The commonest words, among which general bigrams are kept. Asking for all of their pairs takes six seconds."""
_MOST_BIGRAMS = 100_000
_ANYTHING = 1e-80
"""Probabilities below are those of unknown words."""
_FOLLOWERS = 20
"""General words kept behind each two words that were said."""
_SENTENCES = 0.1
"""About how many sentences begin for each word."""
_LEAST = 1e-4
"""Of the probability that is left for words that were not seen."""

Said = Mapping[tuple[str, ...], float]
"""How often each sequence of one to three words was said."""


class General:
    """The packaged n-gram: which words it knows, and the probability of each after others."""

    def __init__(self, *, vocabulary: int = _VOCABULARY, common: int = _COMMON, bigrams: int = _MOST_BIGRAMS) -> None:
        logmath = pocketsphinx.LogMath()
        path = pocketsphinx.get_model_path("en-us/en-us.lm.bin")
        self._model = pocketsphinx.NGramModel(pocketsphinx.Config(loglevel="FATAL"), logmath, path)
        self._unit = logmath.log_to_ln(-1_000_000) / -1_000_000
        dictionary = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8")
        listed = {line.split(maxsplit=1)[0] for line in dictionary.splitlines() if line.strip()}
        weighed = sorted((-self.probability(word), word) for word in listed if "(" not in word)
        self.words: Sequence[str] = [word for _, word in weighed[:vocabulary]]
        """The commonest first."""
        self.common: Sequence[str] = [*self.words[:common], END]
        self.bigrams = bigrams
        """How many of them stay."""
        self._rows: dict[str, NDArray[np.float32]] = {}

    def probability(self, word: str, *before: str) -> float:
        """Return the probability of a word after others (in the order they are spoken); 0 when it is unknown."""
        found = math.exp(max(-700.0, self._unit * self._model.prob([word, *reversed(before)])))
        return found if found > _ANYTHING else 0.0

    def row(self, before: str) -> NDArray[np.float32]:
        """Return the probabilities of the common words after one, shape (words,)."""
        if before not in self._rows:
            prob = self._model.prob
            found = np.fromiter((prob([word, before]) for word in self.common), dtype=np.float64)
            self._rows[before] = np.exp(np.maximum(-80.0, self._unit * found)).astype(np.float32)
        return self._rows[before]


def count(sentences: Iterable[tuple[str, Sequence[str | None]]], *, people: int) -> Said:
    """Count sequences of one to three words that at least `people` different speakers said.

    `sentences`: speaker and words; None stands for what was cut out or can't be pronounced, and no sequence crosses it.
    """
    often: dict[tuple[str, ...], float] = defaultdict(float)
    speakers: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for speaker, words in sentences:
        padded = [START, *words, END]
        for last in range(1, len(padded)):
            for first in range(max(0, last - 2), last + 1):
                piece = tuple(word for word in padded[first : last + 1] if word is not None)
                if len(piece) == last + 1 - first:
                    often[piece] += 1.0
                    speakers[piece].add(speaker)
    return {piece: number for piece, number in sorted(often.items()) if len(speakers[piece]) >= people}


def mix(said: Said, general: General, *, also: Iterable[str] = ()) -> bytes:
    """Return an ARPA file of order 3; the same counts give the same bytes.

    `also`: words that must stay, however rare they are in general.
    """
    return _Mixture(said=said, general=general, also=sorted(also)).arpa()


@dataclass(slots=True, kw_only=True)
class _Mixture:
    """Probabilities by order, each with what it leaves to the order below."""

    said: Said
    general: General
    also: Sequence[str]
    singles: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, dict[str, float]] = field(default_factory=dict)
    triples: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    rest: dict[tuple[str, ...], float] = field(default_factory=dict)
    """Back-off weight of a history."""

    def arpa(self) -> bytes:
        after: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
        for piece, number in self.said.items():
            after[piece[:-1]][piece[-1]] = number
        self._mix_singles(after[()])
        self._mix_pairs({before[0]: seen for before, seen in after.items() if len(before) == 1})
        self._mix_triples({(before[0], before[1]): seen for before, seen in after.items() if len(before) == 2})
        return self._text().encode()

    def _mix_singles(self, seen: Mapping[str, float]) -> None:
        words = {*self.general.words, *self.also, *seen, END}
        general = {word: self.general.probability(word) or _ANYTHING for word in sorted(words)}
        whole, total = sum(general.values()), sum(seen.values())
        weight = total / (total + WORDS_OF_DOUBT)
        self.singles = {word: (1.0 - weight) * share / whole for word, share in general.items()}
        for word, number in seen.items():
            self.singles[word] += weight * number / total

    def _mix_pairs(self, after: Mapping[str, Mapping[str, float]]) -> None:
        contexts = sorted({START, *self.general.common, *after} - {END})
        kept = self._worth_keeping(contexts)
        for before in contexts:
            seen = after.get(before, {})
            row = {word: self.general.probability(word, before) for word in [*kept[before], *seen]}
            self.pairs[before] = _mixed(seen, row)
            self.rest[(before,)] = _rest(self.pairs[before], self.singles)

    def _worth_keeping(self, contexts: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the general model's bigrams that say most beyond its unigrams."""
        words = self.general.common
        alone = np.array([self.singles[word] for word in words], dtype=np.float32)
        gains = np.zeros((len(contexts), len(words)), dtype=np.float32)
        for at, before in enumerate(contexts):
            row = self.general.row(before)
            without = alone * np.median(row / alone)
            share = _SENTENCES if before == START else self.singles[before]
            gains[at] = share * np.abs((row - without) * np.log(row / without))
        flat = np.sort(gains, axis=None)
        least = flat[-min(self.general.bigrams, len(flat))]
        return {
            before: [words[int(column)] for column in np.flatnonzero((gains[at] >= least) & (gains[at] > 0.0))]
            for at, before in enumerate(contexts)
        }

    def _mix_triples(self, after: Mapping[tuple[str, str], Mapping[str, float]]) -> None:
        for (first, second), seen in sorted(after.items()):
            if second not in self.pairs:
                continue
            row = {word: self.general.probability(word, first, second) for word in self.pairs[second]}
            likely = sorted(row, key=lambda word: (-row[word], word))[:_FOLLOWERS]
            found = {word: row.get(word, 0.0) for word in [*likely, *seen]}
            self.triples[first, second] = _mixed(seen, found)
            below = {word: self._pair(second, word) for word in found}
            self.rest[first, second] = _rest(self.triples[first, second], below)

    def _pair(self, before: str, word: str) -> float:
        found = self.pairs.get(before, {}).get(word)
        return self.rest.get((before,), 1.0) * self.singles[word] if found is None else found

    def _text(self) -> str:
        singles = [(START,), *((word,) for word in sorted(self.singles))]
        pairs = [(before, word) for before, row in sorted(self.pairs.items()) for word in sorted(row)]
        triples = [(*before, word) for before, row in sorted(self.triples.items()) for word in sorted(row)]
        lines = ["\\data\\", f"ngram 1={len(singles)}", f"ngram 2={len(pairs)}", f"ngram 3={len(triples)}", ""]
        lines.append("\\1-grams:")
        for piece in singles:
            lines.append(self._line(0.0 if piece[0] == START else self.singles[piece[0]], piece))
        lines += ["", "\\2-grams:", *(self._line(self.pairs[piece[0]][piece[1]], piece) for piece in pairs)]
        lines += ["", "\\3-grams:"]
        for first, second, last in triples:
            lines.append(f"{_log10(self.triples[first, second][last])} {first} {second} {last}")
        return "\n".join([*lines, "", "\\end\\", ""])

    def _line(self, probability: float, piece: tuple[str, ...]) -> str:
        return f"{_log10(probability)} {' '.join(piece)} {_log10(self.rest.get(piece, 1.0))}"


def _mixed(seen: Mapping[str, float], general: Mapping[str, float]) -> dict[str, float]:
    total = sum(seen.values())
    weight = total / (total + len(seen)) if seen else 0.0
    row = {word: (1.0 - weight) * share for word, share in general.items()}
    for word, number in seen.items():
        row[word] = row.get(word, 0.0) + weight * number / total
    return row


def _rest(row: Mapping[str, float], below: Mapping[str, float]) -> float:
    """What a history leaves to the words it was not seen with, over what the order below gives them."""
    left = max(_LEAST, 1.0 - sum(row.values()))
    return left / max(_LEAST, 1.0 - sum(below[word] for word in row))


def _log10(value: float) -> str:
    return f"{math.log10(value):.3f}" if value > 1e-30 else "-99"
