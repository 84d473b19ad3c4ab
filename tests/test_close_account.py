"""Closing an account: everything goes, then who it was."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from earmark import accounts, audit, consent, forget, vault
from earmark.doctor import examine
from earmark.errors import BadRequest, Conflict, Erased, NoBasis, NotFound
from earmark.vault import Content, NewInteraction, keeping


def said(household, clock, tone):
    return NewInteraction(
        person_id=household.ada,
        device_id=household.kitchen,
        started_at=clock(),
        kind="command",
        audio=tone(),
        content=Content(text="canary"),
    )


async def test_nothing_of_the_person_is_left(stores, household, clock, tone):
    async with stores.pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT key_slot FROM accounts.people WHERE id = %s", [household.ada])
        ).fetchall()
    await vault.record(stores, said(household, clock, tone))
    await vault.keep(
        stores, household_id=household.id, person_id=household.ada, kind="shopping", content={"item": "milk"}
    )
    session = await accounts.start_session(stores, household.ada, "home")
    receipt = await forget.close_account(stores, household.ada, how="command")
    assert audit.receipt_is_genuine(receipt, stores.home.public_key())
    assert {name: receipt["erased"][name] for name in ("recordings", "list_lines", "accounts")} == {
        "recordings": 1,
        "list_lines": 1,
        "accounts": 1,
    }
    with pytest.raises(Erased):
        stores.vault_keys.secret(rows[0]["key_slot"])
    assert await accounts.whoami(stores, session, "home") is None
    with pytest.raises(NotFound):
        await accounts.person(stores, household.ada)
    async with stores.pool.connection() as connection:
        tables = await (
            await connection.execute(
                "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
                " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        ).fetchall()
        for table in (row["name"] for row in tables):
            schema, name = table.split(".")
            found = await (
                await connection.execute(
                    f'SELECT count(*) AS n FROM "{schema}"."{name}" t WHERE t::text LIKE %s', [f"%{household.ada}%"]
                )
            ).fetchone()
            assert found["n"] == 0, table
    assert await examine(stores) == []
    assert (await accounts.person(stores, household.ben)).name == "Ben"


async def test_what_is_said_meanwhile_goes_too_or_is_not_kept(stores, household, clock, tone):
    async def speak() -> None:
        for _ in range(20):
            try:
                await vault.record(stores, said(household, clock, tone))
            except (NoBasis, NotFound, Erased):
                return

    done = await asyncio.gather(
        forget.close_account(stores, household.ada, how="command"), speak(), return_exceptions=True
    )
    if isinstance(done[0], Conflict):  # it was told so, and can be asked again
        await forget.close_account(stores, household.ada, how="command")
    assert done[1] is None
    assert await examine(stores) == []
    assert list(stores.objects.names("vault")) == []


async def test_a_recording_whose_owner_left_while_it_was_sealed_is_not_kept(
    stores, household, clock, tone, monkeypatch
):
    loop, seal = asyncio.get_running_loop(), keeping._seal_and_put

    def left_meanwhile(*args: object, **named: object) -> object:
        put = seal(*args, **named)
        leaving = forget.close_account(stores, household.ada, how="command")
        asyncio.run_coroutine_threadsafe(leaving, loop).result(60)
        return put

    monkeypatch.setattr(keeping, "_seal_and_put", left_meanwhile)
    with pytest.raises(NoBasis):
        await vault.record(stores, said(household, clock, tone))
    assert list(stores.objects.names("vault")) == []
    assert await examine(stores) == []


async def test_twice_at_once_ends_well(stores, household):
    done = await asyncio.gather(
        *(forget.close_account(stores, household.ada, how="command") for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(each, dict) for each in done) == 1
    assert all(isinstance(each, dict | NotFound) for each in done)


async def test_whoever_works_here_too_is_told_what_to_do_and_loses_nothing(stores, household, clock, tone):
    both = await accounts.create_person(stores, name="Dee", roles=["owner", "lead"], household_id=household.id)
    await consent.set_grant(stores, both, "save", True, how="settings")
    await vault.record(stores, replace(said(household, clock, tone), person_id=both, device_id=None))
    with pytest.raises(BadRequest):
        await forget.close_account(stores, both, how="command")
    assert await vault.count(stores, both) == 1
    assert (await accounts.person(stores, both)).name == "Dee"
