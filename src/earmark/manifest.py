"""`manifest.jsonl`: one line of JSON a recording, the speech toolkits' convention.

Each line has `audio_filepath` (relative to the folder), `duration` and any of `text`, `intent`, `slots`, `speaker`,
`wake`, `keyword`. A bad line is reported and costs no other line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from earmark.errors import BadManifest, BadManifestLine
from earmark.words import Seconds

NAME = "manifest.jsonl"
_TEXTS = ("text", "intent", "speaker", "keyword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recording and what is known about it."""

    line: int
    """Of the manifest, from 1."""
    path: Path
    """Of the sound file; it exists and lies inside the folder."""
    name: str
    """`audio_filepath` as it was written."""
    duration: Seconds | None = None
    """As stated; None when it was not."""
    text: str | None = None
    """What was said."""
    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    speaker: str | None = None
    """Opaque; equal for recordings of one voice."""
    wake: bool | None = None
    """True when the wake word is said in it, False when it is not."""
    keyword: str | None = None
    """The word that is said, where the recording holds one word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that can't be used."""

    line: int
    """Of the manifest, from 1."""
    why: str
    """In plain words."""
    error: BadManifestLine


class _Unusable(Exception):
    """Why a line can't be used."""


def read(folder: Path) -> tuple[list[Entry], list[BadLine]]:
    """Read a folder's manifest: its recordings in order, and the lines that can't be used.

    No entry's path leaves the folder, not through `..`, not through a link. Raises BadManifest when there is none.
    """
    try:
        lines = (folder / NAME).read_bytes().splitlines()
    except OSError as error:
        raise BadManifest from error
    entries: list[Entry] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(folder, number, line))
        except _Unusable as error:
            why = str(error)
            bad.append(BadLine(line=number, why=why, error=BadManifestLine(line=number, why=why)))
    return entries, bad


def _entry(folder: Path, number: int, line: bytes) -> Entry:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _Unusable("it is not JSON") from error
    if not isinstance(found, dict):
        raise _Unusable("it is not a JSON object")
    name = found.get("audio_filepath")
    if not isinstance(name, str) or not name:
        raise _Unusable("audio_filepath is missing")
    for key in _TEXTS:
        if not isinstance(found.get(key), str | None):
            raise _Unusable(f"{key} is not a text")
    if not isinstance(found.get("wake"), bool | None):
        raise _Unusable("wake is neither true nor false")
    return Entry(
        line=number,
        path=_inside(folder, name),
        name=name,
        duration=_duration(found.get("duration")),
        slots=_slots(found.get("slots")),
        wake=found.get("wake"),
        **{key: found.get(key) for key in _TEXTS},
    )


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name)
    try:
        path = folder / name
        whole = path.resolve()
        if parts.is_absolute() or ".." in parts.parts or not whole.is_relative_to(folder.resolve()):
            raise _Unusable("its path leaves the folder")
        if not whole.is_file():
            raise _Unusable("its sound file is not there")
    except (OSError, ValueError) as error:
        raise _Unusable("its path can't be a file's") from error
    return path


def _duration(value: Any) -> Seconds | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise _Unusable("duration is not a number of seconds")
    return float(value)


def _slots(value: Any) -> Mapping[str, str]:
    """Take slots as an object, or as the list of `{"type", "value"}` that sentence collections use."""
    if isinstance(value, list):
        if not all(isinstance(item, dict) and {"type", "value"} <= item.keys() for item in value):
            raise _Unusable("slots are not names with values")
        value = {item["type"]: item["value"] for item in value}
    if value is None:
        value = {}
    if not isinstance(value, dict) or not all(_is_plain(item) for item in [*value, *value.values()]):
        raise _Unusable("slots are not names with values")
    return MappingProxyType({str(key): str(item) for key, item in value.items()})


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
