"""From what people found out about a recording to what it teaches: clips with the truth about them. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from earmark.learn.clips import Clip
from earmark.learn.datasets import Lesson
from earmark.learn.rooms import pad
from earmark.vault import Interaction
from earmark.words import PcmAudio, Seconds

Parse = Callable[[str], tuple[str, Mapping[str, str]] | None]
"""A sentence's intent and slots by the skills' templates; None when it fits none."""
_OVERLAP: Seconds = 0.05
"""Of the wake word's end that the recogniser gets, as in a conversation."""
_AFTER_WAKE: Seconds = 0.5
"""Of what follows the wake word: all that a device's verifier looks at (`wake_windows.SETTLE`)."""
_LEAD, _TAIL = 1.6, 0.5
"""Quiet around a wake word that is played again: the detector needs to hear before it can judge."""
_SHORTEST: Seconds = 0.4
_CUT_OUT = re.compile(r"\[[^\]]*\]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A recording, opened in memory, and what people found out about it."""

    lesson: Lesson
    interaction: Interaction
    audio: PcmAudio
    traits: Mapping[str, str] = field(default_factory=dict)
    """What it is like, as far as that was measured (`traits`)."""


def wake_clip(taught: Taught) -> Clip | None:
    """Return the wake span in its own quiet, to be played to a listener again; None when nobody judged it."""
    wake = taught.interaction.wake
    if taught.lesson.called is None or wake is None:
        return None
    return padded_clip(taught, wake_span(taught), name="wake", wake=taught.lesson.called, keyword=wake.word)


def padded_clip(taught: Taught, audio: PcmAudio, *, name: str, wake: bool, keyword: str) -> Clip:
    """Return sound in its own quiet, to be played to a listener; `wake`: whether that word is said in it."""
    seed = int.from_bytes(hashlib.sha256(taught.interaction.id.bytes).digest()[:8], "big")
    sound = pad(audio, before=_LEAD, after=_TAIL, rng=np.random.default_rng(seed))
    samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return Clip(
        id=f"{name}/{taught.interaction.id}",
        source=PcmAudio(samples=samples),
        part="wake",
        speaker=taught.lesson.speaker,
        duration=len(samples) / 16_000,
        wake=wake,
        keyword=keyword,
        traits={**taught.traits, "word": keyword},
    )


def wake_span(taught: Taught) -> PcmAudio:
    """Return the recording up to a moment after the wake word."""
    wake = taught.interaction.wake
    end = taught.audio.duration if wake is None else wake.end + _AFTER_WAKE
    return taught.audio.cut(0.0, end)


def known_words(taught: Taught) -> str | None:
    """Return the words that surely were said after the wake word; None when nobody knows them all."""
    lesson, heard = taught.lesson, taught.interaction.content
    if lesson.called is False:
        return None
    if lesson.text:
        return None if "[" in lesson.text else lesson.text
    return heard.text or None if lesson.understood and heard.accepted else None


def surely_said(taught: Taught) -> tuple[str | None, ...]:
    """Return the words after the wake word, None for each piece that was cut out; empty when nobody knows them."""
    text = taught.lesson.text if taught.lesson.text and taught.lesson.called is not False else known_words(taught)
    words = _CUT_OUT.sub(" [] ", (text or "").lower()).split()
    return tuple(None if word == "[]" else word for word in words)


def spoken_part(taught: Taught) -> PcmAudio:
    """Return what was said after the wake word."""
    return taught.audio.cut(_spoken_from(taught), taught.audio.duration)


def _spoken_from(taught: Taught) -> Seconds:
    wake = taught.interaction.wake
    return 0.0 if wake is None else max(0.0, wake.end - _OVERLAP)


def spoken_clips(taught: Taught, parse: Parse) -> list[Clip]:
    """Return what the recogniser is to be judged by: the command, or speech that is none, and the wake word alone.

    Where nobody can tell what was meant there is no clip of it.
    """
    lesson, wake = taught.lesson, taught.interaction.wake
    clips: list[Clip] = []
    if lesson.called is False:
        clips.append(_clip(taught, "other", start=0.0, end=taught.audio.duration))
        return _long_enough(clips)
    start = _spoken_from(taught)
    if wake is not None and lesson.called:
        clips.append(_clip(taught, "wake", start=0.0, end=wake.end))
    meant = _meant(lesson, parse)
    if meant is not None:
        clips.append(_clip(taught, "commands", start=start, end=taught.audio.duration, meant=meant))
    elif is_no_command(lesson, parse):
        clips.append(_clip(taught, "other", start=start, end=taught.audio.duration))
    return _long_enough(clips)


def _meant(lesson: Lesson, parse: Parse) -> tuple[str, Mapping[str, str]] | None:
    """Return intent and slots of the command that was meant; None when there is none or nobody knows."""
    if lesson.intent is not None:
        return lesson.intent, lesson.slots
    if lesson.understood is not True and lesson.text and "[" not in lesson.text:
        return parse(lesson.text)
    return None


def is_no_command(lesson: Lesson, parse: Parse) -> bool:
    """Return whether people found that no command was meant."""
    if lesson.called is False:
        return True
    if lesson.intent is not None:
        return False
    if lesson.understood:
        return True  # it was refused, and that was right
    return bool(lesson.text and "[" not in lesson.text and parse(lesson.text) is None)


def _clip(
    taught: Taught, part: str, *, start: Seconds, end: Seconds, meant: tuple[str, Mapping[str, str]] | None = None
) -> Clip:
    # A command is judged by what it made happen, other speech by its words. Transcripts are written over the words of
    # the model in use, and where that was right they are its very words: no other model could do better.
    text = taught.lesson.text if part == "other" and taught.lesson.called is not False else None
    sound = taught.audio.cut(start, end)
    return Clip(
        id=f"{part}/{taught.interaction.id}",
        source=sound,
        part="commands" if meant else "wake" if part == "wake" else "other",
        speaker=taught.lesson.speaker,
        duration=sound.duration,
        text=text if text and "[" not in text else None,
        intent=meant[0] if meant else None,
        slots=dict(meant[1]) if meant else {},
        traits=taught.traits,
    )


def _long_enough(clips: Sequence[Clip]) -> list[Clip]:
    return [clip for clip in clips if (clip.duration or 0.0) >= _SHORTEST]
