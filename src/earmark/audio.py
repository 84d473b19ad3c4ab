"""Sound files in, sound files out: the one place where formats and rates are converted."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from earmark.errors import BadAudio, EmptyAudio, SilentAudio, TooLongAudio
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

LONGEST: Seconds = 15 * 60
"""A file longer than this is refused before it is decoded: an interaction is seconds, not hours."""
_SILENCE_PEAK = 8
"""Of 32768: below this peak a 16-bit recording holds dither at most, no sound."""


def read(source: Path | bytes, *, longest: Seconds = LONGEST, allow_silence: bool = False) -> PcmAudio:
    """Decode WAV, FLAC, OGG or MP3 of any rate and channel count to mono 16 kHz int16.

    Channels are averaged; other rates are resampled with soxr at high quality.

    Raises BadAudio (not sound), EmptyAudio, SilentAudio, TooLongAudio.
    """
    handle: BinaryIO | str = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with soundfile.SoundFile(handle) as file:
            rate = file.samplerate
            if file.frames > longest * rate:
                raise TooLongAudio(limit_minutes=round(longest / 60))
            frames: NDArray[np.float32] = np.asarray(file.read(dtype="float32", always_2d=True), dtype=np.float32)
    except (soundfile.LibsndfileError, OSError, RuntimeError, ValueError) as error:
        raise BadAudio from error
    if not len(frames):
        raise EmptyAudio
    mono = frames.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    samples = np.clip(np.rint(mono * 32768.0), -32768, 32767).astype(np.int16)
    if not len(samples):
        raise EmptyAudio
    if not allow_silence and np.abs(samples.astype(np.int32)).max() < _SILENCE_PEAK:
        raise SilentAudio
    return PcmAudio(samples=samples)


def encode(audio: PcmAudio, *, format: str = "FLAC") -> bytes:
    """Encode to FLAC or WAV (16-bit, no metadata chunks)."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.samples, SAMPLE_RATE, format=format, subtype="PCM_16")
    return buffer.getvalue()


def mix(audio: PcmAudio, noise: PcmAudio, *, snr: float, start: int = 0) -> PcmAudio:
    """Add `noise`, looped from sample `start`, at `snr` dB of power ratio over the whole clip."""
    index = (start + np.arange(len(audio.samples))) % len(noise.samples)
    clean = audio.samples.astype(np.float64)
    added = noise.samples[index].astype(np.float64)
    power = max(float(np.mean(added**2)), 1e-9)
    gain = np.sqrt(float(np.mean(clean**2)) / power / 10 ** (snr / 10))
    mixed = clean + gain * added
    return PcmAudio(samples=np.clip(np.rint(mixed), -32768, 32767).astype(np.int16))
