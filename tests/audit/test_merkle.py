"""Trees and proofs of RFC 6962, beside a plain recursive reading of its text."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import merkle
from earmark.audit.merkle import Tree, consistency, extends, fold, includes, inclusion, leaf_hash, pieces

KNOWN = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots over the first 1 to 8 of the entries below, as Certificate Transparency's own tests have them."""
unhurried = settings(deadline=None)
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def some(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def proof(leaves: list[bytes], ranges: list[tuple[int, int]]) -> list[bytes]:
    return [root_of(leaves[start:end]) for start, end in ranges]


def test_roots_are_those_of_certificate_transparency():
    tree = Tree()
    for entry, root in zip(ENTRIES, KNOWN, strict=True):
        tree.add(leaf_hash(bytes.fromhex(entry)))
        assert tree.root().hex() == root
    assert Tree().root() == sha256(b"").digest()


@unhurried
@given(st.integers(0, 700), st.integers(0, 700))
def test_a_tree_goes_on_from_its_peaks(first, more):
    leaves = some(first + more)
    begun = Tree.of(leaves[:first])
    assert merkle.fits(first, begun.peaks)
    tree = Tree(first, begun.peaks)
    for leaf in leaves[first:]:
        tree.add(leaf)
    assert tree.root() == root_of(leaves)
    full = begun.blocks + tree.blocks
    assert full == Tree.of(leaves).blocks
    assert all(h == 8 and value == root_of(leaves[n << h : (n + 1) << h]) for h, n, value in full)
    assert len(full) == len(leaves) // 256


@unhurried
@given(st.data())
def test_an_entry_is_proved_and_nothing_else(data):
    size = data.draw(st.integers(1, 300))
    number = data.draw(st.integers(0, size - 1))
    leaves = some(size)
    root, steps = root_of(leaves), proof(leaves, inclusion(number, size))
    assert includes(root, size, number, leaves[number], steps)
    assert not includes(root, size, number, leaf_hash(b"another"), steps)
    assert not includes(root, size, number, leaves[number], [*steps, root])
    assert not includes(root, size, size, leaves[number], steps)
    assert not includes(root, size, -1, leaves[number], steps)
    if steps:
        assert not includes(root, size, number, leaves[number], flipped(data, steps))
        assert not includes(root, size, number, leaves[number], steps[:-1])
        assert not includes(root, size, number ^ 1, leaves[number], steps)


@unhurried
@given(st.data())
def test_a_tree_is_proved_to_begin_with_another(data):
    second = data.draw(st.integers(1, 300))
    first = data.draw(st.integers(1, second))
    leaves = some(second)
    old, new = root_of(leaves[:first]), root_of(leaves)
    steps = proof(leaves, consistency(first, second))
    assert extends(old, first, new, second, steps)
    assert not extends(leaf_hash(b"another"), first, new, second, steps)
    assert not extends(old, first, leaf_hash(b"another"), second, steps)
    assert not extends(old, first, new, second, [*steps, new])
    if steps:
        assert not extends(old, first, new, second, flipped(data, steps))
        assert not extends(old, first, new, second, steps[:-1])
        assert not extends(new, second, old, first, steps)


def flipped(data: st.DataObject, steps: list[bytes]) -> list[bytes]:
    """Return the proof with one bit of one byte changed."""
    which = data.draw(st.integers(0, len(steps) - 1))
    at, bit = data.draw(st.integers(0, 31)), data.draw(st.integers(0, 7))
    changed = bytearray(steps[which])
    changed[at] ^= 1 << bit
    return [*steps[:which], bytes(changed), *steps[which + 1 :]]


@unhurried
@given(st.integers(1, 5000), st.data())
def test_ranges_of_proofs_are_cut_into_full_subtrees(size, data):
    first = data.draw(st.integers(1, size))
    for start, end in [*inclusion(first - 1, size), *consistency(first, size)]:
        at = start
        for height, number in pieces((start, end)):
            assert number << height == at
            at += 1 << height
        assert at == end


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_a_range_folds_from_its_pieces(size):
    leaves = some(size)
    hashes = [root_of(leaves[n << h : (n + 1) << h]) for h, n in pieces((0, size))]
    assert fold(hashes) == root_of(leaves)
