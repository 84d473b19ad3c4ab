"""The training set: machine voices with known answers."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from earmark import airlock, audio, review
from earmark.airlock.teaching import languages
from earmark.device import Voice
from earmark.errors import BadRequest
from earmark.words import PcmAudio


def hum(text: str, voice: str) -> PcmAudio:
    time = np.arange(16_000) / 16_000
    return PcmAudio(samples=(8000 * np.sin(2 * np.pi * 300 * time)).astype(np.int16))


@pytest.mark.parametrize("language", languages())
def test_each_language_has_every_kind_and_prefills_that_are_wrong(language):
    made = airlock.lessons(language, Random(1))
    kinds = Counter(lesson.question for lesson in made)
    assert kinds == {"wake": 8, "transcript": 8, "understood": 8}
    for lesson in made:
        assert review.check(review.QUESTIONS[lesson.question], lesson.answer) == lesson.answer
    wrong = [each for each in made if each.question == "transcript" and each.prefill["words"] != each.text]
    assert len(wrong) == 3
    assert Counter(each.answer["value"] for each in made if each.question == "understood") == {"right": 5, "wrong": 3}


def test_accepting_everything_does_not_pass():
    made = airlock.lessons("en", Random(1))
    right = sum(
        each.prefill["words"] == each.text
        if each.question == "transcript"
        else each.answer["value"] in ("right", "said")
        for each in made
    )
    assert right / len(made) < 0.7


def test_another_language_is_refused_in_one_sentence():
    with pytest.raises(BadRequest, match="no training set"):
        airlock.lessons("tlh", Random(1))


async def test_the_set_is_made_once_and_can_be_played_and_answered(stores, reviewer, floor):
    assert await airlock.make_training(stores, "en", hum, Random(1)) == 24
    assert await airlock.make_training(stores, "en", hum, Random(2)) == 0
    who = reviewer()
    await review.begin_round(floor, who, "en")
    lanes = await review.lanes_for(floor, who)
    lanes = replace(
        lanes, lanes=tuple(replace(lane, region="training") for lane in lanes.lanes), kinds=("training",), round=1
    )
    served = await review.next_task(floor, who, lanes=lanes)
    assert served is not None
    assert served.training
    sound = audio.read(await review.sound(floor, who, served.task_id, served.fence))
    assert sound.duration in (3.0, 8.0, 16.0)
    start, end = served.speech[0]
    assert end - start == pytest.approx(1.0, abs=0.02)
    assert np.abs(sound.samples[round(start * 16_000) : round(end * 16_000)]).mean() > 500
    answers = {"wake": {"value": "unclear"}, "transcript": {"text": "x"}, "understood": {"value": "right"}}
    taken = await review.submit_and_next(
        floor, who, served.task_id, served.fence, uuid.uuid4(), answers[served.question], lanes=lanes
    )
    assert taken.taught is not None
    assert taken.taught.asked == 1


@pytest.mark.parametrize("language", languages())
def test_the_real_voices_speak_each_language(language):
    with Voice() as voice:
        for lesson in airlock.lessons(language, Random(3)):
            assert voice.synthesise(lesson.text, voice=lesson.voice).duration > 0.3


async def test_only_sites_that_teach_want_one(stores):
    assert await airlock.training_wanted(stores) == []
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.sites VALUES ('Cluj', 'home', '{home}', '{ro,en}', 'Europe/Bucharest', '09:00',"
            " '17:00', '{1,2,3,4,5}', 0.8, 50, 10, 9.5, 'EUR'), ('Here', 'home', '{home}', '{es}', 'UTC', '0:00',"
            " '0:00', '{1}', NULL, 50, 10, 0, 'EUR')"
        )
    assert sorted(await airlock.training_wanted(stores)) == ["en", "ro"]
    await airlock.make_training(stores, "ro", hum, Random(1))
    assert await airlock.training_wanted(stores) == ["en"]


def test_tasks_of_one_device_are_spread_over_the_whole_queue():
    big, small = uuid.uuid4(), uuid.uuid4()
    tasks = [(uuid.uuid4(), big) for _ in range(90)] + [(uuid.uuid4(), small) for _ in range(10)]
    places = airlock.spread(tasks)  # type: ignore[arg-type]
    for device, count in ((big, 90), (small, 10)):
        at = sorted(places[task] for task, whose in tasks if whose == device)
        gaps = [after - before for before, after in zip(at, [*at[1:], at[0] + 1], strict=True)]
        assert max(gaps) <= 2.0 / count + 1e-9
    assert all(0 <= place < 1 for place in places.values())
