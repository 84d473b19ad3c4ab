"""What every Speaker does, whatever it speaks with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from earmark.device import PrintSpeaker, Speaker, Voice, VoiceSpeaker
from earmark.words import PcmAudio

Made = tuple[Speaker, Callable[[], int]]
"""A speaker, and how many replies came out of it."""


@pytest.fixture(params=["print", "voice"])
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    if request.param == "print":
        lines: list[str] = []
        yield PrintSpeaker(lines.append), lambda: len(lines)
        return
    played: list[PcmAudio] = []
    with Voice() as voice:
        yield VoiceSpeaker(voice, play=played.append), lambda: len(played)


async def test_a_reply_is_over_when_say_returns(made: Made) -> None:
    speaker, count = made
    await speaker.say("It is noon.", gain=1.0)
    assert count() == 1
    await speaker.say("And now it is not.", gain=0.5)
    assert count() == 2


async def test_nothing_to_say_is_no_error(made: Made) -> None:
    await made[0].say("", gain=1.0)


async def test_muted_is_no_error(made: Made) -> None:
    await made[0].say("It is noon.", gain=0.0)


async def test_gain_is_heard() -> None:
    played: list[PcmAudio] = []
    with Voice() as voice:
        speaker = VoiceSpeaker(voice, play=played.append)
        await speaker.say("It is noon.", gain=1.0)
        await speaker.say("It is noon.", gain=0.25)
        await speaker.say("It is noon.", gain=0.0)
    loud, quiet = (float(np.abs(sound.samples.astype(int)).max()) for sound in played)
    assert quiet == pytest.approx(loud / 4, rel=0.2)
