"""What a listening device reports, in the order it happens: Rejected*, then Woke, Captured+, EndOfSpeech, and again."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.device.vad import EndReason
from earmark.words import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Woke:
    """The wake word was heard; from here on sound may leave the device."""

    word: str
    at: Seconds
    """Position in the device's stream, counted in samples since it started."""
    score: float
    """Highest score of the first stage, 0..1."""
    verifier: float | None
    """Score of the learned verifier, 0..1; None when the bundle has none."""
    wake_start: Seconds
    """Where the wake word begins, from the start of the capture."""
    wake_end: Seconds
    """Where it ends, from the start of the capture; what the person asks for comes after."""
    bundle: str
    """Version of the model bundle that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The first stage fired and the verifier refused: counted, and nothing of the sound is kept."""

    word: str
    at: Seconds
    score: float
    verifier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A piece of the recording; the first one reaches back to 0.5 s before the wake word."""

    pcm: bytes
    """int16 LE, 16 kHz, mono."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfSpeech:
    """The capture is over."""

    reason: EndReason
    duration: Seconds
    """Length of the capture."""
    last_voiced: Seconds
    """End of the last speech in it; the wake word's end when nothing followed."""


Event = Woke | Rejected | Captured | EndOfSpeech
