"""A Label Studio export: a JSON list of tasks, as its JSON and its JSON-MIN formats write them.

Sound is `data.audio`: a path or file name below the folder; `/data/upload/…` and `/data/local-files/?d=…` are Label
Studio's own names for such files. Words and intent are taken from the task's annotations, else from its predictions,
else from `data` (https://labelstud.io/guide/task_format). An annotation that was skipped says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from earmark.errors import NoList
from earmark.manifest.entries import Unusable

AUDIO = ("audio", "audio_filepath", "audio_url", "sound")
TRANSCRIPTS = ("transcription", "transcript", "text", "asr")
"""Names of controls whose text is what was said; where there is none of them, the only text area's is."""
_UPLOADED = re.compile(r"[0-9a-f]{8}-")


def rows(folder: Path, data: bytes) -> Iterator[tuple[int, dict[str, Any] | Unusable]]:
    """Yield each task in the words of manifest.jsonl. Raises NoList."""
    try:
        tasks = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NoList(why="it is not JSON") from error
    if not isinstance(tasks, list):
        raise NoList(why="it is not a list of tasks")
    return _rows(folder, tasks)


def _rows(folder: Path, tasks: list[Any]) -> Iterator[tuple[int, dict[str, Any] | Unusable]]:
    for number, task in enumerate(tasks, start=1):
        try:
            yield number, _said(folder, task)
        except Unusable as error:
            yield number, error


def _said(folder: Path, task: Any) -> dict[str, Any]:
    if not isinstance(task, dict):
        raise Unusable("it is not a JSON object")
    data = task.get("data", task)  # JSON-MIN has no `data` around them
    if not isinstance(data, dict):
        raise Unusable("data is not a JSON object")
    name = next((data[key] for key in AUDIO if data.get(key)), None)
    if not isinstance(name, str):
        raise Unusable("data.audio is missing")
    found: dict[str, Any] = {key: data.get(key) for key in ("intent", "language", "duration", "slots")}
    found["text"] = next((data[key] for key in TRANSCRIPTS if isinstance(data.get(key), str)), None)
    return found | _answers(task) | {"audio_filepath": _file(folder, name)}


def _file(folder: Path, name: str) -> str:
    """Return a name below the folder for what Label Studio calls a file."""
    if name.startswith("/data/local-files/"):
        given = parse_qs(urlsplit(name).query).get("d", [""])[0]
        return given.lstrip("/")
    if name.startswith("/data/upload/"):
        uploaded = unquote(PurePosixPath(name).name)
        original = _UPLOADED.sub("", uploaded, count=1)
        try:
            return uploaded if (folder / uploaded).exists() else original
        except (OSError, ValueError):
            return original
    if name.startswith("earmark:"):
        raise Unusable("it is a label that left an Earmark; its sound never did")
    return name


def _answers(task: Mapping[str, Any]) -> dict[str, Any]:
    for kind in ("annotations", "completions", "predictions"):
        given = task.get(kind)
        if given is None or isinstance(given, int):
            continue
        if not isinstance(given, list):
            raise Unusable(f"{kind} is not a list")
        for each in reversed(given):  # the newest stands last
            if not isinstance(each, dict) or each.get("was_cancelled"):
                continue
            if found := _of_result(each.get("result")):
                return found
    return {}


def _of_result(result: Any) -> dict[str, Any]:
    if not isinstance(result, list):
        return {}
    written: dict[str, str] = {}
    found: dict[str, Any] = {}
    for part in result:
        if not isinstance(part, dict) or not isinstance(value := part.get("value"), dict):
            continue
        name = str(part.get("from_name"))
        if text := _words(value.get("text")):
            written[name] = f"{written[name]} {text}" if name in written else text
        if (chosen := _words(value.get("choices"))) and _means_intent(name):
            found["intent"] = chosen
    for name in [each for each in written if _means_intent(each)]:
        found["intent"] = written.pop(name)
    for name in [each for each in written if each == "slots" or each.endswith("_slots")]:
        found["slots"] = _slots(written.pop(name))
    known = [written[name] for name in TRANSCRIPTS if name in written]
    if known or len(written) == 1:
        found["text"] = known[0] if known else next(iter(written.values()))
    return found


def _means_intent(name: str) -> bool:
    return name == "intent" or name.endswith("_intent")


def _words(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return " ".join(part for part in parts if isinstance(part, str)).strip()


def _slots(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("slots are not JSON") from None
