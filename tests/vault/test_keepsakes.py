from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest
from psycopg.errors import RaiseException

from earmark import forget, vault
from earmark.errors import Erased
from earmark.storage import derive, seal_json
from earmark.vault import Content, NewInteraction


@pytest.fixture
def keep(stores, household):
    """`await keep("shopping", person)`: keep something, for somebody or until a time."""

    async def make(kind, person, **changes):
        content = {"item": "milk", "text": "call me", "label": "eggs"}
        return await vault.keep(
            stores, household_id=household.id, person_id=person, kind=kind, content=content, **changes
        )

    return make


async def slot_of(stores, identifier) -> int:
    async with stores.pool.connection() as connection:
        cursor = await connection.execute("SELECT key_slot FROM vault.keepsakes WHERE id = %s", [identifier])
        row = await cursor.fetchone()
    return row["key_slot"]


async def test_what_is_kept_comes_back_in_its_order(stores, household, clock, keep):
    first = await keep("shopping", household.ada)
    clock.turn(seconds=1)
    second = await keep("shopping", household.ben)
    found = await vault.kept(stores, household.id, "shopping")
    assert [(line.id, line.person_id) for line in found] == [(first, household.ada), (second, household.ben)]
    assert found[0].content["item"] == "milk"
    assert await vault.kept(stores, household.id, "message") == []


async def test_each_has_a_key_of_its_own_that_goes_with_it(stores, household, keep):
    gone, stays = await keep("shopping", household.ada), await keep("shopping", household.ada)
    slot = await slot_of(stores, gone)
    assert await vault.drop(stores, household.id, [gone]) == 1
    assert await vault.drop(stores, household.id, [gone]) == 0
    with pytest.raises(Erased):
        stores.vault_keys.secret(slot)
    assert [line.id for line in await vault.kept(stores, household.id, "shopping")] == [stays]


async def test_another_household_can_not_drop_it(stores, household, keep):
    line = await keep("shopping", household.ada)
    assert await vault.drop(stores, household.ada, [line]) == 0
    assert stores.vault_keys.secret(await slot_of(stores, line))


async def test_a_process_killed_between_row_and_key_leaves_a_tombstone(stores, household, keep, monkeypatch):
    line = await keep("shopping", household.ada)
    slot = await slot_of(stores, line)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(stores.vault_keys), "destroy", die)
        with pytest.raises(Killed):
            await vault.drop(stores, household.id, [line])
    assert stores.vault_keys.secret(slot)
    assert await vault.replay_tombstones(stores) == 1
    with pytest.raises(Erased):
        stores.vault_keys.secret(slot)


async def test_what_could_not_be_written_leaves_no_key(stores, household, keep, home):
    await keep("shopping", household.ada)  # the slots of this process are on disk now
    before = stores.vault_keys.live_slots()
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"
        )
        connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON vault.keepsakes EXECUTE FUNCTION public.refuse()")
    with pytest.raises(RaiseException):
        await keep("shopping", household.ada)
    assert len(before - stores.vault_keys.live_slots()) == 1, "the reserved slot was destroyed"


async def test_alarms_go_when_their_time_has_come(stores, household, clock, keep):
    await keep("alarm", household.ada, due_at=clock() + timedelta(minutes=1))
    await keep("shopping", household.ada)
    assert await vault.drop_rung(stores) == 0
    clock.turn(minutes=1)
    assert await vault.drop_rung(stores) == 1
    assert len(await vault.kept(stores, household.id, "shopping")) == 1


async def test_all_of_a_person_is_what_they_said_and_what_waits_for_them(stores, household, keep):
    line = await keep("shopping", household.ada)
    told = await keep("message", household.ada, for_person_id=household.ben)
    waits = await keep("message", household.ben, for_person_id=household.ada)
    noted = await keep("message", household.ada, for_person_id=household.ada)
    await keep("shopping", household.ben)
    found = await vault.kept_of_person(stores, household.ada)
    assert found.keys() == {"shopping", "message"}
    assert found["shopping"] == [line]
    assert sorted(found["message"]) == sorted([told, waits, noted])
    receipt = await forget.forget(stores, household.ada, "all", how="settings")
    assert receipt["erased"]["list_lines"] == 1
    assert receipt["erased"]["messages"] == 3
    assert await vault.kept_of_person(stores, household.ada) == {}


async def test_deleting_one_recording_leaves_what_it_had_kept(stores, household, clock, tone, keep):
    new = NewInteraction(
        person_id=household.ada, started_at=clock(), kind="command", audio=tone(0.5), content=Content(text="add milk")
    )
    said, line = await vault.record(stores, new), await keep("shopping", household.ada)
    await forget.forget(stores, household.ada, [said], how="settings")
    assert [each.id for each in await vault.kept(stores, household.id, "shopping")] == [line]


async def test_nobody_erases_somebody_elses(stores, household, keep):
    theirs = await keep("shopping", household.ada)
    receipt = await vault.erase(stores, household.ben, [], keepsakes=[theirs], how="settings", erasers=[vault.ERASER])
    assert receipt["erased"] == {"files": 0, "keys": 0, "recordings": 0}
    assert len(await vault.kept(stores, household.id, "shopping")) == 1


async def test_a_killed_erasure_is_finished_with_what_was_chosen_then(stores, household, keep, monkeypatch):
    await keep("shopping", household.ada)

    class Killed(BaseException):
        pass

    async def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("earmark.audit.append_in", die)
        with pytest.raises(Killed):
            await forget.forget(stores, household.ada, "all", how="settings")
    assert await vault.kept(stores, household.id, "shopping") == []  # its key is gone already
    later = await keep("shopping", household.ada)

    assert await forget.finish_interrupted(stores) == 1
    (receipt,) = await vault.receipts(stores, household.ada)
    assert receipt["erased"]["list_lines"] == 1
    assert [line.id for line in await vault.kept(stores, household.id, "shopping")] == [later]


async def test_erasing_and_taking_off_at_once_ends_well(stores, household, keep):
    lines = [await keep("shopping", household.ada) for _ in range(6)]
    slots = [await slot_of(stores, line) for line in lines]
    receipt, *dropped = await asyncio.gather(
        forget.forget(stores, household.ada, "all", how="settings"),
        *(vault.drop(stores, household.id, [line]) for line in lines),
    )
    assert receipt["erased"].get("list_lines", 0) + sum(dropped) == 6
    assert set(slots) & stores.vault_keys.live_slots() == set()


async def test_what_was_kept_before_each_had_its_own_key_is_still_read_and_still_goes(stores, household, keep):
    line = await keep("shopping", household.ada)
    async with stores.pool.connection() as connection:
        cursor = await connection.execute("SELECT key_slot FROM accounts.people WHERE id = %s", [household.ada])
        person = await cursor.fetchone()
        key = derive(stores.vault_keys.secret(person["key_slot"]), purpose="keepsake")
        sealed = seal_json(key, {"item": "flour"}, place=f"keepsake:{line}")
        await connection.execute("UPDATE vault.keepsakes SET key_slot = NULL, sealed = %s", [sealed])
    (found,) = await vault.kept(stores, household.id, "shopping")
    assert found.content == {"item": "flour"}
    receipt = await forget.forget(stores, household.ada, "all", how="settings")
    assert receipt["erased"]["list_lines"] == 1
    assert await vault.kept(stores, household.id, "shopping") == []
