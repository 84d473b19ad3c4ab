from __future__ import annotations

import numpy as np
import pytest

from earmark.learn.clips import Clip
from earmark.learn.promotion import FEWEST
from earmark.learn.readings import hearings, in_noise
from earmark.words import PcmAudio

RNG = np.random.default_rng(0)
SPEECH = PcmAudio(samples=(3000 * RNG.normal(size=16_000)).astype(np.int16))
NOISE = PcmAudio(samples=(1000 * RNG.normal(size=64_000)).astype(np.int16))


def clip(name: str) -> Clip:
    return Clip(id=name, source=SPEECH, part="commands", speaker="a", intent="timer.set")


def level(heard: Clip) -> int:
    """dB of the speech over what was added to it."""
    added = heard.sound().samples.astype(float) - SPEECH.samples
    return round(10 * np.log10(np.mean(SPEECH.samples.astype(float) ** 2) / np.mean(added**2)))


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_command_is_heard_at_so_many_levels(times: int) -> None:
    for name in ("one", "two", "three", "four", "five"):
        found = in_noise(clip(name), [NOISE], times=times)
        assert len(found) == times == len({level(one) for one in found})
        assert {level(one) for one in found} <= {24, 18, 12, 6}
        assert level(found[0]) == level(in_noise(clip(name), [NOISE])[0]), "the first is the one that its id draws"


def test_without_noise_it_is_heard_once_and_as_it_is() -> None:
    assert in_noise(clip("one"), [], times=4) == [clip("one")]


def test_few_commands_are_judged_in_more_noise_but_too_few_are_not_made_enough() -> None:
    assert [hearings(count) for count in (0, FEWEST - 1)] == [1, 1]
    assert hearings(FEWEST) == 4
    assert [hearings(count) for count in (37, 41, 75, 76, 1000)] == [4, 3, 2, 1, 1]
