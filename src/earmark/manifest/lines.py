"""`manifest.jsonl`: one line of JSON a recording, the speech toolkits' convention.

Each line has `audio_filepath` (relative to the folder), `duration` and any of `text`, `intent`, `slots`, `speaker`,
`wake`, `keyword`, `language`.
"""

from __future__ import annotations

import json
from pathlib import Path

from earmark.errors import BadManifest, BadManifestLine
from earmark.manifest.entries import BadLine, Entry, Unusable, entry

NAME = "manifest.jsonl"


def read(folder: Path) -> tuple[list[Entry], list[BadLine]]:
    """Read a folder's manifest: its recordings in order, and the lines that can't be used.

    No entry's path leaves the folder, not through `..`, not through a link. Raises BadManifest when there is none.
    """
    try:
        data = (folder / NAME).read_bytes()
    except OSError as error:
        raise BadManifest from error
    return of_lines(folder, data)


def of_lines(folder: Path, data: bytes) -> tuple[list[Entry], list[BadLine]]:
    entries: list[Entry] = []
    bad: list[BadLine] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(folder, number, line))
        except Unusable as error:
            why = str(error)
            bad.append(BadLine(line=number, why=why, error=BadManifestLine(line=number, why=why)))
    return entries, bad


def _entry(folder: Path, number: int, line: bytes) -> Entry:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unusable("it is not JSON") from error
    if not isinstance(found, dict):
        raise Unusable("it is not a JSON object")
    return entry(folder, number, found)
