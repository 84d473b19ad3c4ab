"""Guarantee 2: every item dies on its clock."""

from __future__ import annotations

import pytest
from psycopg.errors import NotNullViolation

from earmark import consent, forget, vault
from earmark.errors import Erased
from earmark.switches import switch


async def test_what_is_past_its_clock_leaves_no_row_object_or_key(ring, canary, clock, places):
    """We turned the clock past the retention time and counted survivors in rows, sound files and keys: none."""
    await ring.allow()
    old = await ring.turn(canary)
    slots = await ring.rows("SELECT key_slot FROM vault.interactions")
    tasks = await ring.rows("SELECT id, key_slot FROM review.tasks")
    clock.turn(days=ring.stores.settings.retention_days, seconds=-1)
    young = await ring.say(canary)
    assert await forget.forget_expired(ring.stores) == 0
    clock.turn(seconds=1)
    assert await forget.forget_expired(ring.stores) == 1

    assert places.rows_with(str(old)) == {}
    for task in tasks:
        assert set(places.rows_with(str(task["id"]))) <= {"review.hearings"}  # who heard a task that no seal explains
        with pytest.raises(Erased):
            ring.stores.review_keys.secret(task["key_slot"])
    for row in slots:
        with pytest.raises(Erased):
            ring.stores.vault_keys.secret(row["key_slot"])
    assert len(list(ring.stores.objects.names("vault"))) == 1
    assert list(ring.stores.objects.names("masked")) == []
    assert (await vault.interaction(ring.stores, ring.ada, young)).content.text == canary.text


async def test_the_clock_is_set_when_it_is_recorded(ring, canary, clock):
    """We looked for a recording without an end, and tried to write one: the database takes none."""
    await ring.say(canary)
    rows = await ring.rows("SELECT expires_at - started_at AS life FROM vault.interactions")
    assert [row["life"].days for row in rows] == [ring.stores.settings.retention_days]
    with pytest.raises(NotNullViolation):
        await ring.rows("UPDATE vault.interactions SET expires_at = NULL RETURNING id")


@pytest.mark.parametrize("days", [days for days in consent.CLOCKS if days])
async def test_each_clock_that_is_offered_strikes(ring, canary, clock, days):
    """We chose each clock that is offered, for everything and for one device, and turned time to a second before its
    end and to its end: all was there, and then nothing was."""
    for device in (None, ring.device):
        await switch(ring.stores, ring.ada, "save", True, how="settings", device_id=device, keep_days=days)
        await ring.say(canary)
        clock.turn(days=days, seconds=-1)
        assert await forget.forget_expired(ring.stores) == 0
        clock.turn(seconds=1)
        assert await forget.forget_expired(ring.stores) == 1
        assert await ring.rows("SELECT id FROM vault.interactions") == []
        assert list(ring.stores.objects.names("vault")) == []


async def test_a_shorter_clock_holds_for_what_is_kept_already(ring, canary, clock):
    """We recorded under a long clock and chose a short one: what was older than that went at the next round. A device
    with a clock of its own kept to its own."""
    await switch(ring.stores, ring.ada, "save", True, how="settings", keep_days=548)
    await ring.say(canary)
    clock.turn(days=40)
    await switch(ring.stores, ring.ada, "save", True, how="settings", device_id=ring.device, keep_days=90)
    await switch(ring.stores, ring.ada, "save", True, how="settings", keep_days=30)
    assert await forget.forget_expired(ring.stores) == 0
    await switch(
        ring.stores, ring.ada, "save", True, how="settings", device_id=ring.device, keep_days=consent.AS_FOR_ALL
    )
    assert await forget.forget_expired(ring.stores) == 1


async def test_until_deleted_is_a_choice_and_never_the_default(ring, canary, clock):
    """We looked at what lives without a choice, 30 days, and at what was kept until its owner deletes it: that lived
    through ten years, and through no deletion."""
    await ring.say(canary)
    await switch(ring.stores, ring.ada, "save", True, how="settings", keep_days=consent.UNTIL_DELETED)
    kept = await ring.say(canary)
    clock.turn(days=3650)
    assert await forget.forget_expired(ring.stores) == 0
    await forget.forget(ring.stores, ring.ada, [kept], how="settings")
    await switch(ring.stores, ring.ada, "save", True, how="settings", keep_days=30)
    assert await forget.forget_expired(ring.stores) == 1


async def test_each_owner_gets_a_receipt_of_the_clock(ring, canary, clock, household):
    """We let recordings of two people run out at once: both went, and each owner has a receipt that says why."""
    for person in (household.ada, household.ben):
        await ring.say(canary, person=person)
    clock.turn(days=ring.stores.settings.retention_days)
    assert await forget.forget_expired(ring.stores) == 2
    for person in (household.ada, household.ben):
        receipts = await vault.receipts(ring.stores, person)
        assert [(receipt["how"], receipt["erased"]["recordings"]) for receipt in receipts] == [("clock", 1)]
