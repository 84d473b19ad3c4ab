"""Many clips through one bundle: the device's wake word and the assistant's recogniser."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from earmark.assistant import Engine, Heard
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import Listener, Woke, frames
from earmark.learn import compute
from earmark.learn.clips import Clip
from earmark.learn.noises import Mixing
from earmark.words import PcmAudio, Seconds

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""


def quiet(what: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the assistant made of a clip, as if the device had just woken."""

    heard: Heard
    duration: Seconds
    """Of the sound that was heard."""
    seconds: Seconds
    """That recognition and understanding took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One clip for one worker."""

    clip: Clip
    wake: bool
    """Listen for the wake word."""
    hear: bool
    """Recognise and understand."""
    before: Reading | None = None
    """What a bundle with the same decoders made of it, so that nothing need be decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a job; None for what was not asked."""

    wakes: int | None
    """How often the device woke."""
    reading: Reading | None


class Ears:
    """One bundle's models, loaded when first needed and kept for all clips."""

    def __init__(self, bundle: ModelBundle, word: str, mixing: Mixing | None) -> None:
        self._bundle, self._word, self._mixing = bundle, word, mixing
        self._engine: Engine | None = None

    def __call__(self, job: Job) -> Result:
        """Raises BadAudio for a clip that can't be read."""
        sound = job.clip.sound()
        if self._mixing is not None:
            sound = self._mixing.apply(job.clip, sound)
        wakes = reading = None
        if job.wake:
            # A device that has just been started: clips know nothing of each other.
            listener = Listener(bundle=self._bundle, word=self._word)
            events = [event for frame in frames(sound) for event in listener.feed(frame)]
            wakes = sum(isinstance(event, Woke) for event in [*events, *listener.finish()])
        if job.hear:
            if self._engine is None:
                self._engine = Engine(self._bundle, size=1)
                self._engine.warm()
            sound = sound.cut(job.clip.start, sound.duration) if job.clip.start else sound
            reading = self._read(self._engine, sound, job.before)
        return Result(wakes=wakes, reading=reading)

    def _read(self, engine: Engine, sound: PcmAudio, before: Reading | None) -> Reading:
        began = time.perf_counter()
        decoding = before.heard.hypothesis.decoding if before else None
        heard = engine.hear(sound) if decoding is None else engine.again(decoding, sound)
        spent = time.perf_counter() - began
        # What was decoded before would have taken its time here too.
        seconds = spent if before is None or decoding is None else before.seconds + spent
        return Reading(heard=heard, duration=sound.duration, seconds=seconds)


def listen_to(
    jobs: Sequence[Job],
    *,
    bundle: ModelBundle = BUILTIN,
    word: str = "alexa",
    mixing: Mixing | None = None,
    workers: int | None = None,
    progress: Progress = quiet,
    what: str = "listening",
) -> list[Result]:
    """Run every job and return the results in order; the same clips and bundle give the same results.

    `workers`: processes of this machine; without it as `compute.map` chooses. Raises BadAudio, BadBundle, and what
    `compute.map` raises.
    """
    return compute.map(
        partial(Ears, bundle, word, mixing),
        jobs,
        workers=workers,
        told=lambda done: progress(what, done, len(jobs)),
    )
