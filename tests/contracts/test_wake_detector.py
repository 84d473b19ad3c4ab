"""What every WakeDetector does: for each wake word that is packaged, and for one that a bundle brings."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import FRAME_BYTES, WORDS, EmbeddingDetector, MicroWakeDetector, Voice, WakeDetector, detector_of
from earmark.learn import new_words
from earmark.learn.wake_voices import synthetic_clips

LEARNED = "computer"
ALL = (*WORDS, LEARNED)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A bundle with a wake word that was learned from a few synthetic voices."""
    clips = synthetic_clips(
        LEARNED, seed=0, says=2, phrases=16, voices_a_phrase=1, invented=24, timbres=("f1", "f4", "m3", "m7", "Annie")
    )
    files = new_words.train(LEARNED, clips, cost_of_a_miss=5.0)
    return bundles.write(tmp_path_factory.mktemp("models"), files=files, about={}, key=Ed25519PrivateKey.generate())


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[bytes]]:
    rng = np.random.default_rng(0)
    streams = {}
    with Voice() as voice:
        for word in ALL:
            said = voice.synthesise(word.replace("_", " "), voice="en-us+f3").samples
            sound = rng.normal(0, 15, len(said) + 32_000)
            sound[16_000 : 16_000 + len(said)] += said
            data = sound.astype("<i2").tobytes()
            streams[word] = [data[at : at + FRAME_BYTES] for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES)]
    return streams


@pytest.fixture(params=ALL)
def detector(request: pytest.FixtureRequest, bundle: ModelBundle) -> WakeDetector:
    return detector_of(bundle, request.param)


def test_each_word_has_its_kind(bundle: ModelBundle) -> None:
    assert isinstance(detector_of(bundle, "alexa"), MicroWakeDetector)
    assert isinstance(detector_of(BUILTIN, "alexa"), MicroWakeDetector)
    assert isinstance(detector_of(bundle, LEARNED), EmbeddingDetector)


def scores(detector: WakeDetector, frames: list[bytes]) -> list[float]:
    return [score for frame in frames if (score := detector.feed(frame)) is not None]


def test_scores_lie_between_0_and_1(detector: WakeDetector, spoken: dict[str, list[bytes]]) -> None:
    heard = scores(detector, spoken[detector.word])
    assert heard
    assert all(0.0 <= score <= 1.0 for score in heard)
    assert 0.0 < detector.cutoff < 1.0
    assert 0.0 <= detector.lag < 1.0


def test_its_own_word_scores_higher_than_the_others(detector: WakeDetector, spoken: dict[str, list[bytes]]) -> None:
    own = max(scores(detector, spoken[detector.word]))
    for word in set(ALL) - {detector.word}:
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
