"""Guarantee 14: a suspected false wake is dropped before any person, unless donated; donated, the wake word's span."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from earmark import audio, consent, forget, review, vault
from earmark.switches import switch
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
    """Have two people hear everything; `answer` is what they say about the wake word."""
    answers = {"wake": answer, "transcript": {"text": ""}, "understood": {"value": "wrong"}}
    heard = []
    for _ in range(2):
        who = ring.reviewer()
        served = await review.next_task(ring.floor, who)
        while served is not None:
            heard.append((served, await review.sound(ring.floor, who, served.task_id, served.fence)))
            taken = await review.submit_and_next(
                ring.floor, who, served.task_id, served.fence, uuid.uuid4(), answers[served.question]
            )
            served = taken.next
    return heard


async def donate(ring, on: bool = True) -> None:
    await ring.allow()
    await switch(ring.stores, ring.ada, "donate", on, how="settings")


async def test_a_suspected_one_is_dropped_before_it_is_written(ring, false_wake, canary, places):
    """We had false wakes recorded of somebody who allows saving and review, and looked for their words and sound in
    rows, objects, keys and files: only the line that the device woke was there."""
    await ring.allow()
    for _ in range(5):
        await false_wake(audio=canary.audio, content=vault.Content(text=canary.text, accepted=False))
    rows = await ring.rows("SELECT kind, object, sealed, key_slot, tokens, wake_word FROM vault.interactions")
    bare = {"kind": "false_wake", "object": None, "sealed": None, "key_slot": None, "tokens": [], "wake_word": "alexa"}
    assert rows == [bare] * 5
    assert list(ring.stores.objects.names("vault")) == []
    assert places.search(canary.needles()) == set()


async def test_a_corpus_of_false_wakes_reaches_no_queue(ring, false_wake):
    """We recorded a hundred false wakes of somebody who allows review and donates nothing, and sampled for days at
    100 %: none was offered, chosen, or made a task."""
    await ring.allow()
    for _ in range(100):
        await false_wake()
    for _ in range(3):
        assert (await ring.sample()).eligible == 0
        ring.clock.turn(days=1)
    assert await review.next_task(ring.floor, ring.reviewer()) is None
    assert await ring.rows("SELECT 1 FROM airlock.offers") == []


async def test_donating_alone_lets_nobody_hear_it(ring, false_wake):
    """We donated false wakes without allowing review: none reached the queue."""
    await consent.set_grant(ring.stores, ring.ada, "donate", True, how="settings")
    for _ in range(5):
        await false_wake()
    assert (await ring.sample()).tasks == 0
    assert await review.next_task(ring.floor, ring.reviewer()) is None


async def test_one_that_was_taken_for_a_command_is_dropped_when_people_find_it_false(ring, false_wake, canary):
    """We had a false wake taken for a command, and reviewers say that nobody had called: at the next round its sound,
    words, key and labels were gone, and the line stayed."""
    await ring.allow()
    words = (vault.Word(text=canary.words[0], start=1.4, end=2.0, confidence=0.9),)
    await false_wake(kind="command", content=vault.Content(text=canary.words[0], words=words, accepted=True))
    await ring.sample()
    await hear_all(ring, {"value": "not_said"})
    await ring.take_home()
    assert await forget.drop_false_wakes(ring.stores) == 1
    (row,) = await ring.rows("SELECT kind, called, key_slot, object FROM vault.interactions")
    assert row == {"kind": "false_wake", "called": False, "key_slot": None, "object": None}
    assert list(ring.stores.objects.names("vault")) == []
    assert await ring.rows("SELECT 1 FROM airlock.labels") == []


async def test_what_its_owner_calls_false_is_dropped_at_once(ring, canary):
    """We said "that was not for you" of a recording that was in review: its sound, words, copies and labels went with
    a receipt, and the line stayed."""
    await ring.allow()
    recorded = await ring.turn(canary)
    receipt = await forget.not_called(ring.stores, ring.ada, recorded, how="settings")
    assert receipt is not None
    assert receipt["erased"]["recordings"] == 1
    (row,) = await ring.rows("SELECT kind, called, key_slot FROM vault.interactions")
    assert row == {"kind": "false_wake", "called": False, "key_slot": None}
    assert [await ring.rows(f"SELECT 1 FROM {table}") for table in ("airlock.labels", "review.tasks")] == [[], []]


async def test_ending_the_donation_drops_what_was_donated(ring, false_wake, canary):
    """We donated false wakes, had one waiting in the queue, and took the donation back: queue, sound and words were
    empty when the switch's own request had returned."""
    await donate(ring)
    await false_wake(audio=canary.audio)
    await ring.sample()
    await switch(ring.stores, ring.ada, "donate", False, how="settings")
    assert await review.next_task(ring.floor, ring.reviewer()) is None
    assert list(ring.stores.objects.names("vault")) == []
    assert [row["key_slot"] for row in await ring.rows("SELECT key_slot FROM vault.interactions")] == [None]


async def test_of_a_suspected_one_only_the_span_of_the_wake_word_leaves(ring, false_wake):
    """We put a tone after the wake word of a donated false wake and looked for its frequency in every copy that left:
    only the wake word's span was there, and none of the words that followed."""
    await donate(ring)
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
    await donate(ring)
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
    await donate(ring)
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
    await donate(ring)
    await false_wake()
    assert (await ring.sample()).tasks == 1
    await switch(ring.stores, ring.ada, "review", False, how="settings")
    assert await review.next_task(ring.floor, ring.reviewer()) is None
