from __future__ import annotations

import pytest

from earmark import forget, learn
from earmark.errors import AlreadyLearning, Erased, Revoked
from earmark.learn import runs
from earmark.learn.registry import SQL

WRONG = {"value": "wrong", "intent": "orderDrink", "slots": {}}


@pytest.fixture
async def dataset(teach, people, tone, stores):
    """The id of a recording and the version that holds its label."""
    recording = await teach(people[0], audio=tone(0.6), wake_span=None, understood=WRONG)
    return recording, (await learn.make_dataset(stores)).version


def folders(stores):
    return sorted(path.name for path in (stores.home.folder / "runs").glob("*"))


async def test_two_runs_at_once_are_refused_in_one_sentence(stores):
    async with runs.alone(stores):
        with pytest.raises(AlreadyLearning, match="Another `earmark learn` is at work") as caught:
            await learn.learn(stores)
        assert caught.value.code == "learn.running"
        await learn.sweep(stores)
    assert (await learn.learn(stores)).candidate is None


async def test_the_same_inputs_take_a_run_up_and_others_delete_it(stores, dataset):
    _, version = dataset
    first = await runs.begin(stores, {"parts": "a"}, [version])
    first.keep("000", {"a": b"1"})
    again = await runs.begin(stores, {"parts": "a"}, [version])
    assert (again.id, again.slot, again.done()) == (first.id, first.slot, 1)
    assert again.find("000") == {"a": b"1"}
    other = await runs.begin(stores, {"parts": "b"}, [version])
    assert other.done() == 0
    assert folders(stores) == []
    with pytest.raises(Erased):
        stores.vault_keys.secret(first.slot)
    with pytest.raises(Revoked):
        first.keep("001", {"a": b"1"})


async def test_a_finished_run_leaves_neither_key_nor_file(stores, dataset):
    run = await runs.begin(stores, {}, [dataset[1]])
    run.keep("000", {"a": b"1"})
    await runs.drop(stores, [run.id])
    assert folders(stores) == []
    with pytest.raises(Erased):
        stores.vault_keys.secret(run.slot)
    async with stores.pool.connection() as connection:
        left = await (await connection.execute("SELECT slot FROM vault.tombstones WHERE store = 'vault'")).fetchall()
        assert run.slot in [row["slot"] for row in left]
        assert await (await connection.execute("SELECT * FROM learn.runs")).fetchall() == []


async def test_an_erasure_unmakes_the_runs_that_hold_the_recording_and_no_other(stores, dataset, people, role_stores):
    recording, version = dataset
    run = await runs.begin(stores, {}, [version])
    run.keep("000", {"a": b"1"})
    home = await role_stores("earmark_home")
    receipt = await forget.forget(home, people[0], [recording], how="settings")
    assert receipt["erased"]["keys"] >= 2, "the recording's and the run's"
    assert folders(stores) == []
    with pytest.raises(Revoked):
        run.find("000")
    with pytest.raises(Revoked):
        await runs.begin(stores, {}, [version])


async def test_an_erasure_of_something_else_leaves_a_run(stores, dataset, teach, people, tone):
    run = await runs.begin(stores, {}, [dataset[1]])
    run.keep("000", {"a": b"1"})
    other = await teach(people[1], audio=tone(0.6), wake_span=None, understood=WRONG)
    await forget.forget(stores, people[1], [other], how="settings")
    assert run.find("000") == {"a": b"1"}


async def test_a_run_that_began_while_an_erasure_was_at_work_is_found_at_its_end(stores, dataset):
    run = await runs.begin(stores, {}, [dataset[1]])
    run.keep("000", {"a": b"1"})
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.revoke_versions, {"versions": [dataset[1]]})
        await runs.drop_revoked(stores, connection)
    assert folders(stores) == []
    with pytest.raises(Erased):
        stores.vault_keys.secret(run.slot)


async def test_what_nobody_takes_up_is_swept_after_a_week(stores, dataset, clock):
    run = await runs.begin(stores, {}, [dataset[1]])
    run.keep("000", {"a": b"1"})
    (stores.home.folder / "runs" / "stray").mkdir()
    clock.turn(days=6)
    await learn.sweep(stores)
    assert folders(stores) == [run.id]
    clock.turn(days=2)
    await learn.sweep(stores)
    assert folders(stores) == []
    with pytest.raises(Erased):
        stores.vault_keys.secret(run.slot)


async def test_a_run_whose_key_was_restored_away_begins_anew(stores, dataset):
    run = await runs.begin(stores, {}, [dataset[1]])
    run.keep("000", {"a": b"1"})
    stores.vault_keys.destroy([run.slot])
    again = await runs.begin(stores, {}, [dataset[1]])
    assert again.slot != run.slot
    assert again.done() == 0
