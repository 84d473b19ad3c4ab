"""Words that nobody has said: phone for phone next to a wake word, to be spoken by synthetic voices.

The dictionary knows few words like a wake word, and leaves gaps just where the boundary has to run. Here one to three
phones are swapped, left out or put in, and beginnings and ends of other words are put around what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from earmark.learn.confusables import PHONES, VOWELS, distances, index_of, pronounced

_ESPEAK = {
    "AA": "A:", "AE": "a", "AH": "@", "AO": "O:", "AW": "aU", "AY": "aI", "EH": "E", "ER": "3:", "EY": "eI",
    "IH": "I", "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U", "UW": "u:", "CH": "tS", "DH": "D", "HH": "h",
    "JH": "dZ", "NG": "N", "SH": "S", "TH": "T", "Y": "j", "ZH": "Z",
}  # fmt: skip
"""ARPAbet to espeak's phonemes; the others are the same in small letters."""
_SAME_WORD = (frozenset(["AH", "AE", "EH", "IH", "UH"]), frozenset(["AH", "ER", "AA"]))
"""Vowels that people put for each other in one and the same word."""
_CONSONANTS = tuple(phone for phone in PHONES if phone not in VOWELS)
_LEAST = 0.6
"""Of the cost of `confusables.distances`, below which it is the wake word itself."""


def neighbours(word: str, count: int, *, seed: int, without: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Return `count` different sequences of phones that sound like a wake word and are none.

    `without`: words that are left for judging; what sounds as one of them, or all but one phone of it, is left out.
    """
    rng = np.random.default_rng(seed)
    targets = [tuple(way.split()) for way in pronounced(word)]
    held = [tuple(way.split()) for each in without for way in pronounced(each.replace(" ", "_"))]
    found: dict[tuple[str, ...], None] = {}
    for _ in range(50 * count):
        if len(found) >= count:
            break
        said = _changed(targets[int(rng.integers(len(targets)))], rng)
        if not any(_same(said, target) for target in (*targets, *held)):
            found[said] = None
    return list(found)


def spoken(phones: Sequence[str]) -> str:
    """Return phones as espeak reads them, the last vowel but one stressed."""
    vowels = [index for index, phone in enumerate(phones) if phone in VOWELS]
    stressed = vowels[-2] if len(vowels) > 1 else vowels[0] if vowels else -1
    marks = ("'" if index == stressed else "" for index in range(len(phones)))
    return f"[[{''.join(mark + _ESPEAK.get(phone, phone.lower()) for mark, phone in zip(marks, phones, strict=True))}]]"


def _changed(target: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    phones = list(target)
    for _ in range(int(rng.integers(0, 3))):
        at = int(rng.integers(len(phones)))
        kind = rng.random()
        if kind < 0.6:
            others = VOWELS if phones[at] in VOWELS else _CONSONANTS
            phones[at] = str(rng.choice(sorted(others)))
        elif kind < 0.8 and len(phones) > 3:
            del phones[at]
        else:
            phones.insert(at, str(rng.choice(PHONES)))
    around = rng.random()
    if around < 0.35:
        keep = int(rng.integers(len(phones) // 2, len(phones) + 1))
        phones = phones[:keep] + _piece(rng, after=phones[keep - 1])
    elif around < 0.6:
        keep = int(rng.integers(0, len(phones) // 2 + 1))
        phones = [*reversed(_piece(rng, after=phones[keep])), *phones[keep:]]
    elif around < 0.75:
        phones.append(str(rng.choice(_CONSONANTS)))
    return tuple(phones)


def _piece(rng: np.random.Generator, *, after: str) -> list[str]:
    """Return one to four phones, vowels and consonants in turn, that begin otherwise than `after`."""
    found: list[str] = []
    vowel = after not in VOWELS
    for _ in range(int(rng.integers(1, 5))):
        found.append(str(rng.choice(sorted(VOWELS) if vowel else _CONSONANTS)))
        vowel = not vowel
    return found


def _same(said: Sequence[str], target: Sequence[str]) -> bool:
    """Tell whether phones are those of a word, but for vowels that people put for each other."""
    if len(said) == len(target) and all(
        one == other or any(one in group and other in group for group in _SAME_WORD)
        for one, other in zip(said, target, strict=True)
    ):
        return True
    row = np.array([[index_of(phone) for phone in said]], dtype=np.int64)
    return bool(distances(row, target)[0] < _LEAST)
