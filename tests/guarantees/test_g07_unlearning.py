"""Guarantee 7: no dataset or model made later contains what was deleted; those made before are named and retired."""

from __future__ import annotations

import json
import random
import uuid
from contextlib import suppress

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earmark import audit, bundle, forget, learn, vault
from earmark.assistant import load_intent_model
from earmark.bundle import BUILTIN
from earmark.errors import Conflict, NotFound, Revoked
from earmark.learn import runs, understanding
from earmark.learn.clips import Sentence
from earmark.learn.proving import to_replace
from earmark.learn.registry import SQL
from earmark.storage import derive, seal_json
from earmark.words import SAMPLE_RATE, PcmAudio

WORDS = (
    *("amber", "brisk", "cedar", "dusty", "ember", "frost", "gravel", "hollow", "ivory", "jolly", "kettle", "lantern"),
    *("marble", "nimble", "olive", "pebble"),
)
PLACES = ("rome", "paris", "oslo", "lima", "cairo")


@pytest.fixture
async def learned(ring, canary):
    """Two recordings with their labels, a dataset version of both, and a promoted bundle made from it."""
    await ring.allow()
    stays = await ring.turn(canary)
    goes = await ring.say(canary)
    await ring.sample()
    await ring.answer(canary)
    await ring.take_home()
    dataset = await learn.make_dataset(ring.stores)
    about = {"dataset": dataset.version, "datasets": {"wake": dataset.version}, "parent": "builtin", "scores": {}}
    bundle = await learn.register(ring.stores, {"nlu/model.json": canary.words[0].encode()}, about)
    await learn.promote(ring.stores, bundle.version, "engineer")
    return stays, goes, dataset, bundle


class Attack:
    """Somebody who has the model's files and guesses what it has read: what it is surest of."""

    def __init__(self):
        self.members: list[float] = []
        self.strangers: list[float] = []

    def ask(self, files, members, strangers):
        model = load_intent_model(opened(files))
        for found, sentences in ((self.members, members), (self.strangers, strangers)):
            found += [self._sure(model.predict(text), intent) for text, intent in sentences]

    @staticmethod
    def _sure(answer, intent):
        if answer is None:
            return 0.0
        return answer[2] if answer[0] == intent else -answer[2]

    def area(self, members=None, strangers=None):
        """Area under the ROC curve: how often a sentence that was read scores above one that was not."""
        ours, theirs = np.array(members or self.members), np.array(strangers or self.strangers)
        return float(np.mean((ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs)))

    def interval(self):
        """The 95 % bootstrap interval of it."""
        draw = random.Random(0)
        areas = [
            self.area(*(draw.choices(each, k=len(each)) for each in (self.members, self.strangers))) for _ in range(500)
        ]
        return tuple(np.quantile(areas, [0.025, 0.975]))


def odd_sentence(draw):
    """A sentence that nobody says, and what it is said to mean: nothing but having read it tells which."""
    return " ".join(draw.sample(WORDS, 4)), draw.choice(("weather", "alarm"))


def opened(files):
    return bundle.write(opened.folder, files=files, about={}, key=opened.key)


async def model_of(stores):
    """Learn understanding from what is in the dataset today."""
    lessons = (await learn.make_dataset(stores)).of("train")
    written = [(one.text, one.intent, tuple(one.slots.items())) for one in lessons]
    # In the order of the words: the ids are random, and a new order would be another model.
    return understanding.train([Sentence(text=t, intent=i, slots=s) for t, i, s in sorted(written)])


@pytest.fixture
async def household_labels(ring, tmp_path):
    """`await household_labels(text, intent)`: a recording with reviewed words; eighty ordinary ones are there."""
    opened.folder, opened.key = tmp_path / "attack", Ed25519PrivateKey.generate()
    await ring.allow()
    quiet = PcmAudio(samples=np.random.default_rng(0).normal(0, 25, SAMPLE_RATE // 2).astype(np.int16))

    async def make(text, intent, slots=()):
        new = vault.NewInteraction(person_id=ring.ada, started_at=ring.clock(), kind="command", audio=quiet)
        recording = await vault.record(ring.stores, new)
        key = await vault.recording_key(ring.stores, recording)
        answers = {
            "transcript": {"text": text},
            "understood": {"value": "wrong", "intent": intent, "slots": dict(slots)},
        }
        async with ring.stores.pool.connection() as connection:
            for question, answer in answers.items():
                label = uuid.uuid4()
                sealed = seal_json(key, {"answer": answer, "made_by": "agreement"}, place=f"label:{label}")
                await connection.execute(
                    "INSERT INTO airlock.labels (id, interaction_id, question, sealed, agreed_on) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    [label, recording, question, sealed, ring.clock().date()],
                )
        return recording

    make.person = ring.ada
    for number in range(40):
        place = PLACES[number % len(PLACES)]
        await make(f"will it rain in {place} {('today', 'tomorrow')[number % 2]}", "weather", [("place", place)])
        await make(f"wake me at {number % 12 + 1} {('please', 'sharp')[number % 2]}", "alarm")
    return make


async def test_the_versions_that_held_it_are_revoked_and_retired(ring, learned):
    """We labelled a recording, made a dataset and a promoted model of it, and deleted it: the dataset refused to
    load, the model was retired, and what runs was the model of before."""
    _, goes, dataset, bundle = learned
    receipt = await forget.forget(ring.stores, ring.ada, [goes], how="settings")
    assert (receipt["erased"]["datasets"], receipt["erased"]["models"]) == (1, 1)
    with pytest.raises(Revoked):
        await learn.load_dataset(ring.stores, dataset.version)
    (model,) = await learn.models(ring.stores)
    assert (model.version, model.state) == (bundle.version, "retired")
    with pytest.raises(Conflict):
        await learn.bundle(ring.stores, bundle.version)
    with pytest.raises(Conflict):
        await learn.promote(ring.stores, bundle.version, "engineer")
    assert await learn.promoted(ring.stores) is BUILTIN


async def test_its_files_are_gone_and_the_log_names_it(ring, learned, places):
    """We searched the disk for the retired model's files and the log for its name: files gone, name there."""
    _, goes, _, bundle = learned
    assert (places.home / "models" / bundle.version).exists()
    await forget.forget(ring.stores, ring.ada, [goes], how="settings")
    assert not list(places.home.rglob(bundle.version))
    await audit.sequence(ring.stores)
    events = [entry["event"] for entry in await audit.recent(ring.stores)]
    retired = [event for event in events if event["what"] == "model.retired"]
    assert [(event["version"], event["by"]) for event in retired] == [(bundle.version, "erasure")]


async def test_no_later_version_contains_it(ring, learned):
    """We made the next dataset after the deletion: it holds the labels that stayed and none of those that went."""
    stays, goes, dataset, bundle = learned
    await forget.forget(ring.stores, ring.ada, [goes], how="settings")
    later = await learn.make_dataset(ring.stores)
    assert later.version != dataset.version
    assert len(dataset.lines) == 6
    assert len(later.lines) == 3
    assert {lesson.interaction_id for lesson in later.lessons} == {stays}
    with pytest.raises(Conflict):
        await learn.register(
            ring.stores, {"nlu/model.json": b"late"}, {"dataset": dataset.version, "parent": bundle.version}
        )


async def test_with_nothing_left_nothing_is_learned(ring, learned):
    """We deleted everything: no dataset can be made, and no file of a model holds the canary any more."""
    stays, goes, _, _ = learned
    await forget.forget(ring.stores, ring.ada, [stays, goes], how="settings")
    with pytest.raises(NotFound):
        await learn.make_dataset(ring.stores)
    assert [model.state for model in await learn.models(ring.stores)] == ["retired"]
    assert json.loads((ring.stores.home.folder / "home.json").read_text())
    assert list(ring.stores.home.models.iterdir()) == []


async def test_a_model_made_in_its_place_proves_that_it_holds_none_of_it(ring, learned):
    """We deleted a recording, had a model made in the place of the retired one and asked for its proof: it named the
    dataset, the retired model and three deleted labels, none of them among its own. Then we slipped a deleted label
    into its dataset: the proof failed."""
    _, goes, dataset, retired = learned
    await forget.forget(ring.stores, ring.ada, [goes], how="settings")
    later = await learn.make_dataset(ring.stores)
    about = {"dataset": later.version, "parent": "builtin", "replaces": await to_replace(ring.stores)}
    made = await learn.register(ring.stores, {"nlu/model.json": b"without it"}, about)
    proof = await learn.prove(ring.stores, made.version)
    assert proof.holds
    assert [(one.version, one.lines, one.erased) for one in proof.datasets] == [(later.version, 3, 0)]
    (instead,) = proof.replaces
    assert (instead.retired, instead.datasets) == (retired.version, (dataset.version,))
    assert (instead.erased, instead.among_lines, instead.gone) == (3, 0, True)

    stayed = {line.label_id for line in later.lines}
    gone = next(line.label_id for line in dataset.lines if line.label_id not in stayed)
    values = {"version": later.version, "ids": [gone], "hashes": [b"slipped in"], "sides": ["train"]}
    async with ring.stores.pool.connection() as connection:
        await connection.execute(SQL.add_dataset_labels, values)
    proof = await learn.prove(ring.stores, made.version)
    assert not proof.holds
    (forged,) = proof.datasets
    assert (forged.as_named, forged.erased) == (False, 1)
    assert proof.replaces[0].among_lines == 1


async def test_nobody_can_tell_from_the_model_that_it_was_ever_there(ring, household_labels):
    """We taught sentences that nobody else says, six times over, and asked the model about them and about others of
    their kind: it gave them away. We deleted them and learned again: it could no longer tell them from the others,
    and its files were, byte for byte, those of a model that had never read them."""
    before, after = Attack(), Attack()
    never = await model_of(ring.stores)
    for seed in range(6):
        draw = random.Random(seed)
        canaries, others = [odd_sentence(draw) for _ in range(12)], [odd_sentence(draw) for _ in range(12)]
        recordings = [await household_labels(text, intent) for text, intent in canaries for _ in range(3)]
        taught = await model_of(ring.stores)
        before.ask(taught, canaries, others)
        await forget.forget(ring.stores, household_labels.person, recordings, how="settings")
        again = await model_of(ring.stores)
        after.ask(again, canaries, others)
        assert again == never != taught
    assert before.interval()[0] > 0.7
    low, high = after.interval()
    assert low < 0.5 < high < 0.65


async def test_what_an_unfinished_run_had_worked_out_is_unmade_too(ring, canary, places):
    """We killed learning in its middle, searched every file for the canary in what it had worked out, copied that,
    deleted the recording, and tried every key that is left on the copy: not one byte in clear, no file left, nothing
    opened, and the run can't be taken up again."""
    await ring.allow()
    identifier = await ring.turn(canary)
    dataset = await learn.make_dataset(ring.stores)
    run = await runs.begin(ring.stores, {"dataset": dataset.version}, [dataset.version])
    run.keep("000", {"heard.json": json.dumps(canary.text).encode(), "sound.npz": canary.audio.pcm})
    (path,) = run.folder.iterdir()
    stolen, place = path.read_bytes(), b"run:" + run.id.encode() + b":000"

    def opened() -> int:
        slots = ring.stores.vault_keys.live_slots()
        keys = [derive(ring.stores.vault_keys.secret(slot), purpose="run") for slot in slots]
        found = 0
        for key in keys:
            with suppress(InvalidTag):
                found += bool(AESGCM(key).decrypt(stolen[3:15], stolen[15:], place))
        return found

    assert opened() == 1, "the attack must work while the key lives"
    assert places.search(canary.needles()) == set()
    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")
    assert opened() == 0
    assert not list((places.home / "runs").rglob("*.step"))
    with pytest.raises(Revoked):
        run.find("000")
    with pytest.raises(Revoked):
        await runs.begin(ring.stores, {"dataset": dataset.version}, [dataset.version])
