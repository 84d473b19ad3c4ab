from __future__ import annotations

import asyncio
import copy

import pytest

from earmark import audit, vault
from earmark.errors import NotFound
from earmark.vault import Content, NewInteraction


async def record(stores, person, clock, tone, text="the canary sings"):
    new = NewInteraction(
        person_id=person, started_at=clock(), kind="command", audio=tone(0.5), content=Content(text=text)
    )
    return await vault.record(stores, new)


async def test_erasing_one_leaves_the_others(stores, household, clock, tone):
    gone = await record(stores, household.ada, clock, tone)
    stays = await record(stores, household.ada, clock, tone)
    receipt = await vault.erase(stores, household.ada, [gone], how="settings", erasers=[vault.ERASER])
    assert receipt["erased"] == {"files": 1, "keys": 1, "recordings": 1}
    with pytest.raises(NotFound):
        await vault.interaction(stores, household.ada, gone)
    await vault.interaction(stores, household.ada, stays)
    assert len(list(stores.objects.names("vault"))) == 1


async def test_the_receipt_verifies_and_a_changed_one_does_not(stores, household, clock, tone):
    gone = await record(stores, household.ada, clock, tone)
    receipt = await vault.erase(stores, household.ada, [gone], how="settings", erasers=[vault.ERASER])
    key = stores.signing_key.public_key()
    assert audit.receipt_is_genuine(receipt, key)
    forged = copy.deepcopy(receipt)
    forged["erased"]["recordings"] = 2
    assert not audit.receipt_is_genuine(forged, key)
    assert not audit.receipt_is_genuine("no receipt", key)
    assert await vault.receipts(stores, household.ada) == [receipt]
    assert await vault.receipts(stores, household.ben) == []


async def test_nobody_erases_somebody_elses(stores, household, clock, tone):
    theirs = await record(stores, household.ada, clock, tone)
    with pytest.raises(NotFound):
        await vault.erase(stores, household.ben, [theirs], how="settings", erasers=[vault.ERASER])
    await vault.interaction(stores, household.ada, theirs)


async def test_a_killed_erasure_is_finished_at_the_next_start(stores, household, clock, tone, monkeypatch):
    gone = await record(stores, household.ada, clock, tone)

    class Killed(BaseException):
        pass

    async def die(*_):
        raise Killed

    broken = vault.ERASER.__class__(tables=frozenset(), find=vault.ERASER.find, erase=die)
    with pytest.raises(Killed):
        await vault.erase(stores, household.ada, [gone], how="settings", erasers=[broken])
    assert (await vault.history(stores, household.ada)).interactions == ()  # its key is gone already

    assert await vault.resume(stores, [vault.ERASER]) == 1
    assert await vault.count(stores, household.ada) == 0
    assert len(await vault.receipts(stores, household.ada)) == 1
    assert await vault.resume(stores, [vault.ERASER]) == 0


async def test_erasing_the_same_twice_at_once_ends_well(stores, household, clock, tone):
    gone = await record(stores, household.ada, clock, tone)
    results = await asyncio.gather(
        *(vault.erase(stores, household.ada, [gone], how="settings", erasers=[vault.ERASER]) for _ in range(4)),
        return_exceptions=True,
    )
    assert any(isinstance(result, dict) for result in results)
    assert all(isinstance(result, dict | NotFound) for result in results)
    assert sum(result["erased"]["recordings"] for result in results if isinstance(result, dict)) == 1


async def test_tombstones_outlive_a_restored_key_store(stores, household, clock, tone, tmp_path):
    gone = await record(stores, household.ada, clock, tone)
    slots = stores.vault_keys.folder / "slots"
    backup = slots.read_bytes()
    await vault.erase(stores, household.ada, [gone], how="settings", erasers=[vault.ERASER])
    slots.write_bytes(backup)
    assert await vault.replay_tombstones(stores) == 1
    assert await vault.replay_tombstones(stores) == 0
