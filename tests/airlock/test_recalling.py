"""Pulling back on a withdrawal, forgetting on an erasure."""

from __future__ import annotations

import asyncio
import uuid
from random import Random

import pytest

from earmark import airlock, consent, review, vault
from earmark.errors import BadRequest, NotFound, StaleLease
from earmark.storage import Chosen
from earmark.words import TaskId

pytestmark = pytest.mark.usefixtures("willing")
SAID = {"value": "said"}
ERASERS = (airlock.ERASER, vault.ERASER)


async def rows(stores, table):
    async with stores.pool.connection() as connection:
        return await (await connection.execute(f"SELECT * FROM {table}")).fetchall()


async def test_an_open_page_can_no_longer_play_keep_or_answer(stores, say, sample, floor, reviewer, household):
    await say()
    await sample()
    who = reviewer()
    served = await review.next_task(floor, who)
    assert await review.sound(floor, who, served.task_id, served.fence)
    await consent.set_grant(stores, household.ada, "review", False, how="settings")
    assert await airlock.recall(stores, household.ada) == 3
    with pytest.raises(StaleLease):
        await review.sound(floor, who, served.task_id, served.fence)
    assert (await review.keep(floor, who, [(served.task_id, served.fence)]))[1] == [served.task_id]
    with pytest.raises(StaleLease):
        await review.submit_and_next(floor, who, served.task_id, served.fence, uuid.uuid4(), SAID)
    assert await review.next_task(floor, who) is None


async def test_nothing_masked_is_left_and_the_keys_are_gone(stores, say, sample, all_tasks, household):
    await say()
    await sample()
    slots = {task["key_slot"] for task in await all_tasks()}
    assert slots <= stores.review_keys.live_slots()
    await airlock.recall(stores, household.ada)
    assert not slots & stores.review_keys.live_slots()
    assert list(stores.objects.names("masked")) == []
    assert await rows(stores, "airlock.seals") == []
    remembered = {row["slot"] for row in await rows(stores, "vault.tombstones") if row["store"] == "review"}
    assert slots <= remembered


async def test_only_this_persons_clips_are_pulled(stores, say, sample, all_tasks, household):
    await say()
    other = await say(person_id=household.ben)
    await sample()
    assert await airlock.recall(stores, household.ada) == 3
    assert {task["interaction_id"] for task in await all_tasks()} == {other}


async def test_the_home_process_may_recall(role_stores, say, sample, household):
    home = await role_stores("earmark_home")
    await say()
    await sample()
    assert await airlock.recall(home, household.ada) == 3


async def test_a_hearing_before_the_withdrawal_stays_in_the_history(stores, say, sample, floor, reviewer, household):
    interaction = await say(accepted=False, kind="refused")
    await sample()
    who = reviewer()
    served = await review.next_task(floor, who)
    await review.sound(floor, who, served.task_id, served.fence)
    await airlock.recall(stores, household.ada)
    assert len((await vault.hearings(stores, [interaction]))[interaction]) == 1
    await airlock.take_labels(stores)
    assert len((await vault.hearings(stores, [interaction]))[interaction]) == 1


async def test_switching_off_the_second_switch_pulls_the_words_of_messages_only(
    stores, say, sample, all_tasks, household
):
    await consent.set_grant(stores, household.ada, "transcription", True, how="settings")
    message, command = await say("tell him", kind="message"), await say()
    await sample()
    assert await airlock.recall(stores, household.ada, purpose="transcription") == 1
    left = {(task["interaction_id"], task["question"]) for task in await all_tasks()}
    assert left == {
        (message, "wake"),
        (message, "understood"),
        *((command, question) for question in ("wake", "transcript", "understood")),
    }


async def test_a_withdrawal_in_the_middle_of_the_masking_lets_nothing_out(
    everything, stores, say, household, all_tasks, monkeypatch
):
    await say()
    original = vault.open_for_review

    async def withdrawn_meanwhile(stores_, identifier):
        opened = await original(stores_, identifier)
        await consent.set_grant(stores, household.ada, "review", False, how="settings")
        await airlock.recall(stores, household.ada)
        return opened

    monkeypatch.setattr(vault, "open_for_review", withdrawn_meanwhile)
    assert (await airlock.run(everything, Random(1))).tasks == 0
    assert await all_tasks() == []
    assert list(everything.objects.names("masked")) == []


async def test_whenever_the_withdrawal_comes_nothing_stays_out(everything, stores, say, household, all_tasks):
    for wait in (0.0, 0.01, 0.03, 0.1):
        await consent.set_grant(stores, household.ada, "review", True, how="settings")
        for _ in range(3):
            await say()

        async def withdraw(wait: float = wait) -> None:
            await asyncio.sleep(wait)
            await consent.set_grant(stores, household.ada, "review", False, how="settings")
            await airlock.recall(stores, household.ada)

        await asyncio.gather(airlock.run(everything, Random(1)), withdraw())
        assert await all_tasks() == []
        assert list(everything.objects.names("masked")) == []


async def test_erasure_reaches_tasks_answers_labels_and_copies(everything, stores, say, sample, answer_all, household):
    gone, kept = await say(), await say(person_id=household.ben)
    await sample()
    await answer_all(wake=SAID, transcript={"text": "a"}, understood={"value": "right"})
    await airlock.take_labels(everything)
    receipt = await vault.erase(stores, household.ada, [gone], how="test", erasers=ERASERS)
    assert receipt["erased"]["tasks"] == 3
    for table, left in {
        "review.tasks": 3,
        "review.judgements": 6,
        "review.labels": 3,
        "airlock.seals": 3,
        "airlock.labels": 3,
        "airlock.choices": 1,
        "airlock.offers": 1,
    }.items():
        assert len(await rows(stores, table)) == left, table
    assert len(list(stores.objects.names("masked"))) == 3
    assert {label.interaction_id for label in await airlock.labels(everything, "wake")} == {kept}


async def test_erasing_twice_is_erasing_once(stores, say, sample, household):
    gone = await say()
    await sample()
    async with stores.pool.connection() as connection:
        first = await airlock.ERASER.erase(stores, connection, Chosen(interactions=[gone]))
        again = await airlock.ERASER.erase(stores, connection, Chosen(interactions=[gone]))
        doomed = await airlock.ERASER.find(stores, connection, Chosen(interactions=[gone]))
    assert (first["tasks"], again["tasks"]) == (3, 0)
    assert (list(doomed.review_slots), list(doomed.objects)) == ([], [])


async def test_the_eraser_answers_for_every_table_of_its_rooms(stores):
    async with stores.pool.connection() as connection:
        found = await (
            await connection.execute(
                "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
                " WHERE schemaname IN ('airlock', 'review', 'safety')"
            )
        ).fetchall()
    assert {row["name"] for row in found} == airlock.ERASER.tables


async def test_the_seal_is_broken_for_its_own_case_only(stores, say, sample, all_tasks):
    await say()
    await sample()
    task = TaskId((await all_tasks())[0]["id"])
    with pytest.raises(NotFound):
        await airlock.unseal(stores, task, uuid.uuid4(), "because")
    with pytest.raises(BadRequest):
        await airlock.unseal(stores, task, uuid.uuid4(), "  ")
