"""Guarantee 5: a backup restored from before the deletion reveals nothing."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from earmark import airlock, forget, review, vault
from earmark.errors import Erased, NotFound, StaleLease
from earmark.settings import Settings
from earmark.storage import FolderKeyStore, Home, Stores, open_stores
from earmark.storage.postgres import _binaries

Backup = Callable[[], Path]
Restore = Callable[[Path], Awaitable[Stores]]
ROLES = ("earmark_home", "earmark_review", "earmark_desk", "earmark_worker", "earmark_jobs")


def run(program: str, *arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run([_binaries() / program, *arguments], input=given, capture_output=True, check=True)
    return done.stdout


@pytest.fixture
def back_up(home: Home, tmp_path: Path) -> Backup:
    """Back the data up as an administrator would: `pg_dump` and a copy of the objects; keys are not data."""

    def make() -> Path:
        folder = tmp_path / f"backup-{secrets.token_hex(4)}"
        folder.mkdir()
        owner = home.read_secret("database-owner")
        assert owner is not None
        (folder / "database.sql").write_bytes(run("pg_dump", "--dbname", owner))
        shutil.copytree(home.folder / "objects", folder / "objects")
        return folder

    return make


@pytest.fixture
async def restore(server, home: Home, clock, tmp_path: Path) -> AsyncIterator[Restore]:
    """Restore a backup beside the running installation, with the keys as they are now."""
    names: list[str] = []
    opened = []

    async def make(folder: Path) -> Stores:
        name = f"test_{secrets.token_hex(6)}"
        names.append(name)
        with psycopg.connect(server.owner, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        run("psql", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", make_conninfo(server.owner, dbname=name),
            given=(folder / "database.sql").read_bytes())  # fmt: skip
        restored = Home.at(tmp_path / f"restored-{name}")
        shutil.rmtree(restored.folder / "objects")
        shutil.copytree(folder / "objects", restored.folder / "objects")
        shutil.rmtree(restored.folder / "keys")
        (restored.folder / "keys").symlink_to(home.folder / "keys")
        for role in ROLES:
            conninfo = home.read_secret(f"database-{role}")
            assert conninfo is not None
            restored.keep_secret(f"database-{role}", make_conninfo(conninfo, dbname=name))
        restored.keep_secret("signing-key", home.secret("signing-key"))
        settings = Settings(home=restored.folder)  # pyright: ignore[reportCallIssue]
        context = open_stores("earmark_worker", settings, now=clock)
        opened.append(context)
        return await context.__aenter__()

    yield make
    for context in opened:
        await context.__aexit__(None, None, None)
    with psycopg.connect(server.owner, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


async def test_data_restored_from_before_opens_nothing(ring, canary, back_up, restore):
    """We backed up database and sound, deleted, restored the backup beside the running keys, and tried history, sound,
    search, the reviewers' clips and the labels: the rows and files were back, and not a word of them opened."""
    await ring.allow()
    identifier = await ring.turn(canary)
    kept = back_up()
    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")

    old = await restore(kept)
    assert await vault.count(old, ring.ada) == 1, "the backup holds the row"
    assert len(list(old.objects.names("vault"))) == 1, "and the sound"
    assert (await vault.history(old, ring.ada)).interactions == ()
    assert (await vault.history(old, ring.ada, vault.Filter(search=canary.words[0]))).interactions == ()
    with pytest.raises(Erased):
        await vault.interaction(old, ring.ada, identifier)
    with pytest.raises(Erased):
        await vault.sound(old, ring.ada, identifier)
    with pytest.raises(Erased):
        await vault.open_for_review(old, identifier)
    assert await airlock.labels(old, "wake") == []
    async with old.pool.connection() as connection:
        tasks = await (await connection.execute("SELECT id, key_slot, object FROM review.tasks")).fetchall()
        await connection.execute("UPDATE review.tasks SET state = 'ready'")
    assert len(tasks) == 3
    for task in tasks:
        with pytest.raises(Erased):
            review.masked_key(old, task["key_slot"])
    assert await review.next_task(old, ring.reviewer()) is None


async def test_a_backup_without_a_deletion_does_open(ring, canary, back_up, restore):
    """We restored the same kind of backup with nothing deleted: all of it opened, so the attack is a real one."""
    identifier = await ring.say(canary)
    await ring.home(ring.ada).shopping_add(canary.words[0])
    old = await restore(back_up())
    assert (await vault.interaction(old, ring.ada, identifier)).content.text == canary.text
    assert await ring.home(ring.ada, old).shopping_all() == [canary.words[0]]
    assert (await vault.sound(old, ring.ada, identifier)).pcm == canary.audio.pcm


async def test_keys_restored_from_before_die_again(ring, canary, home):
    """We put back the key files of before the deletion, once beside their own list of tombstones and once without it:
    opening the store, or the next start, destroyed the same keys again."""
    await ring.allow()
    identifier = await ring.turn(canary)
    (row,) = await ring.rows("SELECT key_slot FROM vault.interactions")
    tasks = [task["key_slot"] for task in await ring.rows("SELECT key_slot FROM review.tasks")]
    stores = {name: home.folder / "keys" / name for name in ("vault", "review")}
    before = {name: {f.name: f.read_bytes() for f in folder.iterdir()} for name, folder in stores.items()}
    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")
    doomed = {"vault": [row["key_slot"]], "review": tasks}

    for name, folder in stores.items():
        (folder / "slots").write_bytes(before[name]["slots"])
        again = FolderKeyStore(folder)
        assert [slot for slot in doomed[name] if again.alive(slot)] == []
        again.close()

    for name, folder in stores.items():
        for file, data in before[name].items():
            (folder / file).write_bytes(data)
    assert all(ring.stores.vault_keys.alive(slot) for slot in doomed["vault"]), "the old keys are back"
    await forget.finish_interrupted(ring.stores)
    for name, keys in (("vault", ring.stores.vault_keys), ("review", ring.stores.review_keys)):
        for slot in doomed[name]:
            with pytest.raises(Erased):
                keys.secret(slot)


async def test_lists_and_messages_restored_from_before_open_nothing(ring, canary, household, home, back_up, restore):
    """We backed up a shopping list, a message and their keys, took one line off, deleted everything, and restored the
    data, then the key files too: the rows were back, none of them opened, and the next start destroyed the keys."""
    at_adas = ring.home(ring.ada)
    for word in canary.words:
        assert await at_adas.shopping_add(word)
    assert await at_adas.message_leave("Ben", canary.text)
    kept, folder = back_up(), home.folder / "keys" / "vault"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    slots = [row["key_slot"] for row in await ring.rows("SELECT key_slot FROM vault.keepsakes")]
    assert await at_adas.shopping_remove(canary.words[1])
    await forget.forget(ring.stores, ring.ada, "all", how="settings")

    old = await restore(kept)
    async with old.pool.connection() as connection:
        rows = await (await connection.execute("SELECT key_slot FROM vault.keepsakes")).fetchall()
    assert [row["key_slot"] for row in rows] == slots, "the backup holds the rows"
    assert await ring.home(ring.ada, old).shopping_all() == []
    assert await ring.home(household.ben, old).messages_unread() == []

    for file, data in before.items():
        (folder / file).write_bytes(data)
    assert len(await ring.home(ring.ada, old).shopping_all()) == 2, "the old keys are back"
    await forget.finish_interrupted(ring.stores)
    assert [slot for slot in slots if ring.stores.vault_keys.alive(slot)] == []
    assert await ring.home(ring.ada, old).shopping_all() == []


async def test_a_restored_page_can_not_be_played(ring, canary):
    """We kept a reviewer's open lease across a deletion and asked for the sound with it again: refused."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    who = ring.reviewer()
    served = await review.next_task(ring.floor, who)
    await review.sound(ring.floor, who, served.task_id, served.fence)
    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")
    with pytest.raises(StaleLease):
        await review.sound(ring.floor, who, served.task_id, served.fence)
    with pytest.raises(NotFound):
        await vault.sound(ring.stores, ring.ada, identifier)


async def test_no_secret_of_the_installation_is_in_the_database(ring, canary, home):
    """We searched a dump of the database for every password, signing key and root key of the installation: none."""
    await ring.allow()
    await ring.turn(canary)
    owner = home.read_secret("database-owner")
    assert owner is not None
    dumped = run("pg_dump", "--dbname", owner)
    assert str(ring.ada).encode() in dumped
    for file in (home.folder / "secrets").iterdir():
        text = file.read_text()
        secret = conninfo_to_dict(text)["password"] if "host=" in text else text
        assert str(secret).encode() not in dumped, file.name
    for name in ("vault", "review"):
        assert (home.folder / "keys" / name / "root").read_bytes().hex().encode() not in dumped
