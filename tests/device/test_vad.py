from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from earmark.device import Endpointer, EndpointRule, SileroSpeechDetector
from earmark.device.vad import CHUNK

RULE = EndpointRule()


def run(
    spans: list[tuple[float, float]], *, wake_end: float = 1.0, until: float = 20.0
) -> tuple[str | None, float, float]:
    """Feed chunks that are speech inside `spans`; return why and when it ended, and the last voiced moment."""
    endpointer = Endpointer(RULE, wake_end=wake_end)
    now = wake_end
    while now < until:
        now += CHUNK
        voiced = any(start <= now <= end for start, end in spans)
        if reason := endpointer.update(0.9 if voiced else 0.05, now):
            return reason, now, endpointer.last_voiced
    return None, now, endpointer.last_voiced


def test_ends_after_the_silence() -> None:
    reason, ended, last = run([(1.5, 3.0)])
    assert reason == "silence"
    assert ended == pytest.approx(3.7, abs=2 * CHUNK)
    assert last == pytest.approx(3.0, abs=CHUNK)


def test_a_pause_shorter_than_the_silence_does_not_end_it() -> None:
    assert run([(1.5, 2.0), (2.6, 3.2)])[1] == pytest.approx(3.9, abs=2 * CHUNK)


def test_a_pause_after_the_wake_word_is_waited_for() -> None:
    """The tail of the wake word is no command."""
    reason, ended, _ = run([(1.0, 1.12), (3.5, 4.0)])
    assert reason == "silence"
    assert ended == pytest.approx(4.7, abs=2 * CHUNK)


def test_a_word_that_runs_on_from_the_wake_word_is_a_command() -> None:
    reason, ended, _ = run([(0.0, 1.2)])
    assert reason == "silence"
    assert ended == pytest.approx(1.9, abs=2 * CHUNK)


def test_nothing_said() -> None:
    reason, ended, last = run([(0.0, 1.12)])
    assert reason == "no-speech"
    assert ended == pytest.approx(1.0 + RULE.patience, abs=2 * CHUNK)
    assert last <= 1.15


def test_a_click_is_not_speech() -> None:
    assert run([(2.0, 2.05)])[0] == "no-speech"


def test_never_longer_than_the_cap() -> None:
    reason, ended, _ = run([(1.2, 99.0)])
    assert reason == "too-long"
    assert ended == pytest.approx(15.0, abs=2 * CHUNK)


def test_wavering_probability_is_still_speech() -> None:
    endpointer = Endpointer(RULE, wake_end=0.0)
    for step in range(1, 60):
        assert endpointer.update(0.6 if step % 2 else 0.4, step * CHUNK) is None
    assert endpointer.last_voiced == pytest.approx(59 * CHUNK)


def test_silero_tells_noise_from_nothing_voiced() -> None:
    detector = SileroSpeechDetector()
    quiet = np.random.default_rng(0).normal(0, 20, 512).astype("<i2").tobytes()
    first = [detector(quiet) for _ in range(10)]
    assert max(first) < 0.35
    detector.reset()
    assert [detector(quiet) for _ in range(10)] == pytest.approx(first, abs=1e-5)


_COUNT = """
import os
from earmark.device import SileroSpeechDetector
assert os.environ.get("OMP_THREAD_LIMIT") == "3", "what the user set holds for everything else"
detector = SileroSpeechDetector()
before = len(os.listdir("/proc/self/task"))
detector(bytes(1024))
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's /proc")
def test_a_chunk_keeps_one_thread_busy_and_not_two() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _COUNT],
        env={**os.environ, "OMP_THREAD_LIMIT": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["0"]
