from __future__ import annotations

import numpy as np
import pytest

from earmark import audio
from earmark.assistant.gate import CHUNK, PAD, SpeechGate
from earmark.words import SAMPLE_RATE


class Loudness:
    """Voice activity detector that takes loud for speech."""

    def reset(self) -> None:
        pass

    def process_samples(self, samples):
        return float(max(abs(sample) for sample in samples) > 0.1)


@pytest.fixture
def gate():
    made = SpeechGate()
    made._vad = Loudness()
    return made


def given_by(gate: SpeechGate, samples: np.ndarray) -> np.ndarray:
    return np.concatenate([*gate.feed(samples), samples[:0]])


def seconds(value: int, length: float) -> np.ndarray:
    return np.full(int(length * SAMPLE_RATE), value, dtype=np.int16)


def test_quiet_lets_nothing_through(gate):
    assert len(given_by(gate, seconds(10, 3))) == 0
    assert gate.voiced == 0


def test_speech_comes_with_its_padding_and_times_point_into_the_source(gate):
    given = given_by(gate, np.concatenate([seconds(10, 2), seconds(9000, 1), seconds(10, 2)]))
    loud = np.flatnonzero(given > 1000)
    assert len(loud) == SAMPLE_RATE
    assert len(given) / SAMPLE_RATE == pytest.approx(1 + 2 * PAD, abs=3 * CHUNK / SAMPLE_RATE)
    assert gate.time(int(loud[0])) == pytest.approx(2.0)


def test_a_short_pause_is_kept_whole_and_a_long_one_cut(gate):
    short = given_by(gate, np.concatenate([seconds(9000, 1), seconds(10, 0.2), seconds(9000, 1)]))
    assert len(short) >= 2.1 * SAMPLE_RATE
    gate.reset()
    given = given_by(gate, np.concatenate([seconds(9000, 1), seconds(10, 5), seconds(9000, 1)]))
    assert len(given) / SAMPLE_RATE == pytest.approx(2 + 2 * PAD, abs=4 * CHUNK / SAMPLE_RATE)
    assert gate.time(len(given) - 1) == pytest.approx(7.0, abs=2 * CHUNK / SAMPLE_RATE)


@pytest.mark.data
def test_pieces_of_any_length_give_the_same_as_the_whole(data_dir):
    clip = audio.read(sorted((data_dir / "commands").glob("*.flac"))[0]).samples
    whole = given_by(SpeechGate(), clip)
    gate = SpeechGate()
    parts = [given_by(gate, clip[start : start + 777]) for start in range(0, len(clip), 777)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert 0 < len(whole) < len(clip)
