"""Labelled recordings and written sentences, from a folder or from memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from earmark import audio, manifest
from earmark.errors import BadAudio, BadManifest, BadManifestLine
from earmark.manifest import BadLine
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

Part = Literal["commands", "wake", "other"]
PARTS: tuple[Part, ...] = ("commands", "wake", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording and the truth about it."""

    id: str
    """Opaque and stable: it decides which stretch of a noise the clip is mixed with."""
    source: Path | PcmAudio
    """A sound file, or the sound itself where it must not touch a disk."""
    part: Part
    speaker: str
    """Opaque; equal for one voice."""
    duration: Seconds | None = None
    """As the manifest states it."""
    wake: bool | None = None
    """Whether the wake word is said; None when nobody knows."""
    keyword: str | None = None
    text: str | None = None
    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    start: Seconds = 0.0
    """Where the command begins: what is before goes to the wake word, not to the recogniser."""
    traits: Mapping[str, str] = field(default_factory=dict)
    """What slices are cut by: `device`, `voices`, `noise`, `word`, as far as they are known."""

    def sound(self) -> PcmAudio:
        """Raises BadAudio or its kin for a file that is no sound."""
        return self.source if isinstance(self.source, PcmAudio) else audio.read(self.source, allow_silence=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A written request and what it means."""

    text: str
    intent: str
    slots: tuple[tuple[str, str], ...] = ()
    """(name, value) pairs in order; a name may stand twice."""


def read_folder(data: Path) -> tuple[list[Clip], list[BadLine]]:
    """Read the recordings of a data folder, which has any of `commands/`, `wake/` and `other/`.

    A part's clips lie beside its own `manifest.jsonl`. Raises BadManifest when a part has none, or no part is there.
    """
    clips: list[Clip] = []
    bad: list[BadLine] = []
    present: list[Part] = [part for part in PARTS if (data / part).is_dir()]
    if not present and not (data / "nlu" / "home.jsonl").is_file():
        raise BadManifest
    for part in present:
        entries, wrong = manifest.read(data / part)
        bad += wrong
        for entry in entries:
            clip = Clip(
                id=f"{part}/{entry.name}",
                source=entry.path,
                part=part,
                # Without a speaker every clip is its own: an interval over speakers then never claims too much.
                speaker=entry.speaker or f"{part}/{entry.name}",
                duration=entry.duration,
                wake=entry.wake,
                keyword=entry.keyword,
                text=entry.text,
                intent=entry.intent,
                slots=dict(entry.slots),  # a plain one: clips travel to other processes
            )
            clips.append(clip)
    if bad and not clips:
        raise bad[0].error
    return clips, bad


def usable(clips: Sequence[Clip]) -> tuple[list[Clip], list[tuple[Clip, BadAudio]]]:
    """Part the clips that can be heard from those that can't, with the reason; fills in missing durations."""
    good: list[Clip] = []
    bad: list[tuple[Clip, BadAudio]] = []
    for clip in clips:
        try:
            duration = len(clip.sound().samples) / SAMPLE_RATE
        except BadAudio as error:
            bad.append((clip, error))
        else:
            good.append(replace(clip, duration=duration))
    return good, bad


def read_sentences(path: Path) -> list[Sentence]:
    """Read sentences with `text`, `intent` and `slots` (a list of `{"type", "value"}`, or an object), a line each.

    Raises BadManifestLine for a line that has no such parts.
    """
    found: list[Sentence] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            slots = value.get("slots") or []
            pairs = slots.items() if isinstance(slots, dict) else [(slot["type"], slot["value"]) for slot in slots]
            clean = tuple((str(name), str(text)) for name, text in pairs)
            found.append(Sentence(text=str(value["text"]), intent=str(value["intent"]), slots=clean))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadManifestLine(line=number, why="it is not a sentence with text and intent") from error
    return found


def wake_word(clips: Sequence[Clip], *, known: Sequence[str]) -> str:
    """Return which wake word the positive clips hold: the commonest keyword that has a model, else the first known."""
    said = Counter(key_of(clip.keyword) for clip in clips if clip.wake)
    ranked = [word for word, _ in said.most_common() if word in known]
    return ranked[0] if ranked else known[0]


def key_of(keyword: str | None) -> str:
    """Return how a device names a wake word that is written so: "Smart Mirror" is `smart_mirror`."""
    return "_".join((keyword or "").lower().split())
