"""The wake word's first stage: microWakeWord models on 10 ms frames, without the cost of their wheel's Python.

Models and library are those of the pymicro-wakeword wheel (microWakeWord by Kevin Ahrendt, Apache-2.0); the scores are
the same as its `MicroWakeWord` and `MicroWakeWordFeatures` give. The gain comes from working once a stride (three
frames) instead of once a frame, writing into the interpreter's own memory, and adding integers instead of averaging
with `statistics.mean`.
"""

from __future__ import annotations

import json
from array import array
from collections import deque
from functools import cache
from typing import Protocol

import numpy as np
from micro_features_cpp import (  # pyright: ignore[reportMissingImports]  (an extension without stubs)
    create_frontend,
    process_samples,
    reset_frontend,
)

from earmark.device.tflite import TfLite, wheel_folder
from earmark.errors import BadRequest
from earmark.words import Seconds

FRAME_SAMPLES = 160
"""10 ms at 16 kHz, the step of the feature window."""
FRAME_BYTES = 2 * FRAME_SAMPLES
WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
_CHANNELS = 40
"""Mel channels of one feature frame."""
_FIRST_FRAMES = 2
"""The feature window is 30 ms long: two frames go in before the first feature comes out."""


class WakeDetector(Protocol):
    """What finds a wake word in a stream of 10 ms frames."""

    word: str
    cutoff: float
    """The model's own threshold, used when no verifier stands behind it."""
    lag: Seconds
    """How long after the word's end it fires, as a rule."""

    def feed(self, frame: bytes) -> float | None:
        """Take 10 ms (320 bytes, int16 LE, 16 kHz mono); return the new score in 0..1, or None between strides."""
        ...

    def reset(self) -> None:
        """Forget everything heard."""
        ...


@cache
def model_config(word: str) -> dict[str, float]:
    """Return `cutoff` and `window` (scores averaged) of a packaged model. Raises BadRequest for an unknown word."""
    if word not in WORDS:
        raise BadRequest(why=f"There is no wake word model of that name; choose one of {', '.join(WORDS)}.")
    path = wheel_folder("pymicro_wakeword") / "models" / f"{word}.json"
    micro = json.loads(path.read_text(encoding="utf-8"))["micro"]
    return {"cutoff": micro["probability_cutoff"], "window": micro["sliding_window_size"]}


class MicroWakeDetector:
    """A packaged microWakeWord model."""

    def __init__(self, word: str = "alexa") -> None:
        config = model_config(word)
        self.word = word
        self.cutoff = config["cutoff"]
        self.lag: Seconds = 0.0
        self._size = int(config["window"])
        self._model = TfLite(wheel_folder("pymicro_wakeword") / "models" / f"{word}.tflite")
        self._stride = int(self._model.input.shape[1])
        self._work = np.empty(self._stride * _CHANNELS)
        self._frontend = create_frontend()
        self._start()

    def _start(self) -> None:
        self._input = self._model.input.reshape(-1)
        self._output = self._model.output.reshape(-1)
        self._frames: list[bytes] = []
        self._needed = self._stride + _FIRST_FRAMES
        self._recent: deque[int] = deque(maxlen=self._size)

    def reset(self) -> None:
        self._model.restart()
        reset_frontend(self._frontend)
        self._start()

    def feed(self, frame: bytes) -> float | None:
        frames = self._frames
        frames.append(frame)
        if len(frames) < self._needed:
            return None
        self._needed = self._stride
        features: list[float] = []
        frontend = self._frontend
        for held in frames:
            features += process_samples(frontend, held)[0]
        frames.clear()
        model, work = self._model, self._work
        np.divide(np.frombuffer(array("d", features)), model.input_scale, out=work)
        np.add(work, model.input_zero, out=work)
        np.rint(work, out=work)
        self._input[:] = work
        model.run()
        recent = self._recent
        recent.append(self._output.item() - model.output_zero)
        if len(recent) < self._size:
            return 0.0
        return sum(recent) * model.output_scale / self._size
