"""The shape of `data.json`. Its JSON Schema is made from these types and published as docs/schemas/export-1.json.

What rooms hand over stands here as they hand it over: a field that is new in a room is new in the export.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, with_config

from earmark.accounts import OwnData
from earmark.airlock import Asked, Choice, HomeLabel
from earmark.consent import Grant
from earmark.learn import Use
from earmark.vault import Device, Hearing, Interaction, KeepsakeKind
from earmark.words import KeepsakeId

VERSION = 1
"""Grows when a field goes or changes its meaning; new fields may come without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOfYours:
    """What people found out about a recording, and what it was used for."""

    label: HomeLabel
    used_in: tuple[Use, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One exchange with everything known about it."""

    interaction: Interaction
    device: str | None
    """The device's name; null: a browser, an imported file, or a device that is not this person's."""
    file: str | None
    """Where its sound lies in the ZIP; null: it has none."""
    sha256: str | None
    """Of that file, hexadecimal."""
    chosen: Choice | None
    """By which rule it was chosen for review; null: it was not."""
    asked: tuple[Asked, ...]
    """The questions that people are asked about it."""
    hearings: tuple[Hearing, ...]
    """Each time a person listened."""
    labels: tuple[LabelOfYours, ...]
    """What those people found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One turn of a switch."""

    grant: Grant
    title: str
    """The switch's title in that wording; empty when this version of Earmark does not know the wording any more."""
    text: str
    """What it said. A number of days in it is the one that is set today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A line of the shopping list, a message, a timer or an alarm."""

    id: KeepsakeId
    kind: KeepsakeKind
    by: str
    """The name of who said it."""
    to: str | None
    """The name of whom a message waits for."""
    content: dict[str, Any]
    due_at: datetime | None
    created_at: datetime


@with_config(ConfigDict(use_attribute_docstrings=True, json_schema_serialization_defaults_required=True))
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything that is held about one person."""

    earmark_export: Literal[1]
    """The format's number."""
    made_at: datetime
    made_by: str
    """The program and its version."""
    account: OwnData
    consents: tuple[Consent, ...]
    """Every word ever given or taken back, oldest first."""
    devices: tuple[Device, ...]
    kept: tuple[Kept, ...]
    """What skills keep because of what this person said, and the messages that wait for them."""
    receipts: tuple[dict[str, Any], ...]
    """One for each deletion, as it was signed, newest first."""
    left_out: int
    """Recordings that were deleted while this was made, and are not in it."""
    interactions: tuple[Entry, ...] = ()
    """Newest first."""


_OPEN_END = b'"interactions":[]}'


@cache
def _adapter(shape: type[Any]) -> TypeAdapter[Any]:
    """Made when it is needed: it takes a third of a second, and every process and command would wait for it."""
    return TypeAdapter(shape)


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of data.json."""
    made = _adapter(Document).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"earmark-export-{VERSION}.json",
        **made,
        "title": "An export of Earmark",
    }


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def entry_json(entry: Entry) -> bytes:
    """Return one entry of `interactions`, on one line."""
    return _adapter(Entry).dump_json(entry)


def around_entries(document: Document) -> tuple[bytes, bytes]:
    """Return the JSON before and after the entries, so that these need never be held all at once."""
    whole = _adapter(Document).dump_json(replace(document, interactions=()))
    assert whole.endswith(_OPEN_END), "interactions must be the last field"
    return whole[: -len(_OPEN_END)] + b'"interactions":[\n', b"\n]}\n"
