"""`earmark doctor` finds each kind of disagreement, and nothing where all is well."""

from __future__ import annotations

from random import Random

import pytest

from earmark import airlock, audit, consent, vault
from earmark.doctor import examine, sweep
from earmark.storage import FolderKeyStore
from earmark.vault import Content, NewInteraction, Wake, Word


@pytest.fixture
async def ring(role_stores, household, clock, tone):
    """One recording with its three masked copies in the queue; the stores."""
    stores = await role_stores("earmark_worker", review_rate=1.0)
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    words = tuple(Word(text=w, start=1.5 + i, end=1.8 + i, confidence=0.9) for i, w in enumerate(("turn", "up")))
    new = NewInteraction(
        person_id=household.ada, device_id=household.kitchen, started_at=clock(), kind="command", audio=tone(3.0),
        wake=Wake(word="alexa", score=0.9, start=0.5, end=1.2),
        content=Content(text="turn up", words=words, accepted=True),
    )  # fmt: skip
    await vault.record(stores, new)
    assert (await airlock.run(stores, Random(1))).tasks == 3
    return stores


async def found(stores):
    return {(each.what, each.count, each.serious) for each in await examine(stores)}


async def do(stores, statement):
    async with stores.pool.connection() as connection:
        await connection.execute(statement)


async def names(stores, table):
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(f"SELECT object, key_slot FROM {table}")).fetchall()
    return [(row["object"], row["key_slot"]) for row in rows]


async def test_all_is_well(ring):
    assert await found(ring) == set()


async def test_missing_sound(ring):
    ((name, _),) = await names(ring, "vault.interactions")
    ring.objects.delete(name)
    ring.objects.delete((await names(ring, "review.tasks"))[0][0])
    assert await found(ring) == {
        ("recordings whose sound is missing", 1, True),
        ("clips in review whose sound is missing", 1, True),
    }


async def test_missing_keys(ring):
    ((_, slot),) = await names(ring, "vault.interactions")
    ring.vault_keys.destroy([slot])
    ring.review_keys.destroy([(await names(ring, "review.tasks"))[0][1]])
    assert await found(ring) == {
        ("recordings whose key is missing", 1, True),
        ("clips in review whose key is missing", 1, True),
    }


@pytest.fixture
async def line(ring, household):
    """The id of a line on the shopping list."""
    return await vault.keep(
        ring, household_id=household.id, person_id=household.ada, kind="shopping", content={"item": "milk"}
    )


async def test_missing_keys_of_what_skills_keep(ring, line):
    assert await found(ring) == set()
    async with ring.pool.connection() as connection:
        row = await (await connection.execute("SELECT key_slot FROM vault.keepsakes")).fetchone()
    ring.vault_keys.destroy([row["key_slot"]])
    assert await found(ring) == {("list lines, messages and alarms whose key is missing", 1, True)}


async def test_what_a_skill_kept_before_it_had_keys(ring, line):
    await do(ring, "UPDATE vault.keepsakes SET key_slot = NULL")
    assert await found(ring) == {("list lines, messages and alarms without a key of their own", 1, True)}


async def test_a_destroyed_key_that_came_back(ring, line, household):
    slots = ring.vault_keys.folder / "slots"
    before = slots.read_bytes()
    assert await vault.drop(ring, household.id, [line]) == 1
    assert await found(ring) == set()
    slots.write_bytes(before)
    assert await found(ring) == {("destroyed keys that are alive again", 1, True)}
    FolderKeyStore(ring.vault_keys.folder).close()  # opening it replays its tombstones
    assert await found(ring) == set()


async def test_a_file_that_no_row_names(ring):
    ring.objects.put("vault", b"left by a crash")
    assert await found(ring) == {("encrypted files that no recording names", 1, False)}


async def test_a_clip_without_its_seal(ring):
    await do(ring, "DELETE FROM airlock.seals WHERE question = 'wake'")
    assert await found(ring) == {("clips in review that belong to no recording", 1, True)}


async def test_a_seal_without_its_clip(ring):
    await do(ring, "UPDATE airlock.seals SET task_id = gen_random_uuid() WHERE question = 'wake'")
    assert ("links to clips that are gone", 1, False) in await found(ring)


async def test_an_erasure_that_was_not_finished(ring, household):
    await do(
        ring,
        "INSERT INTO vault.erasures (id, person_id, interaction_ids, asked_how, asked_at)"
        f" VALUES (gen_random_uuid(), '{household.ada}', '{{}}', 'settings', now())",
    )
    assert await found(ring) == {("erasures begun and not finished", 1, True)}


async def test_a_log_that_was_changed(ring, home):
    import psycopg

    await audit.sequence(ring)
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute("DELETE FROM audit.log WHERE number = 0")
    assert await found(ring) == {("entries of the audit log that are not what was sealed", 1, True)}


async def test_what_a_crash_left_is_swept_at_the_second_look_and_nothing_else(ring):
    kept = {*ring.objects.names("vault"), *ring.objects.names("masked")}
    left = {ring.objects.put("vault", b"no row"), ring.objects.put("masked", b"no task")}
    suspected = await sweep(ring, set())
    assert suspected == left
    fresh = ring.objects.put("vault", b"its row comes in a moment")
    assert await sweep(ring, suspected) == {fresh}
    assert {*ring.objects.names("vault"), *ring.objects.names("masked")} == kept | {fresh}
    ring.objects.delete(fresh)
    assert await found(ring) == set()
