"""What a device says about itself when it starts: what it hears, what is kept, who listens, how to turn that off.

A device may have no screen, and somebody in the room may never have seen the page. The texts never hold a wake word, so
that no device is woken by its own notice.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WORDING = "notice-1"
"""Changes with the wording of any of the texts: each device then gives it again."""
_BEFORE = "Hello, this is Earmark. Until I hear my name, I keep nothing and send nothing."
_STAYS = "What you say then, I answer by myself: it is not saved, it never leaves me, and nobody can listen."
_STAYS_TOO = "Lists, messages and alarms last until I am turned off."
_UNSAVED = "What you say then goes to your Earmark, which answers and does not save it, so nobody can listen."
_SAVED = "What you say then is saved by your Earmark, for you. Nobody listens to it unless you turn that on."
_HEARD = "What you say then is saved by your Earmark. Sometimes a person listens to a little of it."
_STOP = "To stop that, call me and say: stop saving."
_STOP_PEOPLE = "To stop that, call me and say: turn off human review, or: stop saving."
_START = "To change that, call me and say: start saving."
_PAGE = "The page of your Earmark shows everything, and deletes it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be said, and which wording it is."""

    version: str
    """`notice-1-saved`: the wording and the state it describes; each is given once on each device."""
    text: str
    """Spoken in at most 20 s; plain sentences."""


def of_assistant(*, saved: bool, heard: bool) -> Notice:
    """Return the notice of a device with an assistant: whether what it hears is saved, and may be heard by people."""
    if not saved:
        return _notice("unsaved", _UNSAVED, _START, _PAGE)
    if heard:
        return _notice("heard", _HEARD, _STOP_PEOPLE, _PAGE)
    return _notice("saved", _SAVED, _STOP, _PAGE)


def of_local_only() -> Notice:
    """Return the notice of a device that is on its own."""
    return _notice("local", _STAYS, _STAYS_TOO)


def _notice(state: str, *sentences: str) -> Notice:
    return Notice(version=f"{WORDING}-{state}", text=" ".join([_BEFORE, *sentences]))


class Notices:
    """Which notices a device has given, in a small file; without one, only for as long as the process runs."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._given: set[str] = set()
        if file is not None:
            with suppress(OSError, ValueError, TypeError):  # missing or damaged: the notice is given once more
                self._given = set(map(str, json.loads(file.read_text(encoding="utf-8"))))

    def given(self, version: str) -> bool:
        return version in self._given

    def remember(self, version: str) -> None:
        self._given.add(version)
        if self._file is None:
            return
        with suppress(OSError):  # a full disk costs nothing but hearing it again at the next start
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_name(f".{self._file.name}-new")
            draft.write_text(json.dumps(sorted(self._given)), encoding="utf-8")
            draft.replace(self._file)
