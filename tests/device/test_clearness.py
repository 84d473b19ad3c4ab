from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.device import clearness


def spoken(lead: NDArray[np.int16]) -> NDArray[np.int16]:
    word = (3000 * np.sin(np.arange(12_000))).astype(np.int16)
    return np.concatenate([lead, word])


def test_a_quiet_room_and_digital_silence_are_alike() -> None:
    hiss = np.random.default_rng(0).normal(0, 15, 24_000).astype(np.int16)
    assert clearness(spoken(np.zeros(24_000, np.int16))) == clearness(spoken(hiss)) == 20.0


def test_noise_makes_it_less_clear() -> None:
    noise = np.random.default_rng(0).normal(0, 600, 24_000).astype(np.int16)
    assert clearness(spoken(noise)) == pytest.approx(11.0, abs=1.5)
    assert clearness(noise) < 3.0


@pytest.mark.parametrize("length", [0, 100])
def test_too_little_to_tell(length: int) -> None:
    assert clearness(np.zeros(length, np.int16)) == 0.0
