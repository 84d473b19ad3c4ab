"""What wake words are judged by."""

from __future__ import annotations

import numpy as np

from earmark.bench import wake_speech
from earmark.words import SAMPLE_RATE, PcmAudio

QUIET, LOUD = 10, 8000


def clip(*, at: int, loud: int, after: int, level: int = LOUD) -> PcmAudio:
    """Noise that is loud for `loud` samples from `at` on, and nearly silent around."""
    levels = np.concatenate([np.full(at, QUIET), np.full(loud, level), np.full(after, QUIET)])
    return PcmAudio(samples=(np.random.default_rng(1).normal(0, 1, len(levels)) * levels / 3).astype(np.int16))


def test_an_order_follows_the_call_at_once_and_as_loud() -> None:
    call, order = clip(at=8000, loud=9600, after=16_000), clip(at=16_000, loud=24_000, after=8000, level=2000)
    breath = SAMPLE_RATE // 20
    for seed in range(4):
        found = wake_speech.followed(call, order, seed=seed).samples.astype(float)
        assert np.array_equal(found[:17_600], call.samples[:17_600]), "the call is as it was"
        rest = found[17_600:]
        begins = int(np.flatnonzero(np.abs(rest) > 2000)[0])
        assert begins <= SAMPLE_RATE // 4 + 2 * breath + SAMPLE_RATE // 100
        said = rest[begins : begins + 20_000]
        assert abs(20 * np.log10(said.std() / found[8000:17_600].std())) < 2.5
        assert len(rest) <= breath + SAMPLE_RATE // 4 + 2 * SAMPLE_RATE
    again = wake_speech.followed(call, order, seed=0).samples
    assert np.array_equal(again, wake_speech.followed(call, order, seed=0).samples)
