"""A ZIP that leaves piece by piece: nothing of it is ever written to disk here, and little is held in memory."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

_PIECE = 1 << 18
"""Bytes of text that are unfolded at a time."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""ZIP knows no time before this."""


class _Outlet:
    """What `zipfile` writes to: holds the file in hand, which zipfile still corrects, and gives away what is done.

    Seekable within that file, so that sizes and checksums stand before the content, where every unzipper finds them.
    """

    def __init__(self) -> None:
        self._given = 0
        self._held = io.BytesIO()

    def tell(self) -> int:
        return self._given + self._held.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            offset -= self._given
        return self._given + self._held.seek(offset, whence)

    def write(self, data: bytes) -> int:
        return self._held.write(data)

    def flush(self) -> None:
        return

    def take(self) -> bytes:
        done = self._held.getvalue()
        self._given += len(done)
        self._held = io.BytesIO()
        return done


class Archive:
    """Makes a ZIP; each method returns the bytes that are ready to leave."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w")  # pyright: ignore[reportCallIssue, reportArgumentType]

    def add(self, name: str, pieces: Iterable[bytes], *, at: datetime, deflate: bool) -> bytes:
        """Add a whole file. `deflate` is for text; FLAC grows no smaller."""
        about = zipfile.ZipInfo(name, date_time=max(at.astimezone().timetuple()[:6], _EARLIEST))
        about.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
        about.external_attr = 0o600 << 16
        with self._zip.open(about, "w") as file:
            for piece in pieces:
                file.write(piece)
        return self._outlet.take()

    def end(self) -> bytes:
        """Write the table of contents."""
        self._zip.close()
        return self._outlet.take()


class Folded:
    """Text that is kept deflated in memory until its turn comes: a few hundred bytes a recording."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj()
        self._held = bytearray()

    def add(self, text: bytes) -> None:
        self._held += self._deflate.compress(text)

    def unfold(self) -> Iterator[bytes]:
        """Give it back in pieces; nothing can be added afterwards."""
        self._held += self._deflate.flush()
        inflate, rest = zlib.decompressobj(), bytes(self._held)
        while rest:
            piece = inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail
            yield piece
        yield inflate.flush()
