"""Which device has which models during a roll-out, and how long what was taken back is answered."""

from __future__ import annotations

import asyncio

import pytest

from earmark import learn
from earmark.assistant import EngineKeeper
from earmark.errors import RetiredBundle
from earmark.web import in_force
from earmark.web.device_api import Devices
from earmark.web.in_force import InForce


class FakeKeeper(EngineKeeper):
    """Takes over at once what is wanted, without loading any models."""

    _version = "builtin"
    _there = False

    @property
    def engine(self):
        return self._version

    @property
    def version(self):
        return self._version

    @property
    def ready(self):
        return self._there

    async def refresh(self, wanted):
        bundle, _ = await wanted()
        changed, self._version, self._there = not self._there or bundle.version != self._version, bundle.version, True
        return changed


@pytest.fixture(autouse=True)
def no_models(monkeypatch):
    monkeypatch.setattr(in_force, "EngineKeeper", FakeKeeper)


async def nobody():
    return []


async def make(stores, name):
    return await learn.register(stores, {"wake/alexa.json": name.encode()}, {"parent": "builtin"})


async def seen(stores, keeper=None):
    """Return what a home process knows after one look."""
    keeper = keeper or FakeKeeper()

    async def wanted():
        return await learn.promoted(stores), []

    await keeper.refresh(wanted)
    found = InForce(keeper)
    await found.refresh(stores, nobody)
    return found


async def test_devices_in_the_share_have_the_candidate_and_are_heard_by_it(stores, fleet, role_stores):
    devices = (await fleet(30)).devices
    made = await make(stores, "a")
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    await learn.watch(stores)
    home = await role_stores("earmark_home")
    force = await seen(home)
    share = [device for device in devices if force.version_for(device) == made.version]
    assert 1 <= len(share) < 15
    assert {force.version_for(device) for device in devices} == {made.version, "builtin"}
    mine, other = share[0], next(device for device in devices if device not in share)
    assert force.engine_for(mine, made.version) == made.version
    assert force.engine_for(mine, "builtin") == "builtin", "it has not swapped yet"
    assert force.engine_for(other, made.version) == "builtin", "nobody gives it to itself"
    assert force.engine_for(None, made.version) == "builtin"
    assert await force.refresh(home, nobody) is False
    await learn.rollback(stores)
    assert await force.refresh(home, nobody) is True
    assert {force.version_for(device) for device in devices} == {"builtin"}
    assert force.engine_for(mine, made.version) == "builtin"


async def test_the_candidates_own_models_hear_its_devices(stores, household, monkeypatch):
    """With real engines: what hears a device was built from the bundle that the interaction will name."""
    monkeypatch.setattr(in_force, "EngineKeeper", EngineKeeper)
    made = await make(stores, "a")
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    await learn.watch(stores)
    force = await seen(stores)
    engine = force.engine_for(household.kitchen, made.version)
    assert engine.bundle.version == made.version
    assert engine.bundle.read("wake/alexa.json") == b"a"


async def test_a_look_that_fails_changes_nothing_and_the_next_one_is_made(stores, household, monkeypatch):
    """The database may be away for a moment; devices keep what they have."""
    force, looks, told = InForce(FakeKeeper(), every=0.01), [], asyncio.Event()

    async def refresh(*_):
        looks.append(1)
        if len(looks) == 1:
            raise OSError
        return True

    async def tell():
        told.set()

    monkeypatch.setattr(force, "refresh", refresh)
    task = asyncio.create_task(force.watch(stores, nobody, tell))
    await asyncio.wait_for(told.wait(), 10)
    task.cancel()


async def test_nobody_is_told_anything_before_somebody_looked(household):
    assert InForce(FakeKeeper()).version_for(household.kitchen) is None


async def test_the_candidate_is_handed_to_its_share_only(browse, stores, household):
    made = await make(stores, "a")
    home, headers = await browse("home"), {"Authorization": f"Bearer {household.token}"}
    address = f"/api/device/bundle/{made.version}"
    assert (await home.client.get(address, headers=headers)).status_code == 404
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    await learn.watch(stores)
    assert (await home.client.get(address, headers=headers)).status_code == 200, "the only device is the first"
    await learn.rollback(stores)
    assert (await home.client.get(address, headers=headers)).status_code == 404


async def test_the_list_of_retired_ones_is_signed_and_for_devices(browse, stores, household):
    from earmark.bundle import read_retired

    refused, gone = await make(stores, "a"), await make(stores, "b")
    await learn.promote(stores, refused.version, "engineer")
    await learn.rollback(stores)
    await learn.retire(stores, gone.version)
    home = await browse("home")
    assert (await home.client.get("/api/device/retired")).status_code == 401
    answer = await home.client.get("/api/device/retired", headers={"Authorization": f"Bearer {household.token}"})
    assert read_retired(answer.content, stores.home.public_key()) == {gone.version}


@pytest.mark.parametrize("how", ["refused", "retired", "taken back while on its way"])
async def test_what_was_taken_back_is_answered_for_the_hours_of_grace(stores, household, clock, how):
    made = await make(stores, "a")
    if how == "taken back while on its way":
        await learn.put_into_use(stores, made.version, "engineer", staged=True)
    else:
        await learn.promote(stores, made.version, "engineer")
    (await seen(stores)).check(stores, made.version)
    await (learn.retire(stores, made.version) if how == "retired" else learn.rollback(stores))
    force = await seen(stores)
    clock.turn(hours=23)
    force.check(stores, made.version)
    clock.turn(hours=1)
    with pytest.raises(RetiredBundle):
        force.check(stores, made.version)
    for other in ("builtin", "0" * 16):
        force.check(stores, other)


async def test_taken_back_before_anybody_wrote_down_when_is_over(stores, household):
    made = await make(stores, "a")
    await learn.retire(stores, made.version)
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE learn.bundles SET ended_at = NULL")
    with pytest.raises(RetiredBundle):
        (await seen(stores)).check(stores, made.version)


async def test_those_that_are_connected_are_told_when_it_changes(stores, household):
    class Socket:
        def __init__(self):
            self.sent = []

        async def send_json(self, message):
            self.sent.append(message)

    devices, socket = Devices(), Socket()
    with devices.here(socket, household.kitchen, "builtin"):
        for version in ("builtin", "a" * 16, "a" * 16, None, "builtin"):
            await devices.announce(lambda _, version=version: version)
    await devices.announce(lambda _: "b" * 16)
    assert socket.sent == [{"type": "bundle", "version": version} for version in ("a" * 16, "builtin")]
