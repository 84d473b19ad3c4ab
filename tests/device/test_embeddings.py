from __future__ import annotations

import numpy as np
from pyopen_wakeword import OpenWakeWordFeatures

from earmark.device import WINDOW_SAMPLES, SpeechEmbedder


def chirps(samples: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / 16_000
    tone = np.sin(2 * np.pi * (300 + 400 * np.sin(6 * time)) * time) * 4000 * (1 + np.sin(9 * time))
    return (tone + rng.normal(0, 200, samples)).astype(np.int16)


def test_one_pass_gives_what_sixteen_passes_give() -> None:
    """Against the wheel's streaming features: same window, another way of cutting it into pieces."""
    sound = chirps(WINDOW_SAMPLES)
    embedder = SpeechEmbedder()
    embedder._dither[:] = 0
    ours = embedder.embed(sound)
    theirs = OpenWakeWordFeatures.from_builtin()
    theirs.new_audio_samples = 0
    streamed = [emb.reshape(96) for emb in theirs.process_streaming(sound.tobytes())]
    # the streaming front end is 8 mel frames a step, so both count windows from the first sample
    reference = np.array(streamed)
    assert len(reference) >= 8
    assert np.abs(ours[: len(reference)] - reference).max() < 0.02 * np.abs(reference).max()


def test_looks_at_the_last_two_seconds_only() -> None:
    embedder = SpeechEmbedder()
    sound = chirps(3 * WINDOW_SAMPLES)
    whole, last = embedder.embed(sound), embedder.embed(sound[-WINDOW_SAMPLES:])
    assert whole.shape == (16, 96)
    assert whole.dtype == np.float32
    assert np.array_equal(whole, last)


def test_short_sound_counts_as_quiet_before() -> None:
    embedder = SpeechEmbedder()
    sound = chirps(8000)
    padded = np.concatenate([np.zeros(WINDOW_SAMPLES - 8000, np.int16), sound])
    assert np.array_equal(embedder.embed(sound), embedder.embed(padded))


def test_digital_silence_looks_like_a_quiet_microphone() -> None:
    """Otherwise a verifier learns who padded with zeros instead of what was said."""
    embedder = SpeechEmbedder()
    sound = chirps(8000)
    lead = WINDOW_SAMPLES - 8000
    zeros = np.concatenate([np.zeros(lead, np.int16), sound])
    hiss = zeros + np.concatenate([np.random.default_rng(5).integers(-2, 3, lead), np.zeros(8000)]).astype(np.int16)
    other = chirps(WINDOW_SAMPLES, seed=9)
    near = np.linalg.norm(embedder.embed(zeros) - embedder.embed(hiss))
    far = np.linalg.norm(embedder.embed(zeros) - embedder.embed(other))
    assert near < 0.35 * far
