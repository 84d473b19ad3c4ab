"""How clearly speech stands out from what surrounds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.words import SAMPLE_RATE

MOST = 20.0
"""dB. Every quiet room has more, and digital silence much more: above this nothing may depend on it, or a verifier
learns what stands around a clip. With 40 dB wakes after digital silence were refused that were heard after hiss."""
_FRAME = SAMPLE_RATE // 100
_SECONDS = 2
_DITHER = 16.0
"""Of the power; digital silence is no quieter than a quiet room."""


def clearness(samples: NDArray[np.int16]) -> float:
    """Return by how many dB the loudest tenth of the last two seconds (16 kHz) lies above the quietest, 0 to 20."""
    recent = samples[-_SECONDS * SAMPLE_RATE :]
    frames = recent[: len(recent) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    if not len(frames):
        return 0.0
    quiet, loud = np.percentile(np.mean(frames**2, axis=1) + _DITHER, [10, 90])
    return float(min(MOST, 10.0 * np.log10(loud / quiet)))
