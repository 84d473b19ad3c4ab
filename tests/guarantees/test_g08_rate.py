"""Guarantee 8: only opted-in recordings are reviewed, and never more than the published rate."""

from __future__ import annotations

import math
from random import Random

import pytest

from earmark import accounts, airlock, audit, consent

DAYS, A_DAY, RATE = 12, 9, 0.07


@pytest.fixture
async def published(role_stores):
    return await role_stores("earmark_worker", review_rate=RATE)


async def test_who_did_not_opt_in_is_never_chosen(ring, canary, household):
    """We sampled at 100 % with canaries of a person who never allowed it, of one who took it back, and of a device that
    was left out: none was offered, chosen, or made a task."""
    cleo = await accounts.create_person(ring.stores, name="Cleo", roles=["owner"], household_id=household.id)
    await consent.set_grant(ring.stores, cleo, "save", True, how="settings")
    await ring.allow(household.ada)
    await consent.set_grant(ring.stores, household.ada, "review", False, how="settings")
    await ring.allow(household.ben)
    await consent.set_grant(ring.stores, household.ben, "review", False, how="settings", device_id=ring.device)
    for person in (cleo, household.ada, household.ben):
        await ring.say(canary, person=person)
    sampled = await ring.sample()
    assert (sampled.eligible, sampled.chosen, sampled.tasks) == (0, 0, 0)
    for table in ("airlock.offers", "airlock.choices", "airlock.seals", "review.tasks"):
        assert await ring.rows(f"SELECT * FROM {table}") == []


async def test_the_second_switch_alone_lets_nobody_listen(ring, canary):
    """We allowed the improvement of transcription only: no person may listen to anything."""
    await consent.set_grant(ring.stores, ring.ada, "transcription", True, how="settings")
    await ring.say(canary, kind="message")
    assert (await ring.sample()).tasks == 0


async def test_never_more_than_the_rate_on_any_day(ring, canary, household, clock, published):
    """We recorded for twelve days, sampled several times a day at a rate of 7 %, and counted: after every round the
    number chosen was exactly what the rate allows, never one more, and none belonged to who had not opted in."""
    await ring.allow(household.ada)
    eligible = chosen = 0
    for day in range(DAYS):
        for number in range(A_DAY):
            await ring.say(canary, person=household.ben if number == 4 else household.ada)
            if number % 3 == 2:
                sampled = await airlock.run(published, Random(day * 100 + number))
                eligible += sampled.eligible
                chosen += sampled.chosen
                assert chosen == math.floor(round(eligible * RATE, 9)), f"day {day}"
        clock.turn(days=1)
    assert eligible == DAYS * (A_DAY - 1)
    rows = await ring.rows(
        "SELECT DISTINCT i.person_id FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id"
    )
    assert [row["person_id"] for row in rows] == [household.ada]


async def test_the_log_says_the_same_as_the_count(ring, canary, clock, published):
    """We compared the days' published figures with the choices themselves and with the signed log: all three agree."""
    await ring.allow()
    for _ in range(4):
        for _ in range(5):
            await ring.say(canary)
        await airlock.run(published, Random(7))
        clock.turn(days=1)
    await audit.sequence(ring.stores)
    assert (await audit.verify(ring.stores)).good
    events = [entry["event"] for entry in await audit.recent(ring.stores) if entry["event"]["what"] == "sampled"]
    days = await airlock.days(ring.stores)
    choices = await ring.rows("SELECT count(*) AS n FROM airlock.choices")
    assert sum(day.chosen for day in days) == sum(event["chosen"] for event in events) == choices[0]["n"] == 1
    assert sum(day.eligible for day in days) == sum(event["eligible"] for event in events) == 20
    assert [day.rate for day in days] == pytest.approx([RATE] * 4)
