"""What leaves: which questions, which sound, which words, and nothing that links two tasks."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from earmark import accounts, airlock, audio, consent, vault
from earmark.storage import Stores
from earmark.words import PcmAudio

pytestmark = pytest.mark.usefixtures("willing")


async def questions(all_tasks):
    return Counter(task["question"] for task in await all_tasks())


async def test_an_accepted_command_gets_its_three_questions(say, sample, all_tasks):
    await say()
    await sample()
    assert await questions(all_tasks) == {"wake": 1, "transcript": 1, "understood": 1}


async def test_a_refused_wake_gets_the_wake_question_only(say, sample, all_tasks):
    await say("i saw a lexus", accepted=False, kind="refused")
    await sample()
    assert await questions(all_tasks) == {"wake": 1}


async def test_the_command_is_asked_about_once_people_found_that_the_wake_word_was_said(
    everything, say, sample, all_tasks, answer_all
):
    await say("blah", accepted=False, kind="refused")
    await sample()
    await answer_all(wake={"value": "said"})
    assert await airlock.take_labels(everything, Random(1)) == 1
    assert await questions(all_tasks) == {"wake": 1, "transcript": 1, "understood": 1}


@pytest.mark.parametrize("value", ["not_said", "unclear"])
async def test_what_followed_a_false_wake_is_never_asked_about(everything, say, sample, all_tasks, answer_all, value):
    await say("something private", accepted=False, kind="refused")
    await sample()
    await answer_all(wake={"value": value})
    await airlock.take_labels(everything, Random(1))
    await airlock.run(everything, Random(1))
    await airlock.take_labels(everything, Random(1))
    assert await questions(all_tasks) == {"wake": 1}


async def test_an_import_has_no_wake_to_ask_about(say, sample, all_tasks):
    await say(wake=False)
    await sample()
    assert await questions(all_tasks) == {"transcript": 1, "understood": 1}


async def test_the_words_of_a_message_need_the_second_switch(stores, say, sample, all_tasks, household):
    await say("tell him hello", kind="message")
    await sample()
    assert await questions(all_tasks) == {"wake": 1, "understood": 1}
    await consent.set_grant(stores, household.ada, "transcription", True, how="settings")
    await say("tell him hello", kind="message")
    await sample()
    assert await questions(all_tasks) == {"wake": 2, "understood": 2, "transcript": 1}


async def test_without_word_times_no_clip_leaves(say, sample, all_tasks):
    await say("play some jazz", words=())
    sampled = await sample()
    assert (sampled.chosen, sampled.tasks) == (1, 0)
    assert await all_tasks() == []


@pytest.mark.parametrize(("truth", "leaves"), [("play some jazz for ben", False), ("play sam jazz", True)])
async def test_what_was_really_said_holds_a_clip_back_when_it_names_more(say, sample, all_tasks, truth, leaves):
    """Where in the sound the name is, nobody knows: only recognised words have times."""
    await say("play some jazz", corrected=truth)
    sampled = await sample()
    assert (sampled.chosen, sampled.tasks > 0, bool(await all_tasks())) == (1, leaves, leaves)


async def test_in_a_language_whose_numbers_are_unknown_no_clip_leaves(everything, stores, say, all_tasks):
    household = await accounts.create_household(stores)
    person = await accounts.create_person(
        stores, name="Ioana", roles=["owner"], household_id=household, languages=["ro"]
    )
    for purpose in ("save", "review"):
        await consent.set_grant(stores, person, purpose, True, how="settings")
    await say("un doi trei", person_id=person)
    assert (await airlock.run(everything, Random(1))).tasks == 0


async def test_the_wake_copy_holds_the_wake_span_only(say, sample, play_all, reviewer, share):
    await say("blah", accepted=False, kind="refused")
    await sample()
    [(served, wav)] = await play_all(reviewer())
    copy = audio.read(wav)
    assert served.prefill == {"word": "alexa"}
    assert share(copy, 500) > 0.9
    assert share(copy, 2000) < 1e-3


async def test_speech_right_behind_the_wake_word_is_not_in_the_wake_copy(say, sample, play_all, reviewer, share, tone):
    samples = np.concatenate([tone(0.5, 300).samples, tone(0.7, 500).samples, tone(1.0, 2000).samples])
    await say("", words=(), audio=PcmAudio(samples=samples), accepted=False, kind="refused")
    await sample()
    [(_, wav)] = await play_all(reviewer())
    assert share(audio.read(wav), 500) > 0.5
    assert share(audio.read(wav), 2000) < 1e-3


async def test_the_command_copy_leaves_the_wake_word_out(say, sample, play_all, reviewer, share):
    await say()
    await sample()
    copies = {served.question: audio.read(wav) for served, wav in await play_all(reviewer())}
    for question in ("transcript", "understood"):
        assert share(copies[question], 2000) > 0.9
        assert share(copies[question], 500) < 1e-3


async def test_names_of_the_household_are_masked_in_words_and_sound(say, sample, play_all, reviewer, share, tone):
    # "ben" sounds at 3 kHz, at 2.1 to 2.4 s
    parts = [(0.5, 0), (0.7, 500), (0.3, 0), (0.6, 2000), (0.3, 3000), (0.6, 2000), (0.5, 0)]
    recording = PcmAudio(samples=np.concatenate([tone(*part).samples for part in parts]))
    await say("message for ben saying hello", audio=recording, intent="LeaveMessage", slots={"to": "Ben", "n": "2"})
    await sample()
    served = {each.question: (each, audio.read(wav)) for each, wav in await play_all(reviewer())}
    transcript, sound = served["transcript"]
    assert [word["text"] for word in transcript.prefill["words"]] == ["message", "for", "[name]", "saying", "hello"]
    understood, _ = served["understood"]
    assert understood.prefill["text"] == "message for [name] saying hello"
    assert understood.prefill["slots"] == {"to": "[name]", "n": "2"}
    for question in ("transcript", "understood"):
        assert share(served[question][1], 2000) > 0.8
        assert share(served[question][1], 3000) < 1e-3
    # The word before the name still sounds where the prefill says it does.
    first = transcript.prefill["words"][0]
    assert np.abs(sound.cut(first["start"] + 0.05, first["end"] - 0.05).samples.astype(int)).max() > 1000


async def test_nothing_served_names_anybody_or_anything(say, sample, play_all, reviewer, stores, household):
    interaction = await say("message for ben", intent="LeaveMessage", slots={"to": "Ben"})
    await sample()
    canaries = [str(each).encode() for each in (interaction, household.id, household.ada, household.kitchen)] + [
        each.bytes for each in (interaction, household.id, household.ada, household.kitchen)
    ]
    canaries += [b"Ada", b"Ben", b"ben", b"2026-05-04"]
    for served, wav in await play_all(reviewer()):
        said = repr(served).encode().replace(str(served.lease_until).encode(), b"")
        for canary in canaries:
            assert canary not in said
            assert canary not in wav


async def test_two_tasks_share_nothing(say, sample, all_tasks):
    for _ in range(3):
        await say()
    await sample()
    tasks = await all_tasks()
    assert len(tasks) == 9
    for column in ("id", "object", "key_slot", "sealed", "exclusion", "shuf"):
        assert len({task[column] for task in tasks}) == 9, column
    assert len({task["created_on"] for task in tasks}) == 1
    assert not {"created_at", "person_id", "device_id"} & set(tasks[0])


async def test_every_copy_has_one_of_a_few_sizes(say, sample, play_all, reviewer):
    for extra in range(4):
        audio_of = PcmAudio(samples=np.tile(np.arange(-800, 800, dtype=np.int16), 25 + 3 * extra))
        await say(audio=audio_of)
    await sample()
    sizes = {(served.question == "wake", len(wav)) for served, wav in await play_all(reviewer())}
    assert {size for wake, size in sizes if wake} == {44 + 3 * 32_000}
    assert {size for wake, size in sizes if not wake} <= {44 + seconds * 32_000 for seconds in (8, 16)}


async def test_no_clip_to_its_own_household(floor: Stores, stores, say, sample, play_all, reviewer, household):
    token = await accounts.make_sign_in_link(
        stores,
        await accounts.create_person(stores, name="Cy", roles=["reviewer"], household_id=household.id, site="home"),
        "floor",
    )
    session = await accounts.redeem_link(floor, token, "floor")
    account = await accounts.whoami(floor, session, "floor")
    assert account is not None
    await say()
    await sample()
    assert await play_all(reviewer(*account.exclusion_secrets)) == []
    assert len(await play_all(reviewer(b"another household"))) == 3


async def test_an_erasure_in_the_middle_of_the_masking_leaves_nothing(
    everything, stores, say, household, all_tasks, monkeypatch
):
    await say()
    original = vault.open_for_review

    async def erased_meanwhile(stores_, identifier):
        opened = await original(stores_, identifier)
        await vault.erase(stores, household.ada, [identifier], how="test", erasers=(airlock.ERASER, vault.ERASER))
        return opened

    monkeypatch.setattr(vault, "open_for_review", erased_meanwhile)
    sampled = await airlock.run(everything, Random(1))
    assert (sampled.chosen, sampled.tasks) == (1, 0)
    assert list(everything.objects.names("masked")) == []
    assert await all_tasks() == []
