"""Guarantee 1: nothing is saved without a live basis."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.errors import NotNullViolation

from earmark import accounts, consent, vault
from earmark.errors import NoBasis
from earmark.vault import NewInteraction, keeping


async def test_ingest_without_a_grant_keeps_nothing(ring, canary, places, household):
    """We recorded for somebody who never allowed saving, for somebody who took it back, and on a device that is left
    out: nothing stayed, in no store."""
    nobody = await accounts.create_person(ring.stores, name="Cleo", roles=["owner"], household_id=household.id)
    await consent.set_grant(ring.stores, ring.ada, "save", False, how="settings")
    await consent.set_grant(ring.stores, household.ben, "save", False, how="settings", device_id=ring.device)
    for person in (nobody, ring.ada, household.ben):
        with pytest.raises(NoBasis):
            await ring.say(canary, person=person)
        assert await vault.count(ring.stores, person) == 0
    assert list(ring.stores.objects.names("")) == []
    assert places.search(canary.needles()) == set()


async def test_a_yes_for_one_device_is_not_a_yes_for_all(ring, canary, household):
    """We allowed saving on one device only, without the general yes: silence elsewhere still means no."""
    await consent.set_grant(ring.stores, ring.ada, "save", False, how="settings")
    await consent.set_grant(ring.stores, ring.ada, "save", True, how="settings", device_id=ring.device)
    new = NewInteraction(person_id=ring.ada, started_at=ring.clock(), kind="command", audio=canary.audio)
    with pytest.raises(NoBasis):
        await vault.record(ring.stores, new)


async def test_every_row_object_and_key_has_its_basis(ring, canary):
    """We turned the whole ring and followed every row and sound file back to a live grant: none stood alone."""
    await ring.allow()
    identifier = await ring.turn(canary)
    kept = await ring.rows(
        "SELECT i.object, i.key_slot, g.allowed, g.purpose FROM vault.interactions i"
        " JOIN vault.grants g ON g.id = i.grant_id AND g.person_id = i.person_id"
    )
    assert [(row["allowed"], row["purpose"]) for row in kept] == [(True, "save")]
    tasks = await ring.rows(
        "SELECT t.object, t.key_slot, s.interaction_id"
        " FROM review.tasks t LEFT JOIN airlock.seals s ON s.task_id = t.id"
    )
    assert {row["interaction_id"] for row in tasks} == {identifier}
    assert len(tasks) == 3
    objects = set(ring.stores.objects.names("vault")) | set(ring.stores.objects.names("masked"))
    assert objects == {row["object"] for row in [*kept, *tasks]}
    for row in kept:
        assert len(ring.stores.vault_keys.secret(row["key_slot"])) == 32
    for row in tasks:
        assert len(ring.stores.review_keys.secret(row["key_slot"])) == 32


async def test_a_grant_taken_back_at_the_last_moment_counts(ring, canary, monkeypatch):
    """We took the grant back after it had been asked for and before the row was written: nothing was kept."""
    seal_and_put = keeping._seal_and_put

    def slow(stores, new, identifier, person_slot, **how):
        found = seal_and_put(stores, new, identifier, person_slot, **how)
        asyncio.run_coroutine_threadsafe(
            consent.set_grant(ring.stores, ring.ada, "save", False, how="settings"), loop
        ).result()
        return found

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(keeping, "_seal_and_put", slow)
    with pytest.raises(NoBasis):
        await ring.say(canary)
    assert await vault.count(ring.stores, ring.ada) == 0
    assert list(ring.stores.objects.names("vault")) == []


async def test_the_database_itself_refuses_a_row_without_a_grant(ring):
    """We tried to write a recording's row without a grant straight into the database: it refused."""
    with pytest.raises(NotNullViolation):
        await ring.rows(
            "INSERT INTO vault.interactions (id, person_id, started_at, kind, key_slot, duration, bundle, expires_at,"
            " sealed) VALUES (gen_random_uuid(), %s, now(), 'command', 999999, 1, 'builtin', now(), '') RETURNING id",
            ring.ada,
        )
