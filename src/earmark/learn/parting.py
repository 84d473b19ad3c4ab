"""Two halves of what is learned from: each is heard by models that the other half alone has taught. Pure.

A model's own utterances sound better to it than anybody's it never heard. So what a decision is learned from, and who
else a candidate is judged by, is heard by a model of the other half: of other people, where there are enough.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from earmark.learn.lessons import Taught, known_words

_FEWEST = 4
"""Speakers who say something, below which they are not kept apart: what one person alone said is in no bundle."""
_LEAST = 1 / 3
"""Of the utterances: where the smaller half would hold less, it could not teach the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Which half everyone is in."""

    speakers: Mapping[str, int] = field(default_factory=dict)
    """0 or 1; nobody where people can't be kept apart, and their recordings are drawn instead."""

    @property
    def apart(self) -> bool:
        """No speaker is in both."""
        return bool(self.speakers)

    def of(self, speaker: str, recording: str) -> int:
        """Return 0 or 1; `recording` ends in its id, whatever part of it is meant."""
        drawn = hashlib.sha256(recording.rpartition("/")[2].encode()).digest()[0] % 2
        return self.speakers.get(speaker, drawn)


def parted(taught: Sequence[Taught]) -> Halves:
    """Put each speaker into the half that says less so far, whoever says most first; who says nothing, in turn."""
    says = Counter({one.lesson.speaker: 0 for one in taught})
    says.update(one.lesson.speaker for one in taught if known_words(one) or one.lesson.intent)
    order = sorted(says, key=lambda speaker: (-says[speaker], hashlib.sha256(speaker.encode()).digest()))
    sizes = [0, 0]
    speakers: dict[str, int] = {}
    for at, speaker in enumerate(order):
        half = sizes.index(min(sizes)) if says[speaker] else at % 2
        speakers[speaker] = half
        sizes[half] += says[speaker]
    enough = sum(map(bool, says.values())) >= _FEWEST and min(sizes) >= _LEAST * sum(sizes)
    return Halves(speakers=speakers if enough else {})
