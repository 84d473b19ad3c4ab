"""Help with a word, and everything that somebody could try with it."""

# pyright: reportOptionalSubscript=false
from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from earmark import accounts, audio, review
from earmark.errors import BadRequest, Conflict, NotFound, StaleLease, TooManyRequests
from earmark.review import consults
from earmark.review.consults import (
    answer_consult,
    ask,
    consult_sound,
    count_open_consults,
    groups,
    my_consults,
    open_consults,
)
from earmark.review.hearing import address, read_address
from earmark.words import TaskId

HOUSEHOLD = b"secret of the household it came from"


@pytest.fixture
def hold(stores, make_task, tone, clock):
    """`await hold(reviewer)`: a clip of three seconds in this reviewer's hands; returns its task and fence."""

    async def make(who: review.Reviewer, *, seconds: int = 600) -> tuple[TaskId, int]:
        task_id = await make_task("transcript", secret=HOUSEHOLD, wav=audio.encode(tone(3.0), format="WAV"))
        async with stores.pool.connection() as connection:
            await connection.execute(
                "UPDATE review.tasks SET state = 'leased', lease_by = %s, fence = 7, lease_until = %s + %s * interval"
                " '1 second', leased_at = %s, lease_role = 'reviewer', lease_site = %s WHERE id = %s",
                (who.id, clock(), seconds, clock(), who.site, task_id),
            )
        return task_id, 7

    return make


@pytest.fixture
def asker(reviewer) -> review.Reviewer:
    return replace(reviewer(), site="home")


@pytest.fixture
def helper(reviewer) -> Callable[..., review.Reviewer]:
    return lambda *languages, **changes: replace(reviewer(languages=languages or ("es",)), site="home", **changes)


@pytest.fixture
async def asked(stores, floor, asker, hold):
    """A consult for the Spanish group about the second second."""
    await accounts.create_person(stores, name="Luz", roles=["reviewer"], site="home", languages=["es"])
    task_id, fence = await hold(asker)
    return await ask(floor, asker, task_id, fence, language="es", start=1.0, end=2.5)


async def one(floor, who, sign_in="theirs"):
    (found,) = await open_consults(floor, who, sign_in=sign_in)
    return found


async def ticket_of(floor, who) -> str:
    ticket = (await one(floor, who)).ticket
    assert ticket is not None
    return ticket


async def hearings(stores):
    async with stores.pool.connection() as connection:
        return await (await connection.execute("SELECT * FROM review.hearings ORDER BY id")).fetchall()


async def test_a_word_is_asked_heard_and_answered(stores, floor, asker, helper, asked, clock):
    who = helper()
    assert await count_open_consults(floor, who) == 1
    found = await one(floor, who)
    assert (found.id, found.language, found.length, found.heard) == (asked.id, "es", 1.5, False)
    wav = await consult_sound(floor, who, await ticket_of(floor, who), sign_in="theirs")
    assert audio.read(wav).duration == 1.5
    assert wav[:4] == b"RIFF"
    (line,) = await hearings(stores)
    assert (line["reviewer_id"], line["role"], line["site"], line["day"], line["why"]) == (
        who.id, "reviewer", "home", clock().date(), "consult",
    )  # fmt: skip
    assert line["fence"] < 0, "where no lease's fence ever is"
    await answer_consult(floor, who, asked.id, "  Calle\nOcho ")
    (mine,) = await my_consults(floor, asker, [asked.task_id])
    assert mine.answers == ("calle ocho",)
    assert await open_consults(floor, who, sign_in="theirs") == []
    with pytest.raises(Conflict):
        await answer_consult(floor, who, asked.id, "again")


async def test_who_did_not_listen_can_not_answer(floor, helper, asked):
    with pytest.raises(Conflict):
        await answer_consult(floor, helper(), asked.id, "a guess")


@pytest.mark.parametrize("text", ["", "  \n", "x" * 201, 7, None, "a\x00b"])
async def test_what_is_no_answer_is_refused(floor, helper, asked, text):
    who = helper()
    await consult_sound(floor, who, await ticket_of(floor, who), sign_in="theirs")
    with pytest.raises(BadRequest):
        await answer_consult(floor, who, asked.id, text)


@pytest.mark.parametrize(("start", "end"), [(0, 5.5), (2, 2.05), (2, 1), (-1, 1), (2.5, 3.2), (float("nan"), 1)])
async def test_a_span_is_short_and_inside_the_copy(floor, asker, hold, start, end):
    task_id, fence = await hold(asker)
    with pytest.raises(BadRequest):
        await ask(floor, asker, task_id, fence, language="en", start=start, end=end)


async def test_a_group_is_one_that_somebody_of_the_floor_has(stores, floor, asker, hold):
    await accounts.create_person(stores, name="Ion", roles=["reviewer"], site="home", languages=["ro", "hu"])
    await accounts.create_person(stores, name="Olga", roles=["owner"], site="home", languages=["uk"])
    assert await groups(floor, asker) == ["en", "hu", "ro"]
    task_id, fence = await hold(asker)
    with pytest.raises(BadRequest):
        await ask(floor, asker, task_id, fence, language="uk", start=0, end=1)


async def test_only_the_holder_asks(floor, asker, helper, hold, clock):
    task_id, fence = await hold(asker, seconds=30)
    for who, number in ((helper(), fence), (asker, fence - 1), (asker, fence + 1)):
        with pytest.raises(StaleLease):
            await ask(floor, who, task_id, number, language="en", start=0, end=1)
    with pytest.raises(StaleLease):
        await ask(floor, asker, TaskId(uuid.uuid4()), fence, language="en", start=0, end=1)
    clock.turn(seconds=31)
    with pytest.raises(StaleLease):
        await ask(floor, asker, task_id, fence, language="en", start=0, end=1)


async def test_nobody_else_may_hear_it(stores, floor, asker, helper, asked, clock):
    judged = helper()
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day)"
            " VALUES (%s, %s, %s, '', 1, %s)",
            (asked.task_id, judged.id, uuid.uuid4(), clock().date()),
        )
        await connection.execute(
            "INSERT INTO review.sites (name, region, serves, languages, timezone, opens, closes, days,"
            " break_after_minutes, break_minutes, hourly_cost, currency) VALUES"
            " ('Hyderabad', 'in', '{in}', '{es}', 'Asia/Kolkata', '0:00', '0:00', '{1}', 60, 5, 4, 'USD'),"
            " ('San José', 'cr', '{cr,home}', '{es}', 'America/Costa_Rica', '0:00', '0:00', '{1}', 60, 5, 4, 'USD')"
        )
    ticket = await ticket_of(floor, helper())
    read = read_address(floor, ticket, sign_in="theirs")
    assert read is not None
    fence = read[1]
    strangers = {
        "wrong language": helper("en", "fr"),
        "own household": helper(secrets=(b"another", HOUSEHOLD)),
        "the asker": replace(asker, languages=("en", "es")),
        "judged it": judged,
        "region not served": replace(helper(), site="Hyderabad"),
    }
    for why, who in strangers.items():
        assert await open_consults(floor, who, sign_in="x") == [], why
        assert await count_open_consults(floor, who) == 0, why
        forged = address(floor, TaskId(asked.id), fence, 0, sign_in="x")  # even with an address that is really theirs
        for where in (ticket, forged):
            with pytest.raises(NotFound):
                await consult_sound(floor, who, where, sign_in="x")
        with pytest.raises(NotFound):
            await answer_consult(floor, who, asked.id, "a guess")
    assert await one(floor, replace(helper(), site="San José"))
    assert await hearings(stores) == []


async def test_an_address_is_good_once_for_one_person_and_one_sign_in(stores, floor, helper, asked):
    who, other = helper(), helper()
    ticket = await ticket_of(floor, who)
    for person, sign_in in ((other, "the sign-in of somebody else"), (who, "another sign-in")):
        with pytest.raises(NotFound):
            await consult_sound(floor, person, ticket, sign_in=sign_in)
    await consult_sound(floor, who, ticket, sign_in="theirs")
    with pytest.raises(NotFound):
        await consult_sound(floor, who, ticket, sign_in="theirs")
    for broken in ("", "x", "é", ticket[:-2], "A" + ticket[1:], ticket + "AAAA"):
        with pytest.raises(NotFound):
            await consult_sound(floor, who, broken, sign_in="theirs")
    assert len(await hearings(stores)) == 1
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT reviewer_id, n FROM review.refusals")).fetchall()
    assert {row["reviewer_id"]: row["n"] for row in rows} == {who.id: 8, other.id: 1}


async def test_hearing_it_again_takes_a_new_address_and_is_a_new_line(stores, floor, helper, asked):
    who = helper()
    for _ in range(consults.MOST_HEARINGS):
        await consult_sound(floor, who, await ticket_of(floor, who), sign_in="theirs")
    assert (await one(floor, who)).ticket is None
    assert [line["serial"] for line in await hearings(stores)] == list(range(consults.MOST_HEARINGS))


async def test_two_at_once_with_one_address_hear_it_once(stores, floor, helper, asked):
    who = helper()
    ticket = await ticket_of(floor, who)
    tries = [consult_sound(floor, who, ticket, sign_in="theirs") for _ in range(6)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, bytes) for each in found) == 1
    assert len(await hearings(stores)) == 1


async def test_five_people_hear_it_and_no_more(stores, floor, helper, asked):
    people = [helper() for _ in range(9)]
    tickets = [await ticket_of(floor, who) for who in people]
    tries = [consult_sound(floor, who, ticket, sign_in="theirs") for who, ticket in zip(people, tickets, strict=True)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, bytes) for each in found) == consults.MOST_LISTENERS
    assert len(await hearings(stores)) == consults.MOST_LISTENERS
    assert await open_consults(floor, helper(), sign_in="x") == []


RUN_OUT = "SELECT 1"
FLAGGED = "UPDATE review.tasks SET state = 'held', held_for = 'safety', lease_by = NULL, lease_until = NULL"
SIBLING = "UPDATE review.tasks SET state = 'held', held_for = 'sibling', lease_by = NULL, lease_until = NULL"
GIVEN_BACK = "UPDATE review.tasks SET state = 'ready', lease_by = NULL, lease_until = NULL"
LEASED_ON = "UPDATE review.tasks SET lease_by = gen_random_uuid(), fence = fence + 1"
RECALLED = "DELETE FROM review.tasks"


@pytest.mark.parametrize("event", [RUN_OUT, FLAGGED, SIBLING, GIVEN_BACK, LEASED_ON, RECALLED])
async def test_it_closes_at_once(stores, floor, asker, helper, asked, clock, event):
    who, second = helper(), helper()
    await consult_sound(floor, who, await ticket_of(floor, who), sign_in="theirs")
    ticket = await ticket_of(floor, second)
    if event == RUN_OUT:
        clock.turn(minutes=10)
    async with stores.pool.connection() as connection:
        await connection.execute(event)
    assert await open_consults(floor, second, sign_in="theirs") == []
    with pytest.raises(NotFound):
        await consult_sound(floor, second, ticket, sign_in="theirs")
    with pytest.raises(NotFound):
        await answer_consult(floor, who, asked.id, "too late")
    assert await my_consults(floor, asker, [asked.task_id]) == []
    assert len(await hearings(stores)) == 1


async def test_answers_lie_sealed_and_go_with_the_clip(stores, floor, asker, helper, asked, caplog, capsys):
    who, canary = helper(), "zxqvwkplm"
    await consult_sound(floor, who, await ticket_of(floor, who), sign_in="theirs")
    await answer_consult(floor, who, asked.id, canary)
    with pytest.raises(BadRequest) as problem:
        await answer_consult(floor, who, asked.id, canary * 100)
    async with stores.pool.connection() as connection:
        (row,) = await (await connection.execute("SELECT * FROM review.consult_answers")).fetchall()
        assert canary.encode() not in bytes(row["sealed"])
        slot = await (await connection.execute("SELECT key_slot FROM review.tasks")).fetchone()
        stores.review_keys.destroy([slot["key_slot"]])
        assert await my_consults(floor, asker, [asked.task_id]) == []
        await connection.execute("DELETE FROM review.tasks")
        assert await (await connection.execute("SELECT * FROM review.consult_answers")).fetchall() == []
    output = capsys.readouterr()
    assert canary not in caplog.text + output.out + output.err + str(problem.value)


async def test_there_is_an_end_to_asking(floor, asker, hold, clock):
    held = [await hold(asker, seconds=10 * 86_400) for _ in range(2)]

    async def once():
        return await ask(floor, asker, *held[0], language="en", start=0, end=1)

    for _ in range(consults.MOST_OPEN):
        await once()
    with pytest.raises(TooManyRequests):
        await once()
    for _ in range(4):
        clock.turn(minutes=10)
        for _ in range(consults.MOST_OPEN):
            await once()
    clock.turn(minutes=10)
    with pytest.raises(TooManyRequests):
        await once()
    clock.turn(days=1)
    await once()


async def test_many_at_once_do_not_slip_past_the_limit(floor, asker, hold):
    task_id, fence = await hold(asker)
    tries = [ask(floor, asker, task_id, fence, language="en", start=0, end=1) for _ in range(12)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, consults.Consult) for each in found) == consults.MOST_OPEN


async def test_several_consults_do_not_add_up_to_the_whole_clip(floor, stores, make_task, tone, asker, hold):
    await accounts.create_person(stores, name="Luz", roles=["reviewer"], site="home", languages=["es"])
    task_id, fence = await hold(asker)
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE review.tasks SET state = 'ready' WHERE id = %s", [task_id])
    long = await make_task("transcript", wav=audio.encode(tone(12.0), format="WAV"))
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE review.tasks SET state = 'leased', lease_by = %s, fence = 7, lease_until = %s + interval '1 hour',"
            " leased_at = %s, lease_role = 'reviewer', lease_site = %s WHERE id = %s",
            (asker.id, stores.now(), stores.now(), asker.site, long),
        )
    await ask(floor, asker, long, fence, language="es", start=0.0, end=4.0)
    await ask(floor, asker, long, fence, language="es", start=1.0, end=5.0)  # mostly the same seconds
    with pytest.raises(BadRequest):
        await ask(floor, asker, long, fence, language="es", start=5.0, end=9.0)


async def test_who_has_not_passed_the_training_helps_nobody(floor, stores, asker, helper, hold):
    site = {"name": "home", "region": "home", "serves": ["home"], "languages": ["en", "es"], "pass_mark": 0.8}
    await review.sites.put_site(floor, None, site)
    await accounts.create_person(stores, name="Luz", roles=["reviewer"], site="home", languages=["es"])
    task_id, fence = await hold(asker)
    await ask(floor, asker, task_id, fence, language="es", start=1.0, end=2.5)
    assert await open_consults(floor, helper(), sign_in="theirs") == []


async def test_who_was_locked_out_hears_no_consult(floor, asked, helper):
    who = helper()
    ticket = await ticket_of(floor, who)
    await review.seats.lock_out(floor, None, who.id, "looked at too much")
    with pytest.raises(NotFound):
        await consult_sound(floor, who, ticket, sign_in="theirs")
