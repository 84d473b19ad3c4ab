"""Slots of a sentence: a linear chain over its words, decoded with numpy (Viterbi).

Each word has a score for each tag, from its features and from what the sentence encoder makes of it where it stands;
each pair of neighbouring tags has one too. `earmark.learn.slots` learns them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OUTSIDE = "O"
"""The tag of a word that belongs to no slot."""
_NEVER = -1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTagger:
    """Scores of a chain; features that were not learned count for nothing."""

    tags: Sequence[str]
    """`O`, `B-<slot>`, `I-<slot>`."""
    features: Mapping[str, int]
    """Feature to row."""
    starts: NDArray[np.int32]
    """Shape (rows + 1,): where each row's scores begin in `columns` and `weights`."""
    columns: NDArray[np.int16]
    """Shape (scores,): which tag a score is for."""
    weights: NDArray[np.float32]
    """Shape (scores,)."""
    follows: NDArray[np.float32]
    """Shape (tags + 1, tags): of a tag (the last row: of the sentence's beginning) before another."""
    dense: NDArray[np.float32]
    """Shape (width, tags): weights of the encoder's numbers for a word; width is 0 where it is not used."""

    def tag(self, words: Sequence[str], intent: str, vectors: NDArray[np.float32]) -> list[str]:
        """Return each word's tag. `vectors` has shape (words, width)."""
        scores = vectors @ self.dense + self._learned(words, intent)
        return [self.tags[index] for index in best_path(scores, self.follows)]

    def _learned(self, words: Sequence[str], intent: str) -> NDArray[np.float32]:
        """Return what the words' features add to each tag, shape (words, tags)."""
        met = [
            (at, row)
            for at in range(len(words))
            for name in word_features(words, at, intent)
            if (row := self.features.get(name)) is not None
        ]
        at, rows = np.array(met, dtype=np.intp).reshape(-1, 2).T
        # Every score of every row in one sum: a call of numpy for each would take longer than the sum.
        low, counts = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        places = np.arange(counts.sum()) + np.repeat(low - (np.cumsum(counts) - counts), counts)
        cells = np.repeat(at * len(self.tags), counts) + self.columns[places]
        size = len(words) * len(self.tags)
        summed = np.bincount(cells, weights=self.weights[places], minlength=size)
        return summed.reshape(len(words), -1).astype(np.float32)


def best_path(scores: NDArray[np.float32], follows: NDArray[np.float32]) -> list[int]:
    """Return the tags of the highest sum (Viterbi 1967); a tie goes to the first tag, so every machine answers alike.

    `scores` has shape (words, tags), `follows` shape (tags + 1, tags).
    """
    best = scores[0] + follows[-1]
    back: list[NDArray[np.intp]] = []
    between = follows[:-1]
    for row in scores[1:]:
        reached = best[:, None] + between
        back.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


def forbidden(tags: Sequence[str]) -> NDArray[np.float32]:
    """Return what is added to `follows` so that a slot goes on only where it has begun, shape (tags + 1, tags)."""
    wall = np.zeros((len(tags) + 1, len(tags)), dtype=np.float32)
    for column, label in enumerate(tags):
        if label.startswith("I-"):
            wall[:, column] = _NEVER
            for row, before in enumerate(tags):
                if before[2:] == label[2:]:
                    wall[row, column] = 0.0
    return wall


def slots_of(text: str, places: Sequence[tuple[int, int]], tags: Iterable[str]) -> list[tuple[str, str]]:
    """Return (slot, value) pairs in order; a value is what stands there, in lower case: `sam@home dot com` keeps its @.

    `places`: where each word begins and ends in the text.
    """
    found: list[tuple[str, int, int]] = []
    for (start, end), label in zip(places, tags, strict=True):
        if label.startswith("B-"):
            found.append((label[2:], start, end))
        elif label.startswith("I-") and found:
            name, first, _ = found[-1]
            found[-1] = name, first, end
    return [(name, plain(text[start:end])) for name, start, end in found]


def plain(text: str) -> str:
    """Return a word, or several with all that lies between them, as words are compared."""
    return text.lower().replace("’", "'")


def word_features(words: Sequence[str], at: int, intent: str) -> list[str]:
    """Return what tells a word's tag: the word and its neighbours, their ends, and the intent with them."""
    word = words[at]
    left = words[at - 1] if at else "<"
    right = words[at + 1] if at + 1 < len(words) else ">"
    farther = words[at - 2] if at > 1 else "<"
    next_but_one = words[at + 2] if at + 2 < len(words) else ">"
    area = intent.split("_")[0]
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
        f"llw {farther} {left}",
        f"rrw {right} {next_but_one}",
        f"lwr {left} {word} {right}",
        f"s2 {word[-2:]}",
        f"s3 {word[-3:]}",
        f"s4 {word[-4:]}",
        f"p3 {word[:3]}",
        f"p4 {word[:4]}",
        f"ls {left[-3:]}",
        f"rs {right[-3:]}",
        f"i {intent}",
        f"iw {intent} {word}",
        f"il {intent} {left}",
        f"ir {intent} {right}",
        f"is {intent} {word[-3:]}",
        f"aw {area} {word}",
        f"al {area} {left}",
        f"ar {area} {right}",
        f"all {area} {farther} {left}",
        f"d {word.isdigit()}",
        f"e {at == 0} {at + 1 == len(words)}",
    ]
