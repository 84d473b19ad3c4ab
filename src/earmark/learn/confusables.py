"""Phrases that sound like a wake word, found in the recogniser's pronouncing dictionary.

A phrase is near when few phones have to be changed for it to become the wake word: an edit distance in which a vowel
costs less to swap for a vowel, and a consonant for one made in the same manner. Of a wake word of several words each is
also swapped for its own neighbours, and left out. The dictionary is CMUdict as the pocketsphinx wheel ships it (BSD).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from earmark.assistant.lexicon import spell_out

PRONOUNCED = {
    "alexa": ("alexa", ("AH L EH K S AH",)),
    "hey_jarvis": ("hey jarvis", ("HH EY JH AA R V AH S",)),
    "hey_mycroft": ("hey mycroft", ("HH EY M AY K R AO F T",)),
    "okay_nabu": ("okay nabu", ("OW K EY N AA B UW", "OW K EY N AE B UW")),
}
"""Wake word → how it is written, and the ways it is said (ARPAbet without stress)."""
VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
_MANNERS = (
    frozenset(["P", "B", "T", "D", "K", "G"]),
    frozenset(["F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH", "CH", "JH"]),
    frozenset(["M", "N", "NG"]),
    frozenset(["L", "R", "W", "Y"]),
)
_OPENERS = {"": (), "a": ("AH",), "the": ("DH", "AH"), "hey": ("HH", "EY"), "i": ("AY",), "okay": ("OW", "K", "EY")}
_NEAREST, _FARTHEST = 0.5, 3.0


def written(word: str) -> str:
    """Return how a wake word is written in a sentence: `smart_mirror` is "smart mirror"."""
    return PRONOUNCED[word][0] if word in PRONOUNCED else word.replace("_", " ")


def pronounced(word: str) -> tuple[str, ...]:
    """Return the ways a wake word is said: known ones, else from the dictionary, else guessed from its letters."""
    if word in PRONOUNCED:
        return PRONOUNCED[word][1]
    ways = [_ways(part) or (spell_out(part),) for part in written(word).split()]
    return tuple(" ".join(way) for way in itertools.islice(itertools.product(*ways), 8))


@cache
def _ways(part: str) -> tuple[str, ...]:
    found = [
        " ".join(PHONES[phone] for phone in row)
        for words, phones in _dictionary().values()
        for other, row in zip(words, phones, strict=True)
        if other == part
    ]
    return tuple(dict.fromkeys(found))


PHONES = sorted(VOWELS.union(*_MANNERS))
_INDEX = {phone: index for index, phone in enumerate(PHONES)}


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


def index_of(phone: str) -> int:
    """Return the number by which `distances` knows a phone."""
    return _INDEX[phone]


@cache
def _swaps() -> NDArray[np.float64]:
    costs = [[_swap(one, other) for other in PHONES] for one in PHONES]
    return np.array(costs)


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in VOWELS and other in VOWELS:
        return 0.5
    return 0.6 if any(one in manner and other in manner for manner in _MANNERS) else 1.2


@cache
def confusables(word: str, count: int = 60) -> tuple[str, ...]:
    """Return the `count` phrases that sound most like a wake word and don't hold it, nearest first."""
    spelling = written(word)
    found = _near(pronounced(word), tuple(_OPENERS))
    parts = spelling.split()
    for index, part in enumerate(parts if len(parts) > 1 else ()):
        rest = {" ".join([*parts[:index], near, *parts[index + 1 :]]).strip(): cost for near, cost in _swapped(part)}
        found = {**rest, **found}
    chosen: list[str] = []
    per_word: dict[str, int] = {}
    for phrase in sorted(found, key=lambda phrase: (round(found[phrase], 6), phrase)):
        if spelling.replace(" ", "") in phrase.replace(" ", ""):
            continue  # "alexas" is no confusable
        last = phrase if len(parts) > 1 else phrase.split()[-1]
        per_word[last] = per_word.get(last, 0) + 1
        if per_word[last] <= 2:  # "a lexus" and "lexus" teach different things, a third form little more
            chosen.append(phrase)
    return tuple(chosen[:count])


def _swapped(part: str) -> list[tuple[str, float]]:
    """Return what one word of several may be swapped for, and its cost; to leave it out is what people do first."""
    return [*_near(_ways(part) or (spell_out(part),), ("",)).items(), ("", _NEAREST)]


def _near(ways: Sequence[str], openers: Sequence[str]) -> dict[str, float]:
    """Return the phrases of the dictionary that sound like one of the ways, and how much has to be changed."""
    targets = [way.split() for way in ways]
    longest = max(len(target) for target in targets) + 2
    found: dict[str, float] = {}
    for length, (words, phones) in _dictionary().items():
        for opener in openers:
            sound = _OPENERS[opener]
            if length + len(sound) > longest:
                continue
            lead = np.array([_INDEX[phone] for phone in sound], dtype=np.int64)
            said = np.hstack([np.broadcast_to(lead, (len(phones), len(sound))), phones])
            costs = np.min([distances(said, target) for target in targets], axis=0)
            for index in np.flatnonzero((costs >= _NEAREST) & (costs <= _FARTHEST)):
                phrase = f"{opener} {words[index]}".strip()
                found[phrase] = min(float(costs[index]), found.get(phrase, np.inf))
    return found


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
