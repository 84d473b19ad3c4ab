"""A labelled folder as something to learn from, beside the household's own labels or before there are any.

The folder is that of `earmark evaluate`: any of `commands/`, `wake/`, `other/`, `nlu/home.jsonl`, `noise/`. What its
manifests say stands for what reviewers found out. Who speaks decides the side, by a hash: for ever, whatever else comes
to the folder or goes, and on every machine.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earmark.device import WORDS
from earmark.errors import BadAudio
from earmark.learn.clips import Clip, Sentence, key_of, read_folder, read_sentences, wake_word
from earmark.learn.datasets import HELDOUT_SHARE, Lesson, Side
from earmark.learn.lessons import Taught
from earmark.vault import Content, Interaction, Wake
from earmark.words import InteractionId, PersonId, Seconds

Complaint = Callable[[str], None]
_SPEAKER = "corpus:"
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""A folder's recordings have no day and no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A folder, read."""

    version: str
    """The first 16 hex digits of the SHA-256 over the files' contents, what the manifests say about them and the
    sides: the same wherever the folder lies."""
    taught: Sequence[Taught]
    """Every recording that can be heard, in the order of their names."""
    sentences: Sequence[Sentence]
    """Written requests."""
    noises: Sequence[Path]
    """Sound files without speech that commands may be heard in, in the order of their names."""


def read_corpus(folder: Path, *, learned: Sequence[str] = (), complain: Complaint = lambda _: None) -> Corpus:
    """Read a folder, its sound into memory (690 clips: 110 MB, 4 s).

    `learned`: the wake words that were learned here; a clip whose keyword is one of them is a call of it.
    `complain` is told of lines and files that can't be used; they teach nothing. Raises BadManifest when the folder
    holds none of the parts, BadAudio when none of its recordings can be heard.
    """
    clips, bad = read_folder(folder)
    for line in bad:
        complain(str(line.error))
    packaged = {key_of(clip.keyword) for clip in clips if clip.wake} & {*WORDS}
    word = wake_word(clips, known=WORDS if packaged else (*learned, *WORDS))
    taught: list[Taught] = []
    content: list[Any] = [["learned", *learned]] if learned else []
    for clip in sorted(clips, key=lambda clip: clip.id):
        try:
            one = taught_by(clip, word, learned=learned)
        except BadAudio as error:
            complain(f"{clip.id}: {error}")
            continue
        taught.append(one)
        assert isinstance(clip.source, Path)
        content.append([clip.id, _hash_of(clip.source), _said_about(clip), one.lesson.speaker, one.lesson.side])
    if clips and not taught:
        raise BadAudio
    written = folder / "nlu" / "home.jsonl"
    noises = sorted(path for path in (folder / "noise").glob("*") if path.suffix in (".flac", ".wav", ".ogg"))
    content += [[path.relative_to(folder).as_posix(), _hash_of(path)] for path in noises]
    if written.is_file():
        content.append(["nlu/home.jsonl", _hash_of(written)])
    return Corpus(
        version=_version_of(content),
        taught=taught,
        sentences=read_sentences(written) if written.is_file() else (),
        noises=noises,
    )


def side_of(speaker: str) -> Side:
    """Return a speaker's side: about `HELDOUT_SHARE` of all there could ever be are held out."""
    drawn = int.from_bytes(hashlib.sha256(f"corpus:{speaker}".encode()).digest()[:8], "big") / 2**64
    return "heldout" if drawn < HELDOUT_SHARE else "train"


def taught_by(clip: Clip, word: str, *, learned: Sequence[str] = ()) -> Taught:
    """Say of a clip what reviewers would have found out, and what the assistant would have kept.

    `word`: the folder's wake word; `learned` as in `read_corpus`. Raises BadAudio or its kin.
    """
    sound = clip.sound()
    if clip.part == "wake" and key_of(clip.keyword) in learned:
        clip = replace(clip, wake=True)
    identifier = InteractionId(uuid.uuid5(uuid.NAMESPACE_OID, f"corpus:{clip.id}"))
    # Of other speech it is known that no command was meant; of a clip to wake by, only whether it should.
    other = clip.part == "other"
    lesson = Lesson(
        interaction_id=identifier,
        side=side_of(clip.speaker),
        speaker=f"{_SPEAKER}{hashlib.sha256(clip.speaker.encode()).hexdigest()[:16]}",
        labels=1,
        called=clip.wake,
        text=clip.text,
        understood=True if other else None,
        intent=None if other else clip.intent,
        slots={} if other else dict(clip.slots),
    )
    interaction = Interaction(
        id=identifier,
        person_id=PersonId(uuid.uuid5(uuid.NAMESPACE_OID, f"corpus:{clip.speaker}")),
        device_id=None,
        started_at=_SOME_DAY,
        expires_at=_SOME_DAY,
        kind="command",
        duration=sound.duration,
        wake=None if clip.wake is None else _wake(clip, word, sound.duration),
        bundle="builtin",
        content=Content(),
    )
    return Taught(lesson=lesson, interaction=interaction, audio=sound)


def is_of_a_folder(one: Taught) -> bool:
    """Tell whether a recording came from a folder, and not from a household."""
    return one.lesson.speaker.startswith(_SPEAKER)


def _wake(clip: Clip, word: str, duration: Seconds) -> Wake:
    """Return a wake that spans the clip: nothing follows it, and nobody knows where in it the word lies.

    A clip without the wake word is one that the folder's word must not wake by, whatever was said instead.
    """
    said = key_of(clip.keyword)
    return Wake(word=said if clip.wake and said else word, score=1.0, start=0.0, end=duration)


def _said_about(clip: Clip) -> list[Any]:
    return [clip.wake, clip.keyword, clip.text, clip.intent, sorted(clip.slots.items())]


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version_of(content: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]
