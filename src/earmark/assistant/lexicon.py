"""How words are pronounced: the bundle's lexicon, the packaged dictionary, and letters for what stands in neither.

Phones are those of the CMU dictionary without stress.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from earmark.assistant import letters
from earmark.assistant.decoding import dictionary_words, known_words
from earmark.bundle import ModelBundle

_FAR_BEHIND = 0.005
"""Of the likeliest's probability. What is rarer is mostly wrong, and short enough to win where a word is unclear."""


BESIDE = {
    "almond": ("AA L M AH N D", "AE L M AH N D"),
    "bananas": ("B AH N AA N AH Z",),
    "cappuccino": ("K AE P AH CH IY N OW",),
    "chocolate": ("CH AA K L AH T",),
    "half": ("HH AA F",),
    "last": ("L AA S T",),
    "latte": ("L AE T EY",),
    "mocha": ("M AA K AH", "M AA CH AH", "M OW CH AH"),
    "past": ("P AA S T",),
    "pasta": ("P AE S T AH",),
    "privacy": ("P R IH V AH S IY",),
    "sugar": ("SH UH G AH",),
    "yogurt": ("Y AA G ER T",),
}
"""How else people say words of the packaged skills, mostly in Britain: the packaged dictionary is American."""


def load(bundle: ModelBundle) -> Mapping[str, str]:
    """Return the bundle's `asr/lexicon.dict` as word to phones; lines are `word PHONE PHONE …`."""
    text = (bundle.read("asr/lexicon.dict") or b"").decode()
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {word: phones.strip() for word, phones in pairs}


def missing(words: Iterable[str], *, known: Mapping[str, str]) -> Mapping[str, str]:
    """Pronounce what the packaged dictionary lacks: by its letters a word that neither it nor `known` has, and the ways
    of `BESIDE`, named as the dictionary names them (`mocha(2)`).

    A word without a Latin letter is left out.
    """
    wanted = frozenset(words) - known.keys()
    guesses = ((word, spellings(word, most=1)) for word in sorted(wanted - known_words(wanted)))
    return {word: next(iter(guess)) for word, guess in guesses if guess} | _beside(wanted)


def _beside(words: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in sorted(BESIDE.keys() & words):
        ways = _ways(word)
        found |= {f"{word}({number})": phones for number, phones in enumerate(BESIDE[word], start=ways + 1)}
    return found


def _ways(word: str) -> int:
    known = dictionary_words()
    return next(number for number in itertools.count(1) if f"{word}({number + 1})" not in known)


def spell_out(word: str) -> str:
    """Return the likeliest pronunciation that a word's letters allow; empty without a Latin letter."""
    return next(iter(spellings(word, most=1)), "")


def spellings(word: str, *, most: int = 24) -> Mapping[str, float]:
    """Return pronunciations that a word's letters allow, the likeliest first, each with its probability, 0 to 1.

    Of those far behind the likeliest none. Empty for a word without a Latin letter.
    """
    found = letters.packaged().sounds(word, most=most)
    return {phones: chance for phones, chance in found if chance >= _FAR_BEHIND * found[0][1]}
