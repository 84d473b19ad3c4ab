"""What a device says about itself: true, short, audible, and not its own wake word."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from earmark.assistant.grammar import skill_intents
from earmark.assistant.understanding import parse
from earmark.device import WORDS, MicroWakeDetector, Notices, Voice, VoiceSpeaker, frames, notice
from earmark.device.actions import Desk
from earmark.words import PcmAudio

TEXTS = {
    "local": notice.of_local_only(),
    "unsaved": notice.of_assistant(saved=False, heard=False),
    "saved": notice.of_assistant(saved=True, heard=False),
    "heard": notice.of_assistant(saved=True, heard=True),
}


@pytest.fixture(scope="module")
def spoken() -> dict[str, PcmAudio]:
    with Voice() as voice:
        return {state: voice.synthesise(each.text) for state, each in TEXTS.items()}


@pytest.mark.parametrize("state", TEXTS)
def test_is_over_in_twenty_seconds_and_neither_faint_nor_clipped(spoken, state) -> None:
    sound = spoken[state]
    samples = sound.samples.astype(np.float64)
    assert sound.duration <= 20.0
    assert np.abs(samples).max() < 32_767 * 0.95
    assert 20 * np.log10(np.sqrt((samples**2).mean()) / 32_768) > -26


@pytest.mark.parametrize("state", TEXTS)
@pytest.mark.parametrize("word", WORDS)
def test_wakes_no_device(spoken, state, word) -> None:
    detector = MicroWakeDetector(word)
    scores = [score for frame in frames(spoken[state]) if (score := detector.feed(frame)) is not None]
    assert max(scores) < detector.cutoff / 2


def test_each_state_has_its_own_wording() -> None:
    assert len({each.version for each in TEXTS.values()}) == len({each.text for each in TEXTS.values()}) == len(TEXTS)
    assert all(each.version == f"{notice.WORDING}-{state}" for state, each in TEXTS.items())
    assert notice.of_assistant(saved=False, heard=True) == TEXTS["unsaved"], "what is not saved nobody can hear"


def test_what_it_tells_people_to_say_is_understood() -> None:
    told = {part for each in TEXTS.values() for part in re.findall(r"(?:say|or): ([^,.]+)", each.text)}
    assert told == {"start saving", "stop saving", "turn off human review"}
    assert all(parse(part, skill_intents({})) for part in told)


async def test_is_spoken_at_the_devices_volume() -> None:
    played: list[PcmAudio] = []
    with Voice() as voice:
        await VoiceSpeaker(voice, play=played.append).say(TEXTS["local"].text, gain=Desk().gain)
    assert 2_000 < np.abs(played[0].samples.astype(int)).max() < 32_767


def test_is_remembered_by_wording_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "device" / "notices.json"
    notices = Notices(file)
    assert not file.parent.exists(), "nothing is written before something was said"
    notices.remember("notice-1-saved")
    again = Notices(file)
    assert again.given("notice-1-saved")
    assert not again.given("notice-1-heard")
    assert not again.given("notice-2-saved")
    again.remember("notice-1-heard")
    assert Notices(file).given("notice-1-saved")


@pytest.mark.parametrize("damaged", ["", "{", "7", "[[]]", "\x00"])
def test_a_damaged_file_means_that_it_is_said_once_more(tmp_path: Path, damaged: str) -> None:
    file = tmp_path / "notices.json"
    file.write_text(damaged)
    notices = Notices(file)
    assert not notices.given("notice-1-saved")
    notices.remember("notice-1-saved")
    assert Notices(file).given("notice-1-saved")


def test_where_nothing_can_be_written_it_is_said_at_each_start(tmp_path: Path) -> None:
    (tmp_path / "device").write_text("not a folder")
    notices = Notices(tmp_path / "device" / "notices.json")
    notices.remember("notice-1-saved")
    assert notices.given("notice-1-saved")
    assert not Notices(tmp_path / "device" / "notices.json").given("notice-1-saved")
