"""The switches and what follows from them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from random import Random

import pytest

from earmark import accounts, airlock, consent, forget, guests, review, vault
from earmark.errors import BadRequest, NoBasis, NotForChildren, NotFound, WrongCode
from earmark.switches import switch
from earmark.vault import Content, NewInteraction, Wake, Word

WORDS = tuple(
    Word(text=w, start=0.9 + i / 4, end=1.1 + i / 4, confidence=0.9) for i, w in enumerate(["turn", "it", "up"])
)


@pytest.fixture
def say(stores, household, clock, tone):
    async def make(person=None, device="kitchen", accepted=True, wake=True):
        return await vault.record(
            stores,
            NewInteraction(
                person_id=person or household.ada,
                device_id=household.kitchen if device == "kitchen" else device,
                started_at=clock(),
                kind="command" if accepted else "refused",
                audio=tone(2.0),
                wake=Wake(word="alexa", score=0.9, start=0.1, end=0.7) if wake else None,
                content=Content(text="turn it up", words=WORDS, accepted=accepted),
            ),
        )

    return make


async def ends(stores, identifier):
    async with stores.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT expires_at FROM vault.interactions WHERE id = %s", [identifier])
        ).fetchone()
    return row["expires_at"]


@pytest.mark.parametrize("days", [1, 30, 90, 548])
async def test_a_clock_of_ones_own(stores, household, say, clock, days):
    await switch(stores, household.ada, "save", True, how="settings", keep_days=days)
    assert await ends(stores, await say()) == clock() + timedelta(days=days)


async def test_until_i_delete_it(stores, household, say, clock):
    await switch(stores, household.ada, "save", True, how="settings", keep_days=consent.UNTIL_DELETED)
    assert await ends(stores, await say()) == vault.NEVER
    clock.turn(days=4000)
    assert await forget.forget_expired(stores) == 0


async def test_what_is_kept_follows_a_clock_that_was_changed(stores, household, say, clock):
    kept = await say()
    clock.turn(days=2)
    await switch(stores, household.ada, "save", True, how="settings", keep_days=1)
    assert await forget.forget_expired(stores) == 1
    with pytest.raises(NotFound):
        await vault.interaction(stores, household.ada, kept)


async def test_a_device_has_a_clock_of_its_own(stores, household, say, clock):
    await switch(stores, household.ada, "save", True, how="settings", device_id=household.kitchen, keep_days=1)
    in_kitchen, in_browser = await say(), await say(device=None)
    await switch(stores, household.ada, "save", True, how="settings", keep_days=90)
    assert await ends(stores, in_kitchen) == clock() + timedelta(days=1)
    assert await ends(stores, in_browser) == clock() + timedelta(days=90)


async def test_turning_the_switch_keeps_the_clock(stores, household, say, clock):
    await switch(stores, household.ada, "save", True, how="settings", keep_days=90)
    await switch(stores, household.ada, "save", False, how="settings")
    with pytest.raises(NoBasis):
        await say()
    await switch(stores, household.ada, "save", True, how="settings")
    assert await ends(stores, await say()) == clock() + timedelta(days=90)


@pytest.mark.parametrize(("purpose", "days"), [("save", 7), ("save", -1), ("review", 30)])
async def test_a_clock_that_is_not_offered_is_refused(stores, household, purpose, days):
    with pytest.raises(BadRequest):
        await switch(stores, household.ada, purpose, True, how="settings", keep_days=days)


async def test_nobody_turns_a_switch_for_somebody_elses_device(stores, household):
    other = await accounts.create_household(stores)
    stranger = await accounts.create_person(stores, name="Eve", roles=["owner"], household_id=other)
    with pytest.raises(NotFound):
        await switch(stores, stranger, "review", True, how="settings", device_id=household.kitchen)


async def test_one_device_is_left_out_of_review(stores, role_stores, household, say):
    everything = await role_stores("earmark_worker", review_rate=1.0)
    await switch(stores, household.ada, "review", True, how="settings")
    await say()
    await airlock.run(everything, Random(1))
    await switch(stores, household.ada, "review", False, how="settings", device_id=household.kitchen)
    floor = await role_stores("earmark_review")
    who = review.Reviewer(id=uuid.uuid4(), languages=("en",), site="Boston", role="reviewer")
    assert await review.next_task(floor, who) is None
    await say()
    assert (await airlock.run(everything, Random(1))).eligible == 0


@pytest.fixture
async def child(stores, household):
    person = await accounts.create_person(
        stores, name="Cleo", handle="cleo", roles=["owner"], household_id=household.id, child=True
    )
    await switch(stores, person, "save", True, how="settings")
    return person


async def test_no_sound_of_a_child_is_kept(stores, child, say):
    item = await vault.interaction(stores, child, await say(child, device=None))
    assert not item.has_sound
    assert item.content.text == "turn it up"
    with pytest.raises(NotFound):
        await vault.sound(stores, child, item.id)
    assert list(stores.objects.names("vault")) == []


async def test_nobody_reviews_a_child(stores, role_stores, child, say):
    for purpose in consent.NEVER_OF_A_CHILD:
        with pytest.raises(NotForChildren):
            await switch(stores, child, purpose, True, how="settings")
    async with stores.pool.connection() as connection:  # written past us: it counts for nothing
        await connection.execute(
            "INSERT INTO vault.grants (person_id, purpose, allowed, wording, how, at) "
            "VALUES (%s, 'review', true, 'review-1', 'api', now())",
            [child],
        )
    await say(child, device=None)
    everything = await role_stores("earmark_worker", review_rate=1.0)
    assert (await airlock.run(everything, Random(1))).eligible == 0
    assert not (await consent.current(stores, child)).allows("review")


async def test_a_child_has_no_job_here(stores):
    with pytest.raises(BadRequest):
        await accounts.create_person(stores, name="Cleo", roles=["owner", "reviewer"], child=True)


class TestHearFirst:
    @pytest.fixture
    async def everything(self, stores, role_stores, household):
        await switch(stores, household.ada, "review", True, how="settings")
        await switch(stores, household.ada, "hear_first", True, how="settings")
        return await role_stores("earmark_worker", review_rate=1.0)

    async def test_a_chosen_clip_waits_for_its_owner(self, everything, household, say, clock):
        kept = await say()
        assert (await airlock.run(everything, Random(1))).tasks == 0
        assert await airlock.asked(everything, household.ada) == {kept: clock() + airlock.HEAR_FIRST}
        with pytest.raises(NotFound):
            await airlock.answer_ask(everything, household.ben, kept, True)
        await airlock.answer_ask(everything, household.ada, kept, True)
        assert (await airlock.run(everything, Random(1))).tasks > 0
        assert (await airlock.choice_of(everything, [kept]))[kept].owner_said == "yes"

    async def test_no_is_for_good(self, everything, household, say):
        kept = await say()
        await airlock.run(everything, Random(1))
        await airlock.answer_ask(everything, household.ada, kept, False)
        assert (await airlock.run(everything, Random(1))).tasks == 0
        with pytest.raises(NotFound):
            await airlock.answer_ask(everything, household.ada, kept, True)

    async def test_no_answer_in_seven_days_is_no(self, everything, household, say, clock):
        kept = await say()
        await airlock.run(everything, Random(1))
        clock.turn(days=7)
        with pytest.raises(NotFound):
            await airlock.answer_ask(everything, household.ada, kept, True)
        assert await airlock.expire_asks(everything) == 1
        assert (await airlock.run(everything, Random(1))).tasks == 0
        assert (await airlock.choice_of(everything, [kept]))[kept].owner_said == "nothing"

    async def test_turning_it_on_pulls_back_what_is_under_way(self, stores, everything, household, say):
        await switch(stores, household.ada, "hear_first", False, how="settings")
        kept = await say()
        assert (await airlock.run(everything, Random(1))).tasks > 0
        await switch(stores, household.ada, "hear_first", True, how="settings")
        async with stores.pool.connection() as connection:
            assert await (await connection.execute("SELECT 1 FROM review.tasks")).fetchall() == []
        assert list(await airlock.asked(everything, household.ada)) == [kept]


class TestGuests:
    async def test_a_code_opens_its_own_session_and_nothing_else(self, stores, household, say, clock):
        before = await say()
        clock.turn(minutes=30)
        mine = [await say()]
        clock.turn(minutes=2)
        code = await guests.make_code(stores, household.kitchen)
        assert len(code) == 8
        clock.turn(minutes=9)
        mine.append(await say())
        clock.turn(minutes=11)
        after = await say()
        session = await vault.guest_session(stores, f"{code[:4]} {code[4:]}")
        assert [item.id for item in await vault.heard_of_guest(stores, session)] == mine[::-1]
        for foreign in (before, after):
            with pytest.raises(NotFound):
                await vault.interaction_of_guest(stores, session, foreign)
            with pytest.raises(NotFound):
                await guests.forget_heard(stores, session, [foreign])
        receipt = await guests.forget_heard(stores, session)
        assert receipt["erased"]["recordings"] == 2
        assert await vault.count(stores, household.ada) == 2

    async def test_a_code_dies_after_a_day(self, stores, household, say, clock):
        await say()
        code = await guests.make_code(stores, household.kitchen)
        clock.turn(hours=24)
        for wrong in (code, "", "12345678", "x"):
            with pytest.raises(WrongCode):
                await vault.guest_session(stores, wrong)
        await vault.end_guest_sessions(stores)
        async with stores.pool.connection() as connection:
            assert await (await connection.execute("SELECT 1 FROM vault.guest_sessions")).fetchall() == []

    async def test_nobody_reviews_a_guest(self, stores, role_stores, household, say):
        everything = await role_stores("earmark_worker", review_rate=1.0)
        await switch(stores, household.ada, "review", True, how="settings")
        await say()
        assert (await airlock.run(everything, Random(1))).tasks > 0
        await guests.make_code(stores, household.kitchen)
        await say()
        assert (await airlock.run(everything, Random(1))).eligible == 0
        async with stores.pool.connection() as connection:
            assert await (await connection.execute("SELECT 1 FROM review.tasks")).fetchall() == []


async def test_how_often_the_guess_is_wrong_is_counted(stores, role_stores, household, say):
    assert (await vault.wake_checks(stores)).miss_rate is None
    taken_for_command, suspected = await say(), await say(accepted=False)
    for identifier in (taken_for_command, suspected):
        await forget.not_called(stores, household.ada, identifier, how="settings")
    checks = await vault.wake_checks(stores)
    assert (checks.false_and_suspected, checks.false_and_not_suspected, checks.miss_rate) == (1, 1, 0.5)


async def test_without_a_wake_word_there_is_no_false_wake(stores, household, say):
    with pytest.raises(BadRequest):
        await forget.not_called(stores, household.ada, await say(wake=False), how="settings")


async def test_a_correction_is_found_and_leaves_what_was_heard(stores, household, say):
    kept = await say()
    await vault.correct(stores, household.ada, kept, "  turn it   down ")
    content = (await vault.interaction(stores, household.ada, kept)).content
    assert (content.text, content.said) == ("turn it up", "turn it down")
    for word in ("down", "up"):
        page = await vault.history(stores, household.ada, vault.Filter(search=word))
        assert [item.id for item in page.interactions] == [kept]
    with pytest.raises(NotFound):
        await vault.correct(stores, household.ben, kept, "mine")
    with pytest.raises(BadRequest):
        await vault.correct(stores, household.ada, kept, "x" * (vault.LONGEST_CORRECTION + 1))
    await vault.correct(stores, household.ada, kept, "")
    assert (await vault.interaction(stores, household.ada, kept)).content.said == "turn it up"


async def test_a_history_by_day_device_and_kind(stores, household, say, clock):
    first = await say()
    clock.turn(days=1)
    woken, tapped = await say(accepted=False), await say(device=None)
    day = clock().replace(hour=0, minute=0)

    async def found(**wanted):
        page = await vault.history(stores, household.ada, vault.Filter(**wanted))
        return {item.id for item in page.interactions}

    assert await found(since=day, until=day + timedelta(days=1)) == {woken, tapped}
    assert await found(until=day) == {first}
    assert await found(device_id=household.kitchen) == {first, woken}
    assert await found(kind="false_wake") == {woken}
    assert await found(kind="command", device_id=household.kitchen) == {first}
    assert await found(kind="command", search="turn") == {first, tapped}
    assert await vault.selection(stores, household.ada, since=day, device_id=household.kitchen) == [woken]
