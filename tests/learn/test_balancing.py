"""Dataset versions as the engineer sees them: the list, the balance, and the export with its sides."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace

import numpy as np
import pytest

from earmark import audit, consent, forget, learn, vault
from earmark.bench.canary import Canary, found_bytes
from earmark.errors import BadRequest, NotFound, Revoked
from earmark.learn.balancing import balance_of
from earmark.learn.datasets import draw_sides, version_of
from earmark.learn.handing_out import hand_out_dataset


def test_slices_are_counted_on_both_sides_and_what_lacks_is_said(taught):
    ones = [taught(speaker=f"s{number % 5}", side="heldout" if number % 5 == 0 else "train") for number in range(40)]
    bands = ["over 30 dB" if number % 5 else "under 10 dB" for number in range(40)]
    ones = [replace(one, traits={"noise": band}) for one, band in zip(ones, bands, strict=True)]
    ones.append(replace(taught(speaker="s9"), traits={"device": "d"}))
    found = balance_of(ones, "v")
    assert (found.lessons, found.people) == (41, 6)
    rows = {
        (one.kind, one.slice): (one.lessons, one.people, one.train, one.heldout, one.lacking) for one in found.slices
    }
    assert rows["noise", "over 30 dB"] == (32, 4, 32, 0, "nothing to judge by")
    assert rows["noise", "under 10 dB"] == (8, 1, 0, 8, "nothing to learn from")
    assert rows["noise", "unknown"] == (1, 1, 1, 0, "nothing to judge by")
    assert rows["device", "d"][0] == 1
    assert sum(one.share for one in found.slices if one.kind == "noise") == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_and_goes_nobody_changes_side(seed):
    """People come in any order and number, and their labels go and come back: drawn sides stand."""
    draw = random.Random(seed)
    everybody = [draw.randbytes(32) for _ in range(draw.randrange(2, 60))]
    kept, first = {}, {}
    for _ in range(40):
        present = draw.sample(everybody, draw.randrange(len(everybody) + 1))
        kept |= draw_sides(kept, present)
        assert set(present) <= kept.keys()
        for person, side in kept.items():
            assert first.setdefault(person, side) == side


async def test_a_person_whose_labels_all_went_comes_back_on_the_same_side(stores, teach, people):
    for person in people:
        await teach(person, wake={"value": "said"})
    before = {one.speaker: one.side for one in (await learn.make_dataset(stores)).lessons}
    for person in people:
        await forget.forget(stores, person, await vault.selection(stores, person), how="settings")
    for person in reversed(people):
        await teach(person, wake={"value": "said"})
    assert {one.speaker: one.side for one in (await learn.make_dataset(stores)).lessons} == before


async def test_the_list_says_what_is_revoked_and_what_was_learned_from_it(stores, teach, people):
    gone = await teach(people[0], wake={"value": "said"})
    await teach(people[1], wake={"value": "said"})
    old = await learn.make_dataset(stores)
    made = await learn.register(stores, {"wake/x.json": b"x"}, {"dataset": old.version, "parent": "builtin"})
    await forget.forget(stores, people[0], [gone], how="settings")
    new = await learn.make_dataset(stores)
    found = {one.version: one for one in await learn.dataset_versions(stores)}
    assert (found[old.version].revoked, found[old.version].models) == (True, (made.version,))
    assert (found[new.version].revoked, found[new.version].models) == (False, ())
    assert found[old.version].train + found[old.version].heldout == 2
    assert version_of(await learn.dataset_lines(stores, old.version)) == old.version
    with pytest.raises(NotFound):
        await learn.dataset_lines(stores, "unknown")


async def test_the_balance_is_of_devices_that_name_nobody(stores, teach, people):
    with pytest.raises(BadRequest):
        await learn.balance(stores)
    for person in people:
        await teach(person, wake={"value": "said"})
    found = await learn.balance(stores)
    assert (found.lessons, found.people) == (4, 4)
    assert found.version == (await learn.make_dataset(stores)).version
    await audit.sequence(stores)
    opened = [each["event"] for each in await audit.recent(stores) if each["event"]["what"] == "sound.opened"]
    assert [(event["by"], event["recordings"]) for event in opened] == [("training", 4)]
    json.dumps(found.to_json())


async def test_opening_a_dataset_leaves_no_sound_on_disk(stores, teach, people, tmp_path, monkeypatch):
    """While the recordings are open in memory, and after, no file of the home or of the temporary folder holds them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    canary = Canary.fresh()
    await teach(people[0], audio=canary.audio, transcript={"text": " ".join(canary.words)})
    roots = (stores.home.folder, tmp_path / "temp")
    seen = []

    def look(taught, *, name, progress):
        assert any(np.array_equal(one.audio.samples, canary.audio.samples) for one in taught)
        seen.append(found_bytes(roots, canary.needles()))
        return list(taught)

    monkeypatch.setattr("earmark.learn.balancing.described", look)
    await learn.balance(stores)
    assert [*seen, found_bytes(roots, canary.needles())] == [0, 0]
    (tmp_path / "temp" / "leak").write_bytes(canary.audio.pcm)  # what it would be to leave some
    assert found_bytes(roots, canary.needles()) > 0


@pytest.mark.parametrize("form", ["nemo", "hf", "lhotse"])
async def test_a_version_leaves_with_its_sides_its_hashes_and_no_sound(stores, teach, people, form, tmp_path):
    for person in people:
        await consent.set_grant(stores, person, "review", True, how="settings")
        await teach(person, wake={"value": "said"}, transcript={"text": "make me a latte"})
    await consent.set_grant(stores, people[3], "review", False, how="settings")
    dataset = await learn.make_dataset(stores)
    to = tmp_path / "out"
    done = await hand_out_dataset(stores, dataset.version, form=form, to=to)
    assert done.labels == 6
    told = json.loads((to / "dataset.json").read_text())
    assert told["version"] == dataset.version
    assert {(one["label_id"], one["label_hash"], one["side"]) for one in told["lines"]} == {
        (str(line.label_id), line.label_hash.hex(), line.side) for line in dataset.lines
    }
    assert sum(one["left"] for one in told["lines"]) == 6
    for side in ("train", "heldout"):
        data = [file.read_bytes() for file in (to / side).iterdir() if not file.name.startswith("README")]
        text = b"".join(gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each for each in data).decode()
        for one in told["lines"]:
            assert (one["label_id"] in text) == (one["side"] == side and one["left"])
        assert not any(str(person) in text for person in people)
    with pytest.raises(BadRequest):
        await hand_out_dataset(stores, dataset.version, form=form, to=to)
    await hand_out_dataset(stores, dataset.version, form=form, to=to, force=True)


async def test_a_revoked_or_unknown_version_does_not_leave(stores, teach, people, tmp_path):
    gone = await teach(people[0], wake={"value": "said"})
    dataset = await learn.make_dataset(stores)
    await forget.forget(stores, people[0], [gone], how="settings")
    with pytest.raises(Revoked):
        await hand_out_dataset(stores, dataset.version, form="nemo", to=tmp_path / "out")
    with pytest.raises(NotFound):
        await hand_out_dataset(stores, "unknown", form="nemo", to=tmp_path / "out")
    assert not (tmp_path / "out").exists()
