"""Voices live with one device each: who is learned from is never who judges."""

from __future__ import annotations

import numpy as np

from earmark.demo.hearing import shares
from earmark.demo.material import Utterance
from earmark.words import PcmAudio

SILENCE = PcmAudio(samples=np.zeros(16, np.int16))


def test_a_voice_lives_with_one_device_and_the_devices_have_about_as_much():
    said = [Utterance(audio=SILENCE, voice=f"voice {number % 7}", called=True) for number in range(100)]
    parts = shares(said, 3)
    assert sorted(map(id, (each for part in parts for each in part))) == sorted(map(id, said))
    voices = [{each.voice for each in part} for part in parts]
    assert sum(map(len, voices)) == 7
    assert max(map(len, parts)) - min(map(len, parts)) <= 100 / 7 + 1
    assert all(part == [each for each in said if each in part] for part in parts)
