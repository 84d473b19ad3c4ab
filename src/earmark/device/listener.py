"""The state machine of a listening device: listening → (settling) → capturing → listening.

Pure but for its models: sound comes in as 10 ms frames, events come out, and the clock is the count of samples. Until a
`Woke` stands in the answer of `feed`, no sound does.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import verifier as verifiers
from earmark.device.embeddings import WINDOW_SAMPLES, SpeechEmbedder
from earmark.device.events import Captured, EndOfSpeech, Event, Rejected, Woke
from earmark.device.head import detector_of
from earmark.device.vad import (
    CHUNK_BYTES,
    Endpointer,
    EndpointRule,
    EndReason,
    SileroSpeechDetector,
    SpeechDetector,
)
from earmark.device.wake import FRAME_BYTES, FRAME_SAMPLES, WORDS, WakeDetector
from earmark.errors import BadBundle, BadRequest
from earmark.words import SAMPLE_RATE, Seconds

FRAME: Seconds = FRAME_SAMPLES / SAMPLE_RATE
PRE_ROLL: Seconds = 0.5
_RING_FRAMES = -(-WINDOW_SAMPLES // FRAME_SAMPLES) + 20
"""Two seconds for the verifier, and a little more."""
WORD_TAIL: Seconds = 0.1
"""What is added to where the word ended: the first stage fires there (median 0.0 s, 95 % within 0.08 s of the last
voiced frame)."""
_SHORTEST_WORD, _LONGEST_WORD = 0.5, 1.1
_GAP_FRAMES = 12
"""Quiet of up to 0.12 s is a stop consonant inside a word, not its start."""
_HOLD_FRAMES = 60
"""After a refusal the first stage must fall below its threshold, or this much time pass, before it may fire again."""
_HIGHER = 0.2
"""Or rise by so much: what was refused was noise before the word."""
_WARM_CHUNKS = 8


class Embedder(Protocol):
    windows: int

    def embed(self, samples: NDArray[np.int16]) -> NDArray[np.float32]: ...


class _State(Enum):
    LISTENING = 1
    SETTLING = 2
    CAPTURING = 3


def word_start(levels: NDArray[np.float64], *, end: int) -> int:
    """Return the frame in which the word that ends at frame `end` begins.

    `levels` are the frames' levels in dB, shape (frames,). The word reaches back over frames louder than a third of
    the way from the quietest tenth to the loudest, across gaps of 0.12 s, for 0.5 to 1.1 s.
    """
    first = max(0, end - round(_LONGEST_WORD / FRAME))
    if end - first < 2:
        return first
    recent = levels[first:end]
    floor = float(np.percentile(levels[:end], 10))
    loud = recent > floor + (float(recent.max()) - floor) / 3
    start, quiet = end, 0
    for frame in range(end - 1, first - 1, -1):
        quiet = 0 if loud[frame - first] else quiet + 1
        if not quiet:
            start = frame
        elif quiet > _GAP_FRAMES and start < end:
            break
    return max(first, min(start, end - round(_SHORTEST_WORD / FRAME)))


class Listener:
    """One device's ears."""

    def __init__(
        self,
        *,
        bundle: ModelBundle = BUILTIN,
        word: str = "alexa",
        detector: WakeDetector | None = None,
        embedder: Embedder | None = None,
        speech: SpeechDetector | None = None,
        rule: EndpointRule | None = None,
    ) -> None:
        """Load the models that aren't given. Raises BadRequest (unknown word) or BadBundle."""
        self._given = detector
        self._detector = detector or detector_of(bundle, word)
        self._embedder = embedder
        self._speech = speech
        self._rule = rule or EndpointRule()
        self._frames = 0
        self._ring: deque[bytes] = deque(maxlen=_RING_FRAMES)
        self._state = _State.LISTENING
        self._next: ModelBundle | None = None
        self._bundle = bundle
        self.rejected = 0
        """Wakes that the verifier refused since the start."""
        self._use(bundle)

    @property
    def now(self) -> Seconds:
        """Seconds of sound fed so far."""
        return self._frames * FRAME

    @property
    def word(self) -> str:
        return self._detector.word

    @property
    def bundle(self) -> ModelBundle:
        """The bundle in use."""
        return self._bundle

    def swap(self, bundle: ModelBundle) -> None:
        """Use another bundle from the next utterance on. Raises BadBundle at once, keeping the last good one.

        A bundle without the wake word that this device listens for is none to it: it would go deaf.
        """
        verifiers.load(bundle, self.word)
        self._detector_in(bundle)
        self._next = bundle
        if self._state is _State.LISTENING:
            self._use(bundle)

    def _detector_in(self, bundle: ModelBundle) -> WakeDetector:
        """Return the detector to use with a bundle: the one at work, but for a learned word that of the bundle."""
        if self._given is not None or self.word in WORDS:
            return self._detector
        try:
            return detector_of(bundle, self.word)
        except BadRequest as error:
            raise BadBundle(why="it has no model of the wake word that this device listens for") from error

    def _use(self, bundle: ModelBundle) -> None:
        if bundle is not self._bundle:
            self._detector = self._detector_in(bundle)
        self._verifier = verifiers.load(bundle, self.word)
        self._bundle, self._next = bundle, None
        self._threshold = self._verifier.stage1 if self._verifier else self._detector.cutoff
        windows = self._verifier.windows if self._verifier else 0
        if windows and (self._embedder is None or self._embedder.windows < windows):
            self._embedder = SpeechEmbedder(windows)
        self._hold = 0

    def feed(self, frame: bytes) -> list[Event]:
        """Take 10 ms (320 bytes, int16 LE, 16 kHz mono). Raises BadRequest for any other length."""
        if len(frame) != FRAME_BYTES:
            raise BadRequest(why="A frame of sound must be 10 ms long: 320 bytes at 16 kHz, 16 bits, one channel.")
        self._frames += 1
        if self._state is _State.CAPTURING:
            return self._capture(frame)
        self._ring.append(frame)
        score = self._detector.feed(frame)
        if self._state is _State.SETTLING:
            return self._settle(score)
        if score is None or (score <= self._threshold and not self._hold):
            return []
        return self._fired(score)

    def finish(self) -> list[Event]:
        """Say that the sound ends here: a capture that is open ends too, and what comes next is heard afresh."""
        events: list[Event] = []
        if self._state is _State.SETTLING:
            self._frames_left = 0
            events = self._settle(None)
        if self._state is _State.CAPTURING:
            events.append(self._end("source-ended"))
        else:
            self._detector.reset()
        self._ring.clear()
        self._hold = 0
        return events

    def _fired(self, score: float) -> list[Event]:
        if self._hold and score <= self._peak + _HIGHER:
            self._hold = 0 if score <= self._threshold or self._frames >= self._hold else self._hold
            return []
        self._hold = 0
        self._fired_at = self._frames
        self._peak = score
        if self._verifier is None:
            return self._wake(None)
        self._frames_left = round(self._verifier.settle / FRAME)
        self._state = _State.SETTLING
        return []

    def _settle(self, score: float | None) -> list[Event]:
        assert self._verifier is not None
        self._peak = max(self._peak, score or 0.0)
        self._frames_left -= 1
        if self._frames_left > 0:
            return []
        heard = np.frombuffer(b"".join(self._ring), dtype="<i2")
        embedding = self._embedder.embed(heard) if self._embedder and self._verifier.windows else None
        verdict = self._verifier.score(embedding, heard=heard, peak=self._peak)
        if self._verifier.accepts(verdict):
            return self._wake(verdict)
        self.rejected += 1
        self._state = _State.LISTENING
        self._hold = self._frames + _HOLD_FRAMES
        rejected = Rejected(word=self.word, at=self.now, score=self._peak, verifier=verdict)
        if self._next is not None:
            self._use(self._next)
        return [rejected]

    def _wake(self, verdict: float | None) -> list[Event]:
        held = len(self._ring)
        heard = np.frombuffer(b"".join(self._ring), dtype="<i2").reshape(held, FRAME_SAMPLES)
        fired = max(1, held - (self._frames - self._fired_at) - round(self._detector.lag / FRAME))
        levels = 10.0 * np.log10(np.mean(heard.astype(np.float64) ** 2, axis=1) + 1.0)
        start = word_start(levels, end=fired)
        first = max(0, start - round(PRE_ROLL / FRAME))
        wake_end = (fired - first) * FRAME + WORD_TAIL
        woke = Woke(
            word=self.word,
            at=self.now,
            score=self._peak,
            verifier=verdict,
            wake_start=(start - first) * FRAME,
            wake_end=wake_end,
            bundle=self._bundle.version,
        )
        pcm = heard[first:].tobytes()
        self._ring.clear()
        self._state = _State.CAPTURING
        self._captured = len(pcm) // 2
        self._endpointer = Endpointer(self._rule, wake_end=wake_end)
        if self._speech is None:
            self._speech = SileroSpeechDetector()
        self._speech.reset()
        # A short command may be over by now: what came while the verifier waited counts for its end too.
        waited = (self._frames - self._fired_at) * FRAME_BYTES
        warm = pcm[-(_WARM_CHUNKS * CHUNK_BYTES + waited) :]
        self._unread = b""
        for at in range(len(warm) % CHUNK_BYTES, len(warm), CHUNK_BYTES):
            left = len(warm) - at - CHUNK_BYTES
            self._endpointer.update(self._speech(warm[at : at + CHUNK_BYTES]), (len(pcm) - left) / 2 / SAMPLE_RATE)
        return [woke, Captured(pcm=pcm)]

    def _capture(self, frame: bytes) -> list[Event]:
        assert self._speech is not None
        events: list[Event] = [Captured(pcm=frame)]
        self._captured += FRAME_SAMPLES
        self._unread += frame
        if len(self._unread) >= CHUNK_BYTES:
            chunk, self._unread = self._unread[:CHUNK_BYTES], self._unread[CHUNK_BYTES:]
            chunk_end = (self._captured - len(self._unread) // 2) / SAMPLE_RATE
            reason = self._endpointer.update(self._speech(chunk), chunk_end)
            if reason is not None:
                events.append(self._end(reason))
        return events

    def _end(self, reason: EndReason) -> EndOfSpeech:
        ended = EndOfSpeech(
            reason=reason, duration=self._captured / SAMPLE_RATE, last_voiced=self._endpointer.last_voiced
        )
        self._state = _State.LISTENING
        self._hold = 0
        self._unread = b""
        self._detector.reset()
        if self._next is not None:
            self._use(self._next)
        return ended
