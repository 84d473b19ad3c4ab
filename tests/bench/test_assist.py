"""What is counted as the time to a reply; how short it is, no test says."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.bench.assist import Stopwatch
from earmark.device import Answer, EndOfSpeech
from earmark.words import PcmAudio

_SOUND = PcmAudio(samples=np.zeros(160, dtype=np.int16))


def test_a_reply_is_timed_from_the_decision_and_from_the_voice() -> None:
    """The device decided 0.1 s late about a frame that was heard 0.7 s after the last voice."""
    time = [10.0]
    clock = Stopwatch(lambda: time[0])
    clock.due = 9.9
    clock.note(EndOfSpeech(reason="silence", duration=3.0, last_voiced=2.3))
    time[0] = 10.2
    clock.note(Answer(text="It is nine.", accepted=True))
    clock.play(_SOUND)
    assert clock.after_endpoint == pytest.approx([0.2])
    assert clock.after_voice == pytest.approx([1.0])


def test_what_was_no_command_is_not_timed() -> None:
    clock = Stopwatch(lambda: 0.0)
    clock.note(EndOfSpeech(reason="silence", duration=3.0, last_voiced=2.3))
    clock.note(Answer(text="Sorry, I didn't get that."))
    clock.play(_SOUND)
    assert clock.result() == {"accepted": 0}
