"""What a run has decoded already: no clip goes through the same models twice.

Decoding a clip takes a second or two, deciding about it a millisecond. Several tries of a run differ in the decision
alone, and then only that is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from earmark.assistant import Decision, Engine
from earmark.bundle import ModelBundle
from earmark.learn.clips import Clip
from earmark.learn.hearing import Result
from earmark.learn.readings import heard_again

_DECIDES = "asr/decision.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Results by models and sound."""

    _found: dict[tuple[str, bytes], Result] = field(default_factory=dict)

    def hear(
        self, clips: Sequence[Clip], bundle: ModelBundle, listen: Callable[[Sequence[Clip]], Sequence[Result]]
    ) -> list[Result]:
        """Return what a bundle makes of clips; `listen` is given those that its models have not decoded yet."""
        models = models_of(bundle)
        places = [(models, hashlib.sha256(clip.sound().pcm).digest()) for clip in clips]
        new = [at for at, place in enumerate(places) if place not in self._found]
        heard = dict(zip(new, listen([clips[at] for at in new]) if new else (), strict=True))
        again = None if len(new) == len(clips) else (Engine(bundle, size=1), Decision.load(bundle))
        results: list[Result] = []
        for at, place in enumerate(places):
            if at not in heard:
                assert again is not None
                heard[at] = heard_again(*again, self._found[place])
            results.append(heard[at])
        self._found.update((places[at], heard[at]) for at in new)
        return results


def models_of(bundle: ModelBundle) -> str:
    """Return a hash over the files of a bundle that decoding depends on."""
    files = dict(bundle.manifest.get("files") or {})
    rows = sorted(f"{name} {digest}" for name, digest in files.items() if name.startswith("asr/") and name != _DECIDES)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
