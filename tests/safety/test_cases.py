"""A flag hides the clip at once, becomes a case with a clock, and ends in somebody's decision."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from psycopg.errors import InsufficientPrivilege

from earmark import airlock, review, safety, vault
from earmark.errors import BadRequest, Conflict, Forbidden, NotFound, StaleLease

pytestmark = pytest.mark.usefixtures("clip")


@pytest.fixture
async def flagged(floor, somebody):
    """A task that was flagged as distressing."""
    who = somebody()
    served = await review.next_task(floor, who)
    assert served is not None
    await review.sound(floor, who, served.task_id, served.fence)
    await review.flag(floor, who, served.task_id, served.fence, "distress")
    return served.task_id


async def leftover(floor, somebody):
    """What a newcomer can still get."""
    who, found = somebody(), []
    while (served := await review.next_task(floor, who)) is not None:
        found.append(served)
    for served in found:
        await review.release(floor, who, served.task_id, served.fence)
    return {served.task_id for served in found}


async def test_a_flag_hides_at_once(floor, somebody):
    who = somebody()
    served = await review.next_task(floor, who)
    await review.flag(floor, who, served.task_id, served.fence, "crime")
    with pytest.raises(StaleLease):
        await review.sound(floor, who, served.task_id, served.fence)
    answer = {"value": "right", "text": "help"} if served.question != "wake" else {"value": "said"}
    with pytest.raises(StaleLease):
        await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), answer)
    assert served.task_id not in await leftover(floor, somebody)


async def test_a_flag_needs_a_live_lease_and_a_known_kind(floor, somebody, clock):
    who = somebody()
    served = await review.next_task(floor, who)
    with pytest.raises(BadRequest):
        await review.flag(floor, who, served.task_id, served.fence, "boring")
    with pytest.raises(StaleLease):
        await review.flag(floor, somebody(), served.task_id, served.fence, "distress")
    clock.turn(seconds=floor.settings.lease_seconds + 1)
    with pytest.raises(StaleLease):
        await review.flag(floor, who, served.task_id, served.fence, "distress")


async def test_the_other_copies_of_the_recording_are_hidden_too_and_come_back(stores, floor, desk, somebody, flagged):
    assert len(await leftover(floor, somebody)) == 2
    assert await airlock.hide_flagged(stores) == 2
    assert await leftover(floor, somebody) == set()
    [case] = await safety.cases(desk)
    await safety.decide(desk, case.id, somebody().id, "release", "A film was playing.")
    await airlock.hide_flagged(stores)
    assert len(await leftover(floor, somebody)) == 3


async def test_a_case_has_a_clock_from_the_flag_on(desk, flagged, clock):
    at = clock()
    clock.turn(minutes=20)
    [case] = await safety.cases(desk)
    assert (case.task_id, case.kind, case.open, case.can_listen) == (flagged, "distress", True, True)
    assert (case.due_at - at).total_seconds() == desk.settings.case_hours * 3600
    assert await safety.open_cases(desk) == 0


async def test_a_decision_needs_a_reason_and_is_made_once(desk, flagged, officer):
    [case] = await safety.cases(desk)
    for reason in ("", "  \n"):
        with pytest.raises(BadRequest):
            await safety.decide(desk, case.id, officer.id, "release", reason)
    with pytest.raises(BadRequest):
        await safety.decide(desk, case.id, officer.id, "ignore", "Nothing to see.")
    decided = await safety.decide(desk, case.id, officer.id, "support", "Spoke with the reviewer.")
    assert (decided.decision, decided.reason, decided.open) == ("support", "Spoke with the reviewer.", False)
    with pytest.raises(Conflict):
        await safety.decide(desk, case.id, officer.id, "release", "Changed my mind.")
    with pytest.raises(NotFound):
        await safety.decide(desk, uuid.uuid4(), officer.id, "release", "What case?")


async def test_two_officers_at_once_decide_once(desk, flagged, officer):
    [case] = await safety.cases(desk)
    both = await asyncio.gather(
        *(safety.decide(desk, case.id, officer.id, "support", f"Reason {n}.") for n in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["Case", "Conflict"]


async def test_reasons_lie_sealed_and_the_log_holds_none(stores, desk, flagged, officer):
    [case] = await safety.cases(desk)
    await safety.decide(desk, case.id, officer.id, "support", "canary reason")
    async with stores.pool.connection() as connection:
        sealed = await (await connection.execute("SELECT sealed_reason FROM safety.cases")).fetchone()
        events = await (await connection.execute("SELECT event::text FROM audit.inbox")).fetchall()
    assert b"canary" not in bytes(sealed["sealed_reason"])
    assert any(str(case.id) in row["event"] for row in events)
    assert not any("canary" in row["event"] for row in events)


async def test_an_escalated_case_gets_a_new_clock_and_is_decided_again(desk, flagged, officer, clock):
    [case] = await safety.cases(desk)
    clock.turn(hours=2)
    escalated = await safety.decide(desk, case.id, officer.id, "escalate", "Needs a lawyer.")
    assert escalated.open
    assert escalated.due_at > case.due_at
    clock.turn(hours=desk.settings.case_hours + 1)
    assert [one.id for one in await safety.overdue(desk)] == [case.id]
    assert not (await safety.decide(desk, case.id, officer.id, "erase", "They agreed.")).open


async def test_an_overdue_case_is_told_again_every_hour_until_it_is_decided(desk, flagged, officer, clock):
    [case] = await safety.cases(desk)
    assert await safety.overdue(desk) == []
    clock.turn(hours=desk.settings.case_hours, minutes=1)
    assert [one.id for one in await safety.overdue(desk)] == [case.id]
    assert await safety.overdue(desk) == []
    clock.turn(hours=1)
    assert [one.id for one in await safety.overdue(desk)] == [case.id]
    await safety.decide(desk, case.id, officer.id, "support", "Done.")
    clock.turn(hours=5)
    assert await safety.overdue(desk) == []


async def test_the_officers_listening_is_a_hearing_too(stores, desk, flagged, officer, clip, somebody):
    [case] = await safety.cases(desk)
    with pytest.raises(Forbidden):
        await safety.listen(desk, case.id, somebody())
    for _ in range(2):
        assert (await safety.listen(desk, case.id, officer))[:4] == b"RIFF"
    await airlock.take_labels(stores)
    heard = (await vault.hearings(stores, [clip]))[clip]
    assert [(each.role, each.site) for each in heard] == [("reviewer", "Hyderabad")] + [("safety", "Boston")] * 2
    assert heard[-1].purpose == "deciding about a flagged clip"


async def test_a_released_clip_can_be_flagged_again_and_is_a_new_case(floor, desk, flagged, officer, somebody):
    [case] = await safety.cases(desk)
    await safety.decide(desk, case.id, officer.id, "release", "A film.")
    with pytest.raises(NotFound):
        await safety.listen(desk, case.id, officer)
    who = somebody()
    while (served := await review.next_task(floor, who)).task_id != flagged:
        pass
    await review.flag(floor, who, served.task_id, served.fence, "crime")
    cases = await safety.cases(desk)
    assert [(one.kind, one.open) for one in cases] == [("crime", True), ("distress", False)]


async def test_erase_is_carried_out_through_the_seal_and_leaves_the_case(stores, desk, flagged, officer, clip):
    [case] = await safety.cases(desk)
    await safety.decide(desk, case.id, officer.id, "erase", "A child, not of this household.")
    [due] = await safety.to_erase(stores)
    whose = await airlock.unseal(stores, due.task_id, due.id, due.reason)
    assert whose.interaction_id == clip
    erasers = (airlock.ERASER, vault.ERASER)
    await vault.erase(stores, whose.person_id, [whose.interaction_id], how="case", erasers=erasers)
    assert await safety.to_erase(stores) == []
    [left] = await safety.cases(desk)
    assert (left.decision, left.can_listen, left.reason) == ("erase", False, "A child, not of this household.")


async def test_a_case_whose_clip_its_owner_erased_must_still_be_decided(
    stores, desk, flagged, officer, clip, household
):
    await safety.open_cases(stores)
    erasers = (airlock.ERASER, vault.ERASER)
    await vault.erase(stores, household.ada, [clip], how="test", erasers=erasers)
    [case] = await safety.cases(desk)
    assert (case.open, case.can_listen) == (True, False)
    with pytest.raises(NotFound):
        await safety.listen(desk, case.id, officer)
    decided = await safety.decide(desk, case.id, officer.id, "release", "Its owner deleted it.")
    assert not decided.open


@pytest.mark.parametrize("table", ["airlock.seals", "vault.interactions", "review.judgements"])
async def test_the_desk_can_not_tell_whose_clip_it_is(desk, table):
    with pytest.raises(InsufficientPrivilege):
        async with desk.pool.connection() as connection:
            await connection.execute(f"SELECT * FROM {table}")
