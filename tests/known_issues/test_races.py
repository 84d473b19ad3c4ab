"""What was found when two things happen at once: on a machine with several processes they do."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from random import Random

import pytest

from earmark import airlock, consent, forget, learn, review, vault
from earmark.airlock import choosing
from earmark.doctor import examine
from earmark.storage import Eraser
from earmark.switches import switch
from earmark.vault import Content, NewInteraction, Wake, Word, keeping
from earmark.words import PersonId


@pytest.fixture
async def everything(role_stores):
    """The worker's stores, at a published rate of 100 %."""
    return await role_stores("earmark_worker", review_rate=1.0)


@pytest.fixture
def say(stores, household, clock, tone):
    async def make(*, accepted: bool = True, kind: vault.Kind = "command"):
        words = (Word(text="louder", start=0.9, end=1.4, confidence=0.9),)
        new = NewInteraction(
            person_id=household.ada,
            device_id=household.kitchen,
            started_at=clock(),
            kind=kind if accepted else "refused",
            audio=tone(2.0),
            wake=Wake(word="alexa", score=0.9, start=0.1, end=0.7),
            content=Content(text="louder", words=words, accepted=accepted),
        )
        return await vault.record(stores, new)

    return make


async def rows(stores, statement: str, *values: object):
    async with stores.pool.connection() as connection:
        return await (await connection.execute(statement, values)).fetchall()


async def test_the_worker_leaves_an_erasure_alone_that_is_under_way(stores, household, say):
    """The worker finishes what a killed process began, each minute; it took a slow erasure for a dead one, and the
    receipt that its owner held was not the one that was kept."""
    gone, finished = await say(), []

    async def slow(stores_, connection, chosen):
        finished.append(await asyncio.wait_for(vault.resume(stores, forget.ERASERS), 20))
        return {}

    slowed = (Eraser(tables=frozenset(), find=forget.ERASERS[0].find, erase=slow), *forget.ERASERS)
    receipt = await vault.erase(stores, household.ada, [gone], how="settings", erasers=slowed)
    assert finished == [0]
    assert await vault.receipts(stores, household.ada) == [receipt]
    assert receipt["erased"]["keys"] == receipt["erased"]["files"] == receipt["erased"]["recordings"] == 1
    assert len(await rows(stores, "SELECT 1 FROM audit.inbox WHERE event LIKE %s", '%"what":"erasure"%')) == 1


async def test_what_is_being_deleted_leaves_no_line_of_a_false_wake(stores, household, say):
    """An erasure was killed half way; before it was finished, the worker left the bare line of the same false wake."""
    await switch(stores, household.ada, "donate", True, how="settings")
    gone = await say(accepted=False)

    class Killed(BaseException):
        pass

    async def die(*_):
        raise Killed

    dying = Eraser(tables=frozenset(), find=vault.ERASER.find, erase=die)
    with pytest.raises(Killed):
        await vault.erase(stores, household.ada, [gone], how="settings", erasers=[dying])
    await consent.set_grant(stores, household.ada, "donate", False, how="settings")
    await forget.drop_false_wakes(stores)
    await forget.finish_interrupted(stores)
    assert await vault.count(stores, household.ada) == 0


async def test_a_clock_that_is_changed_while_something_is_kept_holds_for_it_too(
    stores, household, say, clock, monkeypatch
):
    original = consent.current

    async def changed_meanwhile(stores_, person):
        known = await original(stores_, person)
        monkeypatch.setattr(keeping.consent, "current", original)
        await switch(stores, household.ada, "save", True, how="settings", keep_days=1)
        return known

    monkeypatch.setattr(keeping.consent, "current", changed_meanwhile)
    await say()
    (row,) = await rows(stores, "SELECT expires_at FROM vault.interactions")
    assert row["expires_at"] == clock() + timedelta(days=1)


async def test_a_clip_waits_for_its_owner_even_when_the_switch_was_turned_during_the_draw(
    everything, household, say, monkeypatch
):
    """The draw had read the switch before it was turned, and the switch had looked for clips before the draw ended."""
    await switch(everything, household.ada, "review", True, how="settings")
    kept = await say()
    await choosing.draw(everything, Random(1))
    await consent.set_grant(everything, household.ada, "hear_first", True, how="settings")
    assert (await airlock.run(everything, Random(1))).tasks == 0
    assert list(await airlock.asked(everything, household.ada)) == [kept]
    assert list(everything.objects.names("masked")) == []
    await airlock.answer_ask(everything, household.ada, kept, True)
    assert (await airlock.run(everything, Random(1))).tasks == 3


@pytest.mark.parametrize("purpose", ["review", "transcription", "donate"])
async def test_a_withdrawal_is_carried_out_when_its_process_was_killed(everything, household, say, purpose):
    """The word was written down, and the process died before it pulled the clips back: they stayed on the floor."""
    for each in ("review", "transcription", "donate"):
        await switch(everything, household.ada, each, True, how="settings")
    await say(accepted=purpose != "donate", kind="message")
    await airlock.run(everything, Random(1))
    before = {row["question"] for row in await rows(everything, "SELECT question FROM review.tasks")}
    await consent.set_grant(everything, household.ada, purpose, False, how="settings")
    await airlock.recall_withdrawn(everything)
    left = {row["question"] for row in await rows(everything, "SELECT question FROM review.tasks")}
    assert left == (before - {"transcript"} if purpose == "transcription" else set())
    assert len(list(everything.objects.names("masked"))) == len(left)


async def test_nobody_overrules_an_owner_who_had_not_called(everything, role_stores, household, say):
    """An owner said of a message that nobody had called, and donated it; two reviewers said that somebody had, and
    what followed was asked about, without the switch that messages need."""
    for each in ("review", "donate"):
        await switch(everything, household.ada, each, True, how="settings")
    kept = await say(kind="message")
    await forget.not_called(everything, household.ada, kept, how="settings")
    assert (await airlock.run(everything, Random(1))).tasks == 1
    floor = await role_stores("earmark_review")
    for _ in range(2):
        who = review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), secrets=(), site="X", role="reviewer")
        served = await review.next_task(floor, who)
        assert served is not None
        await review.sound(floor, who, served.task_id, served.fence)
        key = uuid.uuid4()
        await review.submit_and_next(floor, who, served.task_id, served.fence, key, {"value": "said"})
    assert await airlock.take_labels(everything, Random(1)) == 1
    assert [row["question"] for row in await rows(everything, "SELECT question FROM review.tasks")] == ["wake"]
    item = await vault.interaction(everything, household.ada, kept)
    assert (item.kind, item.called) == ("false_wake", False)


async def test_deleting_and_changing_a_clock_at_once(stores, role_stores, household, say):
    """Both lock the same rows, in different orders: one of them was thrown out by the database."""
    home = await role_stores("earmark_home")
    for _ in range(4):
        await asyncio.gather(*(say() for _ in range(120)))
        await asyncio.gather(
            forget.forget(home, household.ada, "all", how="settings"),
            *(
                switch(home, household.ada, "save", True, how="settings", keep_days=days)
                for days in (1, 30, 90, 548, 0)
            ),
        )
        assert await vault.count(stores, household.ada) == 0


async def test_what_is_deleted_while_a_dataset_is_made_is_not_learned(
    everything, role_stores, household, say, monkeypatch
):
    """The labels had been read and the version was not written down yet: the deletion found nothing to revoke, and
    words that were gone were learned from."""
    await switch(everything, household.ada, "review", True, how="settings")
    gone, stays = await say(), await say()
    await airlock.run(everything, Random(1))
    floor = await role_stores("earmark_review")
    answers = {"wake": {"value": "said"}, "transcript": {"text": "louder"}, "understood": {"value": "right"}}
    for _ in range(2):
        who = review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), secrets=(), site="X", role="reviewer")
        served = await review.next_task(floor, who)
        while served is not None:
            await review.sound(floor, who, served.task_id, served.fence)
            asked, key = served.question, uuid.uuid4()
            served = (await review.submit_and_next(floor, who, served.task_id, served.fence, key, answers[asked])).next
    await airlock.take_labels(everything, Random(1))
    original = airlock.labels

    async def deleted_meanwhile(stores_, purpose):
        found = await original(stores_, purpose)
        if purpose == "understood":
            monkeypatch.setattr(airlock, "labels", original)
            await forget.forget(everything, household.ada, [gone], how="settings")
        return found

    monkeypatch.setattr(airlock, "labels", deleted_meanwhile)
    dataset = await learn.make_dataset(everything)
    assert {lesson.interaction_id for lesson in dataset.lessons} == {stays}
    assert [each.code for each in await examine(everything)] == []
