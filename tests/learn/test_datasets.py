from __future__ import annotations

import secrets

import pytest

from earmark import audit, forget, learn, vault
from earmark.bundle import BUILTIN
from earmark.errors import Conflict, NotFound, Revoked
from earmark.learn.datasets import draw_sides, version_of


def test_from_two_people_on_both_sides_are_filled_and_about_a_third_is_held_out():
    people = [secrets.token_bytes(32) for _ in range(100)]
    assert list(draw_sides({}, people[:1]).values()) == ["train"]
    for count in (2, 3, 4, 10, 100):
        sides = list(draw_sides({}, people[:count]).values())
        assert sides.count("heldout") == round(0.3 * count)


def test_a_side_never_changes_when_people_come():
    people = [secrets.token_bytes(32) for _ in range(40)]
    known = {}
    for person in people:
        drawn = draw_sides(known, [person, *known])
        assert drawn.keys() == {person}
        known |= drawn
    assert draw_sides(known, people) == {}


def test_the_order_of_the_labels_does_not_change_the_version():
    line = {"label_hash": b"x", "side": "train"}
    lines = [learn.Line(label_id=secrets.token_hex(4), **line) for _ in range(5)]
    assert version_of(lines) == version_of(reversed(lines))
    assert version_of(lines) != version_of(lines[1:])


async def test_without_labels_there_is_no_dataset(stores):
    with pytest.raises(NotFound):
        await learn.make_dataset(stores)


async def test_labels_of_a_recording_become_one_lesson(stores, teach, people):
    await teach(
        people[0],
        wake={"value": "said"},
        transcript={"text": "make me a latte"},
        understood={"value": "wrong", "intent": "orderDrink", "slots": {"coffeeDrink": "latte"}},
    )
    await teach(people[0], wake={"value": "not_said"})
    await teach(people[0], wake={"value": "unclear"}, understood={"value": "right", "intent": None, "slots": {}})
    dataset = await learn.make_dataset(stores)
    found = {(one.called, one.text, one.understood, one.intent, one.labels) for one in dataset.lessons}
    assert found == {
        (True, "make me a latte", False, "orderDrink", 3),
        (False, None, None, None, 1),
        (None, None, True, None, 2),
    }
    assert len(dataset.lines) == 6


async def test_a_person_stays_on_one_side_and_the_version_says_what_is_in_it(stores, teach, people):
    for person in people:
        await teach(person, wake={"value": "said"})
    first = await learn.make_dataset(stores)
    assert (first.people("train"), first.people("heldout")) == (3, 1)
    assert (await learn.make_dataset(stores)).version == first.version
    before = {one.speaker: one.side for one in first.lessons}
    for person in people:
        await teach(person, wake={"value": "not_said"})
    second = await learn.make_dataset(stores)
    assert second.version != first.version
    assert {one.speaker: one.side for one in second.lessons} == before
    again = await learn.load_dataset(stores, first.version)
    assert {one.interaction_id for one in again.lessons} == {one.interaction_id for one in first.lessons}
    with pytest.raises(NotFound):
        await learn.load_dataset(stores, "unknown")


async def test_nothing_in_the_tables_names_anybody(stores, teach, people):
    await teach(people[0], transcript={"text": "the canary sings"})
    await learn.make_dataset(stores)
    async with stores.pool.connection() as connection:
        for table in ("datasets", "dataset_labels", "sides"):
            rows = await (await connection.execute(f"SELECT t::text FROM learn.{table} t")).fetchall()
            assert rows
            assert not any(people[0].hex in str(row).replace("-", "") or "canary" in str(row) for row in rows)


async def test_a_label_that_reads_differently_now_is_noticed(stores, teach, people):
    recording = await teach(people[0], transcript={"text": "make me a latte"})
    dataset = await learn.make_dataset(stores)
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE learn.dataset_labels SET label_hash = '\\x00' WHERE version = %s", [dataset.version]
        )
    with pytest.raises(Conflict):
        await learn.load_dataset(stores, dataset.version)
    assert recording


async def bundle_from(stores, version, name, **parts):
    about = {"dataset": version, "datasets": parts or {"wake": version}, "parent": "builtin"}
    return await learn.register(stores, {"wake/x.json": name.encode()}, about)


async def test_an_erasure_revokes_datasets_and_retires_models_and_the_one_before_takes_over(
    stores, teach, people, clock
):
    await teach(people[0], wake={"value": "said"})
    old = await learn.make_dataset(stores)
    gone = await teach(people[1], wake={"value": "said"})
    new = await learn.make_dataset(stores)
    clean, tainted = await bundle_from(stores, old.version, "a"), await bundle_from(stores, new.version, "b")
    heir = await bundle_from(stores, old.version, "c", wake=old.version, asr=new.version)
    await learn.promote(stores, clean.version, "engineer")
    clock.turn(hours=1)
    await learn.promote(stores, tainted.version, "engineer")

    receipt = await forget.forget(stores, people[1], [gone], how="settings")
    assert receipt["erased"]["datasets"] == 1
    assert receipt["erased"]["models"] == 2
    with pytest.raises(Revoked):
        await learn.load_dataset(stores, new.version)
    assert (await learn.load_dataset(stores, old.version)).version == old.version
    assert (await learn.promoted(stores)).version == clean.version
    states = {model.version: model.state for model in await learn.models(stores)}
    assert states == {clean.version: "promoted", tainted.version: "retired", heir.version: "retired"}
    for version in (tainted.version, heir.version):
        assert not (stores.home.models / version).exists()
        with pytest.raises(Conflict):
            await learn.promote(stores, version, "engineer")
    with pytest.raises(Conflict):
        await bundle_from(stores, new.version, "later")
    await audit.sequence(stores)
    retired = [entry["event"] for entry in await audit.recent(stores) if entry["event"]["what"] == "model.retired"]
    assert {event["version"] for event in retired} == {tainted.version, heir.version}


async def test_erasing_what_was_never_learned_from_touches_no_model(stores, teach, people):
    await teach(people[0], wake={"value": "said"})
    dataset = await learn.make_dataset(stores)
    made = await bundle_from(stores, dataset.version, "a")
    await learn.promote(stores, made.version, "engineer")
    other = await teach(people[0])
    receipt = await forget.forget(stores, people[0], [other], how="settings")
    assert (receipt["erased"]["datasets"], receipt["erased"]["models"]) == (0, 0)
    assert (await learn.promoted(stores)).version == made.version


async def test_with_nothing_good_left_the_builtin_bundle_takes_over(stores, teach, people, role_stores):
    gone = await teach(people[0], wake={"value": "said"})
    dataset = await learn.make_dataset(stores)
    made = await bundle_from(stores, dataset.version, "a")
    await learn.promote(stores, made.version, "engineer")
    home = await role_stores("earmark_home")  # the owner's pages erase with this role
    await forget.forget(home, people[0], [gone], how="settings")
    assert await learn.promoted(stores) is BUILTIN
    assert await vault.count(stores, people[0]) == 0
