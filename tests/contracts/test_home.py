"""What every Home does, whether it keeps things in the vault or for a session only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from earmark.assistant import Doors, Home, SessionHome
from earmark.assistant.household import VaultHome


@pytest.fixture(params=["vault", "session"])
def home(request: pytest.FixtureRequest, clock) -> Home:
    """Ada's, who leaves messages for herself; the database is made only for the one that needs it."""
    if request.param == "session":
        return SessionHome(now=clock, spoken_notice="I hear my name.", names=["Ada", "Ben"])
    household, stores = request.getfixturevalue("household"), request.getfixturevalue("stores")

    async def never(*_) -> None:
        raise AssertionError("there is nothing to erase or to pull back")

    return VaultHome(
        stores=stores,
        household_id=household.id,
        person_id=household.ada,
        device_id=household.kitchen,
        now=clock(),
        doors=Doors(forget=never, recall=never),
    )


async def test_knows_its_members(home: Home) -> None:
    assert sorted(await home.member_names()) == ["Ada", "Ben"]


async def test_keeps_a_list_in_order_without_doubles(home: Home) -> None:
    assert [await home.shopping_add(item) for item in ("milk", "eggs", "Milk")] == [True, True, False]
    assert list(await home.shopping_all()) == ["milk", "eggs"]
    assert [await home.shopping_remove(item) for item in ("MILK", "milk")] == [True, False]
    assert await home.shopping_clear() == 1
    assert list(await home.shopping_all()) == []


async def test_keeps_messages_until_they_are_read(home: Home, clock) -> None:
    assert not await home.message_leave("nobody", "hello")
    assert await home.message_leave("ada", "dinner is ready")
    clock.turn(seconds=1)
    assert await home.message_leave("Ada", "hurry up")
    first, second = await home.messages_unread()
    assert (first.text, second.text) == ("dinner is ready", "hurry up")
    await home.messages_mark_read([first.id])
    assert [message.text for message in await home.messages_unread()] == ["hurry up"]


async def test_keeps_what_has_not_rung_soonest_first(home: Home, clock) -> None:
    late = await home.alarm_add("alarm", clock() + timedelta(hours=1), "")
    soon = await home.alarm_add("timer", clock() + timedelta(minutes=1), "tea")
    await home.alarm_add("timer", clock() - timedelta(minutes=1), "past")
    assert [(each.id, each.kind, each.label, each.due) for each in await home.alarms()] == [
        (soon.id, "timer", "tea", clock() + timedelta(minutes=1)),
        (late.id, "alarm", "", clock() + timedelta(hours=1)),
    ]
    await home.alarm_cancel([soon.id])
    assert [each.id for each in await home.alarms()] == [late.id]


async def test_of_nothing_there_is_nothing_to_say_or_to_delete(home: Home, clock) -> None:
    assert await home.delete_last() == await home.delete_everything() == 0
    assert await home.delete_between(clock() - timedelta(days=1), None) == 0
    assert await home.last_heard() is None
    assert await home.not_for_me() is False
    assert list(await home.who_listened()) == []
    assert await home.guest_code() is None
    assert await home.notice()
