"""Unusual access is a case like any other: a clock, a decision, a reason; it has no clip and locks nobody out."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from earmark import review, safety
from earmark.errors import BadRequest, NotFound
from earmark.words import PersonId


@pytest.fixture
async def alert(stores, clock) -> uuid.UUID:
    identifier = uuid.uuid4()
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.alerts (id, reviewer_id, site, kind, day, seen, peers, at)"
            " VALUES (%s, %s, 'Boston', 'replays', %s, 120, 6, %s)",
            (identifier, uuid.uuid4(), clock().date(), clock()),
        )
    return identifier


def lead() -> review.Reviewer:
    return review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="Boston", role="lead")


async def test_an_alert_becomes_one_case_on_its_clock(stores, desk, alert, clock):
    assert await safety.open_cases(stores) == 1
    assert await safety.open_cases(desk) == 0
    (case,) = await safety.cases(desk)
    assert (case.kind, case.task_id, case.can_listen, case.open) == ("access", None, False, True)
    assert case.alert is not None
    assert (case.alert.seen, case.alert.peers, case.alert.site) == (120, 6, "Boston")
    clock.turn(hours=desk.settings.case_hours)
    (late,) = await safety.overdue(stores)
    assert late.id == case.id


async def test_there_is_nothing_to_hear(desk, alert, officer):
    (case,) = await safety.cases(desk)
    with pytest.raises(NotFound):
        await safety.listen(desk, case.id, officer)


async def test_clearing_it_takes_it_off_the_leads_page(desk, floor, alert, officer):
    (case,) = await safety.cases(desk)
    assert len(await review.alerts(floor, lead())) == 1
    decided = await safety.decide(desk, case.id, officer.id, "release", "They train newcomers and play clips for them.")
    assert decided.alert is not None
    assert (decided.open, decided.alert.outcome) == (False, "cleared")
    assert await review.alerts(floor, lead()) == []


@pytest.mark.parametrize("decision", ["escalate", "support"])
async def test_other_decisions_leave_it_with_the_lead(desk, floor, alert, officer, decision):
    (case,) = await safety.cases(desk)
    await safety.decide(desk, case.id, officer.id, decision, "Somebody should talk to them.")
    assert len(await review.alerts(floor, lead())) == 1


async def test_nothing_can_be_erased(desk, alert, officer):
    (case,) = await safety.cases(desk)
    with pytest.raises(BadRequest):
        await safety.decide(desk, case.id, officer.id, "erase", "Away with it.")
    assert (await safety.case(desk, case.id)).open


async def test_what_the_lead_decided_stands_and_the_officer_still_answers(desk, floor, stores, alert, officer):
    (case,) = await safety.cases(desk)
    await review.lock_for_alert(floor, lead(), alert, "Twenty times each clip.")
    seen = await safety.case(desk, case.id)
    assert seen.open
    assert seen.alert is not None
    assert seen.alert.outcome == "locked"
    decided = await safety.decide(desk, case.id, officer.id, "release", "Agreed with the lead.")
    assert decided.alert is not None
    assert decided.alert.outcome == "locked"


async def test_an_alert_of_last_week_is_late_at_once(stores, desk, alert, clock):
    clock.turn(days=7)
    (case,) = await safety.cases(desk)
    assert case.overdue(clock())
    assert case.due_at < clock() - timedelta(days=6)
