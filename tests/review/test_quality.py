"""Who sees which numbers, how sure they are, and that no number has fewer than three people behind it."""

# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false
from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from earmark import review
from earmark.errors import Conflict
from earmark.review import masked, quality
from earmark.review.comparing import Clip, Given, Measured, agreement_of, cohorts_of, grouped
from earmark.review.quality import (
    agreement_by_question,
    anchoring,
    cohorts,
    lead_quality,
    own_quality,
    start_training,
)
from earmark.storage import Stores
from earmark.words import PersonId, TaskId

Answer = Callable[..., Awaitable[None]]


def people(n: int) -> list[PersonId]:
    return [PersonId(uuid.UUID(int=i + 1)) for i in range(n)]


@pytest.fixture
def answer(stores: Stores) -> Answer:
    """`await answer(task, reviewer, {"value": "said"})`: an answer as the floor keeps it."""

    async def make(
        task_id: TaskId,
        who: review.Reviewer,
        said: dict[str, Any] | None = None,
        *,
        at: datetime | None = None,
        correct: bool | None = None,
        blind: bool = False,
        as_given: bool | None = None,
        undone: bool = False,
        seconds: float = 8.0,
        round: int = 0,
        label: dict[str, Any] | None = None,
    ) -> None:
        at = at or stores.now()
        async with stores.pool.connection() as connection:
            row = await (
                await connection.execute("SELECT key_slot FROM review.tasks WHERE id = %s", [task_id])
            ).fetchone()
            assert row is not None
            key = review.masked_key(stores, row["key_slot"])
            await connection.execute(
                "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day, at, undone_at,"
                " round, site, blind, as_given, correct) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
                (
                    task_id, who.id, uuid.uuid4(), masked.seal_answer(key, task_id, said or {"value": "said"}), seconds,
                    at.date(), at, at if undone else None, round, who.site, blind, as_given, correct,
                ),
            )  # fmt: skip
            if correct is None and not undone and not round:
                await connection.execute("UPDATE review.tasks SET judgements = judgements + 1 WHERE id = %s", [task_id])
            if label is not None:
                await connection.execute(
                    "INSERT INTO review.labels (task_id, sealed, made_by, agreed_on) VALUES (%s, %s, 'agreement', %s)",
                    (task_id, masked.seal_label(key, task_id, label), at.date()),
                )

    return make


async def test_agreement_by_question(floor, make_task, reviewer, answer):
    one, two, gone = reviewer(), reviewer(), reviewer()
    for values in (("said", "said"), ("said", "not_said"), ("not_said", "not_said")):
        task_id = await make_task("wake")
        for who, value in zip((one, two), values, strict=True):
            await answer(task_id, who, {"value": value})
        await answer(task_id, gone, {"value": "unclear"}, undone=True)
        await answer(task_id, gone, {"value": "unclear"}, round=1)
    task_id = await make_task("transcript")
    await answer(task_id, one, {"text": "play some jazz"})
    await answer(task_id, two, {"text": "play jazz"})
    lonely = await make_task("understood")
    await answer(lonely, one, {"value": "right"})
    transcript, wake = await agreement_by_question(floor)
    assert (transcript.question, transcript.alpha, transcript.word_errors) == ("transcript", None, pytest.approx(2 / 5))
    assert (wake.clips, wake.alpha, wake.word_errors) == (3, pytest.approx(1 - 5 * 2 / 18), None)
    assert (wake.equal.right, wake.equal.asked) == (2, 3)


def test_an_intent_belongs_to_the_answer():
    wrong = [{"value": "wrong", "intent": "setTimer"}, {"value": "wrong", "intent": "setAlarm"}]
    pairs = [wrong, [{"value": "right"}] * 2, [wrong[0], wrong[0]]]
    clips = [
        Clip(
            question="understood",
            language="en",
            given=tuple(Given(person=who, site="", answer=said) for who, said in zip(people(2), pair, strict=True)),
        )
        for pair in pairs
    ]
    (found,) = agreement_of(clips)
    assert found.alpha is not None
    assert found.alpha < 1
    assert found.equal is not None
    assert found.equal.right == 2


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, {}),
        ({"a": 2}, {}),
        ({"a": 3}, {"a": {"a"}}),
        ({"a": 9, "b": 4, "c": 2}, {"a": {"a"}, "b and others": {"b", "c"}}),
        ({"a": 9, "c": 2, "d": 1}, {"a": {"a"}, "others": {"c", "d"}}),
        ({"c": 1, "d": 1, "e": 1}, {"others": {"c", "d", "e"}}),
        ({"a": 3, "c": 1}, {"a and others": {"a", "c"}}),
        ({"a": 3, "c": 0}, {"a": {"a"}}),
    ],
)
def test_no_group_is_smaller_than_three(sizes, expected):
    pool = iter(people(100))
    assert grouped({name: {next(pool) for _ in range(n)} for name, n in sizes.items()}) == expected


def test_one_person_in_two_small_groups_is_still_one():
    one, two = people(2)
    assert grouped({"en": {one, two}, "es": {one, two}}) == {}


def test_a_number_with_two_people_behind_it_is_not_told():
    who = people(3)
    gold = [{"person": each, "language": "en", "site": "x", "right": 9, "asked": 10} for each in who[:2]]
    seconds = [{"person": each, "language": "en", "site": "x", "seconds": 5.0} for each in who]
    measured = Measured(clips=(), gold=gold, seconds=seconds, long_here=frozenset())
    (found,) = cohorts_of(measured, "site")
    assert (found.people, found.accuracy, found.seconds, found.alpha) == (3, None, 5.0, None)


async def test_cohorts_by_site_language_and_time(floor, make_task, reviewer, answer, clock):
    boston = [reviewer() for _ in range(3)]
    hyderabad = [replace(reviewer(), site="Hyderabad") for _ in range(3)]
    for who in boston:
        await answer(await make_task("wake"), who, at=clock() - timedelta(days=40))
    for _ in range(4):
        task_id = await make_task("wake")
        for who in (boston[0], hyderabad[0]):
            await answer(task_id, who, seconds=6.0 if who.site == "Boston" else 9.0)
    for who, right in ((boston, True), (hyderabad, False)):
        for each in who:
            await answer(await make_task("wake", language="es"), each, correct=right, seconds=7.0)
    found = await cohorts(floor)
    assert [(one.name, one.people) for one in found["site"]] == [("Boston", 3), ("Hyderabad", 3)]
    first, second = found["site"]
    assert (first.accuracy.right, first.accuracy.asked, first.accuracy.high) == (10, 10, 1.0)  # 3 of 3, in tens
    assert (second.accuracy.right, second.accuracy.low) == (0, 0.0)
    assert first.seconds < second.seconds
    assert [(one.name, one.people) for one in found["time"]] == [("30 days or more", 3), ("less than 30 days", 3)]
    assert [(one.name, one.people) for one in found["language"]] == [("es and others", 6)]
    assert str(boston[0].id) not in repr(found)


async def test_a_small_floor_shows_no_cohort(floor, make_task, reviewer, answer):
    task_id = await make_task("wake")
    for who in (reviewer(), reviewer()):
        await answer(task_id, who)
    found = await lead_quality(floor)
    assert all(rows == () for rows in found.cohorts.values())
    assert len(found.agreement) == 1


async def test_how_much_the_machines_answer_leads_people(floor, make_task, reviewer, answer):
    for blind, kept, asked in ((False, 9, 10), (True, 3, 10)):
        for i in range(asked):
            await answer(await make_task("transcript"), reviewer(), blind=blind, as_given=i < kept)
    await answer(await make_task("transcript"), reviewer(), blind=True, as_given=True, undone=True)
    await answer(await make_task("wake"), reviewer(), as_given=True)
    transcript, wake = await anchoring(floor)
    assert transcript.difference.value == pytest.approx(0.6)
    assert (transcript.difference.low, transcript.difference.high) == (
        pytest.approx(0.1705, abs=1e-4), pytest.approx(0.8090, abs=1e-4),
    )  # fmt: skip
    assert transcript.difference.sure
    assert (wake.shown.asked, wake.hidden, wake.difference) == (1, None, None)


async def test_ones_own_numbers(floor, make_task, reviewer, answer, clock):
    me, others = reviewer(), [reviewer() for _ in range(3)]
    for i in range(10):
        await answer(await make_task("wake"), me, correct=i > 0, at=clock() - timedelta(days=i))
    await answer(await make_task("wake"), me, correct=False, undone=True)
    await answer(await make_task("wake"), me, correct=False, round=1)
    for i in range(4):
        await answer(await make_task("transcript"), me, {"text": "a"}, label={"text": "a" if i else "b"}, seconds=12.0)
        for who in others:
            await answer(await make_task("transcript"), who, {"text": "a"}, seconds=8.0)
    assert (await own_quality(floor, me)).accuracy.asked == 9, "today's would tell which clip was gold"
    clock.turn(days=1)
    found = await own_quality(floor, me)
    assert (found.accuracy.right, found.accuracy.asked) == (9, 10)
    assert set(found.by_question) == {"wake"}
    assert (found.labels.right, found.labels.asked) == (3, 4)
    assert (found.seconds, found.others_seconds) == (12.0, 8.0)
    assert [week.start.isoweekday() for week in found.weeks] == [1, 1, 1]
    assert sum(week.share.asked for week in found.weeks) == 10
    assert found.prompts == ()
    nobody = await own_quality(floor, reviewer())
    assert (nobody.accuracy, nobody.labels, nobody.seconds, nobody.weeks) == (None, None, None, ())
    two = replace(me, site="Bucharest")
    assert (await own_quality(floor, two)).others_seconds is None


async def test_training_is_offered_when_it_is_sure_to_help(stores, floor, make_task, reviewer, answer, clock):
    me = reviewer()
    for i in range(quality.ENOUGH_GOLD - 1):
        await answer(await make_task("wake"), me, correct=i % 2 == 0)
    clock.turn(days=1)
    assert (await own_quality(floor, me)).prompts == (), "too few answers to say so"
    with pytest.raises(Conflict):
        await start_training(floor, me, "en")
    await answer(await make_task("wake"), me, correct=False)
    clock.turn(days=1)
    (prompt,) = (await own_quality(floor, me)).prompts
    assert (prompt.language, prompt.pass_mark) == ("en", 0.85)
    assert prompt.share.high < 0.85
    await start_training(floor, me, "en")
    with pytest.raises(Conflict):
        await start_training(floor, me, "en")
    assert (await own_quality(floor, me)).training == ("en",)
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE review.qualifications SET passed_at = %s", [clock()])
    clock.turn(hours=1)
    after = await own_quality(floor, me)
    assert (after.prompts, after.training) == ((), ()), "what was before the training counts no more"
    assert after.accuracy.asked == quality.ENOUGH_GOLD


async def test_a_site_has_a_pass_mark_of_its_own(stores, floor, make_task, reviewer, answer, clock):
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.sites (name, region, serves, languages, timezone, opens, closes, days, pass_mark,"
            " break_after_minutes, break_minutes, hourly_cost, currency) VALUES ('Boston', 'us', '{us}', '{en}',"
            " 'America/New_York', '0:00', '0:00', '{1}', 0.4, 60, 5, 20, 'USD')"
        )
    me = reviewer()
    for i in range(40):
        await answer(await make_task("wake"), me, correct=i % 2 == 0)
    clock.turn(days=1)
    assert (await own_quality(floor, me)).accuracy.asked == 40
    assert (await own_quality(floor, me)).prompts == ()


async def test_a_recalled_clip_counts_no_more(stores, floor, make_task, reviewer, answer):
    task_id = await make_task("wake")
    for who in (reviewer(), reviewer()):
        await answer(task_id, who)
    async with stores.pool.connection() as connection:
        row = await (await connection.execute("SELECT key_slot FROM review.tasks")).fetchone()
    assert row is not None
    stores.review_keys.destroy([row["key_slot"]])
    assert await agreement_by_question(floor) == []
