"""The ZIP that leaves piece by piece."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from earmark.export.archive import Archive, Folded

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def test_sizes_and_checksums_stand_before_the_content():
    archive = Archive()
    raw = archive.add("a.flac", [b"sound" * 1000], at=AT, deflate=False)
    raw += archive.add("b.json", [b"{", b" " * 10_000, b"}"], at=AT, deflate=True)
    raw += archive.end()
    with zipfile.ZipFile(io.BytesIO(raw)) as opened:
        assert opened.testzip() is None
        assert opened.read("a.flac") == b"sound" * 1000
        assert opened.read("b.json") == b"{" + b" " * 10_000 + b"}"
        for each in opened.infolist():
            assert not each.flag_bits & 0x08, "a size that follows its content is what some unzippers stumble over"
            assert stat.S_IMODE(each.external_attr >> 16) == 0o600
        assert opened.getinfo("a.flac").compress_size == 5000
        assert opened.getinfo("b.json").compress_size < 100


def test_nothing_that_has_left_is_held():
    archive = Archive()
    for number in range(20):
        assert len(archive.add(f"{number}", [bytes(1000)], at=AT, deflate=False)) < 1200
    assert len(archive.end()) < 20 * 100 + 50


def test_a_time_that_zip_does_not_know_is_its_earliest():
    archive = Archive()
    raw = archive.add("old", [b""], at=datetime(1970, 1, 1, tzinfo=UTC), deflate=False) + archive.end()
    assert zipfile.ZipFile(io.BytesIO(raw)).getinfo("old").date_time[0] == 1980


@given(st.lists(st.binary(max_size=3000)))
def test_what_is_folded_comes_back(pieces):
    folded = Folded()
    for piece in pieces:
        folded.add(piece)
    assert b"".join(folded.unfold()) == b"".join(pieces)


def test_what_is_folded_comes_back_in_pieces():
    folded = Folded()
    for _ in range(40):
        folded.add(bytes(100_000))
    pieces = list(folded.unfold())
    assert sum(map(len, pieces)) == 4_000_000
    assert max(map(len, pieces)) <= 1 << 18
