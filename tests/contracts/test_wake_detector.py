"""What every WakeDetector does, for each wake word that is packaged."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.device import FRAME_BYTES, WORDS, MicroWakeDetector, Voice, WakeDetector


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[bytes]]:
    rng = np.random.default_rng(0)
    streams = {}
    with Voice() as voice:
        for word in WORDS:
            said = voice.synthesise(word.replace("_", " "), voice="en-us+f3").samples
            sound = rng.normal(0, 15, len(said) + 32_000)
            sound[16_000 : 16_000 + len(said)] += said
            data = sound.astype("<i2").tobytes()
            streams[word] = [data[at : at + FRAME_BYTES] for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES)]
    return streams


@pytest.fixture(params=WORDS)
def detector(request: pytest.FixtureRequest) -> WakeDetector:
    return MicroWakeDetector(request.param)


def scores(detector: WakeDetector, frames: list[bytes]) -> list[float]:
    return [score for frame in frames if (score := detector.feed(frame)) is not None]


def test_scores_lie_between_0_and_1(detector: WakeDetector, spoken: dict[str, list[bytes]]) -> None:
    heard = scores(detector, spoken[detector.word])
    assert heard
    assert all(0.0 <= score <= 1.0 for score in heard)
    assert 0.0 < detector.cutoff < 1.0


def test_its_own_word_scores_higher_than_the_others(detector: WakeDetector, spoken: dict[str, list[bytes]]) -> None:
    own = max(scores(detector, spoken[detector.word]))
    for word in set(WORDS) - {detector.word}:
        detector.reset()
        assert max(scores(detector, spoken[word])) < own


def test_quiet_is_no_wake(detector: WakeDetector) -> None:
    rng = np.random.default_rng(1)
    hiss = [rng.normal(0, 30, FRAME_BYTES // 2).astype("<i2").tobytes() for _ in range(300)]
    assert max(scores(detector, hiss)) < 0.5


def test_reset_forgets(detector: WakeDetector, spoken: dict[str, list[bytes]]) -> None:
    frames = spoken[detector.word]
    first = scores(detector, frames)
    scores(detector, frames[:133])
    detector.reset()
    assert scores(detector, frames) == first
