"""Campaigns: what runs, what it took, and when it ends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from earmark import review
from earmark.doings import carry_doings
from earmark.errors import BadRequest, Conflict, Forbidden, NotFound
from earmark.review import Reviewer, campaigns
from earmark.storage import Stores

Make = Callable[..., Reviewer]


def form(clock, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Wake words in May",
        "purpose": "Fewer false wakes in kitchens",
        "questions": ["wake"],
        "languages": "en",
        "budget": "10",
        "deadline": (clock().date() + timedelta(days=7)).isoformat(),
        "gold_share": "0.1",
        **changes,
    }


async def judge(stores: Stores, task: uuid.UUID, who: Reviewer, *, seconds: float = 8.0, round_: int = 0) -> None:
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day, at, site, round)"
            " VALUES (%s, %s, %s, '', %s, %s, %s, %s, %s)",
            (task, who.id, uuid.uuid4(), seconds, stores.now().date(), stores.now(), who.site, round_),
        )


async def test_open_campaigns_come_by_deadline_and_only_while_they_run(floor: Stores, clock, reviewer: Make):
    lead = reviewer(role="lead")
    later = await campaigns.put_campaign(floor, lead, form(clock, name="Later", deadline="2026-06-30"))
    sooner = await campaigns.put_campaign(floor, lead, form(clock, name="Sooner", deadline="2026-05-05"))
    paused = await campaigns.put_campaign(floor, lead, form(clock, name="Paused"))
    await campaigns.set_state(floor, lead, paused.id, "paused")
    assert [each.id for each in await campaigns.open_campaigns(floor)] == [sooner.id, later.id]
    clock.turn(days=1)
    assert [each.id for each in await campaigns.open_campaigns(floor)] == [sooner.id, later.id], "its last day counts"
    clock.turn(days=1)
    assert [each.id for each in await campaigns.open_campaigns(floor)] == [later.id]


async def test_what_it_took_is_counted_and_a_spent_one_is_closed(
    floor: Stores, stores: Stores, clock, reviewer: Make, make_task
):
    lead = reviewer(role="lead")
    before = await make_task("wake")
    await judge(stores, before, reviewer())
    clock.turn(minutes=1)
    running = await campaigns.put_campaign(floor, lead, form(clock, budget=3))
    for question, language in (("wake", "en"), ("wake", "en"), ("transcript", "en"), ("wake", "es")):
        clock.turn(minutes=1)
        await judge(stores, await make_task(question, language=language), reviewer())
    await judge(stores, await make_task("wake"), reviewer(), round_=1)
    assert await campaigns.count_campaigns(stores) == 0
    assert (await campaigns.campaign(floor, running.id)).spent == 2
    await judge(stores, before, reviewer())
    assert await campaigns.count_campaigns(stores) == 1
    ended = await campaigns.campaign(floor, running.id)
    assert (ended.spent, ended.state) == (3, "closed")
    assert await campaigns.open_campaigns(floor) == []
    (closed, _) = await review.doings.doings(floor, str(running.id))
    assert (closed.what, closed.detail["why"]) == ("campaign.closed", "spent")


async def test_one_past_its_deadline_is_closed_and_takes_nothing_more(
    floor: Stores, stores: Stores, clock, reviewer: Make, make_task
):
    running = await campaigns.put_campaign(floor, reviewer(role="lead"), form(clock, deadline="2026-05-04"))
    task = await make_task("wake")
    await judge(stores, task, reviewer(), seconds=6)
    await judge(stores, task, reviewer(), seconds=4)
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.labels (task_id, sealed, made_by, agreed_on, agreed_at)"
            " VALUES (%s, '', 'agreement', %s, %s)",
            (task, clock().date(), clock()),
        )
    clock.turn(days=1)
    assert await campaigns.count_campaigns(stores) == 1
    clock.turn(hours=1)
    await judge(stores, task, reviewer())
    made = await campaigns.results(floor, await campaigns.campaign(floor, running.id))
    assert (made.labels, made.agreement, made.answers, made.seconds_per_label) == (1, 1.0, 2, 10.0)
    assert made.seconds_by_site == {"Boston": 10.0}


async def test_what_was_asked_and_why_can_not_be_changed_afterwards(floor: Stores, clock, reviewer: Make):
    lead = reviewer(role="lead")
    made = await campaigns.put_campaign(floor, lead, form(clock))
    changed = await campaigns.put_campaign(
        floor, lead, {"budget": 20, "purpose": "Another", "questions": ["transcript"]}, made.id
    )
    assert (changed.budget, changed.purpose, changed.questions) == (20, made.purpose, ("wake",))
    assert (await review.doings.doings(floor, str(made.id)))[0].detail == {"budget": 20}
    await campaigns.set_state(floor, lead, made.id, "closed")
    for late in (
        campaigns.put_campaign(floor, lead, {"budget": 30}, made.id),
        campaigns.set_state(floor, lead, made.id, "open"),
    ):
        with pytest.raises(Conflict):
            await late
    with pytest.raises(NotFound):
        await campaigns.set_state(floor, lead, uuid.uuid4(), "paused")


async def test_only_leads_make_campaigns(floor: Stores, clock, reviewer: Make):
    with pytest.raises(Forbidden):
        await campaigns.put_campaign(floor, reviewer(), form(clock))
    with pytest.raises(Forbidden):
        await campaigns.set_state(floor, reviewer(), uuid.uuid4(), "closed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"purpose": "x" * 401},
        {"questions": []},
        {"questions": ["wake'; --"]},
        {"languages": ""},
        {"budget": 0},
        {"budget": "many"},
        {"deadline": "2026-05-03"},
        {"deadline": "soon"},
        {"gold_share": "2"},
        {"blind_share": "nan"},
    ],
)
async def test_what_can_not_be_is_refused_in_a_sentence(floor: Stores, clock, reviewer: Make, wrong: dict[str, Any]):
    with pytest.raises(BadRequest) as refused:
        await campaigns.put_campaign(floor, reviewer(role="lead"), form(clock, **wrong))
    assert refused.value.message.endswith(".")
    assert await campaigns.campaigns(floor) == []


async def test_the_log_gets_every_change_once_and_never_who(floor: Stores, stores: Stores, clock, reviewer: Make):
    lead = reviewer(role="lead")
    made = await campaigns.put_campaign(floor, lead, form(clock))
    token = await review.invitations.invite(floor, lead, role="reviewer", languages="en")
    await review.invitations.accept(floor, token)
    assert len(await review.doings.doings(floor, str(made.id))) == 1
    async with stores.pool.connection() as connection, connection.transaction():
        await review.doings.note(connection, stores, lead, "person.locked", str(uuid.uuid4()), {"reason": "Bob did it"})
    assert await carry_doings(stores) == 3
    assert await carry_doings(stores) == 0
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT event FROM audit.inbox ORDER BY id")).fetchall()
    events = [json.loads(row["event"]) for row in rows if "invitation.accepted" not in row["event"]]
    assert [each["what"] for each in events] == [
        "campaign.opened",
        "person.invited",
        "person.locked",
    ]
    assert events[0]["about"] == str(made.id)
    assert (events[0]["role"], events[0]["site"]) == ("lead", "Boston")
    assert events[0]["detail"]["purpose"] == "Fewer false wakes in kitchens"
    text = json.dumps(events)
    assert str(lead.id) not in text
    assert "Bob" not in text
    assert all("about" not in each for each in events[1:])
    assert events[2]["detail"] == {}
