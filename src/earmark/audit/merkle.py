"""Merkle trees of RFC 6962, section 2.1: growing, proving, checking. Pure: what proofs need is named, not fetched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

BLOCK = 8
"""Every eighth height's full subtrees are stored: 256 entries, 65,536 …"""
HASH = 32
"""Bytes of a hash."""
Range = tuple[int, int]
"""Entries from the first number up to, but without, the second."""


def canonical(value: Any) -> bytes:
    """Return the one JSON encoding that is hashed and signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf of an entry. The entry holds its own random salt, so the leaf gives nothing of it away."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees that lie side by side, largest first; of none, SHA-256 of nothing."""
    if not peaks:
        return sha256(b"").digest()
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


class Tree:
    """Grows leaf by leaf and knows its root at any time, keeping one hash for each bit of its size."""

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        self.size = size
        self._peaks = [peaks[at : at + HASH] for at in range(0, len(peaks), HASH)]
        self.blocks: list[tuple[int, int, bytes]] = []
        """Full subtrees of stored heights that were completed: (height, number, hash)."""

    @property
    def peaks(self) -> bytes:
        return b"".join(self._peaks)

    def add(self, leaf: bytes) -> None:
        top, height, left = leaf, 0, self.size
        while left & 1:
            top = sha256(b"\x01" + self._peaks.pop() + top).digest()
            height, left = height + 1, left >> 1
            if height % BLOCK == 0:
                self.blocks.append((height, left, top))
        self._peaks.append(top)
        self.size += 1

    def root(self) -> bytes:
        return fold(self._peaks)

    @staticmethod
    def of(leaves: Iterable[bytes]) -> Tree:
        tree = Tree()
        for leaf in leaves:
            tree.add(leaf)
        return tree


def fits(size: int, peaks: bytes) -> bool:
    """Tell whether so many peaks can belong to a tree of this size."""
    return len(peaks) == HASH * size.bit_count()


def _split(length: int) -> int:
    """Return the largest power of two below `length`."""
    return 1 << ((length - 1).bit_length() - 1)


def inclusion(number: int, size: int) -> list[Range]:
    """Name the ranges whose roots prove that an entry is in a tree of `size`, nearest first; `number` < `size`."""
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency(first: int, second: int) -> list[Range]:
    """Name the ranges whose roots prove that a tree of `second` begins with that of `first`; 0 < `first` ≤ `second`."""
    ranges, start, end = [], 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def pieces(wanted: Range) -> list[tuple[int, int]]:
    """Cut a range of a proof into full subtrees (height, number), largest first; `fold` of their hashes is its root."""
    start, end = wanted
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def includes(root: bytes, size: int, number: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Check an inclusion proof (RFC 9162, section 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    place, last, found = number, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(first_root: bytes, first: int, second_root: bytes, second: int, proof: Sequence[bytes]) -> bool:
    """Check that the tree of `second` entries begins with the tree of `first` (RFC 9162, section 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second:
        return False
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
