"""A CSV table: a header, then one recording a row.

Columns: `audio` or `audio_filepath`, and any of `text`, `intent`, `language`, `slots` (JSON), `duration`, `speaker`,
`wake` (true or false), `keyword`. Others are left alone. Commas, semicolons and tabs separate; rows count from the
header, which is row 1, as spreadsheets count them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from earmark.errors import NoList
from earmark.manifest.entries import Unusable

AUDIO = ("audio_filepath", "audio")
_TEXTS = ("text", "intent", "language", "speaker", "keyword")
_LONGEST = 1 << 20


def rows(data: bytes) -> Iterator[tuple[int, dict[str, Any] | Unusable]]:
    """Yield each row in the words of manifest.jsonl. Raises NoList."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoList(why="it is not UTF-8") from error
    delimiter, header = _header(text)
    csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(reader)
    return _rows(reader, header)


def _header(text: str) -> tuple[str, list[str]]:
    for delimiter in (",", ";", "\t"):
        try:
            first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        header = [name.strip().casefold() for name in first]
        if any(name in header for name in AUDIO):
            if len(set(header)) < len(header):
                raise NoList(why="two of its columns have the same name")
            return delimiter, header
    raise NoList(why="its first row names no column audio or audio_filepath")


def _rows(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, Any] | Unusable]]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, Unusable("its cells can't be told apart")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            yield number, Unusable("it has more cells than the first row")
            continue
        try:
            yield number, _said(dict(zip(header, cells, strict=False)))
        except Unusable as error:
            yield number, error


def _said(cells: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {key: cells[key] for key in _TEXTS if cells.get(key)}
    found["audio_filepath"] = next((cells[key].strip() for key in AUDIO if cells.get(key, "").strip()), None)
    if duration := cells.get("duration", "").strip():
        try:
            found["duration"] = float(duration)
        except ValueError:
            raise Unusable("duration is not a number of seconds") from None
    if wake := cells.get("wake", "").strip().casefold():
        found["wake"] = {"true": True, "1": True, "false": False, "0": False}.get(wake, wake)
    if slots := cells.get("slots", "").strip():
        try:
            found["slots"] = json.loads(slots)
        except (ValueError, RecursionError):
            raise Unusable("slots are not JSON") from None
    return found
