"""The second synthesiser of wake words."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from earmark.errors import MissingExtra
from earmark.learn import pico
from earmark.learn.confusables import PHONES
from earmark.learn.pico import SPEAKERS, Sentence, speak, spoken
from earmark.learn.wake_voices import pico_clips

needs_pico = pytest.mark.skipif(sys.platform != "linux", reason="The extra `voices` takes Pico along on Linux alone.")


def say(text: str, speaker: int = 0, pitch: float = 1.0, speed: float = 1.0) -> Sentence:
    return Sentence(text=text, speaker=speaker, pitch=pitch, speed=speed)


@needs_pico
def test_the_same_list_sounds_the_same() -> None:
    """It reads memory that it never wrote: among a few hundred sentences some were otherwise each time."""
    texts = ("alexa", spoken(["AH", "L", "EH", "K", "S", "AH"]), "a lexus")
    sentences = [
        say(text, speaker, pitch, 1.1) for speaker in range(20) for pitch in (0.8, 0.85, 1.1) for text in texts
    ]
    first, second = speak(sentences), speak(sentences)
    assert [one.pcm for one in first] == [one.pcm for one in second]
    assert len({one.pcm for one in first}) == len(sentences)
    assert all(0.3 < one.duration < 2.0 for one in first)


@needs_pico
def test_it_leaves_no_phone_out() -> None:
    """What it has no sign for it would skip, and what was said would be another word than its label."""
    for voice in (0, len(SPEAKERS) - 1):  # one from America; one from England, where an R is said before vowels alone
        plain, *with_one = speak([say(spoken(["T", "IY", "IY"]), voice)] + [
            say(spoken(["T", "IY", phone, "IY"]), voice) for phone in PHONES
        ])  # fmt: skip
        for phone, sound in zip(PHONES, with_one, strict=True):
            assert sound.pcm != plain.pcm, phone


@needs_pico
def test_smaller_throats_speak_higher_and_no_faster() -> None:
    large, small = speak([say("what time is it", 0), say("what time is it", 9)])
    assert small.duration == pytest.approx(large.duration, rel=0.1)

    def middle(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        return float(np.average(np.arange(len(power)) / len(samples), weights=power))

    assert middle(small.samples) > 1.15 * middle(large.samples)


@needs_pico
def test_its_clips_stand_on_both_sides_and_leave_out_what_judges() -> None:
    few = {"says": 2, "phrases": 40, "voices_a_phrase": 2, "invented": 10}
    clips = pico_clips("alexa", seed=1, **few)
    assert [clip.said for clip in clips].count(True) == 2 * len(SPEAKERS)
    assert [clip.said for clip in clips].count(False) == 2 * 40 + 2 * 10
    assert all(clip.synthetic and clip.audio.duration > 0.2 for clip in clips)
    assert "phrase-a lexus" in {clip.group for clip in clips}
    held = {clip.group for clip in pico_clips("alexa", seed=1, without=("a lexus",), **few)}
    assert not any("lexus" in group for group in held)


def test_without_it_there_are_no_such_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico, "find_spec", lambda name: None)
    assert pico_clips("alexa", seed=1) == []
    with pytest.raises(MissingExtra, match="voices"):
        speak([])
