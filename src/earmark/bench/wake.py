"""`earmark bench wake`: how many devices one core can listen for, beside the bare wake-word loop in the same run.

The stream is two minutes of a busy kitchen: quiet, people talking (synthetic voices), two phrases that sound like the
wake word, one wake with a command. Ours is the device's listener with a verifier on whatever fires; the bare loop is
what the wheel's own documentation shows, with the wake word only. Both take the same 10 ms frames, in turns, and CPU
time is counted, so that another program on the machine slows neither. What a capture costs on top (the end of speech
is found by a larger model) is measured apart, as the bare loop has none.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

from earmark import bundle as bundles
from earmark.bundle import ModelBundle
from earmark.device import (
    DIMENSIONS,
    EndOfSpeech,
    Listener,
    Rejected,
    SpeechEmbedder,
    Voice,
    Woke,
    frames,
    load_verifier,
    pack,
)
from earmark.device.wake_network import WakeNetwork, shapes
from earmark.learn.wake_windows import SETTLE
from earmark.supervisor import Progress
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

WORD = "alexa"
_ROUNDS = 5
_LENGTH: Seconds = 120.0
_VECTORS, _WINDOWS, _LOOKS = 2000, 9, 3
"""Size of a verifier as `earmark learn wake` makes it."""
_SAID: tuple[tuple[Seconds, str, str], ...] = (
    (8.0, "en-us+m3", "did you see the letter that came from the bank this morning"),
    (13.0, "en-gb-scotland+f2", "it is on the table, next to the bread, I have not opened it yet"),
    (30.0, "en-us+m3", "elixir"),
    (34.0, "en-us+f4", "the lecture about the election begins at half past seven, so we should eat early"),
    (41.0, "en+m7", "I could make a soup with the leeks and the potatoes that are left"),
    (60.0, "en-us+f3", "alexa, set a timer for ten minutes"),
    (75.0, "en-us+m3", "who was that on the phone just now"),
    (79.0, "en-us+f4", "my sister, she is coming over on saturday with the children"),
    (95.0, "en+f5", "a lexus is parked in front of the door"),
    (104.0, "en-gb-scotland+f2", "can you hand me the other knife, this one is not sharp at all"),
)


def run(note: Progress) -> dict[str, float]:
    """Return streams a core of both loops (median of five rounds in turns) and what the stream held."""
    note("making two minutes of a kitchen")
    stream = list(frames(kitchen(), tail=0.0))
    ours, bare, whole = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        refusing, accepting = stand_in(Path(folder), threshold=1.1), stand_in(Path(folder), threshold=0.0)
        for round_ in range(1, _ROUNDS + 1):
            note(f"listening, round {round_} of {_ROUNDS}")
            bare.append(_bare(stream))
            ours.append(_ours(stream, refusing))
            whole.append(_ours(stream, accepting))
        look = verifier_ms(refusing)
    length = len(stream) / 100
    return {
        "streams_per_core": _streams(length, ours),
        "bare_streams_per_core": _streams(length, bare),
        "times_bare": round(statistics.median(b.seconds / o.seconds for b, o in zip(bare, ours, strict=True)), 2),
        "streams_per_core_with_captures": _streams(length, whole),
        "seconds": length,
        "verified": ours[0].verified,
        "captured_seconds": round(whole[0].captured, 1),
        "verifier_ms": look,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over the stream."""

    seconds: Seconds
    """Of CPU time."""
    verified: int = 0
    """How often the verifier was asked."""
    captured: Seconds = 0.0
    """Sound that would have left the device."""


def _streams(length: Seconds, passes: list[Pass]) -> float:
    return round(length / statistics.median(one.seconds for one in passes), 1)


def verifier_ms(bundle: ModelBundle) -> float:
    """Return CPU milliseconds of one look: embeddings and score."""
    verifier = load_verifier(bundle, WORD)
    assert verifier is not None
    embedder, sound = SpeechEmbedder(verifier.windows), np.zeros(SAMPLE_RATE, np.int16)
    began = time.process_time()
    for _ in range(20):
        verifier.score(embedder.embed(sound), heard=sound)
    return round(1000 * (time.process_time() - began) / 20, 2)


def kitchen() -> PcmAudio:
    """Return the stream: synthetic voices over the hiss of a room."""
    rng = np.random.default_rng(4)
    sound = rng.normal(0.0, 40.0, round(_LENGTH * SAMPLE_RATE))
    with Voice() as voice:
        for at, name, text in _SAID:
            said = voice.synthesise(text, voice=name).samples
            first = round(at * SAMPLE_RATE)
            sound[first : first + len(said)] += 0.5 * said
    return PcmAudio(samples=np.clip(np.rint(sound), -32768, 32767).astype(np.int16))


def stand_in(folder: Path, *, threshold: float) -> ModelBundle:
    """Return a bundle with a verifier of the usual size and random numbers.

    What it says is worth nothing, what it costs is the same: the arithmetic does not depend on the numbers.
    """
    rng = np.random.default_rng(0)
    features = _WINDOWS * DIMENSIONS

    def drawn(shape: tuple[int, ...]) -> NDArray[np.float32]:
        return rng.normal(0.0, 0.1, shape).astype(np.float32)

    network = WakeNetwork(layers={name: (drawn(one), drawn(other)) for name, (one, other) in shapes().items()})
    numbers: dict[str, NDArray[np.generic]] = {
        "mean": np.zeros(features, np.float32),
        "scale": np.ones(features, np.float32),
        "vectors": rng.normal(size=(_VECTORS, features)).astype(np.float16),
        "weights": rng.normal(size=_VECTORS).astype(np.float32),
        **network.arrays(),
    }
    about = {
        "stage1": 0.1,
        "threshold": threshold,
        "settle": SETTLE,
        "looks": _LOOKS,
        "gamma": 1e-3,
        "intercept": 0,
        "slope": 1,
        "offset": 0,
    }
    return bundles.write(folder, files=pack(about, numbers, name=WORD), about={}, key=Ed25519PrivateKey.generate())


def _ours(stream: list[bytes], bundle: ModelBundle) -> Pass:
    listener = Listener(bundle=bundle, word=WORD)
    feed = listener.feed
    verified, captured = 0, 0.0
    began = time.process_time()
    for frame in stream:
        for event in feed(frame):
            verified += isinstance(event, Woke | Rejected)
            captured += event.duration if isinstance(event, EndOfSpeech) else 0.0
    return Pass(seconds=time.process_time() - began, verified=verified, captured=captured)


def _bare(stream: list[bytes]) -> Pass:
    model, features = MicroWakeWord.from_builtin(Model(WORD)), MicroWakeWordFeatures()
    began = time.process_time()
    for frame in stream:
        for feature in features.process_streaming(frame):
            model.process_streaming(feature)
    return Pass(seconds=time.process_time() - began)
