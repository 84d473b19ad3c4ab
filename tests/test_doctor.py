"""`earmark doctor` finds each kind of disagreement, and nothing where all is well; `--repair` mends what is safe."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import psycopg
import pytest

from earmark import airlock, audit, consent, vault
from earmark.doctor import WHAT, WHY_LEFT, examine, examining, is_alone, repair, sweep
from earmark.doctor.examining import LEFTOVERS, PREFIXES
from earmark.doctor.repairing import _MENDERS
from earmark.forget import ERASERS, forget
from earmark.learn import runs
from earmark.storage import FolderKeyStore
from earmark.vault import Content, NewInteraction, Wake, Word, erasure


@dataclass(frozen=True)
class Ring:
    """One recording with its three clips in the queue and a line on the list, and who may do what to it."""

    stores: object
    household: object
    owner: str
    """Connection string of the database's owner."""

    async def do(self, statement: str, *values: object) -> list[dict]:
        async with self.stores.pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    async def one(self, statement: str, *values: object):
        (row,) = await self.do(statement, *values)
        return next(iter(row.values()))

    async def found(self) -> dict[str, int]:
        return {each.code: each.count for each in await examine(self.stores)}


@pytest.fixture
async def ring(role_stores, household, home, clock, tone) -> Ring:
    stores = await role_stores("earmark_worker", review_rate=1.0)
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    await consent.set_grant(stores, household.ada, "transcription", True, how="settings")
    words = tuple(Word(text=w, start=1.5 + i, end=1.8 + i, confidence=0.9) for i, w in enumerate(("turn", "up")))
    new = NewInteraction(
        person_id=household.ada, device_id=household.kitchen, started_at=clock(), kind="message", audio=tone(3.0),
        wake=Wake(word="alexa", score=0.9, start=0.5, end=1.2),
        content=Content(text="turn up", words=words, accepted=True),
    )  # fmt: skip
    await vault.record(stores, new)
    assert (await airlock.run(stores, Random(1))).tasks == 3
    await vault.keep(
        stores, household_id=household.id, person_id=household.ada, kind="shopping", content={"item": "milk"}
    )
    return Ring(stores=stores, household=household, owner=home.read_secret("database-owner"))


KEY_OF = {
    "recording": ("vault_keys", "SELECT key_slot FROM vault.interactions"),
    "line": ("vault_keys", "SELECT key_slot FROM vault.keepsakes"),
    "clip": ("review_keys", "SELECT key_slot FROM review.tasks WHERE question = 'wake'"),
    "ben": ("vault_keys", "SELECT key_slot FROM accounts.people WHERE id NOT IN (SELECT person_id FROM vault.devices)"),
}


async def destroy(ring: Ring, what: str) -> None:
    store, statement = KEY_OF[what]
    getattr(ring.stores, store).destroy([await ring.one(statement)])


async def damage(ring: Ring, what: str) -> None:
    store, statement = KEY_OF[what]
    path = getattr(ring.stores, store).folder / "slots"
    raw = bytearray(path.read_bytes())
    raw[64 + 64 * await ring.one(statement) + 30] ^= 1
    path.write_bytes(bytes(raw))


async def dataset(ring: Ring, label: uuid.UUID) -> None:
    await ring.do("INSERT INTO learn.datasets (version, purpose, made_on) VALUES ('1', 'improve', now())")
    await ring.do("INSERT INTO learn.dataset_labels VALUES ('1', %s, '', 'train')", label)


async def unfinished(ring: Ring) -> None:
    await ring.do(
        "INSERT INTO vault.erasures (id, person_id, interaction_ids, asked_how, asked_at)"
        " SELECT gen_random_uuid(), person_id, ARRAY[id], 'settings', now() FROM vault.interactions"
    )


async def revived(ring: Ring) -> None:
    slots = ring.stores.vault_keys.folder / "slots"
    before = slots.read_bytes()
    line = await ring.one("SELECT id FROM vault.keepsakes")
    assert await vault.drop(ring.stores, ring.household.id, [line]) == 1
    slots.write_bytes(before)


async def lose_vault_sound(ring: Ring) -> None:
    ring.stores.objects.delete(await ring.one("SELECT object FROM vault.interactions"))


async def lose_clip_sound(ring: Ring) -> None:
    ring.stores.objects.delete(await ring.one("SELECT object FROM review.tasks WHERE question = 'wake'"))


async def withdraw(ring: Ring) -> None:
    await consent.set_grant(ring.stores, ring.household.ada, "review", False, how="settings")


async def withdraw_device(ring: Ring) -> None:
    await consent.set_grant(
        ring.stores, ring.household.ada, "review", False, how="settings", device_id=ring.household.kitchen
    )


async def withdraw_messages(ring: Ring) -> None:
    await consent.set_grant(ring.stores, ring.household.ada, "transcription", False, how="settings")


async def a_guest_after_all(ring: Ring) -> None:
    await ring.do("UPDATE vault.interactions SET guest_session = gen_random_uuid()")


async def a_child_after_all(ring: Ring) -> None:
    await ring.do("UPDATE accounts.people SET child = true WHERE id = %s", ring.household.ada)


async def false_wake(ring: Ring) -> None:
    await ring.do("UPDATE vault.interactions SET kind = 'false_wake'")


async def not_asked(ring: Ring) -> None:
    await ring.do("UPDATE airlock.choices SET step = 'asked', ask_until = now() + interval '1 day'")


async def no_grant(ring: Ring) -> None:
    grant = await consent.set_grant(ring.stores, ring.household.ada, "save", False, how="settings")
    await ring.do("UPDATE vault.interactions SET grant_id = %s", grant)


async def anothers_grant(ring: Ring) -> None:
    await ring.do(
        "UPDATE vault.interactions SET grant_id = (SELECT id FROM vault.grants WHERE person_id = %s)",
        ring.household.ben,
    )


async def loose_files(ring: Ring) -> None:
    ring.stores.objects.put("vault", b"left by a crash")
    ring.stores.objects.put("masked", b"left by another")


async def unnamed_keys(ring: Ring) -> None:
    ring.stores.vault_keys.reserve()
    ring.stores.review_keys.reserve()


async def cut_log(ring: Ring) -> None:
    await audit.sequence(ring.stores)
    with psycopg.connect(ring.owner) as connection:
        connection.execute("DELETE FROM audit.log WHERE number = 0")


def sql(statement: str) -> Callable[[Ring], Awaitable[object]]:
    return lambda ring: ring.do(statement)


UNSEALED = "DELETE FROM airlock.seals WHERE question = 'wake'"
UNTASKED = (
    "INSERT INTO airlock.seals (task_id, interaction_id, question)"
    " SELECT gen_random_uuid(), id, 'wake' FROM vault.interactions"
)
FAULTS: dict[str, tuple[Callable[[Ring], Awaitable[object]], dict[str, int], dict[str, int]]] = {
    "an erasure that was not finished": (unfinished, {"unfinished": 1}, {}),
    "a destroyed key that came back": (revived, {"revived_keys": 1}, {}),
    "a destroyed person's key": (lambda r: destroy(r, "ben"), {"person_keys": 1}, {"person_keys": 1}),
    "a damaged person's key": (lambda r: damage(r, "ben"), {"person_keys": 1}, {"person_keys": 1}),
    "a recording without its sound": (lose_vault_sound, {"sound_missing": 1}, {"sound_missing": 1}),
    "a recording whose key was destroyed": (lambda r: destroy(r, "recording"), {"keys_destroyed": 1}, {}),
    "a recording whose key is damaged": (
        lambda r: damage(r, "recording"), {"keys_unreadable": 1}, {"keys_unreadable": 1},
    ),
    "a recording whose key is not there": (
        sql("UPDATE vault.interactions SET key_slot = 1000000"),
        {"keys_unreadable": 1, "unnamed_keys": 1},
        {"keys_unreadable": 1},
    ),
    "a line whose key was destroyed": (lambda r: destroy(r, "line"), {"lines_destroyed": 1}, {}),
    "a line whose key is damaged": (lambda r: damage(r, "line"), {"lines_unreadable": 1}, {"lines_unreadable": 1}),
    "a line that was kept before it had a key": (
        sql("UPDATE vault.keepsakes SET key_slot = NULL"),
        {"lines_without_key": 1, "unnamed_keys": 1},
        {"lines_without_key": 1},
    ),
    "a recording under a word that said no": (no_grant, {"without_grant": 1}, {"without_grant": 1}),
    "a recording under somebody else's word": (anothers_grant, {"without_grant": 1}, {"without_grant": 1}),
    "a clip without its sound": (lose_clip_sound, {"clip_sound_missing": 1}, {}),
    "a clip whose key was destroyed": (lambda r: destroy(r, "clip"), {"clip_key_destroyed": 1}, {}),
    "a clip whose key is damaged": (
        lambda r: damage(r, "clip"), {"clip_key_unreadable": 1}, {"clip_key_unreadable": 1},
    ),
    "a clip without its seal": (sql(UNSEALED), {"clip_without_seal": 1}, {}),
    "clips of somebody who withdrew": (withdraw, {"clip_not_allowed": 3}, {}),
    "clips of a device that was withdrawn": (withdraw_device, {"clip_not_allowed": 3}, {}),
    "the words of a message, withdrawn": (withdraw_messages, {"clip_not_allowed": 1}, {}),
    "clips of what a guest said": (a_guest_after_all, {"clip_out_of_bounds": 3}, {}),
    "clips before their owner's yes": (not_asked, {"clip_out_of_bounds": 3}, {}),
    "sound of a child": (
        a_child_after_all, {"child_sound": 1, "clip_out_of_bounds": 3}, {"child_sound": 1},
    ),
    "a false wake that nobody donates": (false_wake, {"clip_out_of_bounds": 2, "false_wakes_kept": 1}, {}),
    "a seal without its clip": (sql(UNTASKED), {"seal_without_clip": 1}, {}),
    "a dataset with a label that is gone": (lambda r: dataset(r, uuid.uuid4()), {"dataset_of_gone": 1}, {}),
    "files that no row names": (loose_files, {"loose_objects": 2}, {}),
    "keys that no row names": (unnamed_keys, {"unnamed_keys": 2}, {}),
    "a log that was changed": (cut_log, {"log": 1}, {"log": 1}),
}  # fmt: skip
"""What is planted, exactly what is found, and what is left of it after a repair."""


async def test_all_is_well(ring):
    assert await examine(ring.stores) == []
    done = await repair(ring.stores, alone=True)
    assert (done.mended, done.left) == ((), ())
    assert await ring.one("SELECT count(*) FROM audit.inbox WHERE event::jsonb ->> 'what' = 'repaired'") == 0


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_and_no_other_and_mended_when_that_is_safe(ring, fault):
    plant, found, left = FAULTS[fault]
    await plant(ring)
    told = await examine(ring.stores)
    assert {each.code: each.count for each in told} == found
    assert {each.code for each in told if not each.serious} == set(found) & LEFTOVERS
    assert [each.what for each in told] == [WHAT[each.code] for each in told]

    recordings = await ring.one("SELECT count(*) FROM vault.interactions")
    done = await repair(ring.stores, alone=True)
    assert {each.code: each.count for each in done.mended} == {c: n for c, n in found.items() if c not in left}
    assert {each.code: each.count for each in done.left} == left
    assert set(left) <= set(WHY_LEFT), "whoever reads it is told what to do"
    gone = recordings - await ring.one("SELECT count(*) FROM vault.interactions")
    assert gone == (1 if {"unfinished", "keys_destroyed"} & set(found) else 0), "only what nobody can read is erased"

    again = await repair(ring.stores, alone=True)
    assert again.mended == ()
    assert again.left == done.left
    told = await ring.one("SELECT count(*) FROM audit.inbox WHERE event::jsonb ->> 'what' = 'repaired'")
    assert told == (1 if done.mended else 0)


def test_every_kind_is_planted_and_is_mended_or_left_with_advice():
    assert {code for _, found, _ in FAULTS.values() for code in found} == set(WHAT)
    assert set(WHAT) == set(_MENDERS) | set(WHY_LEFT)


async def test_what_nobody_can_read_is_erased_with_a_receipt_and_the_log_tells_counts_only(ring):
    await destroy(ring, "recording")
    await destroy(ring, "line")
    await repair(ring.stores, alone=True)
    receipts = await vault.receipts(ring.stores, ring.household.ada)
    assert [receipt["how"] for receipt in receipts] == ["repair", "repair"]
    assert sum(receipt["erased"].get("recordings", 0) for receipt in receipts) == 1
    assert sum(receipt["erased"].get("list_lines", 0) for receipt in receipts) == 1
    assert all(audit.receipt_is_genuine(receipt, ring.stores.signing_key.public_key()) for receipt in receipts)
    assert [*ring.stores.objects.names("vault"), *ring.stores.objects.names("masked")] == []
    event = await ring.one("SELECT event::jsonb FROM audit.inbox WHERE event::jsonb ->> 'what' = 'repaired'")
    assert event["mended"] == {"keys_destroyed": 1, "lines_destroyed": 1}


async def test_a_clip_that_is_taken_off_leaves_neither_key_nor_sound(ring):
    await ring.do(UNSEALED)
    ((name, slot),) = [
        tuple(row.values())
        for row in await ring.do("SELECT object, key_slot FROM review.tasks WHERE question = 'wake'")
    ]
    await repair(ring.stores, alone=True)
    assert name not in set(ring.stores.objects.names("masked"))
    assert slot not in ring.stores.review_keys.live_slots()
    assert await ring.one("SELECT count(*) FROM review.tasks") == 2


async def test_everything_at_once_is_mended_in_one_go(ring):
    await unfinished(ring)
    await destroy(ring, "recording")
    await destroy(ring, "clip")
    await withdraw(ring)
    await loose_files(ring)
    await unnamed_keys(ring)
    await ring.do(UNTASKED)
    done = await repair(ring.stores, alone=True)
    assert done.left == ()
    assert await ring.found() == {}


async def test_while_others_are_at_work_files_and_keys_without_rows_are_let_be(ring):
    """They may belong to a recording whose row is about to be written."""
    assert not await is_alone(ring.stores), "the household's own stores are open too"
    await loose_files(ring)
    await unnamed_keys(ring)
    done = await repair(ring.stores, alone=False)
    assert done.mended == ()
    assert {each.code for each in done.left} == {"loose_objects", "unnamed_keys"}
    assert "while Earmark runs" in WHY_LEFT["loose_objects"]


async def test_who_is_alone_knows_it(home, role_stores):
    first = await role_stores("earmark_worker")
    assert await is_alone(first)
    await role_stores("earmark_home")
    assert not await is_alone(first)


@pytest.mark.parametrize("what", ["said", "deleted"])
async def test_what_happens_during_a_look_is_no_finding(ring, what, clock, tone, monkeypatch):
    """Rows are seen as they were when the look began, files and keys a moment later: a second look settles it."""
    put, happened = examining._put, []

    async def busy(*args):
        if not happened:
            happened.append(what)
            if what == "said":
                new = NewInteraction(person_id=ring.household.ada, started_at=clock(), kind="command", audio=tone(0.5))
                await vault.record(ring.stores, new)
            else:
                await forget(ring.stores, ring.household.ada, "all", how="settings")
        await put(*args)

    monkeypatch.setattr(examining, "_put", busy)
    looks, once = [], examining._look_once

    async def look(*args):
        looks.append(await once(*args))
        return looks[-1]

    monkeypatch.setattr(examining, "_look_once", look)
    assert await ring.found() == {}
    assert any(looks[0].values()), "the first look alone would have told of it"
    assert len(looks) == 2


async def test_a_killed_repair_is_done_again(ring, monkeypatch):
    await destroy(ring, "recording")
    await unnamed_keys(ring)

    async def die(*_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(erasure.audit, "append_in", die)
        with pytest.raises(RuntimeError):
            await repair(ring.stores, alone=True)
    assert "unfinished" in await ring.found()
    assert (await repair(ring.stores, alone=True)).left == ()


async def test_every_column_that_names_a_key_or_a_file_is_known(ring):
    """Otherwise a repair would take what a new table keeps for leftovers."""
    with psycopg.connect(ring.owner) as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_schema IN ('accounts', 'vault', 'airlock', 'review', 'safety', 'learn', 'audit')"
            "   AND (column_name LIKE '%slot%' OR column_name LIKE '%object%')"
        ).fetchall()
    assert {row[0] for row in rows} == {
        "accounts.people.key_slot", "vault.interactions.key_slot", "vault.keepsakes.key_slot",
        "review.tasks.key_slot", "learn.runs.key_slot", "vault.tombstones.slot", "vault.interactions.object",
        "review.tasks.object",
    }  # fmt: skip
    assert set(PREFIXES) == {prefix for eraser in ERASERS for prefix in eraser.prefixes}


async def test_opening_a_restored_key_store_mends_it_too(ring):
    await revived(ring)
    FolderKeyStore(ring.stores.vault_keys.folder).close()  # opening it replays its tombstones
    assert await ring.found() == {}


async def test_what_a_crash_left_is_swept_at_the_second_look_and_nothing_else(ring):
    stores = ring.stores
    kept = {*stores.objects.names("vault"), *stores.objects.names("masked")}
    left = {stores.objects.put("vault", b"no row"), stores.objects.put("masked", b"no task")}
    suspected = await sweep(stores, set())
    assert suspected == left
    fresh = stores.objects.put("vault", b"its row comes in a moment")
    assert await sweep(stores, suspected) == {fresh}
    assert {*stores.objects.names("vault"), *stores.objects.names("masked")} == kept | {fresh}
    stores.objects.delete(fresh)
    assert await ring.found() == {}


async def test_the_key_of_an_unfinished_run_is_no_leftover(ring):
    """A killed `earmark learn` goes on where it was: a repair must not take its key away."""
    run = await runs.begin(ring.stores, {}, [])
    assert await examine(ring.stores) == []
    await runs.drop(ring.stores, [run.id])
    assert await examine(ring.stores) == []
