from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark import audio
from earmark.errors import BadAudio, BadRequest
from earmark.learn.clips import Clip
from earmark.learn.noises import MADE, Mixing, mixing
from earmark.words import SAMPLE_RATE, PcmAudio


def clip(name="a", speaker="ada", source=None):
    return Clip(id=name, source=source or Path(name), part="commands", speaker=speaker)


def tone(hertz):
    wave = 9000 * np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    return PcmAudio(samples=wave.astype(np.int16))


def share(noise, hertz):
    """Of a noise's power, within 20 Hz of a tone."""
    power = np.abs(np.fft.rfft(noise.samples)) ** 2
    near = np.abs(np.fft.rfftfreq(len(noise.samples), 1 / SAMPLE_RATE) - hertz) < 20
    return power[near].sum() / power.sum()


def test_noise_is_the_same_stretch_for_the_same_clip():
    rng = np.random.default_rng(0)
    noise = PcmAudio(samples=rng.integers(-3000, 3000, 64_000).astype(np.int16))
    speech = PcmAudio(samples=rng.integers(-9000, 9000, 16_000).astype(np.int16))
    mixing = Mixing(noise=noise, snr=6.0)
    first, again = mixing.apply(clip(), speech), mixing.apply(clip(), speech)
    assert np.array_equal(first.samples, again.samples)
    added = first.samples.astype(float) - speech.samples
    ratio = 10 * np.log10(np.mean(speech.samples.astype(float) ** 2) / np.mean(added**2))
    assert ratio == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("name", MADE)
def test_made_up_noise_is_the_same_every_time_and_lasts_a_minute(name):
    clips = [clip("a", "ada", tone(300)), clip("b", "ben", tone(900))]
    noise, again = (mixing(Path(name), 6.0, clips).noise for _ in range(2))
    assert np.array_equal(noise.samples, again.samples)
    assert len(noise.samples) == 60 * SAMPLE_RATE
    assert 1000 < np.sqrt(np.mean(noise.samples.astype(float) ** 2)) < 4000


def test_white_noise_is_flat_and_music_is_not():
    flat = {}
    for name in ("white", "music"):
        power = np.abs(np.fft.rfft(mixing(Path(name), 6.0).noise.samples)) ** 2
        bands = np.array([band.mean() for band in np.array_split(power, 40)])
        flat[name] = np.exp(np.log(bands).mean()) / bands.mean()
    assert flat["white"] > 0.95
    assert flat["music"] < 0.2


def test_nobody_hears_themselves_in_a_crowd():
    clips = [clip("a", "ada", tone(300)), clip("b", "ben", tone(900))]
    mixed = mixing(Path("babble"), 0.0, clips)
    silence = PcmAudio(samples=np.random.default_rng(0).integers(-9, 9, SAMPLE_RATE).astype(np.int16))
    for one, mine, theirs in ((clips[0], 300, 900), (clips[1], 900, 300)):
        heard = mixed.apply(one, silence)
        assert share(heard, theirs) > 100 * share(heard, mine)


def test_a_crowd_takes_two_speakers_and_a_file_goes_before_a_name(tmp_path, monkeypatch):
    with pytest.raises(BadRequest, match="two speakers"):
        mixing(Path("babble"), 6.0, [clip("a", "ada", tone(300))])
    with pytest.raises(BadRequest, match="white, babble, music"):
        mixing(Path("thunder"), 6.0)
    monkeypatch.chdir(tmp_path)
    Path("thunder").write_bytes(b"no sound")
    with pytest.raises(BadAudio):
        mixing(Path("thunder"), 6.0)
    Path("white").write_bytes(audio.encode(tone(300)))
    assert share(mixing(Path("white"), 6.0).noise, 300) > 0.9
