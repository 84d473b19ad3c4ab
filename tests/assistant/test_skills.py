from __future__ import annotations

import inspect
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from earmark.assistant import Listened, Message, Request, answer
from earmark.assistant.grammar import skill_intents
from earmark.assistant.skills import handlers, templates
from earmark.assistant.understanding import parse
from earmark.web.wording import UNDERSTOOD
from earmark.words import DeviceId

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=timezone(timedelta(hours=2)))
INTENTS = skill_intents({"member": ["Anna", "Tom"]})


def request(sentence: str, now: datetime = NOW) -> Request:
    found = parse(sentence, INTENTS)
    assert found is not None, f"no template fits: {sentence}"
    assert found.intent is not None
    return Request(
        intent=found.intent,
        slots=found.slots,
        text=sentence,
        now=now,
        device_id=DeviceId(uuid.UUID(int=7)),
    )


async def test_tells_time_and_date(memory_home):
    assert (await answer(request("what time is it"), memory_home)).text == "It's 7:05 PM."
    assert (await answer(request("what day is it today"), memory_home)).text == "It's Sunday, 22 November 2026."


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        ("set a timer for ten minutes", 600),
        ("set a pasta timer for eleven minutes", 660),
        ("set a twenty five minute timer", 1500),
        ("set a timer for half an hour", 1800),
        ("set a timer for an hour and a half", 5400),
        ("set a timer for two hours and five minutes", 7500),
        ("set a timer for one minute and thirty seconds please", 90),
    ],
)
async def test_sets_a_timer_on_the_device_and_keeps_it(memory_home, sentence, seconds):
    reply = await answer(request(sentence), memory_home)
    (action,) = reply.actions
    due = NOW + timedelta(seconds=seconds)
    assert action.kind == "timer.set"
    assert action.data["due"] == due.isoformat()
    assert [(alarm.kind, alarm.due) for alarm in memory_home.pending] == [("timer", due)]


@pytest.mark.parametrize(
    ("sentence", "day", "hour", "minute"),
    [
        ("set an alarm for half past seven tomorrow", 23, 7, 30),
        ("set an alarm for half past seven", 22, 19, 30),
        ("set an alarm for seven", 23, 7, 0),
        ("wake me up at six forty five in the morning", 23, 6, 45),
        ("set an alarm for a quarter to one", 23, 0, 45),
        ("set an alarm for twelve thirty p m", 23, 12, 30),
        ("set an alarm for noon", 23, 12, 0),
        ("set an alarm for eight o'clock tonight", 22, 20, 0),
    ],
)
async def test_an_alarm_rings_when_the_clock_next_shows_it(memory_home, sentence, day, hour, minute):
    reply = await answer(request(sentence), memory_home)
    assert memory_home.pending[0].due == NOW.replace(day=day, hour=hour, minute=minute)
    assert reply.actions[0].kind == "alarm.set"


async def test_cancels_the_timer_that_is_named_and_lists_the_rest(memory_home):
    await answer(request("set a pasta timer for ten minutes"), memory_home)
    await answer(request("set a timer for five minutes"), memory_home)
    reply = await answer(request("cancel the pasta timer"), memory_home)
    assert [action.kind for action in reply.actions] == ["timer.cancel"]
    assert [alarm.label for alarm in memory_home.pending] == [""]
    assert (await answer(request("what timers are set"), memory_home)).text == "5 minutes left."


async def test_cancels_all_timers_and_leaves_alarms(memory_home):
    for sentence in ("set a timer for five minutes", "set a tea timer for two minutes", "set an alarm for nine"):
        await answer(request(sentence), memory_home)
    reply = await answer(request("cancel all timers"), memory_home)
    assert len(reply.actions) == 2
    assert [alarm.kind for alarm in memory_home.pending] == ["alarm"]


async def test_cancels_the_alarm_of_that_time(memory_home):
    await answer(request("set an alarm for seven"), memory_home)
    await answer(request("set an alarm for eight"), memory_home)
    await answer(request("cancel the alarm for eight"), memory_home)
    assert [alarm.due.hour for alarm in memory_home.pending] == [7]


async def test_cancelling_nothing_says_so(memory_home):
    reply = await answer(request("cancel the timer"), memory_home)
    assert not reply.done
    assert not reply.actions


async def test_keeps_a_shopping_list(memory_home):
    await answer(request("add milk and eggs to the shopping list"), memory_home)
    await answer(request("put green lentils on my shopping list"), memory_home)
    assert memory_home.items == ["milk", "eggs", "green lentils"]
    await answer(request("remove milk from the shopping list"), memory_home)
    told = await answer(request("what's on the shopping list"), memory_home)
    assert told.text == "On your list: eggs and green lentils."
    await answer(request("clear my shopping list"), memory_home)
    assert memory_home.items == []


async def test_leaves_and_reads_messages(memory_home):
    reply = await answer(request("tell tom that dinner is at eight"), memory_home)
    assert reply.text == "I will tell Tom."
    assert [message.text for message in memory_home.messages] == ["dinner is at eight"]
    memory_home.messages = [Message(id="m1", from_name="Tom", text="back at nine", left_at=NOW)]
    assert (await answer(request("read my messages"), memory_home)).text == (
        "You have one new message. Tom says: back at nine."
    )
    assert (await answer(request("do i have any new messages"), memory_home)).text == "You have no new messages."


@pytest.mark.parametrize(
    ("sentence", "kind", "data"),
    [
        ("set the volume to four", "volume.set", {"percent": 40}),
        ("set the volume to thirty five percent", "volume.set", {"percent": 35}),
        ("turn the volume up", "volume.change", {"percent": 10}),
        ("turn down the volume", "volume.change", {"percent": -10}),
        ("mute the sound", "volume.mute", {"on": True}),
        ("turn the sound back on", "volume.mute", {"on": False}),
    ],
)
async def test_changes_the_volume(memory_home, sentence, kind, data):
    (action,) = (await answer(request(sentence), memory_home)).actions
    assert (action.kind, dict(action.data)) == (kind, data)


async def test_orders_a_coffee_with_the_benchmarks_slots(memory_home):
    order = request("make me an iced mocha with a little bit of soy milk and lots of brown sugar")
    assert dict(order.slots) == {
        "coffeeDrink": "iced mocha",
        "milkAmount": "a little bit of soy milk",
        "sugarAmount": "lots of brown sugar",
    }
    (action,) = (await answer(order, memory_home)).actions
    assert action.kind == "coffee.order"


async def test_deletes_and_switches_saving_by_voice(memory_home):
    memory_home.kept = ["what time is it", "mute the sound"]
    assert (await answer(request("what did you hear"), memory_home)).text == "I heard: mute the sound."
    await answer(request("delete what i just said"), memory_home)
    assert memory_home.kept == ["what time is it"]
    deleted = await answer(request("delete everything i said today"), memory_home)
    assert deleted.text == "Everything you said today is deleted."
    assert memory_home.kept == []
    assert (await answer(request("delete what i just said"), memory_home)).text == "There was nothing to delete."
    await answer(request("stop saving my recordings"), memory_home)
    assert memory_home.saving is False
    await answer(request("start saving"), memory_home)
    assert memory_home.saving is True


@pytest.mark.parametrize(
    ("sentence", "since", "until", "when"),
    [
        ("delete everything from today", 22, None, "today"),
        ("delete everything i said yesterday", 21, 22, "yesterday"),
        ("forget everything from this week", 16, None, "since Monday"),
    ],
)
async def test_deletes_a_period_in_the_devices_own_time(memory_home, sentence, since, until, when):
    """NOW is a Sunday evening two hours east of Greenwich."""
    memory_home.kept = ["what time is it"]
    reply = await answer(request(sentence), memory_home)
    assert reply.text == f"Everything you said {when} is deleted."
    midnight = NOW.replace(hour=0, minute=0)
    assert memory_home.erased == [(midnight.replace(day=since), until and midnight.replace(day=until))]


async def test_everything_goes_only_when_it_was_asked_about(memory_home):
    memory_home.kept = ["what time is it"]
    asked = await answer(request("delete everything you have heard from me"), memory_home)
    assert asked.asks == "deleteEverything"
    assert "yes, delete everything" in asked.text
    yes = request("yes delete everything")
    for confirms in ("", "reviewOn"):
        assert not (await answer(replace(yes, confirms=confirms), memory_home)).done
    assert memory_home.kept == ["what time is it"]
    assert (await answer(replace(yes, confirms=asked.asks), memory_home)).text == "Everything is deleted."
    assert memory_home.kept == []


async def test_people_may_listen_only_after_a_yes_to_the_wording(memory_home):
    asked = await answer(request("turn on human review"), memory_home)
    assert asked.text.startswith("A person may listen.")
    yes = request("yes turn on human review")
    for confirms in ("", "deleteEverything"):
        assert not (await answer(replace(yes, confirms=confirms), memory_home)).done
    assert memory_home.review is False
    await answer(replace(yes, confirms=asked.asks), memory_home)
    assert memory_home.review is True
    await answer(request("turn off human review"), memory_home)
    assert memory_home.review is False


async def test_says_who_listened_by_role_site_and_day(memory_home):
    assert (await answer(request("who listened to me"), memory_home)).text == (
        "Nobody has listened to anything of yours that I keep."
    )
    memory_home.listened = [
        Listened(role="reviewer", site="Bucharest", day=date(2026, 5, 4), times=2),
        Listened(role="safety", site="home", day=date(2026, 5, 3), times=1),
    ]
    assert (await answer(request("has anyone listened to me"), memory_home)).text == (
        "People listened 3 times. That was: a reviewer in Bucharest, 2 times on Monday, 4 May 2026 and a safety "
        "officer, once on Sunday, 3 May 2026. Your history shows each of them."
    )
    memory_home.listened *= 2
    told = (await answer(request("who has listened to my recordings"), memory_home)).text
    assert told.startswith("People listened 6 times. The latest: ")
    assert told.count(" on ") == 3


async def test_forgets_what_was_not_for_it(memory_home):
    memory_home.kept = ["mute the sound"]
    assert (await answer(request("that was not for you"), memory_home)).text == "Sorry. I forgot what I heard."
    assert memory_home.kept == []
    assert (await answer(request("i wasn't talking to you"), memory_home)).text == "Sorry. I have kept nothing of it."


async def test_speaks_a_guest_code_slowly_and_twice(memory_home):
    assert not (await answer(request("give me a guest code"), memory_home)).done
    memory_home.code = "472913"
    told = (await answer(request("give me a guest code"), memory_home)).text
    assert told.count("4 7 2. 9 1 3.") == 2
    assert "24 hours" in told


async def test_gives_the_notice(memory_home):
    for sentence in ("what are you recording", "privacy notice", "read me the privacy notice"):
        assert (await answer(request(sentence), memory_home)).text == "I hear my name."


def test_every_intent_has_plain_words():
    assert set(handlers()) <= set(UNDERSTOOD)


def test_every_intent_has_one_skill():
    intents = [intent for sentences in templates().values() for intent in sentences["intents"]]
    assert len(intents) == len(set(intents))
    assert set(handlers()) == set(intents)
    assert all(inspect.iscoroutinefunction(handle) for handle in handlers().values())


async def test_a_timer_across_midnight_in_utc(memory_home):
    late = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    await answer(request("set a timer for two minutes", late), memory_home)
    assert memory_home.pending[0].due == datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
