"""A device on its own: its session is all there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from earmark.assistant import Engine, Hypothesis
from earmark.device import Answer, Woke
from earmark.local import LASTS, LocalAssistant

NOON = datetime(2027, 3, 4, 12, tzinfo=UTC)
WOKE = Woke(word="alexa", at=3.0, score=0.97, verifier=None, wake_start=0.5, wake_end=1.1, bundle="builtin")


class Script:
    """A recogniser that hears what the test says was said."""

    says, fed = "", 0

    def start(self) -> None:
        self.fed = 0

    def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    def partial(self) -> str:
        return ""

    def finish(self) -> Hypothesis:
        return Hypothesis(words=(), text=self.says, confidence=0.99, source="grammar")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def say(script, clock):
    engine = Engine(names=["anna"], size=1, make=lambda: script)
    assistant = LocalAssistant(engine=engine, names=["Anna"], now=clock)

    async def make(text: str) -> Answer:
        script.says = text
        await assistant.begin(WOKE, at=clock())
        for _ in range(4):
            await assistant.send(bytes(16_000))
        return await assistant.end("silence")

    return make


async def test_hears_what_follows_the_wake_word(say, script) -> None:
    await say("what time is it")
    assert script.fed / 32_000 == pytest.approx(2.0 - 1.1 + 0.05)


async def test_says_of_all_it_puts_down_how_long_it_lasts(say) -> None:
    for sentence in ("add milk to my shopping list", "tell anna dinner is ready", "set an alarm for seven"):
        assert (await say(sentence)).text.endswith(LASTS)
    for sentence in (
        "what time is it",
        "what's on my shopping list",
        "add milk to my shopping list",
        "turn the volume up",
    ):
        assert LASTS not in (await say(sentence)).text
    assert "dinner is ready" in (await say("read my messages")).text
    assert (await say("read my messages")).text == "You have no new messages."


async def test_an_alarm_rings_on_the_device_and_is_over(say, clock) -> None:
    (action,) = (await say("set a timer for ten minutes")).actions
    assert action["kind"] == "timer.set"
    assert action["data"]["due"] == (clock() + timedelta(minutes=10)).isoformat()
    assert (await say("what timers are set")).text == "10 minutes left."
    clock.turn(minutes=11)
    assert (await say("what timers are set")).text == "There is no timer set."


async def test_everything_goes_after_a_yes(say) -> None:
    await say("add milk to my shopping list")
    (timer,) = (await say("set a timer for ten minutes")).actions
    await say("delete everything about me")
    done = await say("yes delete everything")
    assert done.text == "Everything is deleted."
    assert done.actions == ({"kind": "timer.cancel", "data": {"id": timer["data"]["id"]}},)
    assert (await say("what's on my shopping list")).text == "Your shopping list is empty."


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("start saving", "This device saves nothing"),
        ("stop saving", "This device saves nothing"),
        ("turn on human review", "Nobody can listen"),
        ("turn off human review", "Human review is off"),
        ("who listened to me", "Nobody has listened"),
        ("give me a guest code", "Guest codes are not available"),
        ("delete everything from yesterday", "There was nothing to delete"),
        ("delete what i just said", "There was nothing to delete"),
        ("what did you hear", "I have nothing kept"),
        ("that was not for you", "Sorry. I have kept nothing of it"),
        ("what are you recording", "Hello, this is Earmark"),
    ],
)
async def test_promises_nothing_that_it_can_not_do(say, sentence, told) -> None:
    answer = await say(sentence)
    assert answer.text.startswith(told)
    assert answer.interaction is None


async def test_a_wake_in_the_middle_of_an_utterance_begins_anew(say, script, clock) -> None:
    assistant = LocalAssistant(engine=Engine(size=1, make=lambda: script), now=clock)
    await assistant.begin(WOKE, at=clock())
    await assistant.send(bytes(16_000))
    script.says = "what time is it"
    await assistant.begin(WOKE, at=clock())
    assert (await assistant.end("silence")).intent == "getTime"
