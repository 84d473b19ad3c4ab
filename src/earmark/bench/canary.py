"""What is said before it is deleted, and eyes that look for it in every byte that lies on disk."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark import audio
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

_WINDOW = 24
"""Bytes of sound looked for at a time: no two sounds share as many by chance."""
_CHUNK = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Two words and a sound that nothing else on this machine holds."""

    words: tuple[str, str]
    audio: PcmAudio

    @staticmethod
    def fresh(duration: Seconds = 5.0) -> Canary:
        """Draw one: words of 14 random letters, and noise that FLAC makes about 80 kB of."""
        rng, letters = np.random.default_rng(secrets.randbits(64)), "bcdfghjklmnpqrstvwxz"
        first, second = ("".join(secrets.choice(letters) for _ in range(14)) for _ in range(2))
        samples = rng.normal(0, 60, round(duration * SAMPLE_RATE)).astype(np.int16)
        return Canary(words=(first, second), audio=PcmAudio(samples=samples))

    def needles(self) -> list[bytes]:
        """Return what would give it away in a file: words and sound, coded or not, in plain, hexadecimal and base64."""
        found = []
        for word in (text.encode() for text in self.words):
            found += [word, word.decode().encode("utf-16-le"), word.hex().encode(), base64.b64encode(word)[:16]]
        for form in (self.audio.pcm, audio.encode(self.audio)):
            windows = [form[at : at + _WINDOW] for at in (len(form) // 4, len(form) // 2, len(form) * 3 // 4)]
            found += [*windows, *(window.hex().encode() for window in windows)]
        return found


def found_bytes(roots: Iterable[Path], needles: Sequence[bytes]) -> int:
    """Count the bytes of needles in every file below these folders; a file of many names is read once."""
    return sum(_count(path, needles) for path in _files(roots))


def _count(path: Path, needles: Sequence[bytes]) -> int:
    overlap, found, kept = max(len(needle) for needle in needles) - 1, 0, b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                data = kept + chunk
                found += sum(len(needle) * data.count(needle) for needle in needles if needle in data)
                kept = data[-overlap:]
    except FileNotFoundError:
        return 0  # the database drops its temporary files as it goes
    return found


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    folders = list(roots)
    while folders:
        folder = folders.pop()
        device = folder.stat().st_dev
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and (device, entry.inode()) not in seen:
                    seen.add((device, entry.inode()))
                    yield Path(entry.path)
