"""A full disk came out as an unknown error, or left a key behind that belonged to nothing."""

from __future__ import annotations

import errno
import os

import psycopg
import pytest

from earmark import vault
from earmark.errors import DiskFull
from earmark.storage import FolderKeyStore
from earmark.vault import Content, NewInteraction


@pytest.fixture
def new(household, clock, tone):
    return NewInteraction(
        person_id=household.ada, started_at=clock(), kind="command", audio=tone(0.5), content=Content(text="hello")
    )


def full(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def nothing_half_kept(stores, household, slots_before: set[int]) -> None:
    assert await vault.count(stores, household.ada) == 0
    assert list(stores.objects.names("vault")) == []
    assert len(stores.vault_keys.live_slots() - slots_before) == 0
    async with stores.pool.connection() as connection:
        assert await (await connection.execute("SELECT 1 FROM vault.interactions")).fetchall() == []


@pytest.mark.parametrize("call", ["write", "fsync"])
async def test_a_disk_that_is_full_while_the_sound_is_written(stores, household, new, monkeypatch, call):
    stores.vault_keys.destroy([stores.vault_keys.reserve()])  # the slots of this process are on disk already
    before = stores.vault_keys.live_slots()
    with monkeypatch.context() as patch:
        patch.setattr(f"earmark.storage.objects.os.{call}", full)
        with pytest.raises(DiskFull) as caught:
            await vault.record(stores, new)
    assert (caught.value.code, caught.value.status) == ("setup.disk-full", 507)
    await nothing_half_kept(stores, household, before)
    assert await vault.record(stores, new)


async def test_a_disk_that_is_full_while_the_row_is_written(stores, household, new, home):
    stores.vault_keys.destroy([stores.vault_keys.reserve()])
    before = stores.vault_keys.live_slots()
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(
            "CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON vault.interactions EXECUTE FUNCTION public.no_room()"
        )
    with pytest.raises(DiskFull):
        await vault.record(stores, new)
    await nothing_half_kept(stores, household, before)
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute("DROP TRIGGER no_room ON vault.interactions")
    assert await vault.record(stores, new)


def test_a_disk_that_is_full_while_keys_are_destroyed_says_so_and_keeps_them(tmp_path, monkeypatch):
    """Without its tombstone a destroyed key could come back; so nothing is destroyed, and the erasure is not done."""
    keys = FolderKeyStore(tmp_path / "keys")
    slot = keys.reserve()
    secret = keys.secret(slot)
    with monkeypatch.context() as patch:
        patch.setattr("earmark.storage.keys.os.fsync", full)
        with pytest.raises(DiskFull):
            keys.destroy([slot])
    assert keys.secret(slot) == secret
    assert keys.destroy([slot]) == 1
    keys.close()


def test_a_disk_that_is_full_while_keys_are_made(tmp_path, monkeypatch):
    keys = FolderKeyStore(tmp_path / "keys")
    size = (tmp_path / "keys" / "slots").stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr("earmark.storage.keys.os.fsync", full)
        with pytest.raises(DiskFull):
            keys.reserve()
    assert (tmp_path / "keys" / "slots").stat().st_size == size
    assert len(keys.secret(keys.reserve())) == 32
    keys.close()
