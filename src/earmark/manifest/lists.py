"""Which kind of list something is, and its recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.errors import BadManifestRow, NoList
from earmark.manifest import label_studio, lines, table
from earmark.manifest.entries import BadLine, Entry, Unusable, entry, speaks

Rows = Iterable[tuple[int, dict[str, Any] | Unusable]]
"""Numbers from 1 and what each row says in the words of manifest.jsonl, or why it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """The recordings of one list."""

    name: str
    """File name, for messages."""
    what: str
    """What it is made of: `Line`, `Row`, `Task`."""
    entries: Sequence[Entry]
    """In the list's order."""
    bad: Sequence[BadLine]

    def spoken_in(self, languages: Sequence[str]) -> List:
        """Return the list with recordings in other languages turned into bad lines.

        What is masked before reviewers hear it goes by the language of whose it is: another one would leave unmasked.
        """
        strange = [each for each in self.entries if not speaks(each, languages)]
        why = "it is not in this person's first language, in which copies are masked; import it for somebody else"
        bad = [*self.bad, *(_bad(self.what, each.line, why) for each in strange)]
        kept = [each for each in self.entries if speaks(each, languages)]
        return replace(self, entries=kept, bad=sorted(bad, key=lambda each: each.line))


def open_list(source: Path, *, audio: Path | None = None) -> List:
    """Read a list of recordings.

    Args:
        source: a folder with manifest.jsonl, or a file: `.jsonl`, a Label Studio export (`.json`), a table (`.csv`).
        audio: the folder that the list's names start from; the list's own folder if left out.

    Raises BadManifest for a folder without manifest.jsonl, NoList for a file that is no list.
    """
    if source.is_dir() or not source.exists():
        entries, bad = lines.read(source)
        return List(name=lines.NAME, what="Line", entries=entries, bad=bad)
    folder = audio or source.absolute().parent
    try:
        data = source.read_bytes()
    except OSError as error:
        raise NoList(why="it can't be read") from error
    kind = source.suffix.casefold()
    if kind == ".jsonl":
        entries, bad = lines.of_lines(folder, data)
        return List(name=source.name, what="Line", entries=entries, bad=bad)
    if kind == ".json":
        return _checked(source.name, "Task", folder, label_studio.rows(folder, data))
    if kind in (".csv", ".tsv"):
        return _checked(source.name, "Row", folder, table.rows(data))
    raise NoList(why="its name ends in none of .jsonl, .json, .csv, .tsv")


def _checked(name: str, what: str, folder: Path, rows: Rows) -> List:
    entries: list[Entry] = []
    bad: list[BadLine] = []
    for number, row in rows:
        try:
            if isinstance(row, Unusable):
                raise row
            entries.append(entry(folder, number, row))
        except Unusable as error:
            bad.append(_bad(what, number, str(error)))
    return List(name=name, what=what, entries=entries, bad=bad)


def _bad(what: str, number: int, why: str) -> BadLine:
    return BadLine(line=number, why=why, error=BadManifestRow(what=what, number=number, why=why))
