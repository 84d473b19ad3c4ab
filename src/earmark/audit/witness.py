"""The witness: it runs on somebody else's machine, sees each checkpoint, and signs it when the log has only grown.

It needs no database and nothing of the installation but its public key. Everything it signed or refused stands in
`seen.jsonl`, a line of JSON each, which only ever grows.
"""

from __future__ import annotations

import json
import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from earmark.audit.cosigning import cosign
from earmark.audit.log import statement
from earmark.audit.merkle import extends
from earmark.errors import BadRequest
from earmark.storage.home import write_private

Prove = Callable[[int, int], Sequence[bytes]]
"""Asks for the proof that the log of the second size begins with that of the first."""
MOST = 1000
"""Words handed out at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A checkpoint that carries the installation's signature."""

    size: int
    root: bytes
    whole: Mapping[str, Any]
    """As it was shown; evidence, should it contradict another."""


def read_checkpoint(shown: Any, origin: Ed25519PublicKey) -> Shown:
    """Read what an installation shows. Raises BadRequest unless its own key signed it."""
    names = ("size", "root", "at", "signature")
    try:
        size, root, at = int(shown["size"]), bytes.fromhex(shown["root"]), datetime.fromisoformat(shown["at"])
        origin.verify(bytes.fromhex(shown["signature"]), statement(size, root, at))
        return Shown(size=size, root=root, whole={name: shown[name] for name in names})
    except (InvalidSignature, ValueError, OverflowError, KeyError, TypeError, AttributeError):
        raise BadRequest(why="This is no checkpoint signed with the key that this witness trusts.") from None


class Witness:
    """What one witness has seen of one installation."""

    def __init__(self, folder: Path, origin: Ed25519PublicKey, now: Callable[[], datetime]) -> None:
        """Open the witness's folder, making it and its key when they are not there.

        Raises BadRequest when the folder is about another installation, or is damaged.
        """
        self.origin, self._now = origin, now
        self._file = folder / "seen.jsonl"
        key = folder / "key"
        if not key.exists():
            write_private(key, Ed25519PrivateKey.generate().private_bytes_raw().hex())
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.read_text()))
        self.public_key = self._key.public_key()
        self.last: dict[str, Any] | None = None
        """The newest word that it signed."""
        self.alarm: dict[str, Any] | None = None
        """Why it signs nothing any more."""
        self._sizes, self._places = array("q"), array("q")
        """Of each word: the size it is about, and where its line begins in the file."""
        self._load()

    def _load(self) -> None:
        if not self._file.exists():
            return
        place = 0
        with self._file.open("r+b") as file:
            for line in file:
                if not line.endswith(b"\n"):  # the machine stopped while this was written: nobody has seen it
                    file.truncate(place)
                    break
                try:
                    self._remember(json.loads(line), place)
                except (ValueError, KeyError, TypeError):
                    why = "The witness's seen.jsonl is damaged; keep it, and begin in a new folder."
                    raise BadRequest(why=why) from None
                place += len(line)
        if self.last is not None and self.last["origin"] != self.origin.public_bytes_raw().hex():
            raise BadRequest(why="This folder is about another installation; choose another one with --folder.")

    def _remember(self, line: dict[str, Any], place: int) -> None:
        if "earmark_cosignature" not in line:
            self.alarm = line
            return
        self._places.append(place)
        self._sizes.append(line["size"])
        self.last = line

    def words(self, since: int = 0) -> list[dict[str, Any]]:
        """Return what it signed about logs of at least this size, smallest first, some thousand at most."""
        found: list[dict[str, Any]] = []
        first = bisect_left(self._sizes, since)
        if first < len(self._places):
            with self._file.open("rb") as file:
                file.seek(self._places[first])
                lines = (json.loads(line) for line in islice(file, min(MOST, len(self._places) - first)))
                found = [line for line in lines if "earmark_cosignature" in line]
        return found

    def look(self, shown: Any, prove: Prove) -> dict[str, Any] | None:
        """Look at a checkpoint; returns the word that it signed, None when it saw this one before.

        When it contradicts what was seen before, the alarm is written down and nothing is signed, now or later. Raises
        BadRequest for what the installation did not sign.
        """
        found = read_checkpoint(shown, self.origin)
        if self.alarm is not None:
            return None
        if self.last is not None:
            seen, root = self.last["size"], bytes.fromhex(self.last["root"])
            if found.size == seen and found.root == root:
                return None
            if found.size <= seen:
                return self._raise_alarm(found, "it is shorter than the log that was seen, or another of that size")
            proof = prove(seen, found.size)
            if not extends(root, seen, found.root, found.size, proof):
                return self._raise_alarm(found, "nothing proves that it continues the log that was seen")
        word = cosign(self._key, self.origin, size=found.size, root=found.root, seen_at=self._now())
        self._write({**word, "checkpoint": found.whole})
        return word

    def _raise_alarm(self, found: Shown, why: str) -> None:
        alarm = {"earmark_alarm": 1, "at": self._now().isoformat(), "why": why, "checkpoint": found.whole}
        self._write(alarm)

    def _write(self, line: dict[str, Any]) -> None:
        """Put a line on the disk; only then it is known and told."""
        with self._file.open("ab") as file:
            place = file.tell()
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._remember(line, place)

    def told(self, since: int) -> dict[str, Any]:
        """Return what it tells anybody: its key, its words from a size on, and whether it raised an alarm."""
        words = [{k: v for k, v in word.items() if k != "checkpoint"} for word in self.words(since)]
        return {"public_key": self.public_key.public_bytes_raw().hex(), "alarm": self.alarm, "cosignatures": words}
