from __future__ import annotations

import pytest

from earmark import audit, learn
from earmark.bundle import BUILTIN
from earmark.errors import Conflict, Forbidden, NotFound


async def make(stores, name, **about):
    return await learn.register(stores, {"nlu/model.json": name.encode()}, {"parent": "builtin", **about})


async def state_of(stores, version):
    return next(model.state for model in await learn.models(stores) if model.version == version)


async def test_a_fresh_installation_runs_the_builtin_bundle(stores):
    assert await learn.promoted(stores) is BUILTIN
    assert await learn.models(stores) == []


async def test_a_registered_bundle_is_a_signed_candidate_and_not_in_use(stores, clock):
    made = await make(stores, "a", scores={"after": 1})
    assert await learn.promoted(stores) is BUILTIN
    (model,) = await learn.models(stores)
    assert (model.version, model.state, model.parent) == (made.version, "candidate", "builtin")
    assert model.manifest["scores"] == {"after": 1}
    assert model.made_at == clock()
    again = await make(stores, "a", scores={"after": 1})
    assert again.version == made.version
    assert len(await learn.models(stores)) == 1


async def test_promoting_replaces_and_rolling_back_returns_to_the_one_before(stores, clock):
    first, second = await make(stores, "a"), await make(stores, "b")
    await learn.promote(stores, first.version, "engineer")
    clock.turn(hours=1)
    await learn.promote(stores, second.version, "policy")
    assert (await learn.promoted(stores)).read("nlu/model.json") == b"b"
    assert await learn.rollback(stores) == first.version
    assert (await learn.promoted(stores)).version == first.version
    assert await state_of(stores, second.version) == "refused"
    assert await learn.rollback(stores) == "builtin"
    assert await learn.promoted(stores) is BUILTIN
    with pytest.raises(Conflict):
        await learn.rollback(stores)


async def test_promoting_builtin_goes_back_to_the_packaged_models(stores):
    made = await make(stores, "a")
    await learn.promote(stores, made.version, "engineer")
    await learn.promote(stores, "builtin", "engineer")
    assert await learn.promoted(stores) is BUILTIN


async def test_a_damaged_bundle_gives_way_to_the_last_good_one(stores, clock):
    first, second = await make(stores, "a"), await make(stores, "b")
    await learn.promote(stores, first.version, "engineer")
    clock.turn(hours=1)
    await learn.promote(stores, second.version, "engineer")
    (stores.home.models / second.version / "nlu/model.json").write_bytes(b"x")
    assert (await learn.promoted(stores)).version == first.version
    (stores.home.models / first.version / "signature").write_bytes(b"x" * 64)
    assert await learn.promoted(stores) is BUILTIN


async def test_a_retired_bundle_is_gone_for_good(stores, clock):
    first, second = await make(stores, "a"), await make(stores, "b")
    await learn.promote(stores, first.version, "engineer")
    clock.turn(hours=1)
    await learn.promote(stores, second.version, "engineer")
    await learn.retire(stores, second.version)
    assert (await learn.promoted(stores)).version == first.version
    assert not (stores.home.models / second.version).exists()
    for refused in (learn.promote(stores, second.version, "engineer"), learn.bundle(stores, second.version)):
        with pytest.raises(Conflict):
            await refused


async def test_unknown_versions_and_processes_without_the_key(stores, role_stores):
    for wrong in (learn.promote(stores, "0" * 16, "engineer"), learn.bundle(stores, "x"), learn.retire(stores, "x")):
        with pytest.raises(NotFound):
            await wrong
    with pytest.raises(Forbidden):
        await make(await role_stores("earmark_review"), "a")


async def test_the_home_process_sees_the_promoted_bundle(stores, role_stores):
    made = await make(stores, "a")
    await learn.promote(stores, made.version, "engineer")
    assert (await learn.promoted(await role_stores("earmark_home"))).version == made.version


async def test_running_processes_are_told_and_the_log_names_it(stores):
    made = await make(stores, "a")
    async with stores.pool.connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("LISTEN earmark_bundle")
        await learn.promote(stores, made.version, "engineer")
        async for notice in connection.notifies(timeout=5, stop_after=1):
            assert notice.payload == made.version
            break
        else:
            pytest.fail("nobody was told")
        await connection.execute("UNLISTEN *")
        await connection.set_autocommit(False)
    await audit.sequence(stores)
    events = [entry["event"] for entry in await audit.recent(stores)]
    assert [event["what"] for event in events] == ["model.promoted", "model.registered"]
    assert events[0]["by"] == "engineer"
