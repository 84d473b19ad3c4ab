"""Phrases that sound like a wake word, found in the recogniser's pronouncing dictionary.

A phrase is near when few phones have to be changed for it to become the wake word: an edit distance in which a vowel
costs less to swap for a vowel, and a consonant for one made in the same manner. The dictionary is CMUdict as the
pocketsphinx wheel ships it (BSD).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

PRONOUNCED = {
    "alexa": ("alexa", ("AH L EH K S AH",)),
    "hey_jarvis": ("hey jarvis", ("HH EY JH AA R V AH S",)),
    "hey_mycroft": ("hey mycroft", ("HH EY M AY K R AO F T",)),
    "okay_nabu": ("okay nabu", ("OW K EY N AA B UW", "OW K EY N AE B UW")),
}
"""Wake word → how it is written, and the ways it is said (ARPAbet without stress)."""
_VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
_MANNERS = (
    frozenset(["P", "B", "T", "D", "K", "G"]),
    frozenset(["F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH", "CH", "JH"]),
    frozenset(["M", "N", "NG"]),
    frozenset(["L", "R", "W", "Y"]),
)
_OPENERS = {"": (), "a": ("AH",), "the": ("DH", "AH"), "hey": ("HH", "EY"), "i": ("AY",), "okay": ("OW", "K", "EY")}
_NEAREST, _FARTHEST = 0.5, 3.0


_PHONES = sorted(_VOWELS.union(*_MANNERS))
_INDEX = {phone: index for index, phone in enumerate(_PHONES)}


def distances(said: NDArray[np.int64], target: Sequence[str]) -> NDArray[np.float64]:
    """Return the cost of turning each row of phones, shape (n, length), into `target`; 0 for the same. Shape (n,)."""
    wanted = [_INDEX[phone] for phone in target]
    above = np.broadcast_to(np.arange(len(wanted) + 1.0), (len(said), len(wanted) + 1))
    for position in range(said.shape[1]):
        row = np.empty_like(above)
        row[:, 0] = position + 1.0
        swaps = _swaps()[said[:, position]]
        for column, phone in enumerate(wanted, start=1):
            swap = above[:, column - 1] + swaps[:, phone]
            row[:, column] = np.minimum(np.minimum(swap, above[:, column] + 1.0), row[:, column - 1] + 1.0)
        above = row
    return above[:, -1]


@cache
def _swaps() -> NDArray[np.float64]:
    costs = [[_swap(one, other) for other in _PHONES] for one in _PHONES]
    return np.array(costs)


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return 0.5
    return 0.6 if any(one in manner and other in manner for manner in _MANNERS) else 1.2


@cache
def confusables(word: str, count: int = 60) -> tuple[str, ...]:
    """Return the `count` phrases that sound most like a wake word and don't hold it, nearest first."""
    spelling, ways = PRONOUNCED[word]
    targets = [way.split() for way in ways]
    longest = max(len(target) for target in targets) + 2
    found: dict[str, float] = {}
    for length, (written, phones) in _dictionary().items():
        for opener, sound in _OPENERS.items():
            if length + len(sound) > longest:
                continue
            lead = np.array([_INDEX[phone] for phone in sound], dtype=np.int64)
            said = np.hstack([np.broadcast_to(lead, (len(phones), len(sound))), phones])
            costs = np.min([distances(said, target) for target in targets], axis=0)
            for index in np.flatnonzero((costs >= _NEAREST) & (costs <= _FARTHEST)):
                phrase = f"{opener} {written[index]}".strip()
                if spelling.replace(" ", "") not in phrase.replace(" ", ""):  # "alexas" is no confusable
                    found[phrase] = min(float(costs[index]), found.get(phrase, np.inf))
    chosen: list[str] = []
    per_word: dict[str, int] = {}
    for phrase in sorted(found, key=lambda phrase: (round(found[phrase], 6), phrase)):
        last = phrase.split()[-1]
        per_word[last] = per_word.get(last, 0) + 1
        if per_word[last] <= 2:  # "a lexus" and "lexus" teach different things, a third form little more
            chosen.append(phrase)
    return tuple(chosen[:count])


@cache
def _dictionary() -> dict[int, tuple[list[str], NDArray[np.int64]]]:
    """Words and their phones, shape (n, length), by number of phones."""
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    entries: dict[int, list[tuple[str, list[int]]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        written, _, phones = line.partition(" ")
        if re.fullmatch(r"[a-z]{3,}(\(\d\))?", written):
            said = [_INDEX[phone] for phone in phones.split()]
            entries.setdefault(len(said), []).append((written.partition("(")[0], said))
    return {
        length: ([word for word, _ in words], np.array([said for _, said in words]))
        for length, words in sorted(entries.items())
    }
