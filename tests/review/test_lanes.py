"""What somebody may be given: region, hours, languages, breaks, training, campaigns."""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from decimal import Decimal

import pytest

from earmark import review
from earmark.review import lanes_for
from earmark.review.sites import Site

SAID = {"value": "said"}


@pytest.fixture
def site(floor):
    """`await site(serves=("eu",))`: set the reviewers' site up."""

    async def put(**changes):
        usual = {
            "name": "Boston", "region": "home", "serves": ("home",), "languages": ("en",), "timezone": "UTC",
            "opens": time(), "closes": time(), "days": (1, 2, 3, 4, 5, 6, 7), "pass_mark": None,
            "break_after_minutes": 50, "break_minutes": 10, "hourly_cost": Decimal(0), "currency": "USD",
        }  # fmt: skip
        await review.sites.put_site(floor, None, Site(**(usual | changes)))

    return put


async def test_clips_of_a_region_reach_permitted_sites_only(floor, make_task, reviewer, site):
    await make_task(region="eu")
    assert await review.next_task(floor, reviewer()) is None
    await site(serves=("home",))
    assert await review.next_task(floor, reviewer()) is None
    await site(serves=("home", "eu"))
    assert await review.next_task(floor, reviewer()) is not None


async def test_a_site_works_in_its_languages(floor, make_task, reviewer, site):
    await make_task(language="ro")
    await site(languages=("en",))
    who = reviewer(languages=("en", "ro"))
    assert await review.next_task(floor, who) is None
    assert (await lanes_for(floor, reviewer(languages=("ro",)))).why.code == "nothing"
    await site(languages=("en", "ro"))
    assert await review.next_task(floor, who) is not None


async def test_a_closed_site_gets_nothing_and_is_told_until_when(floor, make_task, reviewer, site, clock):
    await make_task()
    await site(opens=time(14), closes=time(18))
    who = reviewer()
    assert await review.next_task(floor, who) is None
    why = (await lanes_for(floor, who)).why
    assert (why.code, why.until.hour) == ("closed", 14)
    clock.turn(hours=5)
    assert await review.next_task(floor, who) is not None


async def test_a_break_comes_after_the_sites_minutes_and_ends(floor, make_task, reviewer, site, clock):
    for _ in range(70):
        await make_task()
    await site(break_after_minutes=50, break_minutes=10)
    who, given = reviewer(), 0
    for _ in range(60):
        clock.turn(minutes=1)
        served = await review.next_task(floor, who)
        if served is None:
            break
        given += 1
        await review.release(floor, who, served.task_id, served.fence)
    assert 49 <= given <= 51
    why = (await lanes_for(floor, who)).why
    assert why.code == "break"
    assert timedelta(minutes=8) <= why.until - clock() <= timedelta(minutes=10)
    clock.turn(minutes=11)
    assert await review.next_task(floor, who) is not None


async def test_nobody_hears_a_person_before_the_training_is_passed(floor, make_task, reviewer, site, clock):
    real = await make_task()
    await site(pass_mark=0.8)
    who = reviewer()
    assert await review.next_task(floor, who) is None
    assert (await lanes_for(floor, who)).why.code == "training"
    for _ in range(12):
        await make_task(region="training", known=SAID)
    clock.turn(seconds=30)

    async def one_round(answer):
        served = await review.next_task(floor, who, lanes=await lanes_for(floor, who, fresh=True))
        for _ in range(10):
            assert served.training
            await review.sound(floor, who, served.task_id, served.fence)
            taken = await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), answer)
            served = taken.next
        return served

    assert await one_round({"value": "not_said"}) is None
    why = (await lanes_for(floor, who)).why
    assert why.code == "training-failed"
    assert why.text.startswith("0 of 10 were right, and 8 are needed")
    await review.begin_round(floor, who, "en")
    after = await one_round(SAID)
    assert after.task_id == real
    assert not after.training


async def test_a_lead_needs_no_training(floor, make_task, reviewer, site):
    await make_task()
    await site(pass_mark=0.8)
    assert await review.next_task(floor, reviewer(role="lead")) is not None


async def test_a_campaigns_question_comes_first_while_it_is_open(floor, make_task, reviewer, clock):
    for _ in range(6):
        await make_task("wake")
    wanted = {await make_task("helpful") for _ in range(3)}
    lead = reviewer(role="lead")
    campaign = await review.campaigns.put_campaign(
        floor,
        lead,
        {
            "name": "Replies", "purpose": "to find out which replies help", "questions": ["helpful"],
            "languages": ["en"], "budget": 10, "deadline": "2026-06-01", "gold_share": 0, "blind_share": 0,
        },
    )  # fmt: skip
    assert (await review.asked_now(floor))["helpful"].share == 1
    who = reviewer()
    assert {(await review.next_task(floor, who)).task_id for _ in range(3)} == wanted
    assert (await review.next_task(floor, who)).question == "wake"
    await review.campaigns.set_state(floor, lead, campaign.id, "paused")
    assert (await review.asked_now(floor))["helpful"].share == 0


async def test_each_language_is_tried_once_and_one_that_was_not_passed_keeps_nobody_from_the_others(
    floor, make_task, reviewer, site, clock
):
    for language, known in (("en", SAID), ("ro", {"value": "not_said"})):
        for _ in range(10):
            await make_task(language=language, region="training", known=known)
    wanted = await make_task(language="ro")
    await make_task(language="en")
    await site(languages=("en", "ro", "fr"), pass_mark=0.8)
    who, tried = reviewer(languages=("en", "fr", "ro")), []
    served = await review.next_task(floor, who)
    for _ in range(20):
        tried.append(served.language)
        await review.sound(floor, who, served.task_id, served.fence)
        answer = {"value": "not_said"}  # right in Romanian, wrong in English
        taken = await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), answer)
        served = taken.next
    assert tried == ["en"] * 10 + ["ro"] * 10
    assert served.task_id == wanted
    assert {lane.language for lane in (await lanes_for(floor, who)).lanes} == {"ro"}
