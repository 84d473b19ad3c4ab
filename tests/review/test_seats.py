"""Shifts and breaks, the console's settings, and locking somebody out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from earmark import accounts, review
from earmark.errors import BadRequest, Conflict, Forbidden, NotFound
from earmark.review import Reviewer, seats, sites
from earmark.storage import Stores
from earmark.words import PersonId

Make = Callable[..., Reviewer]


async def set_up(stores: Stores, **changes: object) -> None:
    usual = {"languages": ("en",), "break_after_minutes": 50, "break_minutes": 10}
    await sites.put_site(stores, None, replace(sites.unset("Boston", "home"), **(usual | changes)))  # type: ignore[arg-type]


async def row_of(stores: Stores, who: PersonId) -> dict:
    async with stores.pool.connection() as connection:
        query = "SELECT * FROM review.seats WHERE reviewer_id = %s"
        row = await (await connection.execute(query, (who,))).fetchone()
    return dict(row or {})


async def work(floor: Stores, who: Reviewer, clock, *, minutes: int) -> seats.Seat:
    seat = await seats.sit_down(floor, who)
    for _ in range(minutes * 2):
        clock.turn(seconds=30)
        seat = await seats.sit_down(floor, who)
    return seat


async def test_after_fifty_minutes_of_work_comes_a_break_of_ten(floor: Stores, stores: Stores, clock, reviewer: Make):
    await set_up(stores)
    who = reviewer()
    assert not (await work(floor, who, clock, minutes=49)).resting(clock())
    seat = await work(floor, who, clock, minutes=1)
    assert seat.resting(clock())
    assert seat.break_until == clock() + timedelta(minutes=10)
    clock.turn(minutes=9)
    assert (await seats.sit_down(floor, who)).resting(clock())
    clock.turn(minutes=1)
    seat = await seats.sit_down(floor, who)
    assert not seat.resting(clock())
    assert seat.working_since == clock()


async def test_a_pause_of_five_minutes_begins_a_new_stretch_and_a_shorter_one_does_not(
    floor: Stores, stores: Stores, clock, reviewer: Make
):
    await set_up(stores)
    who = reviewer()
    began = clock()
    await work(floor, who, clock, minutes=20)
    clock.turn(minutes=4)
    assert (await seats.sit_down(floor, who)).working_since == began
    clock.turn(minutes=5)
    assert (await seats.sit_down(floor, who)).working_since == clock()


async def test_where_no_breaks_are_asked_for_none_comes(floor: Stores, clock, reviewer: Make):
    seat = await work(floor, reviewer(), clock, minutes=130)
    assert seat.break_until is None


async def test_a_shift_is_written_once_a_minute_at_most(floor: Stores, stores: Stores, clock, reviewer: Make):
    await set_up(stores)
    who = reviewer()
    written = set()
    for _ in range(60):  # an answer every five seconds, five minutes long
        await seats.sit_down(floor, who)
        written.add((await row_of(stores, who.id)).get("seen_at"))
        clock.turn(seconds=5)
    assert len(written) == 5


async def test_a_break_of_ones_own_can_end_early_and_one_that_is_due_can_not(
    floor: Stores, stores: Stores, clock, reviewer: Make
):
    await set_up(stores)
    who = reviewer()
    began = clock()
    await work(floor, who, clock, minutes=3)
    assert (await seats.rest(floor, who)).resting(clock())
    clock.turn(minutes=2)
    assert (await seats.come_back(floor, who)).working_since == began
    await work(floor, who, clock, minutes=45)
    with pytest.raises(Conflict):
        await seats.come_back(floor, who)


async def test_another_process_sees_the_break(floor: Stores, stores: Stores, clock, reviewer: Make, monkeypatch):
    await set_up(stores)
    who = reviewer()
    await seats.rest(floor, who)
    monkeypatch.setattr(seats, "_KNOWN", {})
    assert (await seats.sit_down(floor, who)).resting(clock())


async def test_settings_of_the_console_stay_with_the_person(floor: Stores, reviewer: Make, monkeypatch):
    who = reviewer()
    assert await seats.preferences(floor, who) == dict(seats.PREFERENCES)
    await seats.keep_preferences(floor, who, {"speed": 1.5, "loop": True})
    await seats.keep_preferences(floor, who, {"volume": 0.4})
    monkeypatch.setattr(seats, "_KNOWN", {})
    assert await seats.preferences(floor, who) == {"speed": 1.5, "loop": True, "skip_silence": False, "volume": 0.4}


@pytest.mark.parametrize(
    "raw", [[], {"theme": "dark"}, {"speed": 9}, {"speed": True}, {"loop": "yes"}, {"volume": float("nan")}]
)
def test_other_settings_are_refused(raw: object):
    with pytest.raises(BadRequest):
        seats.checked_preferences(raw)


async def hired(stores: Stores, site: str = "Boston", role: str = "reviewer") -> Reviewer:
    person = await accounts.create_person(stores, name="Somebody", roles=[role], site=site)
    return Reviewer(id=person, languages=("en",), site=site, role=role)


async def test_who_is_locked_out_is_out_at_once(floor: Stores, stores: Stores, make_task):
    who, lead = await hired(stores), await hired(stores, role="lead")
    session = await accounts.start_session(stores, who.id, "floor")
    link = await accounts.make_sign_in_link(stores, who.id, "floor")
    assert await accounts.whoami(floor, session, "floor")
    await seats.lock_out(floor, lead, who.id, "Photographed the screen")
    assert await accounts.whoami(floor, session, "floor") is None
    with pytest.raises(Exception, match="sign in"):
        await accounts.redeem_link(floor, link, "floor")
    (done,) = await review.doings.doings(floor, str(who.id))
    assert (done.what, done.detail["reason"]) == ("person.locked", "Photographed the screen")


async def test_only_another_lead_of_the_site_lets_somebody_back_in(floor: Stores, stores: Stores, clock):
    who, first, second = await hired(stores), await hired(stores, role="lead"), await hired(stores, role="lead")
    elsewhere = await hired(stores, "Hyderabad", "lead")
    clock.turn(days=1)
    await seats.lock_out(floor, first, who.id, "Shared a clip")
    with pytest.raises(Forbidden):  # whom the first may have invited for this
        await seats.unlock(floor, await hired(stores, role="lead"), who.id, "It was a mistake")
    with pytest.raises(Forbidden):
        await seats.unlock(floor, first, who.id, "It was a mistake")
    with pytest.raises(NotFound):
        await seats.unlock(floor, elsewhere, who.id, "It was a mistake")
    with pytest.raises(BadRequest):
        await seats.unlock(floor, second, who.id, "  ")
    await seats.unlock(floor, second, who.id, "It was a mistake")
    assert [each.what for each in await review.doings.doings(floor, str(who.id))] == [
        "person.unlocked",
        "person.locked",
    ]
    with pytest.raises(NotFound):
        await seats.unlock(floor, second, who.id, "Once more")


async def test_a_command_may_unlock_whom_a_lead_locked(floor: Stores, stores: Stores):
    who, lead = await hired(stores), await hired(stores, role="lead")
    await seats.lock_out(floor, lead, who.id, "Shared a clip")
    await seats.unlock(stores, None, who.id, "Looked into it")
    assert (await row_of(stores, who.id))["locked_at"] is None


async def test_a_lead_locks_only_people_of_their_own_site_and_never_themselves(floor: Stores, stores: Stores):
    lead, elsewhere = await hired(stores, role="lead"), await hired(stores, "Hyderabad")
    owner = await accounts.create_person(stores, name="Ada", roles=["owner"], site="Boston")
    for other in (elsewhere.id, owner, PersonId(uuid.uuid4())):
        with pytest.raises(NotFound):
            await seats.lock_out(floor, lead, other, "I may not do this")
    with pytest.raises(BadRequest):
        await seats.lock_out(floor, lead, lead.id, "I may not do this")
    with pytest.raises(Forbidden):
        await seats.lock_out(floor, await hired(stores), lead.id, "I may not do this")
    async with stores.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS n FROM review.seats")).fetchone()
    assert row is not None
    assert row["n"] == 0


async def test_a_lead_sees_people_of_their_own_site_by_code_alone(floor: Stores, stores: Stores, clock):
    lead, who = await hired(stores, role="lead"), await hired(stores)
    await hired(stores, "Hyderabad")
    await seats.sit_down(floor, who)
    found = await seats.colleagues(floor, lead)
    assert {each.id for each in found} == {lead.id, who.id}
    assert {each.here for each in found if each.id == who.id} == {True}
    assert [each.id for each in await seats.colleagues(floor, lead, code=str(who.id)[:6])] == [who.id]
    assert await seats.colleagues(floor, lead, code="%") == []
    assert [(each.role, each.language, each.people) for each in await seats.head_count(floor, "Boston")] == [
        ("lead", "en", 1),
        ("reviewer", "en", 1),
    ]
    assert await seats.on_now(floor) == {"Boston": (1, 0)}
    await seats.rest(floor, who)
    assert await seats.on_now(floor) == {"Boston": (0, 1)}
