from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from earmark.device import Voice
from earmark.errors import BadRequest, VoiceGone


def test_speaks_at_16_khz() -> None:
    with Voice() as voice:
        word, sentence = voice.synthesise("alexa"), voice.synthesise("what time is it in the kitchen")
    assert 0.3 < word.duration < 1.0
    assert 1.0 < sentence.duration < 3.0
    assert np.abs(sentence.samples).max() > 2000


def test_speed_and_pitch_are_heard() -> None:
    with Voice() as voice:
        slow, fast = voice.synthesise("good morning", speed=110), voice.synthesise("good morning", speed=220)
        low, high = voice.synthesise("good morning", pitch=10), voice.synthesise("good morning", pitch=90)
    assert slow.duration > 1.4 * fast.duration
    assert not np.array_equal(low.samples, high.samples)


def test_nothing_to_say_is_no_sound() -> None:
    with Voice() as voice:
        assert not voice.synthesise("").samples.any()
        assert voice.synthesise("still here\nand on a second line").duration > 0.5


def test_unknown_voice_and_the_next_sentence() -> None:
    with Voice() as voice:
        with pytest.raises(BadRequest):
            voice.synthesise("hello", voice="en-atlantis")
        assert voice.synthesise("hello").duration > 0.2


def test_a_voice_that_died_says_so() -> None:
    voice = Voice()
    voice._child.kill()
    voice._child.wait()
    with pytest.raises(VoiceGone):
        voice.synthesise("hello")
    voice.close()
    with pytest.raises(VoiceGone):
        voice.synthesise("hello")


def test_the_library_is_never_in_our_process() -> None:
    script = (
        "from earmark.device import Voice\n"
        "with Voice() as voice: voice.synthesise('hello')\n"
        "print('espeak' in open('/proc/self/maps').read())"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux lists a process's libraries this way")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_said_does_not_depend_on_the_time_of_day():
    def said() -> list[bytes]:
        with Voice() as voice:
            # Voices that breathe: their noise is drawn.
            return [voice.synthesise("a lexus", voice=f"en-us+{name}").samples.tobytes() for name in ("f2", "f5")]

    before = said()
    time.sleep(1.1)  # espeak-ng's own seed is the second in which it started
    assert said() == before
