"""Guarantee 7: no dataset or model made later contains what was deleted; those made before are named and retired."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earmark import audit, forget, learn
from earmark.bundle import BUILTIN
from earmark.errors import Conflict, NotFound, Revoked
from earmark.learn import runs
from earmark.storage import derive


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
