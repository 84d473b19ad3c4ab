"""When the person has finished speaking: pysilero-vad's probabilities, and a rule over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from earmark.device.silero import SileroVoiceActivityDetector
from earmark.words import SAMPLE_RATE, Seconds

CHUNK_SAMPLES = 512
"""32 ms, the only size the model takes."""
CHUNK_BYTES = 2 * CHUNK_SAMPLES
CHUNK: Seconds = CHUNK_SAMPLES / SAMPLE_RATE

EndReason = Literal["silence", "no-speech", "too-long", "source-ended"]


class SpeechDetector(Protocol):
    """What says how likely a piece of sound is speech."""

    def __call__(self, chunk: bytes) -> float:
        """Take 512 samples (int16 LE, 16 kHz); return 0..1."""
        ...

    def reset(self) -> None: ...


class SileroSpeechDetector:
    """Silero VAD: 0.2 ms a chunk. Listening for a wake word takes less, so it runs only between a wake and its end."""

    def __init__(self) -> None:
        self._model = SileroVoiceActivityDetector()

    def __call__(self, chunk: bytes) -> float:
        return self._model.process_chunk(chunk)

    def reset(self) -> None:
        self._model.reset()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRule:
    """When a capture ends."""

    silence: Seconds = 0.7
    """This long without speech after some ends it."""
    cap: Seconds = 15.0
    """No capture is longer, pre-roll included."""
    patience: Seconds = 5.0
    """Nothing said for this long after the wake word ends it too."""
    least: Seconds = 0.16
    """Speech counts as begun after this much of it behind the wake word: "Alexa, stop" in one breath nearly always has
    it, and "Alexa" alone hardly ever."""
    voiced: float = 0.5
    """Probability above which a chunk starts to be speech."""
    unvoiced: float = 0.35
    """Probability below which it stops being speech."""


class Endpointer:
    """The rule, applied chunk by chunk; time comes in with the chunks."""

    def __init__(self, rule: EndpointRule, *, wake_end: Seconds) -> None:
        """`wake_end` is seconds from the start of the capture, like every time here."""
        self._rule = rule
        self._wake_end = wake_end
        self._heard: Seconds = 0.0
        self._speaking = False
        self.last_voiced: Seconds = wake_end
        """End of the last chunk with speech in it."""

    def update(self, probability: float, now: Seconds) -> EndReason | None:
        """Take the probability of the chunk that ends at `now`; return why the capture ends here, or None."""
        rule = self._rule
        self._speaking = probability >= (rule.unvoiced if self._speaking else rule.voiced)
        if self._speaking:
            self.last_voiced = max(self.last_voiced, now)
            if now > self._wake_end:
                self._heard += CHUNK
        if now >= rule.cap:
            return "too-long"
        if self._heard >= rule.least:
            return "silence" if now - self.last_voiced >= rule.silence else None
        return "no-speech" if now - self._wake_end >= rule.patience else None
