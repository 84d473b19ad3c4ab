"""The fast path gives the scores of the wheel's own loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

from earmark import audio
from earmark.device import FRAME_SAMPLES, WORDS, MicroWakeDetector, Voice
from earmark.errors import BadRequest


@pytest.fixture(scope="module")
def spoken() -> dict[str, NDArray[np.int16]]:
    """Each wake word by a synthetic voice, in a little noise."""
    rng = np.random.default_rng(0)
    with Voice() as voice:
        said = {word: voice.synthesise(word.replace("_", " "), voice="en-us+f3").samples for word in WORDS}
    return {
        word: (np.pad(samples, (8000, 8000)) + rng.normal(0, 20, len(samples) + 16_000)).astype(np.int16)
        for word, samples in said.items()
    }


def split(samples: NDArray[np.int16]) -> list[bytes]:
    return [samples[at : at + 160].tobytes() for at in range(0, len(samples) - 159, FRAME_SAMPLES)]


def bare_scores(word: str, frames: list[bytes]) -> list[float]:
    model, features = MicroWakeWord.from_builtin(Model(word)), MicroWakeWordFeatures()
    scores = []
    for frame in frames:
        for feature in features.process_streaming(frame):
            score = model.process_streaming_prob(feature)
            if not model._features:  # a stride was completed
                assert score is not None
                scores.append(score)
    return scores


@pytest.mark.parametrize("word", WORDS)
def test_same_scores_as_the_bare_loop(word: str, spoken: dict[str, NDArray[np.int16]]) -> None:
    frames = split(spoken[word])
    detector = MicroWakeDetector(word)
    ours = [score for frame in frames if (score := detector.feed(frame)) is not None]
    assert ours == pytest.approx(bare_scores(word, frames), abs=1e-6)
    assert max(ours) > 0, "nothing but zeros would make this test empty"


@pytest.mark.data
def test_same_scores_on_speech(data_dir: Path) -> None:
    sound = audio.read(sorted((data_dir / "wake").glob("alexa-*.flac"))[0])
    frames = split(sound.samples)
    detector = MicroWakeDetector("alexa")
    ours = [score for frame in frames if (score := detector.feed(frame)) is not None]
    assert ours == pytest.approx(bare_scores("alexa", frames), abs=1e-6)
    assert max(ours) > 0.5


def test_reset_forgets(spoken: dict[str, NDArray[np.int16]]) -> None:
    frames = split(spoken["alexa"])
    detector = MicroWakeDetector("alexa")
    first = [detector.feed(frame) for frame in frames]
    for frame in split(spoken["hey_jarvis"][:17_120]):
        detector.feed(frame)
    detector.reset()
    assert [detector.feed(frame) for frame in frames] == first


def test_reset_leaks_nothing() -> None:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("only Linux tells the resident memory this way")
    detector = MicroWakeDetector("alexa")
    for _ in range(20):
        detector.reset()
    before = int(statm.read_text().split()[1])
    for _ in range(200):
        detector.reset()
    grown = (int(statm.read_text().split()[1]) - before) * 4096
    assert grown < 2_000_000, "200 models of 56 kB and their arenas would be over 15 MB"


def test_unknown_word() -> None:
    with pytest.raises(BadRequest, match="alexa"):
        MicroWakeDetector("computer")
