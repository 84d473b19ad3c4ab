"""The key store: random secrets in numbered slots, kept outside the database and the data backups.

Every person, every recording and everything that a skill keeps has a slot. A recording's AES-256 key is derived from
its own secret and its person's, so overwriting either slot makes the audio, the words and the labels meaningless
wherever copies of the ciphertext remain: dead rows, the database's log, old backups. Slots are handed out once and
never again.

A store is a folder:

    root            32 random bytes that wrap the slots; keep it on other media than the slots if you can
    slots           a header, then 64 bytes a slot: state, nonce, AES-256-GCM(root, secret), tag; a slot's state is FREE
                    (reserved by a process for what comes next), LIVE (handed out) or GONE (destroyed)
    tombstones      8 bytes for each destroyed slot, written and synced before the slot is overwritten

A restored copy of `slots` may bring destroyed secrets back, so opening a store replays its tombstones, and the vault
replays those that the database knows (`replay`). Overwriting in place reaches the file; on copy-on-write or flash media
the old blocks may live on below the file system, which is why the root key exists and full-disk encryption is advised.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import secrets
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from earmark.errors import DiskFull, Erased

_HEADER = b"earmark key store 1\n".ljust(64, b"\0")
_SLOT = 64
_FREE, _LIVE, _GONE = b"FREE", b"LIVE", b"GONE"
_READ = 16_384
"""Slots read at a time when all are looked at: 1 MB."""
_BATCH = 64
"""Slots written and synced at a time, so that a recording doesn't pay a disk sync for its key."""


SlotState = Literal["free", "live", "gone", "bad"]
"""Reserved and not handed out yet; handed out; destroyed; neither: damaged, or of a store with another root."""


class KeyStore(Protocol):
    """Hands out secrets by slot and destroys them for good."""

    def reserve(self) -> int:
        """Return a fresh slot whose secret is already on disk."""
        ...

    def secret(self, slot: int) -> bytes:
        """Return the slot's 32 bytes. Raises Erased when it was destroyed or never existed."""
        ...

    def destroy(self, slots: Iterable[int]) -> int:
        """Overwrite the slots; they are gone from the files when this returns. Returns how many were alive.

        Raises DiskFull when there is no room for their tombstones: then all of them live.
        """
        ...

    def replay(self, numbers: Iterable[int]) -> int:
        """Destroy again what a restored backup brought back; returns how many that were."""
        ...

    def states(self) -> Iterator[tuple[int, SlotState]]:
        """Yield every slot that there is with its state, for whoever compares them with what names them."""
        ...


def derive(*secrets_: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key from secrets that must all be alive (HKDF-SHA256, RFC 5869)."""
    info = b"earmark:" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(b"".join(secrets_))


class FolderKeyStore:
    """A key store in a folder of one machine; safe between threads and processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._guard = threading.Lock()
        self._reserved: list[int] = []
        with self._locked():
            self._create()
        self._root = AESGCM((folder / "root").read_bytes())
        self._slots = os.open(folder / "slots", os.O_RDWR | os.O_CLOEXEC)
        self.replay(self.tombstones())

    def _create(self) -> None:
        root, slots = self.folder / "root", self.folder / "slots"
        if slots.exists() and not root.exists():
            raise Erased
        if not root.exists():
            _write_synced(root, secrets.token_bytes(32))
        if not slots.exists():
            _write_synced(slots, _HEADER)
        (self.folder / "tombstones").touch(mode=0o600)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def reserve(self) -> int:
        with self._guard:
            if not self._reserved:
                self._reserved = self._allocate(_BATCH)
            slot = self._reserved.pop()
        # Not synced: after a power cut a slot that is in use may still be marked as free, and opens all the same.
        os.pwrite(self._slots, _LIVE, _offset(slot))
        return slot

    def _allocate(self, count: int) -> list[int]:
        with self._locked():
            size = os.fstat(self._slots).st_size
            first = (size - len(_HEADER)) // _SLOT
            numbers = range(first, first + count)
            block = b"".join(self._wrap(number, secrets.token_bytes(32)) for number in numbers)
            with _full_disk_named():
                self._append(block, _offset(first))
        # In random order: neighbouring numbers would tell the floor which masked copies were made together.
        return random.SystemRandom().sample(numbers, count)

    def _append(self, block: bytes, offset: int) -> None:
        """Write whole slots, or cut off what was written of them."""
        try:
            view = memoryview(block)
            while view:
                written = os.pwrite(self._slots, view, offset + len(block) - len(view))
                view = view[written:]
            os.fsync(self._slots)
        except OSError:
            os.ftruncate(self._slots, offset)
            raise

    def _wrap(self, slot: int, secret: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return _FREE + nonce + self._root.encrypt(nonce, secret, struct.pack(">q", slot))

    def secret(self, slot: int) -> bytes:
        raw = os.pread(self._slots, _SLOT, _offset(slot)) if slot >= 0 else b""
        if len(raw) < _SLOT or raw[:4] not in (_FREE, _LIVE):
            raise Erased
        return self._unwrap(slot, raw)

    def _unwrap(self, slot: int, raw: bytes) -> bytes:
        try:
            return self._root.decrypt(raw[4:16], raw[16:], struct.pack(">q", slot))
        except InvalidTag:
            raise Erased from None

    def alive(self, slot: int) -> bool:
        return os.pread(self._slots, 4, _offset(slot)) in (_FREE, _LIVE)

    def destroy(self, slots: Iterable[int]) -> int:
        numbers = sorted(set(slots))
        if not numbers:
            return 0
        with self._locked():
            with _full_disk_named(), (self.folder / "tombstones").open("ab") as file:
                file.write(b"".join(struct.pack(">q", number) for number in numbers))
                file.flush()
                os.fsync(file.fileno())
            return self._overwrite(numbers)

    def _overwrite(self, numbers: Iterable[int]) -> int:
        alive, size = 0, os.fstat(self._slots).st_size
        for number in numbers:
            offset = _offset(number)
            if offset + _SLOT <= size and self.alive(number):
                os.pwrite(self._slots, _GONE.ljust(_SLOT, b"\0"), offset)
                alive += 1
        if alive:
            os.fsync(self._slots)
        return alive

    def tombstones(self) -> list[int]:
        """Return every destroyed slot that this folder remembers."""
        data = (self.folder / "tombstones").read_bytes()
        return [number for (number,) in struct.iter_unpack(">q", data[: len(data) // 8 * 8])]

    def replay(self, numbers: Iterable[int]) -> int:
        """Destroy again what a restored backup brought back; returns how many secrets that were alive."""
        with self._locked():
            return self._overwrite(numbers)

    def states(self) -> Iterator[tuple[int, SlotState]]:
        slot = 0
        while raw := os.pread(self._slots, _READ * _SLOT, _offset(slot)):
            for start in range(0, len(raw) - _SLOT + 1, _SLOT):
                yield slot, self._state(slot, raw[start : start + _SLOT])
                slot += 1
            if len(raw) < _SLOT:
                return  # half a slot: a power cut while the file grew

    def _state(self, slot: int, raw: bytes) -> SlotState:
        if raw[:4] == _GONE:
            return "gone"
        try:
            self._unwrap(slot, raw)
        except Erased:
            return "bad"
        return "live" if raw[:4] == _LIVE else "free" if raw[:4] == _FREE else "bad"

    def live_slots(self) -> set[int]:
        """Return the slots that hold a secret, handed out or not."""
        return {slot for slot, state in self.states() if state in ("free", "live")}

    def close(self) -> None:
        os.close(self._slots)


def _offset(slot: int) -> int:
    return len(_HEADER) + slot * _SLOT


@contextmanager
def _full_disk_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


def _write_synced(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
