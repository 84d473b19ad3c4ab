"""Utterances for the recogniser's decision: which are heard, in which rooms, and what each reading teaches."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from earmark.assistant import FEATURE_NAMES, Decision, Engine, Heard, Hypothesis, features
from earmark.learn.clips import Clip
from earmark.learn.decision import Example
from earmark.learn.hearing import Result
from earmark.learn.lessons import Parse
from earmark.learn.noises import Mixing
from earmark.learn.promotion import FEWEST
from earmark.learn.rooms import draw_room, hear
from earmark.learn.scoring import is_right
from earmark.words import PcmAudio

_ENOUGH = 90
_JUDGED_BY = 150
"""Hearings of held-out commands that a candidate is judged by, where there are fewer commands and noise to hear them
in; each takes half a second of two cores."""
_LEVELS = (24.0, 18.0, 12.0, 6.0)
"""dB of speech over noise."""


def enough(clips: Sequence[Clip], *, each: int = _ENOUGH) -> list[Clip]:
    """Return at most `each` commands and `each` other clips, as many of every speaker as possible.

    Measured: a decision learned from 60 to 100 utterances is as good as one from 200, and each takes a second to hear.
    """
    chosen: list[Clip] = []
    for commands in (True, False):
        by_speaker: dict[str, list[Clip]] = {}
        for clip in clips:
            if (clip.intent is not None) is commands:
                by_speaker.setdefault(clip.speaker, []).append(clip)
        rounds = itertools.zip_longest(*(sorted(found, key=_hash) for _, found in sorted(by_speaker.items())))
        chosen += [clip for turn in rounds for clip in turn if clip is not None][:each]
    return chosen


def in_a_room(clip: Clip) -> Clip:
    """Return a clip as it would sound in another room, drawn by its id.

    Recordings of one quiet kitchen alone make the decision too sure. Drawn rooms help a little (at 8 dB 86.2 % of right
    readings accepted instead of 85.2 %); real kitchen noise beside the quiet clips helped more (docs/decisions).
    """
    rng = np.random.default_rng(list(_hash(clip)[:16]))
    sound = hear(clip.sound().samples.astype(np.float64), draw_room(rng), rng)
    return replace(clip, source=PcmAudio(samples=sound.astype(np.int16)))


def halves(noise: PcmAudio) -> tuple[PcmAudio, PcmAudio]:
    """Part a noise in the middle: one half to learn in, one to judge in."""
    middle = noise.duration / 2
    return noise.cut(0.0, middle), noise.cut(middle, noise.duration)


def in_noise(clip: Clip, noises: Sequence[PcmAudio], *, times: int = 1) -> list[Clip]:
    """Return a clip as it would sound in one of these noises, drawn by its id: at one of 24, 18, 12 and 6 dB, or at so
    many. As it is, once, without any noise."""
    if not noises:
        return [clip]
    drawn = _hash(clip)
    noise = noises[drawn[17] % len(noises)]
    levels = [_LEVELS[(drawn[16] + at * len(_LEVELS) // times) % len(_LEVELS)] for at in range(times)]
    return [replace(clip, source=Mixing(noise=noise, snr=snr).apply(clip, clip.sound())) for snr in levels]


def hearings(commands: int) -> int:
    """Return at how many levels of noise each held-out command is judged: the fewer there are, the more, up to four.

    Each heard once, 41 commands can't tell a recogniser that accepts 5 % more from one that does not. Fewer than speak
    for a candidate don't because they are repeated.
    """
    return min(len(_LEVELS), max(1, _JUDGED_BY // commands)) if commands >= FEWEST else 1


def _hash(clip: Clip) -> bytes:
    return hashlib.sha256(clip.id.encode()).digest()


def parser(engine: Engine) -> Parse:
    """Return what parses a written sentence by the skills' templates."""

    def parse(text: str) -> tuple[str, Mapping[str, str]] | None:
        understood = engine.understand(Hypothesis(words=(), text=text, confidence=1.0, source="ngram"))
        fits = understood.accepted and understood.intent is not None and understood.reason != "model"
        return (understood.intent or "", understood.slots) if fits else None

    return parse


def example(engine: Engine, clip: Clip, result: Result, names: Sequence[str] = FEATURE_NAMES) -> Example | None:
    """Return what a clip teaches a decision on these features; None when the grammar found no sentence in it."""
    if result.reading is None or result.reading.heard.hypothesis.source != "grammar":
        return None
    hypothesis = result.reading.heard.hypothesis
    # As if it had been sure: then the understanding is that of the grammar's own sentence.
    sure = replace(hypothesis, confidence=1.0)
    reading = Heard(hypothesis=sure, understanding=engine.understand(sure))
    right = clip.intent is not None and is_right(reading, clip.intent, clip.slots)[0]
    return Example(
        vector=features(hypothesis, names), right=right, command=clip.intent is not None, speaker=clip.speaker
    )


def heard_again(engine: Engine, fitted: Decision, result: Result) -> Result:
    """Return what another decision makes of the same decoding: nothing else of the recogniser has changed."""
    if result.reading is None:
        return result
    hypothesis = result.reading.heard.hypothesis
    if hypothesis.source == "grammar":
        hypothesis = replace(hypothesis, confidence=fitted.confidence(features(hypothesis, fitted.names)))
    heard = Heard(hypothesis=hypothesis, understanding=engine.understand(hypothesis))
    return replace(result, reading=replace(result.reading, heard=heard))
