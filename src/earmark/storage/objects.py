"""Where encrypted sound lies: a folder, or a bucket through obstore. Names are random and say nothing."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from earmark.errors import DiskFull, NotFound

_AT_A_TIME = 8
"""Deletions under way at a time: each waits for the file system or the bucket."""


class Objects(Protocol):
    """Immutable blobs by random name; `put` returns when the blob would survive a power cut."""

    def put(self, prefix: str, data: bytes) -> str: ...

    def get(self, name: str) -> bytes: ...

    def delete(self, name: str) -> bool: ...

    def names(self, prefix: str) -> Iterator[str]: ...


def _fresh_name(prefix: str) -> str:
    name = uuid.uuid4().hex
    return f"{prefix}/{name[:2]}/{name}"


class FolderObjects:
    """Objects as files. A file is synced, then its folder, before its name is returned to be written in a row.

    A crash in between leaves a file that no row names; `earmark doctor` finds those.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder

    def put(self, prefix: str, data: bytes) -> str:
        name = _fresh_name(prefix)
        path = self.folder / name
        try:
            if not path.parent.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _sync_folder(path.parent.parent)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
                os.fsync(fd)
            finally:
                os.close(fd)
            _sync_folder(path.parent)
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull from error
            raise
        return name

    def _path(self, name: str) -> Path:
        if name.startswith("/") or ".." in name.split("/"):
            raise NotFound
        return self.folder / name

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound from None

    def delete(self, name: str) -> bool:
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self, prefix: str) -> Iterator[str]:
        """Yield names a folder at a time, so that a million of them never stand in memory together."""
        root = self.folder / prefix
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            yield from (f"{prefix}/{folder.name}/{name}" for name in sorted(path.name for path in folder.iterdir()))


class BucketObjects:
    """Objects in a bucket (`s3://…`) through obstore."""

    def __init__(self, url: str) -> None:
        import obstore.store

        self._store = obstore.store.from_url(url)

    def put(self, prefix: str, data: bytes) -> str:
        name = _fresh_name(prefix)
        self._store.put(name, data)
        return name

    def get(self, name: str) -> bytes:
        try:
            return bytes(self._store.get(name).bytes())
        except FileNotFoundError:
            raise NotFound from None

    def delete(self, name: str) -> bool:
        try:
            self._store.delete(name)
        except FileNotFoundError:
            return False
        return True

    def names(self, prefix: str) -> Iterator[str]:
        for batch in self._store.list(prefix):
            for entry in batch:
                yield entry["path"]


def open_objects(url: str | None, folder: Path) -> Objects:
    return BucketObjects(url) if url else FolderObjects(folder)


def delete_all(objects: Objects, names: Sequence[str]) -> int:
    """Delete objects, many at a time; returns how many there were."""

    def delete(part: Sequence[str]) -> int:
        return sum(objects.delete(name) for name in part)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return sum(pool.map(delete, (names[start::_AT_A_TIME] for start in range(min(_AT_A_TIME, len(names))))))


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
