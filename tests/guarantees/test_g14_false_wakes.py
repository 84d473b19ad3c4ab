"""Guarantee 14: what followed a false wake is in no copy."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from earmark import airlock, audio, consent, review, vault
from earmark.words import PcmAudio

RATE = 16_000


def hum(seconds: float, hertz: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (9000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


@pytest.fixture
def false_wake(ring):
    """`await false_wake()`: a lexus drives by at 500 Hz, and what follows at 2 kHz is nobody's business."""

    async def make(**changes):
        gap = np.zeros(RATE // 2, np.int16)
        words = ("the", "doctor", "called")
        values = {
            "person_id": ring.ada,
            "device_id": ring.device,
            "started_at": ring.clock(),
            "kind": "refused",
            "audio": PcmAudio(samples=np.concatenate([gap, hum(0.7, 500), hum(2.0, 2000), gap])),
            "wake": vault.Wake(word="alexa", score=0.61, start=0.5, end=1.2),
            "content": vault.Content(
                text=" ".join(words),
                words=tuple(
                    vault.Word(text=w, start=1.25 + 0.4 * i, end=1.6 + 0.4 * i, confidence=0.4)
                    for i, w in enumerate(words)
                ),
                accepted=False,
            ),
        }
        return await vault.record(ring.stores, vault.NewInteraction(**{**values, **changes}))

    return make


def power_at(wav: bytes, hertz: float) -> float:
    """Return the share of the sound's power within 30 Hz of a frequency."""
    samples = audio.read(wav, allow_silence=True).samples.astype(float)
    power = np.abs(np.fft.rfft(samples)) ** 2
    near = np.abs(np.fft.rfftfreq(len(samples), 1 / RATE) - hertz) < 30
    return float(power[near].sum() / power.sum())


async def hear_all(ring, answer):
    heard = []
    for _ in range(2):
        who = ring.reviewer()
        served = await review.next_task(ring.floor, who)
        while served is not None:
            heard.append((served, await review.sound(ring.floor, who, served.task_id, served.fence)))
            served = await review.submit_and_next(ring.floor, who, served.task_id, served.fence, uuid.uuid4(), answer)
    return heard


async def test_nobody_hears_a_false_wake_of_who_did_not_allow_review(ring, false_wake):
    """We recorded false wakes of somebody who allowed saving only, and sampled at 100 %: none reached the queue."""
    for _ in range(5):
        await false_wake()
    assert (await ring.sample()).tasks == 0
    assert await review.next_task(ring.floor, ring.reviewer()) is None


async def test_of_a_suspected_one_only_the_span_of_the_wake_word_leaves(ring, false_wake):
    """We put a tone after the wake word of a refused recording and looked for its frequency in every copy that left:
    only the wake word's span was there, and none of the words that followed."""
    await ring.allow()
    await false_wake()
    assert (await ring.sample()).tasks == 1
    heard = await hear_all(ring, {"value": "not_said"})
    assert len(heard) == 2
    for served, wav in heard:
        assert served.question == "wake"
        assert power_at(wav, 500) > 0.5
        assert power_at(wav, 2000) < 1e-4
        assert not {"doctor", "called"} & set(str(served.prefill).split())


async def test_once_found_false_nothing_more_of_it_is_ever_asked(ring, false_wake):
    """We let two reviewers say that nobody had called, and went on sampling for days: no other task was made of it."""
    await ring.allow()
    await false_wake()
    await ring.sample()
    await hear_all(ring, {"value": "not_said"})
    for _ in range(3):
        await ring.take_home()
        ring.clock.turn(days=1)
        assert (await ring.sample()).tasks == 0
    assert [row["question"] for row in await ring.rows("SELECT question FROM review.tasks")] == ["wake"]


async def test_a_word_spoken_right_behind_the_wake_word_is_cut_off_too(ring, false_wake):
    """We let the next sentence begin inside the last tenth of the wake word's span: the copy ended before it."""
    await ring.allow()
    word = vault.Word(text="doctor", start=1.1, end=1.5, confidence=0.4)
    await false_wake(content=vault.Content(text="doctor", words=(word,), accepted=False))
    await ring.sample()
    who = ring.reviewer()
    served = await review.next_task(ring.floor, who)
    wav = await review.sound(ring.floor, who, served.task_id, served.fence)
    loud = np.abs(audio.read(wav).samples.astype(int)) > 1500
    assert np.count_nonzero(loud) < 0.65 * RATE, "more than the word before the sentence is in the copy"


async def test_taking_the_consent_back_takes_it_out_of_the_queue(ring, false_wake):
    """We took the consent back while a false wake waited in the queue: the copy was gone before anybody heard it."""
    await ring.allow()
    await false_wake()
    await ring.sample()
    await consent.set_grant(ring.stores, ring.ada, "review", False, how="settings")
    assert await airlock.recall(ring.stores, ring.ada) == 1
    assert await review.next_task(ring.floor, ring.reviewer()) is None
