"""Guarantee 19: every flag gets an accountable decision on its clock."""

from __future__ import annotations

import pytest
from psycopg.errors import CheckViolation

from earmark import audit, review, safety, vault
from earmark.errors import BadRequest, Conflict, NotFound
from earmark.worker import look_after_cases


@pytest.fixture
async def flagged(ring, canary):
    """A recording of which one clip was flagged, and its case."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    who = ring.reviewer()
    served = await review.next_task(ring.floor, who)
    await review.flag(ring.floor, who, served.task_id, served.fence, "distress")
    await look_after_cases(ring.stores)
    (case,) = await safety.cases(ring.stores)
    return identifier, case


async def log_of(ring, what):
    await audit.sequence(ring.stores)
    return [entry["event"] for entry in await audit.recent(ring.stores) if entry["event"]["what"] == what]


async def test_a_flagged_clip_is_hidden_at_once_from_everybody(ring, flagged):
    """We flagged one of three clips of a recording: it and its two sister copies were out of everybody's queue."""
    for _ in range(3):
        assert await review.next_task(ring.floor, ring.reviewer()) is None
    assert {row["state"] for row in await ring.rows("SELECT state FROM review.tasks")} == {"held"}


async def test_no_case_ends_without_a_decision_and_a_reason(ring, flagged, hire):
    """We tried to decide without a reason, with blanks for a reason, with a word that is no decision, and twice: each
    was refused; "nothing to do" needs its reason like any other."""
    _, case = flagged
    officer = await hire("safety")
    for decision, reason in (("release", ""), ("release", "  \n"), ("ignore", "because"), ("", "because")):
        with pytest.raises(BadRequest):
            await safety.decide(ring.stores, case.id, officer, decision, reason)
    assert (await safety.case(ring.stores, case.id)).open
    done = await safety.decide(ring.stores, case.id, officer, "release", "A film was on.")
    assert (done.decision, done.reason, done.decided_by) == ("release", "A film was on.", officer)
    with pytest.raises(Conflict):
        await safety.decide(ring.stores, case.id, officer, "erase", "On second thought.")
    assert [event["decision"] for event in await log_of(ring, "case")] == ["release"]


async def test_the_database_takes_no_decision_without_a_reason(ring, flagged):
    """We wrote a decision without a reason, and a reason without its time, straight into the database: refused."""
    for change in ("decision = 'release', decided_at = now()", "sealed_reason = 'x'", "decided_at = now()"):
        with pytest.raises(CheckViolation):
            await ring.rows(f"UPDATE safety.cases SET {change} RETURNING id")


async def test_a_stalled_flag_is_told_again_and_again(ring, flagged, clock):
    """We let a flag lie past its clock: it was told at once, told again each hour, and told no more once decided."""
    _, case = flagged
    clock.turn(hours=ring.stores.settings.case_hours, seconds=-1)
    await look_after_cases(ring.stores)
    assert await log_of(ring, "case.overdue") == []
    told = []
    for seconds in (1, 1800, 1800, 3600):
        clock.turn(seconds=seconds)
        await look_after_cases(ring.stores)
        told.append(len(await log_of(ring, "case.overdue")))
    assert told == [1, 1, 2, 3]
    await safety.decide(ring.stores, case.id, ring.ada, "support", "Somebody called them.")
    clock.turn(hours=2)
    await look_after_cases(ring.stores)
    assert len(await log_of(ring, "case.overdue")) == 3


async def test_passing_it_on_starts_a_new_clock_and_does_not_end_it(ring, flagged, clock):
    """We passed a case on to somebody else: it stayed open on a new clock, and was told again when that ran out."""
    _, case = flagged
    await safety.decide(ring.stores, case.id, ring.ada, "escalate", "This needs a second pair of ears.")
    again = await safety.case(ring.stores, case.id)
    assert again.open
    clock.turn(hours=ring.stores.settings.case_hours)
    await look_after_cases(ring.stores)
    assert len(await log_of(ring, "case.overdue")) == 1


async def test_a_decision_to_erase_is_carried_out_by_itself(ring, flagged):
    """We decided that a flagged clip be erased: the recording itself was gone at the next round, with a receipt for its
    owner, and the log keeps that it was traced."""
    identifier, case = flagged
    await safety.decide(ring.stores, case.id, ring.ada, "erase", "A child's voice.")
    await look_after_cases(ring.stores)
    with pytest.raises(NotFound):
        await vault.interaction(ring.stores, ring.ada, identifier)
    assert [receipt["how"] for receipt in await vault.receipts(ring.stores, ring.ada)] == ["case"]
    assert [event["case"] for event in await log_of(ring, "unsealed")] == [str(case.id)]
    await look_after_cases(ring.stores)
    assert len(await log_of(ring, "unsealed")) == 1
