from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from earmark import consent, forget, vault
from earmark.assistant import Conversation, Engine, Place
from earmark.device import Voice
from earmark.vault import Wake
from earmark.words import PcmAudio

AT = datetime(2026, 5, 4, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine():
    made = Engine(names=["ada", "ben"], size=1)
    made.warm()
    return made


@pytest.fixture(scope="module")
def voice():
    with Voice() as voice:
        yield voice


def room(seconds: float) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 20, round(seconds * 16_000)).astype(np.int16)


@pytest.fixture
def say(voice, stores, household, engine):
    """`await say("what time is it")`: the whole way of one command on the kitchen device."""
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)

    async def erase(person, ids):
        await forget.forget(stores, person, ids, how="voice")

    async def make(text: str, *, called: bool = True):
        conversation = Conversation(stores, lambda: engine, place, erase)
        spoken = voice.synthesise(text).samples
        call = voice.synthesise("alexa").samples if called else np.zeros(0, np.int16)
        wake = Wake(word="alexa", score=0.98, start=0.5, end=0.5 + len(call) / 16_000) if called else None
        sound = np.concatenate([room(0.5), call, room(0.2), spoken, room(0.8)])
        await conversation.begin(at=AT, wake=wake)
        pcm = PcmAudio(samples=sound).pcm
        for start in range(0, len(pcm), 3200):
            await conversation.feed(pcm[start : start + 3200])
        return await conversation.end()

    return make


async def test_a_question_is_answered_and_kept_with_its_sound(say, stores, household):
    said = await say("what time is it")
    assert said.heard.understanding.intent == "getTime"
    assert "11" in said.text or "half past" in said.text
    kept = await vault.interaction(stores, household.ada, said.interaction)
    assert kept.content.text == "what time is it"
    assert kept.content.reply == said.text
    assert kept.kind == "question"
    assert kept.wake.word == "alexa"
    first = kept.content.words[0]
    assert kept.wake.end - 0.1 <= first.start < first.end <= kept.duration


async def test_what_is_no_command_is_refused_and_still_shown_to_its_owner(say, stores, household):
    said = await say("the neighbours have bought a new car")
    assert not said.heard.understanding.accepted
    assert (await vault.interaction(stores, household.ada, said.interaction)).kind == "refused"


async def test_delete_what_i_just_said_leaves_neither_it_nor_the_asking(say, stores, household):
    await say("what is the date")
    assert await vault.count(stores, household.ada) == 1
    said = await say("delete what I just said")
    assert said.heard.understanding.intent == "deleteLast"
    assert said.interaction is None
    assert await vault.count(stores, household.ada) == 0
    assert len(await vault.receipts(stores, household.ada)) == 1


async def test_stop_saving_answers_on_and_keeps_nothing(say, stores, household):
    said = await say("stop saving")
    assert said.heard.understanding.intent == "stopSaving"
    assert not (await consent.current(stores, household.ada)).allows("save", household.kitchen)
    said = await say("what time is it")
    assert said.heard.understanding.intent == "getTime"
    assert said.interaction is None
    assert await vault.count(stores, household.ada) == 0


async def test_a_cut_connection_leaves_nothing(stores, household, engine):
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)

    async def erase(person, ids):
        raise AssertionError

    conversation = Conversation(stores, lambda: engine, place, erase)
    await conversation.begin(at=AT, wake=None)
    await conversation.feed(bytes(32_000))
    conversation.abandon()
    assert not conversation.open
    assert await vault.count(stores, household.ada) == 0
    with engine.listen() as listening:  # its recogniser came back
        assert listening.partial() == ""
