"""Which letter of a word makes which of its sounds, found in a dictionary by expectation maximisation.

Each letter makes no sound, one, or two in a row; a word's spelling and its sounds are generated together, letter by
letter (the joint-sequence model of Bisani and Ney, 2008, with chunks of one letter). Words of one shape, as many
letters and as many sounds, are worked on at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
PHONES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
_LETTER = {letter: at for at, letter in enumerate(LETTERS)}
_PHONE = {phone: at for at, phone in enumerate(PHONES)}
_SINGLE = 1
"""Number of the first chunk of one sound; 0 is silence."""
_PAIR = _SINGLE + len(PHONES)
CHUNKS = _PAIR + len(PHONES) ** 2
"""How many chunks there are: no sound, each sound, each two sounds."""
_ROUNDS = 5
_EVERY = 4
"""The probabilities are learned from every fourth pronunciation: all of them take four times as long."""
_NEVER = 1e-12
_WORST = -80.0
"""Log probability below which spelling and sounds have nothing to do with each other (`mrs`)."""

Pronounced = Mapping[str, Sequence[tuple[str, ...]]]
"""Word to its pronunciations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Pronunciations of as many letters and as many sounds."""

    letters: NDArray[np.intp]
    """Shape (words, letters)."""
    singles: NDArray[np.intp]
    """Chunk of each sound, shape (words, sounds)."""
    pairs: NDArray[np.intp]
    """Chunk of each two sounds in a row, shape (words, sounds - 1)."""


def chunk_phones(chunk: int) -> tuple[str, ...]:
    """Return the sounds of a chunk: none, one or two."""
    if chunk < _SINGLE:
        return ()
    if chunk < _PAIR:
        return (PHONES[chunk - _SINGLE],)
    first, second = divmod(chunk - _PAIR, len(PHONES))
    return PHONES[first], PHONES[second]


def letters_of(word: str) -> list[int]:
    """Return the numbers of a word's letters; other signs are left out."""
    return [_LETTER[letter] for letter in word if letter in _LETTER]


def align(words: Pronounced) -> list[NDArray[np.intp]]:
    """Return each pronunciation as pairs of a letter and its sounds, `letter * CHUNKS + chunk`, shape (letters,) each.

    Words with other signs than `LETTERS`, and pronunciations that no letters explain, are left out.
    """
    told = [
        (word, phones)
        for word in sorted(words)
        if word and all(letter in _LETTER for letter in word)
        for phones in words[word]
        if 0 < len(phones) <= 2 * len(word)
    ]
    chances = _learn(list(_shapes(told[::_EVERY])))
    return [row for shape in _shapes(told) for row in _best(shape, chances)]


def _shapes(told: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[_Shape]:
    groups: dict[tuple[int, int], list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for word, phones in told:
        groups[len(word), len(phones)].append((word, phones))
    for _, group in sorted(groups.items()):
        sounds = np.array([[_PHONE[phone] for phone in phones] for _, phones in group])
        yield _Shape(
            letters=np.array([letters_of(word) for word, _ in group]),
            singles=_SINGLE + sounds,
            pairs=_PAIR + sounds[:, :-1] * len(PHONES) + sounds[:, 1:],
        )


def _learn(shapes: Sequence[_Shape]) -> NDArray[np.float64]:
    """Return the probability of each chunk given its letter, shape (letters, chunks)."""
    chances = np.full((len(LETTERS), CHUNKS), 1e-3)
    chances[:, :_PAIR] = 1e-2  # before anything is known one sound a letter is likelier than two
    for _ in range(_ROUNDS):
        counts = np.zeros(chances.size)
        for shape in shapes:
            _count(shape, chances, counts)
        chances = counts.reshape(chances.shape)
        chances /= np.maximum(chances.sum(axis=1, keepdims=True), _NEVER)
    return chances


def _count(shape: _Shape, chances: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
    """Add how often each letter makes each chunk, by the probabilities so far (forward and backward)."""
    words, length = shape.letters.shape
    sounds = shape.singles.shape[1]
    made = [_made(shape, at, chances) for at in range(length)]
    forward = [np.zeros((words, sounds + 1))]
    forward[0][:, 0] = 1.0
    for none, one, two in made:
        before = forward[-1]
        after = before * none
        after[:, 1:] += before[:, :-1] * one
        after[:, 2:] += before[:, :-2] * two
        forward.append(after)
    whole = forward[-1][:, sounds]
    weight = np.divide(1.0, whole, out=np.zeros(words), where=whole > 0.0)[:, None]
    backward = np.zeros((words, sounds + 1))
    backward[:, sounds] = 1.0
    for at in range(length - 1, -1, -1):
        none, one, two = made[at]
        before, base = forward[at] * weight, shape.letters[:, at][:, None] * CHUNKS
        for cell, share in (
            (base, (before * backward).sum(axis=1, keepdims=True) * none),
            (base + shape.singles, before[:, :-1] * one * backward[:, 1:]),
            (base + shape.pairs, before[:, :-2] * two * backward[:, 2:]),
        ):
            counts += np.bincount(cell.ravel(), share.ravel(), minlength=counts.size)
        earlier = backward * none
        earlier[:, :-1] += one * backward[:, 1:]
        earlier[:, :-2] += two * backward[:, 2:]
        backward = earlier


def _made(shape: _Shape, at: int, table: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return the table's values for the letter at a place making no sound, each sound, each two sounds."""
    letter = shape.letters[:, at][:, None]
    return table[letter, 0], table[letter, shape.singles], table[letter, shape.pairs]


def _best(shape: _Shape, chances: NDArray[np.float64]) -> Iterator[NDArray[np.intp]]:
    """Yield the likeliest alignment of each pronunciation (Viterbi)."""
    logs = np.log(np.maximum(chances, _NEVER))
    words, length = shape.letters.shape
    sounds = shape.singles.shape[1]
    score = np.full((words, sounds + 1), -np.inf)
    score[:, 0] = 0.0
    steps: list[NDArray[np.intp]] = []
    for at in range(length):
        none, one, two = _made(shape, at, logs)
        ways = np.full((3, words, sounds + 1), -np.inf)
        ways[0] = score + none
        ways[1, :, 1:] = score[:, :-1] + one
        ways[2, :, 2:] = score[:, :-2] + two
        steps.append(ways.argmax(axis=0))
        score = ways.max(axis=0)
    place, row = np.full(words, sounds), np.arange(words)
    found = np.zeros((words, length), dtype=np.intp)
    for at in range(length - 1, -1, -1):
        step = steps[at][row, place]
        chunk = np.where(step == 1, shape.singles[row, np.maximum(place - 1, 0)], 0)
        if sounds > 1:
            chunk = np.where(step == 2, shape.pairs[row, np.clip(place - 2, 0, sounds - 2)], chunk)
        found[:, at] = shape.letters[:, at] * CHUNKS + chunk
        place = place - step
    yield from found[score[:, sounds] > _WORST]
