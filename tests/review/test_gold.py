"""Hidden gold, the training set, and transcripts written without help."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace

import pytest

from earmark import review
from earmark.review import Lanes, lanes_for
from earmark.review.gold import is_right, tend_gold

SAID, NOT = {"value": "said"}, {"value": "not_said"}


async def rows(stores, statement):
    async with stores.pool.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def say(floor, who, served, answer, **more):
    await review.sound(floor, who, served.task_id, served.fence)
    return await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), answer, **more)


@pytest.fixture
async def gold(floor, make_task, reviewer):
    """A clip that three people could not agree on and a lead settled as `said`."""
    await make_task()
    for value in ("said", "not_said", "unclear"):
        who = reviewer()
        await say(floor, who, await review.next_task(floor, who), {"value": value})
    lead = reviewer(role="lead")
    served = await review.next_adjudication(floor, lead)
    await review.sound(floor, lead, served.task_id, served.fence)
    await review.adjudicate(floor, lead, served.task_id, served.fence, SAID)
    return served.task_id


async def all_gold(floor, who) -> Lanes:
    return replace(await lanes_for(floor, who), gold_share=1.0)


@pytest.mark.parametrize(("answer", "correct"), [(SAID, True), (NOT, False)])
async def test_gold_measures_who_answers_and_changes_nothing_else(
    floor, stores, make_task, reviewer, gold, answer, correct
):
    who = reviewer()
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    assert served.task_id == gold
    await say(floor, who, served, answer)
    (mine,) = await rows(stores, "SELECT correct FROM review.judgements WHERE correct IS NOT NULL")
    assert mine["correct"] is correct
    (task,) = await rows(stores, "SELECT state, held_for, judgements FROM review.tasks")
    assert (task["state"], task["held_for"], task["judgements"]) == ("held", "gold", 3)
    assert len(await rows(stores, "SELECT * FROM review.labels")) == 1


async def test_gold_can_not_be_told_from_any_other_clip(floor, make_task, reviewer, gold):
    other = await make_task()
    who = reviewer()
    known = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    plain = await review.next_task(floor, who)
    assert (known.task_id, plain.task_id) == (gold, other)
    for name in ("question", "language", "prefill", "speech", "blind", "training", "draft", "given"):
        assert getattr(known, name) == getattr(plain, name)
    after_gold = await say(floor, who, known, SAID, undo=True)
    after_plain = await say(floor, who, plain, SAID, undo=True)
    assert after_gold.undo_until == after_plain.undo_until
    assert after_gold.taught is after_plain.taught is None


async def test_an_answer_to_gold_can_be_taken_back_too(floor, stores, reviewer, gold):
    who = reviewer()
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    await review.sound(floor, who, served.task_id, served.fence)
    key = uuid.uuid4()
    await review.submit_and_next(floor, who, served.task_id, served.fence, key, NOT, undo=True)
    again = await review.undo(floor, who, served.task_id, key)
    await review.submit_and_next(floor, who, again.task_id, again.fence, uuid.uuid4(), SAID)
    mine = await rows(
        stores,
        "SELECT correct, undone_at IS NOT NULL AS undone FROM review.judgements WHERE correct IS NOT NULL ORDER BY id",
    )
    assert [(row["correct"], row["undone"]) for row in mine] == [(False, True), (True, False)]
    assert len(await rows(stores, "SELECT * FROM review.labels")) == 1


async def test_nobody_gets_gold_that_they_judged_or_gave_up(floor, reviewer, gold):
    who = reviewer()
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    await review.release(floor, who, served.task_id, served.fence)
    served = await review.next_task(floor, who, lanes=await all_gold(floor, who))
    await say(floor, who, served, SAID)
    assert await review.next_task(floor, who, lanes=await all_gold(floor, who)) is None


async def test_gold_ends_with_age(floor, stores, reviewer, gold, clock):
    assert await tend_gold(stores) == 0
    clock.turn(days=31)
    assert await tend_gold(stores) == 1
    (task,) = await rows(stores, "SELECT state, held_for FROM review.tasks")
    assert (task["state"], task["held_for"]) == ("done", None)


@pytest.mark.parametrize(
    ("kind", "expected", "answer", "right"),
    [
        ("choice", SAID, SAID, True),
        ("choice", SAID, NOT, False),
        ("transcript", {"text": "a b c d e f g h i j"}, {"text": "a b c d e f g h i x"}, True),
        ("transcript", {"text": "a b c"}, {"text": "a b"}, False),
        ("transcript", {"text": ""}, {"text": ""}, True),
        ("transcript", {"text": ""}, {"text": "a"}, False),
        ("intent", {"value": "right"}, {"value": "right"}, True),
        ("intent", {"value": "wrong", "intent": "A"}, {"value": "wrong", "intent": "B"}, False),
        ("intent", {"value": "wrong"}, {"value": "wrong", "intent": "B"}, True),
    ],
)
def test_what_counts_as_right(kind, expected, answer, right):
    assert is_right(kind, expected, answer) is right


async def test_a_blind_transcript_has_no_prefill_and_stays_blind_for_the_same_person(
    floor, stores, make_task, reviewer
):
    words = [{"text": "play", "confidence": 0.9, "start": 0.1, "end": 0.5}]
    for _ in range(40):
        await make_task("transcript", prefill={"words": words, "speech": [[0.1, 0.5]]})
    who = reviewer()
    lanes = replace(await lanes_for(floor, who), blind_share=0.5)
    found = {}
    for _ in range(3):
        held = []
        while (served := await review.next_task(floor, who, lanes=lanes, most=100)) is not None:
            assert served.prefill == ({} if served.blind else {"words": words})
            assert served.speech == ((0.1, 0.5),)
            assert found.setdefault(served.task_id, served.blind) is served.blind
            held.append(served)
        for served in held:
            await review.release(floor, who, served.task_id, served.fence)
    assert 8 <= sum(found.values()) <= 32
    served = await review.next_task(floor, who, lanes=lanes)
    await say(floor, who, served, {"text": "play"}, lanes=lanes)
    (row,) = await rows(stores, "SELECT blind, as_given FROM review.judgements")
    assert (row["blind"], row["as_given"]) == (served.blind, True)


@pytest.fixture
async def training(make_task):
    """Twelve training clips whose answer is `said`."""
    return [await make_task(region="training", known=SAID) for _ in range(12)]


async def in_training(floor, who, round_: int) -> Lanes:
    lanes = await lanes_for(floor, who)
    return replace(
        lanes,
        lanes=tuple(replace(lane, region="training") for lane in lanes.lanes),
        kinds=("training",),
        round=round_,
        pass_mark=0.8,
    )


@pytest.mark.parametrize(("rights", "passed"), [(10, True), (8, True), (7, False)])
async def test_a_round_of_training_is_passed_or_not(floor, stores, reviewer, training, rights, passed):
    who = reviewer()
    await review.begin_round(floor, who, "en")
    lanes = await in_training(floor, who, 1)
    served, told = await review.next_task(floor, who, lanes=lanes), []
    for number in range(10):
        assert served.training
        taken = await say(floor, who, served, SAID if number < rights else NOT, lanes=lanes, undo=True)
        assert taken.undo_until is None
        assert taken.taught.expected == SAID
        assert taken.taught.correct is (number < rights)
        told.append(taken.taught.passed)
        served = taken.next
    assert told == [None] * 9 + [passed]
    status = (await review.progress(floor, who))["en"]
    assert (status.asked, status.right, status.passed_at is not None) == (10, rights, passed)
    assert len(await rows(stores, "SELECT * FROM review.labels")) == len(training)


async def test_the_next_round_begins_anew_with_the_same_clips(floor, reviewer, training):
    who = reviewer()
    for number in (1, 2):
        await review.begin_round(floor, who, "en")
        lanes = await in_training(floor, who, number)
        served = await review.next_task(floor, who, lanes=lanes)
        for _ in range(10):
            taken = await say(floor, who, served, NOT, lanes=lanes)
            served = taken.next
        status = (await review.progress(floor, who))["en"]
        assert (status.round, status.asked, status.right) == (number, 10, 0)
        assert status.failed_at is not None


async def test_a_round_that_is_under_way_is_not_begun_again(floor, reviewer, training):
    who = reviewer()
    await review.begin_round(floor, who, "en")
    await review.begin_round(floor, who, "en")
    assert (await review.progress(floor, who))["en"].round == 1


async def test_training_clips_reach_nobody_at_work(floor, reviewer, training):
    assert await review.next_task(floor, reviewer(), rng=random.Random(1)) is None
