"""The forms in which labels leave: NeMo, Hugging Face, CSV. Lhotse and Label Studio have modules of their own.

Each form is a function from one label to a piece of text for each of its files, so that nothing is held in memory.
The audio field of every form holds `earmark:<label id>`: a stable name, and no file. Sound stays at home.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from earmark.airlock import Leaving
from earmark.learn.handing_out import label_studio, lhotse
from earmark.learn.handing_out.naming import name_of

Values = Mapping[str, set[str]]
"""Question → the values that were met while the labels were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one kind of tool wants its labels."""

    files: tuple[str, ...]
    """Names in the folder; one that ends in `.gz` is compressed."""
    pieces: Callable[[Leaving], tuple[str, ...]]
    """One label's text for each file."""
    head: str = ""
    between: str = ""
    tail: str = ""
    beside: Callable[[Values], Mapping[str, str]] = lambda _: {}
    """More files that explain the first ones: name → text."""


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def nemo(label: Leaving) -> tuple[str, ...]:
    """One line of a NeMo manifest: `text` where words were written down, `label` where one of a list was chosen."""
    answer = dict(label.answer)
    line: dict[str, Any] = {"audio_filepath": name_of(label), "duration": float(label.seconds)}
    if "text" in answer:
        line["text"] = answer.pop("text")
    if "value" in answer:
        line["label"] = answer.pop("value")
    return (dumped(line | answer | _about(label)) + "\n",)


def hugging_face(label: Leaving) -> tuple[str, ...]:
    """One line with the same columns for every question; what a question does not have is null."""
    slots = [{"name": name, "value": value} for name, value in (label.answer.get("slots") or {}).items()]
    line = {
        "audio": name_of(label),
        "duration": float(label.seconds),
        **{part: label.answer.get(part) for part in ("text", "value", "intent")},
        "slots": slots,
    }
    return (dumped(line | _about(label)) + "\n",)


def _about(label: Leaving) -> dict[str, Any]:
    return {
        "label_id": str(label.id),
        "question": label.question,
        "made_by": label.made_by,
        "agreed_on": label.agreed_on.isoformat(),
    }


CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: labels.jsonl
dataset_info:
  features:
  - name: audio
    dtype: string
  - name: duration
    dtype: float64
  - name: text
    dtype: string
  - name: value
    dtype: string
  - name: intent
    dtype: string
  - name: slots
    list:
    - name: name
      dtype: string
    - name: value
      dtype: string
  - name: label_id
    dtype: string
  - name: question
    dtype: string
  - name: made_by
    dtype: string
  - name: agreed_on
    dtype: date32
---

# Labels from Earmark

Read them with `datasets.load_dataset("THIS FOLDER")`. There is no sound: `audio` is a stable name (`earmark:` and the
label's number) and names no file.
"""

COLUMNS = ("label_id", "question", "text", "value", "intent", "slots", "made_by", "agreed_on", "duration", "audio")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a leading sign gets an apostrophe before it."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) or value.startswith(_FORMULA) else value


def table_row(label: Leaving) -> tuple[str, ...]:
    """One row of the CSV, every cell quoted (RFC 4180)."""
    answer, about = label.answer, _about(label)
    slots = answer.get("slots")
    values = {
        **about,
        **{part: answer.get(part) or "" for part in ("text", "value", "intent")},
        "slots": dumped(slots) if slots else "",
        "duration": str(label.seconds),
        "audio": name_of(label),
    }
    return (_row(cell(values[column]) for column in COLUMNS),)


def _row(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


FORMS: dict[str, Form] = {
    "nemo": Form(files=("manifest.jsonl",), pieces=nemo),
    "hf": Form(files=("labels.jsonl",), pieces=hugging_face, beside=lambda _: {"README.md": CARD}),
    "lhotse": Form(files=lhotse.FILES, pieces=lhotse.pieces),
    "csv": Form(files=("labels.csv",), pieces=table_row, head=_row(COLUMNS)),
    "label-studio": Form(
        files=("tasks.json",),
        pieces=label_studio.pieces,
        head="[\n",
        between=",\n",
        tail="\n]\n",
        beside=lambda values: {"labeling-config.xml": label_studio.config(values)},
    ),
}
