from __future__ import annotations

import numpy as np
import pytest

from earmark.learn import traits
from earmark.learn.traits import band, clustered, described, ratio, snr, voice
from earmark.words import SAMPLE_RATE


def noise(level, seconds=1.0, seed=0):
    return np.random.default_rng(seed).normal(0, level, int(seconds * SAMPLE_RATE)).astype(np.int16)


def test_the_ratio_is_that_of_the_speech_alone_to_the_noise():
    still, speech = noise(100.0), noise(100.0, seed=1) + noise(1000.0, seed=2)
    assert ratio(speech, still) == pytest.approx(20.0, abs=0.2)
    assert ratio(speech, np.zeros(SAMPLE_RATE, np.int16)) == np.inf
    assert ratio(speech, still[:100]) is None
    assert ratio(still, speech) < -20  # nothing stands out
    assert [band(found) for found in (np.inf, 30.0, 29.9, 10.0, -40.0, None)] == [
        "over 30 dB",
        "over 30 dB",
        "20 to 30 dB",
        "10 to 20 dB",
        "under 10 dB",
        None,
    ]


def test_voices_of_two_kinds_come_into_two_clusters_and_the_larger_is_a():
    rng = np.random.default_rng(1)
    centres = {"low": rng.normal(0, 1, 25), "high": rng.normal(4, 1, 25)}
    voices = {f"low{i}": centres["low"] + rng.normal(0, 0.2, 25) for i in range(9)}
    voices |= {f"high{i}": centres["high"] + rng.normal(0, 0.2, 25) for i in range(5)}
    found = clustered(voices)
    assert found == {name: "A" if name.startswith("low") else "B" for name in voices}
    assert clustered(dict(reversed(voices.items()))) == found
    assert clustered({name: voices[name] for name in list(voices)[:7]}) == {}


def test_how_loud_somebody_speaks_is_not_their_voice():
    speech = noise(1000.0)
    # What is left is rounding and the floor below the logarithm.
    assert np.abs(voice(speech) - voice((speech // 2).astype(np.int16))).max() < 0.05


def test_recordings_get_the_traits_that_can_be_told(taught, monkeypatch):
    monkeypatch.setattr(traits, "parted", lambda audio: (audio.samples[:8000], audio.samples[8000:]))
    loud = np.concatenate([noise(2000.0, 0.5), noise(20.0, 0.5)])
    ones = [taught(loud, speaker=f"s{number}") for number in range(3)]
    short = taught(loud[:800], speaker="short")
    found = described([*ones, short], name=str)
    assert [one.traits for one in found] == [{"noise": "over 30 dB"}] * 3 + [{}]
    assert [one.lesson for one in found] == [one.lesson for one in [*ones, short]]


@pytest.mark.data
def test_noise_that_is_mixed_in_is_measured(data_dir):
    from earmark import audio

    clip = audio.read(sorted((data_dir / "commands").glob("*.flac"))[0])
    kitchen = audio.read(data_dir / "noise" / "kitchen.flac", longest=3600)
    quiet, loud = (snr(audio.mix(clip, kitchen, snr=level, start=0)) or -99.0 for level in (18.0, 6.0))
    assert quiet > loud + 6
