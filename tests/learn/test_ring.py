from __future__ import annotations

import asyncio
import json
import os

import numpy as np
import pytest

from earmark import accounts, audio, audit, bundle, forget, learn, vault
from earmark.assistant import FEATURE_NAMES, NOTHING, Decision, Engine, Heard, Hypothesis
from earmark.bench.canary import Canary, found_bytes
from earmark.bundle import BUILTIN
from earmark.errors import BadRequest, Conflict, Forbidden
from earmark.learn import making, ring, waking
from earmark.learn.hearing import Reading, Result
from earmark.learn.steps import Steps
from earmark.vault import Content

ORDER = {"intent": "orderDrink", "slots": {"coffeeDrink": "latte"}}

WRITTEN = Hypothesis(words=(), text="feed the cat", confidence=0.5, source="ngram")


class Language:
    """Stands in for what was learned of people's words."""

    utterances = ("feed the cat",)

    def files(self, *, without=None):
        return {"asr/lm.arpa": f"all but {without}".encode()}


@pytest.fixture
def ears(monkeypatch):
    """Stand in for the recogniser: the loudness of a recording decides how much it sounds like the command."""
    engines: dict[str, tuple[Engine, Decision]] = {}

    def listen_to(jobs, *, bundle, **_):
        if bundle.version not in engines:
            engines[bundle.version] = Engine(bundle, size=1), Decision.load(bundle)
        engine, decision = engines[bundle.version]
        results = []
        for job in jobs:
            sound = job.clip.sound()
            level = float(np.abs(sound.samples.astype(np.float64)).max()) / 32767
            found = dict.fromkeys(FEATURE_NAMES, 0.0) | {"phone_llr": 10 * level - 7.0, "log_words": 1.4}
            confidence = decision.confidence(np.array([found[name] for name in FEATURE_NAMES]))
            hypothesis = Hypothesis(
                words=(),
                text="make me a latte",
                confidence=confidence,
                source="grammar",
                evidence=found,
                rival=WRITTEN if bundle.path("asr/lm.arpa") else NOTHING,
            )
            heard = Heard(hypothesis=hypothesis, understanding=engine.understand(hypothesis))
            reading = Reading(heard=heard, duration=sound.duration, seconds=0.1)
            results.append(Result(wakes=1 if job.wake else None, reading=reading if job.hear else None))
        return results

    weights = np.array([float(name == "phone_llr") for name in FEATURE_NAMES])
    zero, one = np.zeros(len(FEATURE_NAMES)), np.ones(len(FEATURE_NAMES))
    careful = Decision(mean=zero, scale=one, weights=weights, bias=2.0, threshold=0.5)
    monkeypatch.setattr("earmark.assistant.confidence.DEFAULT", careful)
    monkeypatch.setattr(making, "listen_to", listen_to)
    monkeypatch.setattr(waking, "listen_to", listen_to)
    monkeypatch.setattr(making, "in_a_room", lambda clip: clip)  # another room has another loudness


@pytest.fixture
async def labelled(teach, people, tone):
    """Commands that are louder than other speech, most too quiet for the packaged decision: six of each by each person,
    so that five are left to judge by when one is deleted, whoever is held out."""
    for index in range(48):
        command = index % 2 == 0
        level = (0.40 if command else 0.12) + 0.02 * (index // 8)
        audio = tone(0.6, level=level)
        understood = {"value": "wrong", **ORDER} if command else {"value": "right", "intent": None, "slots": {}}
        await teach(people[index // 2 % 4], audio=audio, wake_span=None, content=Content(), understood=understood)


async def test_without_labels_nothing_is_made(stores):
    report = await learn.learn(stores, promote=True)
    assert (report.dataset, report.candidate, report.promoted) == (None, None, False)
    assert "no labels yet" in report.why
    assert await learn.models(stores) == []


async def test_a_bundle_says_how_long_people_listened_for_it(stores, labelled, ears, people):
    one = (await vault.selection(stores, people[0]))[0]
    async with stores.pool.connection() as connection:
        for purpose in ("improve", "safety"):
            await connection.execute(
                "INSERT INTO vault.hearings (interaction_id, role, site, day, purpose)"
                " VALUES (%s, 'reviewer', 'Boston', '2026-05-04', %s)",
                [one, purpose],
            )
    report = await learn.learn(stores)
    manifest = (await learn.model(stores, report.candidate)).manifest
    assert manifest["cost"] == {"listenings": 2, "listening_hours": 0.0003}
    assert manifest["questions"] == {"understood": 48}


async def test_labels_become_a_better_bundle_that_is_promoted(stores, labelled, ears, monkeypatch):
    said, planned, plan = [], set(), Steps.plan

    def noted(self, steps):
        planned.update(each.name for each in steps)
        plan(self, steps)

    monkeypatch.setattr(Steps, "plan", noted)
    report = await learn.learn(stores, promote=True, progress=said.append)
    assert report.promoted
    assert report.before["commands"]["acceptance"] < 0.7
    assert report.after["commands"]["acceptance"] == 1.0
    assert report.after["commands"]["false_accepted"] == 0
    assert (report.people, report.heldout_people, report.labels) == (3, 1, 48)
    assert {part.part: part.learned for part in report.parts} == {"wake": False, "asr": True, "nlu": False}
    assert "commands that were not done right" in report.why
    assert [str(each) for each in (said[0], said[-1])] == ["gathering labels", "writing it down"]
    shares = [each.share for each in said]
    assert shares == sorted(shares)
    assert report.steps == max(each.number for each in said)
    assert {each.step for each in said if each.number} <= planned, "a step that nobody planned makes the bar jump"
    json.dumps(report.to_json())

    bundle = await learn.promoted(stores)
    assert bundle.version == report.candidate
    assert bundle.manifest["datasets"] == dict.fromkeys(bundle.manifest["files"], report.dataset)
    assert bundle.manifest["scores"]["after"]["commands"]["acceptance"] == 1.0
    assert Decision.load(bundle).to_json() != Decision.load(BUILTIN).to_json()
    await audit.sequence(stores)
    whats = {entry["event"]["what"] for entry in await audit.recent(stores)}
    assert {"model.registered", "model.promoted"} <= whats
    assert [path.name for path in stores.home.models.iterdir()] == [bundle.version]


@pytest.fixture
def folder(tmp_path, tone):
    """A labelled folder of ten voices: commands that are louder than other speech."""
    for part in ("commands", "other"):
        (tmp_path / "corpus" / part).mkdir(parents=True)
    for index in range(80):
        part = "commands" if index % 2 == 0 else "other"
        level = (0.40 if part == "commands" else 0.12) + 0.02 * (index // 16)
        name = tmp_path / "corpus" / part / f"{index}.flac"
        name.write_bytes(audio.encode(tone(0.6, level=level)))
        line = {"audio_filepath": name.name, "speaker": f"voice{index // 2 % 10}"}
        with (name.parent / "manifest.jsonl").open("a") as manifest:
            manifest.write(json.dumps(line | (ORDER if part == "commands" else {})) + "\n")
    return tmp_path / "corpus"


async def test_a_fresh_installation_learns_from_a_folder(stores, ears, folder):
    complaints = []
    (folder / "other" / "1.flac").write_bytes(b"no sound")
    report = await learn.learn(stores, data=folder, promote=True, complain=complaints.append)
    assert report.promoted
    assert len(complaints) == 1
    assert (report.dataset, report.labels, report.recordings) == (None, 0, 79)
    assert report.people + report.heldout_people == 10
    assert report.after["commands"]["acceptance"] > report.before["commands"]["acceptance"]
    about = (await learn.promoted(stores)).manifest
    assert (about["dataset"], about["corpus"]) == (None, report.corpus)
    assert set(about["corpora"].values()) == {report.corpus}
    assert set(about["datasets"].values()) == {None}
    assert about["crossed"] == report.people, "who was learned from judged as well"
    assert f"{report.people} of these people were learned from" in report.why
    again = await learn.learn(stores, data=folder)
    assert "were learned from" not in again.why, "the models in use have learned from them"


async def test_labels_and_a_folder_teach_together_and_both_are_named(stores, labelled, ears, folder, role_stores):
    alone = await learn.learn(stores)
    both = await learn.learn(stores, data=folder, promote=True)
    assert (both.dataset, both.labels, both.recordings) == (alone.dataset, 48, 80)
    assert both.people + both.heldout_people == 14
    about = (await learn.promoted(stores)).manifest
    assert set(about["questions"]) == {"understood"}
    assert about["cost"] == {"listenings": 0, "listening_hours": 0.0}, "nobody heard what a test made up"
    assert set(about["datasets"].values()) == {both.dataset}
    assert set(about["corpora"].values()) == {both.corpus}
    told = await role_stores("earmark_worker", corpus=folder)  # the worker learns from it by night, too
    assert (await learn.learn(told)).corpus == both.corpus


async def test_nothing_is_promoted_unless_asked_and_learning_twice_gives_the_same(stores, labelled, ears):
    first = await learn.learn(stores)
    second = await learn.learn(stores)
    assert first.candidate == second.candidate is not None
    assert not first.promoted
    assert await learn.promoted(stores) is BUILTIN
    assert len(await learn.models(stores)) == 1


async def test_what_is_no_better_is_not_registered(stores, labelled, ears):
    await learn.learn(stores, promote=True)
    again = await learn.learn(stores, promote=True)
    assert (again.candidate, again.promoted) == (None, False)
    assert "no better" in again.why


async def test_a_part_that_was_not_asked_for_stays_as_it_was(stores, labelled, ears):
    report = await learn.learn(stores, ("wake", "nlu"), promote=True)
    assert report.candidate is None
    assert {part.part for part in report.parts} == {"wake", "nlu"}
    assert report.before == report.after
    with pytest.raises(BadRequest):
        await learn.learn(stores, ("smell",))


async def test_one_person_alone_can_not_be_judged_by(stores, teach, people, ears, tone):
    for _ in range(30):
        await teach(people[0], audio=tone(0.6), wake_span=None, understood={"value": "right", **ORDER})
    report = await learn.learn(stores, promote=True)
    assert (report.heldout_people, report.candidate) == (0, None)
    assert "one person" in report.why


async def test_what_people_say_is_part_of_the_bundle_and_goes_with_their_recordings(
    stores, labelled, ears, teach, people, tone, monkeypatch
):
    monkeypatch.setattr(making, "learn_language", lambda *_, **__: Language())
    wrote = {"transcript": {"text": "feed the cat"}, "understood": {"value": "right", "intent": None, "slots": {}}}
    heard = {"audio": tone(0.6, level=0.1), "wake_span": None, "content": Content()}
    said = [await teach(one, **heard, **wrote) for one in people for _ in range(5)]
    report = await learn.learn(stores, promote=True)
    assert (report.before["asr"]["wer"], report.after["asr"]["wer"]) == (1.0, 0.0)
    bundle = await learn.promoted(stores)
    assert bundle.read("asr/lm.arpa") == b"all but None"
    assert bundle.manifest["datasets"] == dict.fromkeys(["asr/decision.json", "asr/lm.arpa"], report.dataset)

    await forget.forget(stores, people[0], said[:1], how="settings")
    assert await learn.promoted(stores) is BUILTIN
    assert list(stores.home.models.iterdir()) == []


async def test_a_deletion_while_models_are_made_leaves_none_of_them(stores, labelled, ears, people, tone, monkeypatch):
    made_before = ring.make
    said = await vault.selection(stores, people[0])
    loop = asyncio.get_running_loop()

    def make(attempt, parts):
        made = made_before(attempt, parts)
        gone = forget.forget(stores, people[0], said[:1], how="settings")
        asyncio.run_coroutine_threadsafe(gone, loop).result()
        return made

    monkeypatch.setattr(ring, "make", make)
    with pytest.raises(Conflict):
        await learn.learn(stores, promote=True)
    assert await learn.promoted(stores) is BUILTIN
    assert list(stores.home.models.glob("*")) == []
    monkeypatch.setattr(ring, "make", made_before)
    assert (await learn.learn(stores, promote=True)).promoted


async def test_a_model_that_was_retired_is_made_again_at_night(stores, labelled, ears, people):
    assert await learn.remake(stores) is None
    first = await learn.learn(stores, promote=True)
    said = await vault.selection(stores, people[0])
    await forget.forget(stores, people[0], said[:1], how="settings")
    (asked,) = await learn.remakes(stores)
    assert (asked.retired, asked.done_at) == (first.candidate, None)
    report = await learn.remake(stores)
    assert report is not None
    assert report.dataset != first.dataset
    assert report.candidate, report.why
    (done,) = await learn.remakes(stores)
    assert (done.made, done.done_at is not None) == (report.candidate, True)
    proof = await learn.prove(stores, report.candidate)
    assert proof.holds
    assert [(each.retired, each.datasets, each.erased) for each in proof.replaces] == [
        (first.candidate, (first.dataset,), 1)
    ]
    assert await learn.remake(stores) is None


@pytest.mark.parametrize("policy", ["at-once", "nightly"])
async def test_when_it_is_made_again_is_a_setting(policy, role_stores, household, monkeypatch):
    stores = await role_stores("earmark_worker", unlearn=policy)
    made = []

    async def remake(stores):
        made.append(stores.settings.unlearn)

    monkeypatch.setattr(ring, "remake", remake)
    await learn.remake_at_once(stores)
    await learn.remake_nightly(stores)
    assert made == [policy]


async def test_without_what_was_deleted_the_same_files_are_made_as_if_it_had_never_been(
    stores, labelled, ears, teach, people, tone
):
    """Byte for byte: learned from some labels, from more, and again after those were deleted."""
    files = [await made_files(stores)]
    more = []
    for index in range(12):
        # As the others are: rooms are drawn by ids, and no draw may decide whether a candidate is made.
        answer = {"value": "wrong", **ORDER} if index % 2 else {"value": "right", "intent": None, "slots": {}}
        audio = tone(0.6, level=(0.50 if index % 2 else 0.10) + 0.005 * index)
        kept = {"audio": audio, "wake_span": None, "content": Content(), "understood": answer}
        person = people[index // 2 % 4]  # of both kinds, whoever is held out
        more.append((person, await teach(person, **kept)))
    files.append(await made_files(stores))
    for person, recording in more:
        await forget.forget(stores, person, [recording], how="settings")
    files.append(await made_files(stores))
    assert files[0] == files[2]
    assert files[0] != files[1]


async def made_files(stores):
    report = await learn.learn(stores)
    assert report.candidate, report.why
    made = await learn.bundle(stores, report.candidate)
    return {name: made.read(name) for name in made.manifest["files"]}


async def test_while_learning_and_after_no_sound_lies_on_a_disk(stores, teach, people, tmp_path, monkeypatch):
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    canary = Canary.fresh()
    for person in people:
        await teach(person, audio=canary.audio, transcript={"text": " ".join(canary.words)})
    roots, found = (stores.home.folder, tmp_path / "temp"), []

    def make(attempt, parts):
        assert all(np.array_equal(one.audio.samples, canary.audio.samples) for one in attempt.taught)
        found.append(found_bytes(roots, canary.needles()))
        raise BadRequest(why="enough")

    monkeypatch.setattr(ring, "make", make)
    with pytest.raises(BadRequest):
        await learn.learn(stores)
    assert [*found, found_bytes(roots, canary.needles())] == [0, 0]
    (tmp_path / "temp" / "leak").write_bytes(canary.audio.pcm)
    assert found_bytes(roots, canary.needles()) > 0


async def test_words_of_one_person_are_learned_where_there_is_one_household(stores, labelled, monkeypatch):
    seen = []

    def make(attempt, parts):
        seen.append(attempt.people)
        raise BadRequest(why="enough")

    monkeypatch.setattr(ring, "make", make)
    for _ in range(2):
        with pytest.raises(BadRequest):
            await learn.learn(stores)
        await accounts.create_household(stores)
    assert seen == [1, 2]


async def test_drafts_of_a_killed_run_are_swept_and_those_at_work_are_not(stores):
    old, new = (stores.home.models / f"{ring.DRAFTS}{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    await learn.sweep(stores)
    assert [folder.exists() for folder in (old, new)] == [False, True]
    await learn.learn(stores)
    assert not new.exists(), "nobody else is at work while this one is"


async def test_a_bundle_that_was_never_registered_goes_and_a_registered_one_stays(stores):
    """A run was killed between the files and the row: what it had learned lay where no deletion would have found it."""
    kept = await learn.register(stores, {"asr/lm.arpa": b"louder"}, {})
    loose = bundle.write(
        stores.home.models, files={"asr/lm.arpa": b"the canary sings"}, about={}, key=stores.signing_key
    )
    fresh = bundle.write(stores.home.models, files={"asr/lm.arpa": b"at work"}, about={}, key=stores.signing_key)
    folders = [stores.home.models / each.version for each in (kept, loose, fresh)]
    for old in folders[:2]:
        os.utime(old, (0, 0))
    await learn.sweep(stores)
    assert [folder.exists() for folder in folders] == [True, False, True]


async def test_only_who_holds_the_signing_key_may_learn(role_stores):
    with pytest.raises(Forbidden):
        await learn.learn(await role_stores("earmark_review"))


async def test_where_a_wake_word_came_from_is_still_said_while_its_files_are_taken_over(stores):
    said = {"computer": {"recordings": 22}, "jarvis": {"recordings": 30}}
    parent = await learn.register(stores, {"wake/computer.json": b"{}"}, {"dataset": None, "wake_words": said})
    taken_over = ring._learned_from_a_folder
    assert taken_over(parent, ["wake/computer.json"]) == {"wake_words": {"computer": {"recordings": 22}}}
    assert taken_over(parent, ["asr/x"]) == taken_over(BUILTIN, ["wake/computer.json"]) == {}
