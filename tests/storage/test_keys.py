from __future__ import annotations

import threading

import pytest

from earmark.errors import Erased
from earmark.storage import FolderKeyStore


@pytest.fixture
def keys(tmp_path):
    store = FolderKeyStore(tmp_path / "keys")
    yield store
    store.close()


def test_a_secret_survives_reopening(keys):
    slot = keys.reserve()
    again = FolderKeyStore(keys.folder)
    assert again.secret(slot) == keys.secret(slot)
    assert len(keys.secret(slot)) == 32
    again.close()


def test_a_destroyed_secret_is_gone_from_the_file(keys):
    slot, other = keys.reserve(), keys.reserve()
    before = keys.secret(other)
    raw = (keys.folder / "slots").read_bytes()
    wrapped = raw[64 + slot * 64 : 128 + slot * 64]
    assert keys.destroy([slot]) == 1
    assert wrapped[4:] not in (keys.folder / "slots").read_bytes()
    with pytest.raises(Erased):
        keys.secret(slot)
    assert keys.secret(other) == before
    assert keys.destroy([slot]) == 0


def test_opening_a_restored_store_replays_its_tombstones(keys):
    slot = keys.reserve()
    backup = (keys.folder / "slots").read_bytes()
    keys.destroy([slot])
    (keys.folder / "slots").write_bytes(backup)
    again = FolderKeyStore(keys.folder)
    with pytest.raises(Erased):
        again.secret(slot)
    again.close()


def test_a_slot_is_handed_out_once(tmp_path):
    stores = [FolderKeyStore(tmp_path / "keys") for _ in range(2)]
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda s=store: found.extend(s.reserve() for _ in range(150)))
        for store in stores
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 600
    assert {len(stores[0].secret(slot)) for slot in found} == {32}
    for store in stores:
        store.close()


def test_slots_cannot_be_swapped(keys):
    first, second = keys.reserve(), keys.reserve()
    path = keys.folder / "slots"
    raw = bytearray(path.read_bytes())
    a, b = 64 + first * 64, 64 + second * 64
    raw[a : a + 64], raw[b : b + 64] = raw[b : b + 64], raw[a : a + 64]
    path.write_bytes(raw)
    with pytest.raises(Erased):
        keys.secret(first)


def test_what_never_existed_is_erased(keys):
    for slot in (-1, 10_000):
        with pytest.raises(Erased):
            keys.secret(slot)


def test_a_slot_is_free_until_it_is_handed_out_and_says_when_it_was_destroyed_or_damaged(keys):
    lives, goes, breaks = (keys.reserve() for _ in range(3))
    keys.destroy([goes])
    path = keys.folder / "slots"
    raw = bytearray(path.read_bytes())
    raw[64 + breaks * 64 + 20] ^= 1
    path.write_bytes(bytes(raw) + b"half a slot")
    states = dict(keys.states())
    assert states.pop(lives) == "live"
    assert states.pop(goes) == "gone"
    assert states.pop(breaks) == "bad"
    assert set(states.values()) == {"free"}
    assert keys.live_slots() == {lives, *states}


def test_a_slot_that_a_power_cut_left_marked_as_free_opens_and_can_be_destroyed(keys):
    slot = keys.reserve()
    secret = keys.secret(slot)
    with (keys.folder / "slots").open("r+b") as file:
        file.seek(64 + slot * 64)
        file.write(b"FREE")
    assert keys.secret(slot) == secret
    assert keys.destroy([slot]) == 1
    with pytest.raises(Erased):
        keys.secret(slot)
