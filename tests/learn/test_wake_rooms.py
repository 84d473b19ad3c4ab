from __future__ import annotations

import numpy as np
import pytest

from earmark.learn.rooms import Room, another_channel, another_throat, coloured_noise, draw_room, hear, pad
from earmark.words import PcmAudio

PLAIN = Room(gain=0.0, echo=0.0, direct=12.0, snr=60.0, colour=1.0, clatter=0.0)


def tone(seconds: float = 1.0, level: float = 4000.0) -> PcmAudio:
    time = np.arange(round(16_000 * seconds)) / 16_000
    return PcmAudio(samples=(level * np.sin(2 * np.pi * 440 * time)).astype(np.int16))


def test_padding_is_never_digital_silence() -> None:
    """Not even around a clip that is padded with zeros itself."""
    rng = np.random.default_rng(0)
    clip = PcmAudio(samples=np.concatenate([np.zeros(8000, np.int16), tone().samples]))
    padded = pad(clip, before=0.5, after=0.25, rng=rng)
    assert len(padded) == 8000 + 24_000 + 4000
    for start in range(0, 15_000, 400):
        assert 0.3 < padded[start : start + 400].std() < 200


def test_padding_has_the_level_of_the_clips_own_quiet() -> None:
    rng = np.random.default_rng(0)
    hiss = rng.normal(0, 60, 16_000)
    hiss[4000:12_000] += tone(0.5).samples
    padded = pad(PcmAudio(samples=hiss.astype(np.int16)), before=1.0, after=1.0, rng=rng)
    assert padded[:16_000].std() == pytest.approx(60, rel=0.2)


def test_noise_is_as_loud_as_asked() -> None:
    sound = tone().samples.astype(np.float64)
    room = Room(gain=0.0, echo=0.0, direct=12.0, snr=10.0, colour=1.0, clatter=0.0)
    added = hear(sound, room, np.random.default_rng(0)) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(added**2)) == pytest.approx(10.0, abs=0.2)


def test_gain_and_no_clipping() -> None:
    sound = tone().samples.astype(np.float64)
    quiet = Room(gain=-12.0, echo=0.0, direct=12.0, snr=60.0, colour=1.0, clatter=0.0)
    assert np.abs(hear(sound, quiet, np.random.default_rng(0))).max() == pytest.approx(1005, rel=0.05)
    loud = hear(sound * 20, PLAIN, np.random.default_rng(0))
    assert np.abs(loud.astype(int)).max() <= 32_000


def test_echo_rings_on() -> None:
    click = np.zeros(16_000)
    click[1000] = 20_000
    dry = hear(click, PLAIN, np.random.default_rng(0))
    room = Room(gain=0.0, echo=0.5, direct=0.0, snr=60.0, colour=1.0, clatter=0.0)
    wet = hear(click, room, np.random.default_rng(0))
    late = slice(1200, 4000)
    assert np.mean(wet[late].astype(float) ** 2) > 100 * np.mean(dry[late].astype(float) ** 2)


def test_colour() -> None:
    noise = coloured_noise(32_000, colour=2.0, rng=np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert power[200:400].mean() > 50 * power[8000:12_000].mean()
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1.0)


def test_the_same_seed_hears_the_same() -> None:
    sound = tone().samples.astype(np.float64)
    one, other = (hear(sound, draw_room(rng), rng) for rng in (np.random.default_rng(5), np.random.default_rng(5)))
    assert np.array_equal(one, other)


def test_recorded_noise_takes_the_place_of_a_drawn_one() -> None:
    sound = tone().samples.astype(np.float64)
    noise = (2000 * np.sin(np.arange(16_000) / 3)).astype(np.int16)
    room = Room(gain=0.0, echo=0.0, direct=12.0, snr=10.0, colour=1.0, clatter=5.0)
    added = hear(sound, room, np.random.default_rng(0), noise=noise) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(added**2)) == pytest.approx(10.0, abs=0.2)
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    assert spectrum.max() > 0.5 * spectrum.sum(), "nothing but the recording's one tone"


def test_another_microphone_keeps_what_was_said_and_changes_its_colour() -> None:
    sound = np.random.default_rng(0).normal(0, 500, 16_000)
    heard = another_channel(sound, np.random.default_rng(1))
    assert len(heard) == len(sound)
    gains = [
        np.sqrt(np.mean(np.abs(np.fft.rfft(heard))[band] ** 2) / np.mean(np.abs(np.fft.rfft(sound))[band] ** 2))
        for band in (slice(100, 200), slice(1000, 1200), slice(6000, 7000))
    ]
    assert max(gains) / min(gains) > 1.1
    assert np.corrcoef(sound, heard)[0, 1] > 0.5


def test_another_throat_is_a_little_faster_or_slower() -> None:
    audio = tone()
    lengths = {len(another_throat(audio, np.random.default_rng(seed)).samples) for seed in range(12)}
    assert len(lengths) > 6
    assert all(0.87 < length / len(audio.samples) < 1.15 for length in lengths)
