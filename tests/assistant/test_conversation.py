from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earmark import consent, forget, vault
from earmark.assistant import Conversation, Engine, Hypothesis, Place, Word
from earmark.vault import Wake

AT = datetime(2026, 5, 4, 11, 30, tzinfo=UTC)


class Script:
    """A recogniser that hears what the test says was said, at the places where the sound is."""

    def __init__(self) -> None:
        self.says, self.fed = "", 0

    def start(self) -> None:
        self.fed = 0

    def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    def partial(self) -> str:
        return self.says if self.fed else ""

    def finish(self) -> Hypothesis:
        words = tuple(
            Word(text=text, start=0.3 * index, end=0.3 * index + 0.25, confidence=0.9)
            for index, text in enumerate(self.says.split())
        )
        return Hypothesis(words=words, text=self.says, confidence=0.99, source="grammar")


@pytest.fixture(scope="module")
def script():
    return Script()


@pytest.fixture(scope="module")
def engine(script):
    return Engine(names=["ada", "ben"], size=1, make=lambda: script)


@pytest.fixture
def say(stores, household, engine, script, tone):
    """`await say("what time is it")`: the whole way of one command on the kitchen device."""
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)

    async def erase(person, ids):
        await forget.forget(stores, person, ids, how="voice")

    async def make(text: str):
        script.says = text
        conversation = Conversation(stores, lambda: engine, place, erase)
        await conversation.begin(at=AT, wake=Wake(word="alexa", score=0.98, start=0.5, end=1.1))
        pcm = tone(4.0).pcm
        for start in range(0, len(pcm), 3200):
            await conversation.feed(pcm[start : start + 3200])
        return await conversation.end()

    return make


async def test_the_recogniser_hears_what_follows_the_wake_word(say, script):
    await say("what time is it")
    assert script.fed / 32_000 == pytest.approx(4.0 - 1.1 + 0.05)


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


async def test_more_sound_than_a_device_may_send_is_not_taken(stores, household, engine, script):
    place = Place(household_id=household.id, person_id=household.ada, device_id=None)
    script.says = "what time is it"
    conversation = Conversation(stores, lambda: engine, place, forget.forget)
    await conversation.begin(at=AT, wake=None)
    for _ in range(30):
        await conversation.feed(bytes(32_000))
    said = await conversation.end()
    assert (await vault.interaction(stores, household.ada, said.interaction)).duration == 20.0


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
