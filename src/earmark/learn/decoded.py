"""What a run has decoded already: no clip goes through the same decoders twice.

Decoding a clip takes a second or two, having a network read it again some hundredths, deciding about it a millisecond.
Several tries of a run differ in the network or the decision alone, and then only that is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from earmark.assistant import Decision, Engine
from earmark.assistant.network import FILE as NETWORK
from earmark.bundle import ModelBundle
from earmark.learn.clips import Clip
from earmark.learn.hearing import Job, Reading, Result
from earmark.learn.readings import heard_again

_DECIDES = "asr/decision.json"
Listen = Callable[[Sequence[Job]], Sequence[Result]]
"""Hears clips; a job says what the same decoders made of its clip before, if they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Results by models and sound."""

    _found: dict[tuple[str, bytes], Result] = field(default_factory=dict)
    _decoded: dict[tuple[str, bytes], Reading] = field(default_factory=dict)

    def hear(self, clips: Sequence[Clip], bundle: ModelBundle, listen: Listen) -> list[Result]:
        """Return what a bundle makes of clips; `listen` is given those that its models have not heard yet."""
        models, decoders = models_of(bundle), decoders_of(bundle)
        sounds = [hashlib.sha256(clip.sound().pcm).digest() for clip in clips]
        new = [at for at, sound in enumerate(sounds) if (models, sound) not in self._found]
        jobs = [
            Job(clip=clips[at], wake=False, hear=True, before=self._decoded.get((decoders, sounds[at]))) for at in new
        ]
        heard = dict(zip(new, listen(jobs) if jobs else (), strict=True))
        again = None if len(new) == len(clips) else (Engine(bundle, size=1), Decision.load(bundle))
        results: list[Result] = []
        for at, sound in enumerate(sounds):
            if at not in heard:
                assert again is not None
                heard[at] = heard_again(*again, self._found[models, sound])
            results.append(heard[at])
        self._found.update(((models, sounds[at]), heard[at]) for at in new)
        for at in new:
            if (reading := heard[at].reading) is not None:
                self._decoded.setdefault((decoders, sounds[at]), reading)
        return results


def models_of(bundle: ModelBundle) -> str:
    """Return a hash over the files of a bundle that a hypothesis depends on, but for the decision about it."""
    return _hash_of(bundle, without={_DECIDES})


def decoders_of(bundle: ModelBundle) -> str:
    """Return a hash over the files of a bundle that decoding depends on."""
    return _hash_of(bundle, without={_DECIDES, NETWORK})


def _hash_of(bundle: ModelBundle, *, without: set[str]) -> str:
    files = dict(bundle.manifest.get("files") or {})
    kept = sorted(name for name in files.keys() - without if name.startswith("asr/"))
    return hashlib.sha256("\n".join(f"{name} {files[name]}" for name in kept).encode()).hexdigest()
