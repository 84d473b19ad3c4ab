"""One recording of a list and what is known about it, checked; the same rules for every kind of list."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from earmark.errors import BadManifest
from earmark.words import Seconds

_TEXTS = ("text", "intent", "speaker", "keyword", "language")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|data:")
NOTHING_IS_FETCHED = "its sound is an address, and nothing is fetched; download it and name the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recording and what is known about it."""

    line: int
    """Which line, row or task of its list, from 1."""
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
    language: str | None = None
    """Tag of what is spoken (`en`, `es-CR`); None: the language of whoever it is imported for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line, row or task that can't be used."""

    line: int
    """From 1."""
    why: str
    """In plain words."""
    error: BadManifest


class Unusable(Exception):
    """Why a line can't be used."""


def entry(folder: Path, number: int, found: Mapping[str, Any]) -> Entry:
    """Check what a list says about one recording. Raises Unusable."""
    name = found.get("audio_filepath")
    if not isinstance(name, str) or not name:
        raise Unusable("audio_filepath is missing")
    for key in _TEXTS:
        if not isinstance(found.get(key), str | None):
            raise Unusable(f"{key} is not a text")
    if not isinstance(found.get("wake"), bool | None):
        raise Unusable("wake is neither true nor false")
    if (language := found.get("language")) is not None and not _LANGUAGE.fullmatch(language):
        raise Unusable("language is not a tag like en or es-CR")
    return Entry(
        line=number,
        path=_inside(folder, name),
        name=name,
        duration=_duration(found.get("duration")),
        slots=_slots(found.get("slots")),
        wake=found.get("wake"),
        **{key: found.get(key) for key in _TEXTS},
    )


def speaks(entry: Entry, languages: Sequence[str]) -> bool:
    """Tell whether a recording is in one of these languages, by the first part of its tag; unsaid is fine."""
    return entry.language is None or _first(entry.language) in {_first(each) for each in languages}


def _first(tag: str) -> str:
    return re.split("[-_]", tag.casefold())[0]


def _inside(folder: Path, name: str) -> Path:
    if _ADDRESS.match(name.lstrip()):
        raise Unusable(NOTHING_IS_FETCHED)
    parts = PurePosixPath(name)
    try:
        path = folder / name
        whole = path.resolve()
        if parts.is_absolute() or ".." in parts.parts or not whole.is_relative_to(folder.resolve()):
            raise Unusable("its path leaves the folder")
        if not whole.is_file():
            raise Unusable("its sound file is not there")
    except (OSError, ValueError) as error:
        raise Unusable("its path can't be a file's") from error
    return path


def _duration(value: Any) -> Seconds | None:
    if value is None:
        return None
    try:
        seconds = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0:
        raise Unusable("duration is not a number of seconds")
    return seconds


def _slots(value: Any) -> Mapping[str, str]:
    """Take slots as an object, or as the list of `{"type", "value"}` that sentence collections use."""
    if isinstance(value, list):
        if not all(isinstance(item, dict) and {"type", "value"} <= item.keys() for item in value):
            raise Unusable("slots are not names with values")
        value = {item["type"]: item["value"] for item in value}
    if value is None:
        value = {}
    if not isinstance(value, dict) or not all(_is_plain(item) for item in [*value, *value.values()]):
        raise Unusable("slots are not names with values")
    return MappingProxyType({str(key): str(item) for key, item in value.items()})


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
