"""Sentences as a recogniser might have misheard them: words for others that sound alike, lost words, words too many.

Of ten errors six are swaps, two and a half are losses, one and a half are insertions, about what the embedded
recogniser makes of open speech. A word is swapped for one of its nearest by phones, within the words people said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from random import Random

import pocketsphinx

_SWAPPED, _LOST = 0.6, 0.25
_CHOICE = 3
"""A word becomes one of its so many nearest."""
_SMALL = ("the", "a", "to", "of", "and", "i", "it", "in")
"""Words that are heard where nobody said them."""


class Ear:
    """Mishears within a vocabulary; words that the dictionary doesn't know are heard right or lost."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        known = _pronounced()
        self._said = {word: known[word] for word in sorted(set(vocabulary)) if word in known}
        self._nearest: dict[str, list[str]] = {}

    def mishear(self, words: Sequence[str], rate: float, draw: Random) -> list[str]:
        """Return the words with an error at each with probability `rate`; at least one word is left."""
        heard: list[str] = []
        for word in words:
            if draw.random() >= rate:
                heard.append(word)
                continue
            kind = draw.random()
            if kind < _SWAPPED:
                heard.append(draw.choice(self.nearest(word) or [word]))
            elif kind >= _SWAPPED + _LOST:
                heard += [word, draw.choice(_SMALL)]
        return heard or [words[0]]

    def nearest(self, word: str) -> list[str]:
        """Return the words that sound most like one, nearest first; none when nobody knows how it sounds."""
        if word not in self._nearest:
            phones = self._said.get(word)
            found: list[tuple[int, str]] = []
            for other, said in self._said.items() if phones else ():
                alike = phones[0] == said[0] or phones[-1] == said[-1] if phones else False
                if alike and other != word and abs(len(said) - len(phones or ())) <= 2:
                    found.append((_edits(phones or (), said), other))
            self._nearest[word] = [other for _, other in sorted(found)[:_CHOICE]]
        return self._nearest[word]


@cache
def _pronounced() -> dict[str, tuple[str, ...]]:
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    found: dict[str, tuple[str, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, phones = line.partition(" ")
        found.setdefault(word, tuple(phones.split()))
    return found


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the edit distance of two rows of phones (Levenshtein 1966)."""
    above = list(range(len(other) + 1))
    for row, phone in enumerate(one, start=1):
        here = [row]
        for column, against in enumerate(other, start=1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (phone != against)))
        above = here
    return above[-1]
