"""The domain's words as types, shared by every room."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import NewType

import numpy as np
from numpy.typing import NDArray

InteractionId = NewType("InteractionId", uuid.UUID)
PersonId = NewType("PersonId", uuid.UUID)
HouseholdId = NewType("HouseholdId", uuid.UUID)
DeviceId = NewType("DeviceId", uuid.UUID)
KeepsakeId = NewType("KeepsakeId", uuid.UUID)
"""A line of a list, a message or an alarm: what a skill keeps."""
TaskId = NewType("TaskId", uuid.UUID)
"""Random 128 bits; says nothing about the clip, its owner or its other tasks."""

Seconds = float
SAMPLE_RATE = 16_000
"""Hz. Everything inside Earmark is mono, 16-bit, at this rate; files are converted at the edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmAudio:
    """Mono 16-bit sound at 16 kHz."""

    samples: NDArray[np.int16]
    """Shape (n,), dtype int16."""

    @property
    def duration(self) -> Seconds:
        return len(self.samples) / SAMPLE_RATE

    @property
    def pcm(self) -> bytes:
        """Little-endian 16-bit samples."""
        return self.samples.astype("<i2", copy=False).tobytes()

    def cut(self, start: Seconds, end: Seconds) -> PcmAudio:
        """Return a copy from `start` to `end` seconds, clamped to what there is."""
        first = max(0, round(start * SAMPLE_RATE))
        last = max(first, round(end * SAMPLE_RATE))
        return PcmAudio(samples=self.samples[first:last].copy())

    @staticmethod
    def from_pcm(data: bytes) -> PcmAudio:
        """Read little-endian 16-bit samples; an odd last byte is dropped."""
        return PcmAudio(samples=np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16))
