"""Labels and hearings come home."""

from __future__ import annotations

from random import Random

import pytest

from earmark import airlock, review, vault
from earmark.errors import BadRequest

pytestmark = pytest.mark.usefixtures("willing")
SAID = {"value": "said"}
ANSWERS = {"wake": SAID, "transcript": {"text": "Turn it up!"}, "understood": {"value": "right"}}


async def test_labels_stand_beside_their_recording(everything, say, sample, answer_all, household):
    interaction = await say(intent="VolumeUp", slots={"by": "2"})
    await sample()
    assert await answer_all(**ANSWERS) == 6
    assert await airlock.take_labels(everything) == 3
    assert await airlock.take_labels(everything) == 0
    found = {}
    for purpose in ("wake", "asr", "nlu"):
        [label] = await airlock.labels(everything, purpose)
        assert (label.interaction_id, label.person_id, label.made_by) == (interaction, household.ada, "agreement")
        found[label.question] = label.answer
    assert found == {
        "wake": SAID,
        "transcript": {"text": "turn it up"},
        "understood": {"value": "right", "intent": "VolumeUp", "slots": {"by": "2"}},
    }
    with pytest.raises(BadRequest):
        await airlock.labels(everything, "fame")


async def test_a_correction_comes_home_as_it_was_given(everything, say, sample, answer_all):
    await say(intent="VolumeUp")
    await sample()
    corrected = {"value": "wrong", "intent": "VolumeDown", "slots": {"by": "3"}}
    await answer_all(**ANSWERS | {"understood": corrected})
    await airlock.take_labels(everything)
    [label] = await airlock.labels(everything, "understood")
    assert label.answer == corrected


async def test_labels_lie_sealed_under_the_recordings_key(everything, stores, say, sample, answer_all):
    await say("canary canary")
    await sample()
    await answer_all(**ANSWERS | {"transcript": {"text": "canary canary"}})
    await airlock.take_labels(everything)
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT sealed FROM airlock.labels")).fetchall()
    assert len(rows) == 3
    assert not any(b"canary" in bytes(row["sealed"]) for row in rows)


async def test_the_owner_sees_each_hearing_once(everything, stores, say, sample, floor, reviewer, clock):
    interaction = await say(accepted=False, kind="refused")
    await sample()
    for _ in range(2):
        who = reviewer()
        served = await review.next_task(floor, who)
        await review.sound(floor, who, served.task_id, served.fence)
        await review.release(floor, who, served.task_id, served.fence)
        await airlock.take_labels(everything)
        await airlock.take_labels(everything)
    heard = (await vault.hearings(stores, [interaction]))[interaction]
    assert [(each.role, each.site, each.day, each.purpose) for each in heard] == [
        ("reviewer", "San José", clock().date(), "checking the wake word")
    ] * 2
    assert not {"reviewer_id", "name"} & set(dir(heard[0]))


async def test_names_stay_masked_in_labels(everything, say, sample, answer_all):
    await say("message for ben")
    await sample()
    await answer_all(**ANSWERS | {"transcript": {"text": "message for [name]"}})
    await airlock.take_labels(everything)
    [label] = await airlock.labels(everything, "transcript")
    assert label.answer == {"text": "message for [name]"}


async def test_two_rounds_at_once_bring_each_label_once(everything, stores, say, sample, answer_all):
    import asyncio

    for _ in range(3):
        await say()
    await sample()
    await answer_all(**ANSWERS)
    await asyncio.gather(*(airlock.take_labels(everything, Random(i)) for i in range(3)))
    assert len(await airlock.labels(everything, "wake")) == 3
    assert len(await airlock.labels(everything, "transcript")) == 3
