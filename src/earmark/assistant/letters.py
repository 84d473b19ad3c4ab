"""From letters to sounds: a 5-gram of letter and sound pairs, learned from the packaged dictionary.

The dictionary's words are aligned letter by letter (`letter_alignment`); the pairs' n-gram is interpolated with
modified Kneser-Ney discounts (Chen and Goodman, 1998). A word's pronunciations are those that a beam search over its
letters finds, with their probabilities. How well it spells words that it never saw:
docs/decisions/letters-to-sounds.md.

Learning takes some seconds, so it happens when first needed and the result is kept in the user's cache folder, under
the dictionary's hash. Losing that file costs those seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import threading
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs
import pocketsphinx
from numpy.typing import NDArray

from earmark.assistant.letter_alignment import CHUNKS, Pronounced, align, chunk_phones, letters_of

ORDER = 5
"""Of 1,000 unseen words 76 % right with 5 and 7 letters of context, 75 % with 8; 5 is the smallest."""
_BITS = 12
"""A pair's number in an n-gram's key: 5 of them fill 60 bits."""
_FEWEST = 3
"""Alignments below which a pair of a letter and its sounds is taken for a slip of the dictionary."""
_BEAM = 48
_LEAST = 1e-30
_FORMAT = 1
"""Of the cached file; a change of the model or its file changes it."""

Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """The n-grams of one length."""

    keys: Keys
    """Sorted; the last pair in the lowest bits, what stands before it above."""
    shares: NDArray[np.float32]
    """Discounted probability of the last pair after the others, shape (keys,)."""
    histories: Keys
    """Sorted; as a key without its last pair."""
    left: NDArray[np.float32]
    """What each history leaves to the next shorter one, shape (histories,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What letters sound like. Immutable; may be used from several threads."""

    pairs: NDArray[np.int64]
    """`letter * CHUNKS + chunk` of each pair, shape (pairs,); pair n is numbered n + 1, and 0 is a word's border."""
    levels: Sequence[_Level]

    @staticmethod
    def learn(words: Pronounced) -> Letters:
        """Learn from a dictionary, whose phones are the CMU's without stress; the same words give the same model."""
        aligned = align(words)
        numbers, counts = np.unique(np.concatenate(aligned), return_counts=True)
        pairs = numbers[counts >= _FEWEST]
        lengths = np.array([len(row) for row in aligned])
        flat = np.concatenate(aligned)
        at = np.minimum(np.searchsorted(pairs, flat), len(pairs) - 1)
        strange = np.add.reduceat(pairs[at] != flat, np.concatenate([[0], np.cumsum(lengths)[:-1]])) > 0
        kept = at[~np.repeat(strange, lengths)] + 1
        return Letters(pairs=pairs.astype(np.int64), levels=_levels(*_stream(kept, lengths[~strange])))

    def sounds(self, word: str, *, most: int = 1) -> Sequence[tuple[str, float]]:
        """Return the likeliest pronunciations of a word, best first, each with its probability among all.

        Accents are taken off; other signs are left out. Empty for a word without a Latin letter.
        """
        spelled = letters_of(_plain(word))
        history, scores, spoken = np.zeros((1, ORDER - 1), dtype=np.int64), np.zeros(1), [()]
        for letter in spelled:
            first, last = np.searchsorted(self.pairs, [letter * CHUNKS, (letter + 1) * CHUNKS])
            choices = np.arange(first + 1, last + 1)
            ways = scores[:, None] + np.log(self._chances(history, choices))
            best = np.argsort(-ways, axis=None, kind="stable")[:_BEAM]
            before, chosen = np.divmod(best, len(choices))
            spoken = [
                spoken[i] + chunk_phones(int(self.pairs[choices[j] - 1] % CHUNKS))
                for i, j in zip(before, chosen, strict=True)
            ]
            history = np.concatenate([choices[chosen][:, None], history[before][:, :-1]], axis=1)
            scores = ways.ravel()[best]
        ends = np.exp(scores + np.log(self._chances(history, np.zeros(1, dtype=np.int64)))[:, 0])
        found: dict[str, float] = defaultdict(float)
        for phones, chance in zip(spoken, ends, strict=True):
            if phones:
                found[" ".join(phones)] += float(chance)
        whole = sum(found.values())
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:most]
        return [(phones, chance / whole) for phones, chance in ranked]

    def _chances(self, history: NDArray[np.int64], choices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return P(choice | history), shape (histories, choices). `history`: the pairs before, the nearest first."""
        chances = np.full((len(history), len(choices)), 1.0 / (len(self.pairs) + 1))
        before = np.zeros(len(history), dtype=np.int64)
        for length, level in enumerate(self.levels):
            if length:
                before = before | history[:, length - 1] << (_BITS * (length - 1))
            share = _look_up(level.keys, level.shares, before[:, None] << _BITS | choices, 0.0)
            chances = share + _look_up(level.histories, level.left, before, 1.0)[:, None] * chances
        return np.maximum(chances, _LEAST)

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what `from_arrays` makes the same model of."""
        parts: dict[str, NDArray[np.generic]] = {"pairs": self.pairs}
        for length, level in enumerate(self.levels):
            for name in ("keys", "shares", "histories", "left"):
                parts[f"{name}{length}"] = getattr(level, name)
        return parts

    @staticmethod
    def from_arrays(parts: Mapping[str, NDArray[np.generic]]) -> Letters:
        """Raises KeyError when a part is missing."""
        levels = [
            _Level(**{name: parts[f"{name}{length}"] for name in ("keys", "shares", "histories", "left")})  # type: ignore[arg-type]
            for length in range(ORDER)
        ]
        return Letters(pairs=parts["pairs"], levels=levels)  # type: ignore[arg-type]


def _plain(word: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(sign))


def _look_up(keys: Keys, values: NDArray[np.float32], wanted: Keys, otherwise: float) -> NDArray[np.float64]:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], otherwise)


def _stream(pairs: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return all words one after the other with borders between, and where their pairs and their ends stand."""
    stream = np.zeros(len(pairs) + ORDER * len(lengths) + ORDER, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    word = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(pairs)) + ORDER * (word + 1)
    stream[places] = pairs
    ends = starts + lengths + ORDER * np.arange(1, len(lengths) + 1)
    return stream, np.sort(np.concatenate([places, ends]))


def _levels(stream: NDArray[np.int64], at: NDArray[np.intp]) -> list[_Level]:
    grams = [np.zeros(len(at), dtype=np.int64)]
    for length in range(ORDER):
        grams.append(grams[-1] | stream[at - length] << (_BITS * length))
    levels: list[_Level] = []
    for length in range(ORDER):
        keys, first, counts = np.unique(grams[length + 1], return_index=True, return_counts=True)
        if length + 1 < ORDER:
            # How many different pairs stand before it, not how often it stands: except where a word begins.
            _, longer = np.unique(grams[length + 2], return_index=True)
            varied = np.bincount(np.searchsorted(keys, grams[length + 1][longer]), minlength=len(keys))
            counts = np.where((stream[at[first] - length] == 0) & (length > 0), counts, varied)
        histories, inverse = np.unique(keys >> _BITS, return_inverse=True)
        total = np.bincount(inverse, counts)
        discount = _discounts(counts)[np.minimum(counts, 3)]
        levels.append(
            _Level(
                keys=keys,
                shares=((counts - discount) / total[inverse]).astype(np.float32),
                histories=histories,
                left=(np.bincount(inverse, discount) / total).astype(np.float32),
            )
        )
    return levels


def _discounts(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what is taken off a count of 0, 1, 2, and 3 or more."""
    once, twice, thrice, four = (max(1, int((counts == number).sum())) for number in (1, 2, 3, 4))
    share = once / (once + 2 * twice)
    wanted = [0.0, 1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice]
    return np.clip(wanted, 0.0, [0.0, 0.95, 1.95, 2.95])


def dictionary() -> Pronounced:
    """Return the packaged dictionary: word to its pronunciations."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for line in _dictionary_file().read_text("utf-8").splitlines():
        word, *phones = line.split()
        found[word.split("(")[0]].append(tuple(phones))
    return found


def _dictionary_file() -> Path:
    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))


_learning = threading.Lock()


def packaged() -> Letters:
    """Return the model learned from the packaged dictionary; learns it where it was never needed before."""
    with _learning:
        return _packaged()


@cache
def _packaged() -> Letters:
    digest = hashlib.sha256(_dictionary_file().read_bytes()).hexdigest()[:16]
    file = Path(platformdirs.user_cache_dir("earmark")) / f"letters-{_FORMAT}-{digest}.npz"
    # Opened here: numpy leaves a file open that it can't read.
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), file.open("rb") as data:
        kept = np.load(data, allow_pickle=False)
        return Letters.from_arrays({name: kept[name] for name in kept.files})
    found = Letters.learn(dictionary())
    with contextlib.suppress(OSError):  # a folder that can't be written costs the next process the same seconds
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npz", delete=False) as draft:
            np.savez(draft, allow_pickle=False, **found.arrays())
        Path(draft.name).replace(file)
    return found
