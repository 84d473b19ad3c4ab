"""`earmark wake add`: recordings of a new wake word and synthetic voices → a candidate bundle that brings it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark import audio
from earmark.device import SECOND, WORDS
from earmark.errors import BadRequest, Forbidden
from earmark.learn import registry
from earmark.learn.attempt import files_of
from earmark.learn.clips import Clip, key_of, read_folder, usable
from earmark.learn.wake_voices import pico_clips, synthetic_clips
from earmark.learn.wake_windows import WakeClip
from earmark.storage import Stores

ENOUGH, ENOUGH_SPEAKERS = 20, 3
"""Recordings of the word, and people who say it, below which nothing is learned: never from one person alone."""
_LONGEST_WORD = 40
MOST_OTHERS = 300
"""Recordings without the word that are learned from, drawn by their hash; more bring little and cost time."""
_VOICES = {"says": 3, "phrases": 300, "voices_a_phrase": 3, "invented": 600, "talks": 200}
"""What espeak-ng says, see `synthetic_clips`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of it."""

    word: str
    """As a device names it: `smart_mirror`."""
    recordings: int
    others: int
    """Recordings without the word."""
    synthetic: int
    cutoff: float
    """Score from which on it wakes."""
    miss_rate: float
    """Of the recordings, half counted in drawn rooms, by what was trained without their speakers."""
    confusables_passed: float
    false_wakes_per_hour: float
    """In the other recordings and in synthetic talk, likewise."""
    candidate: str
    """Version of the bundle that was registered."""
    promoted: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def name_of(written: str) -> str:
    """Return how a device names a wake word. Raises BadRequest for one that can't be learned."""
    word = key_of(written)
    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", word) or not 4 <= len(word) <= _LONGEST_WORD:
        raise BadRequest(why="A wake word is one to a few words of plain letters, four letters or more in all.")
    if word in WORDS:
        raise BadRequest(why="This wake word is packaged already; `earmark learn wake` improves it from labels.")
    return word


def gather(word: str, data: Path) -> tuple[list[WakeClip], list[WakeClip]]:
    """Read recordings of a word and of anything else. Raises BadManifest, BadRequest when there are too few."""
    clips, _ = usable(read_folder(data)[0])
    said = [clip for clip in clips if clip.part == "wake" and key_of(clip.keyword) == word]
    ids = {clip.id for clip in said}
    others = sorted((clip for clip in clips if clip.id not in ids and key_of(clip.keyword) != word), key=_rank)[
        :MOST_OTHERS
    ]
    if len(said) < ENOUGH:
        raise BadRequest(
            why=f"It takes {ENOUGH} recordings of a new wake word, by a few people; there are {len(said)} in the "
            "`wake` folder whose `keyword` it is."
        )
    if len({clip.speaker for clip in said}) < ENOUGH_SPEAKERS:
        raise BadRequest(
            why=f"It takes {ENOUGH_SPEAKERS} people who say the new wake word: a model of one voice would know the "
            "voice instead of the word."
        )
    if not others:
        raise BadRequest(why="It takes recordings of other words or other speech too, so that not every word wakes.")
    return [_wake_clip(clip, said=True) for clip in said], [_wake_clip(clip, said=False) for clip in others]


def _rank(clip: Clip) -> bytes:
    return hashlib.sha256(clip.id.encode()).digest()


def _wake_clip(clip: Clip, *, said: bool) -> WakeClip:
    return WakeClip(audio=clip.sound(), said=said, group=clip.speaker)


def voices_for(
    word: str, *, espeak: Mapping[str, Any] | None = None, pico: Mapping[str, Any] | None = None, **settings: Any
) -> list[WakeClip]:
    """Return synthetic clips of a word, its neighbours and other talk. Raises MissingExtra: it takes them all.

    `espeak` and `pico` change what each of the two says, `settings` what both do.
    """
    said = synthetic_clips(word, seed=0, **_VOICES | dict(espeak or {}), **settings)
    return said + pico_clips(word, seed=0, **pico or {}, **settings)


async def add_word(
    stores: Stores,
    written: str,
    data: Path,
    *,
    cost_of_a_miss: float,
    noise: Path | None = None,
    promote: bool = False,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Added:
    """Learn a new wake word from a folder and register a candidate that is the bundle in use and this word.

    Raises BadRequest (too few recordings, no such word), MissingExtra, BadManifest, BadAudio, Forbidden.
    """
    if stores.signing_key is None:
        raise Forbidden
    word = name_of(written)
    said, others = await asyncio.to_thread(gather, word, data)
    voices = await asyncio.to_thread(voices_for, word, progress=progress)
    background = await asyncio.to_thread(_noise, noise)
    files = await asyncio.to_thread(
        _train, word, [*said, *others, *voices], cost_of_a_miss=cost_of_a_miss, noise=background, progress=progress
    )
    current = await registry.promoted(stores)
    inherited: dict[str, str] = dict(current.manifest.get("datasets") or {})
    kept = {name: one for name, one in files_of(current).items() if not name.startswith(f"wake/{word}.")}
    about = json.loads(files[f"wake/{word}.json"])
    recordings = hashlib.sha256(b"".join(sorted(hashlib.sha256(clip.audio.pcm).digest() for clip in said))).hexdigest()
    learned = {
        "recordings": len(said),
        "people": len({clip.group for clip in said}),
        "recordings_sha256": recordings,
        "others": len(others),
        "synthetic": len(voices),
        "cost_of_a_miss": cost_of_a_miss,
        "unseen": about["unseen"],
    }
    manifest = {
        **{key: value for key, value in current.manifest.items() if key not in ("files", "changed", "notes")},
        "parent": current.version,
        # What is inherited keeps the dataset it was learned from; the new word was not learned from labels.
        "datasets": {name: inherited.get(name, current.manifest.get("dataset")) for name in kept},
        "wake_words": {**dict(current.manifest.get("wake_words") or {}), word: learned},
        "changed": ["wake"],
        "notes": [{"part": "wake", "learned": True, "why": f"A new wake word from {len(said)} recordings."}],
    }
    made = await registry.register(stores, {**kept, **files}, manifest)
    if promote:
        await registry.promote(stores, made.version, "engineer")
    return Added(
        word=word,
        recordings=len(said),
        others=len(others),
        synthetic=len(voices),
        cutoff=about.get(SECOND, {"threshold": about["cutoff"]})["threshold"],
        miss_rate=about["unseen"]["miss_rate"],
        confusables_passed=about["unseen"]["confusables_passed"],
        false_wakes_per_hour=about["unseen"]["false_wakes_per_hour"],
        candidate=made.version,
        promoted=promote,
    )


def _train(word: str, clips: Sequence[WakeClip], **settings: Any) -> dict[str, bytes]:
    from earmark.learn.new_words import train  # scikit-learn takes a second to load: only who trains needs it

    return train(word, clips, **settings)


def _noise(path: Path | None) -> NDArray[np.int16] | None:
    return None if path is None else audio.read(path, longest=24 * 3600).samples
