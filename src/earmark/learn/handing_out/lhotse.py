"""Lhotse's manifests, in its own field names (lhotse 1.33 loads and validates them).

Recordings, supervisions and cuts, each one JSON object a line, gzip. The recording is a stand-in of as many whole
seconds at 16 kHz: Lhotse wants samples and duration to agree. Its source is a name and no file.
"""

from __future__ import annotations

import json
from typing import Any

from earmark.airlock import Leaving
from earmark.learn.handing_out.naming import name_of
from earmark.words import SAMPLE_RATE

FILES = ("recordings.jsonl.gz", "supervisions.jsonl.gz", "cuts.jsonl.gz")


def recording(label: Leaving) -> dict[str, Any]:
    return {
        "id": str(label.id),
        "sources": [{"type": "file", "channels": [0], "source": name_of(label)}],
        "sampling_rate": SAMPLE_RATE,
        "num_samples": SAMPLE_RATE * label.seconds,
        "duration": float(label.seconds),
        "channel_ids": [0],
    }


def supervision(label: Leaving) -> dict[str, Any]:
    """The answer over the whole recording; `text` holds words, `custom` everything else."""
    answer = dict(label.answer)
    made: dict[str, Any] = {
        "id": str(label.id),
        "recording_id": str(label.id),
        "start": 0.0,
        "duration": float(label.seconds),
        "channel": 0,
    }
    if "text" in answer:
        made["text"] = answer.pop("text")
    about = {"question": label.question, "made_by": label.made_by, "agreed_on": label.agreed_on.isoformat()}
    return made | {"custom": answer | about}


def cut(label: Leaving) -> dict[str, Any]:
    return {
        "id": str(label.id),
        "start": 0.0,
        "duration": float(label.seconds),
        "channel": 0,
        "supervisions": [supervision(label)],
        "recording": recording(label),
        "type": "MonoCut",
    }


def pieces(label: Leaving) -> tuple[str, ...]:
    return tuple(json.dumps(make(label), ensure_ascii=False) + "\n" for make in (recording, supervision, cut))
