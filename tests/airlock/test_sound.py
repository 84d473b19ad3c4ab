"""What a masked copy's sound holds, and what it doesn't."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.airlock.sound import COMMAND_LENGTHS, WAKE_LENGTHS, mask
from earmark.words import PcmAudio

RATE = 16_000


def tones(*parts: tuple[float, float]) -> PcmAudio:
    """Tones one after the other: (seconds, hertz)."""
    samples = [9000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE) for seconds, hertz in parts]
    return PcmAudio(samples=np.concatenate(samples).astype(np.int16))


def share(audio: PcmAudio, hertz: float) -> float:
    power = np.abs(np.fft.rfft(audio.samples.astype(float))) ** 2
    frequency = np.fft.rfftfreq(len(audio.samples), 1 / RATE)
    return float(power[np.abs(frequency - hertz) < 20].sum() / power.sum())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nothing_outside_the_span_is_in_the_copy():
    audio = tones((1.0, 700), (1.0, 1500), (1.0, 3000))
    masked = mask(audio, (1.0, 2.0), (), lengths=WAKE_LENGTHS, rng=rng())
    assert share(masked.audio, 1500) > 0.9
    assert share(masked.audio, 700) < 1e-3
    assert share(masked.audio, 3000) < 1e-3


def test_hidden_spans_are_replaced_by_a_tone():
    audio = tones((1.0, 700), (0.5, 1500), (1.0, 700))
    masked = mask(audio, (0.0, 2.5), ((1.0, 1.5),), lengths=COMMAND_LENGTHS, rng=rng())
    assert share(masked.audio, 1500) < 1e-3
    assert share(masked.audio, 440) > 0.01
    assert share(masked.audio, 700) > 0.8


def test_a_hidden_span_at_the_edge_or_outside_is_no_trouble():
    audio = tones(
        (1.0, 700),
    )
    for hidden in ((-1.0, 0.1), (0.9, 5.0), (3.0, 4.0), (0.0, 1.0)):
        mask(audio, (0.0, 1.0), (hidden,), lengths=COMMAND_LENGTHS, rng=rng())


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.7, 2.0, 5.5, 9.0, 15.0, 31.0])
def test_only_a_few_lengths_leave(seconds):
    audio = PcmAudio(samples=rng().integers(-3000, 3000, round(seconds * RATE)).astype(np.int16))
    lengths = {
        mask(audio, (0.0, seconds), (), lengths=COMMAND_LENGTHS, rng=rng(seed)).audio.duration for seed in range(8)
    }
    assert lengths <= set(COMMAND_LENGTHS)


def test_what_is_too_long_does_not_leave():
    audio = PcmAudio(samples=np.zeros(RATE * 40, np.int16))
    with pytest.raises(ValueError, match="too long"):
        mask(audio, (0.0, 40.0), (), lengths=COMMAND_LENGTHS, rng=rng())


def test_loud_and_quiet_recordings_come_out_alike():
    loud = tones((2.0, 700))
    quiet = PcmAudio(samples=(loud.samples * 0.05).astype(np.int16))
    levels = [
        np.sqrt(
            np.mean(mask(audio, (0.0, 2.0), (), lengths=COMMAND_LENGTHS, rng=rng()).audio.samples.astype(float) ** 2)
        )
        for audio in (loud, quiet)
    ]
    assert levels[0] == pytest.approx(levels[1], rel=0.05)


def test_hum_and_the_highest_band_are_gone():
    audio = tones((2.0, 50), (2.0, 700), (1.0, 7800))
    masked = mask(audio, (0.0, 5.0), (), lengths=COMMAND_LENGTHS, rng=rng())
    assert share(masked.audio, 50) < 1e-3
    assert share(masked.audio, 7800) < 1e-3


def test_the_offset_says_where_the_sound_went():
    audio = tones((1.0, 0), (0.5, 1500), (1.0, 0))
    masked = mask(audio, (0.5, 2.5), (), lengths=COMMAND_LENGTHS, rng=rng())
    loud = np.abs(masked.audio.samples.astype(float)) > 1500
    assert np.argmax(loud) / RATE == pytest.approx(1.0 + masked.offset, abs=0.02)


def test_it_is_the_same_for_the_same_generator_and_not_for_another():
    audio = tones((1.0, 700))
    first, same, other = (
        mask(audio, (0.0, 1.0), (), lengths=COMMAND_LENGTHS, rng=rng(seed)).audio.pcm for seed in (1, 1, 2)
    )
    assert first == same
    assert first != other
