"""The page of guarantees says how each stands in this very installation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import accounts, vault
from earmark.guarantees import GUARANTEES
from earmark.here import guarantees_here
from earmark.vault import NewInteraction


async def test_all_twenty_are_there_and_none_is_better_than_its_tests(stores):
    order = ["held", "partly", "not held"]
    here = await guarantees_here(stores)
    assert list(here) == [each.number for each in GUARANTEES]
    assert all(order.index(here[each.number].state) >= order.index(each.state) for each in GUARANTEES)


async def test_one_machine_and_no_witness_are_said(stores):
    here = (await guarantees_here(stores))[18]
    assert here.state == "partly"
    assert any("one process starts the three planes" in note for note in here.notes)
    assert any("No witness" in note for note in here.notes)


async def test_a_database_of_somebody_elses_is_said(stores):
    elsewhere = stores.settings.model_copy(update={"database_url": "postgresql://db.example/earmark"})
    notes = (await guarantees_here(replace(stores, settings=elsewhere)))[18].notes
    assert any("run by somebody else" in note for note in notes)


@pytest.mark.parametrize(("key", "said"), [("no key", "can't be read"), ("", "not been heard")])
async def test_a_witness_that_says_nothing_does_not_count(stores, key, said):
    key = key or Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    settings = stores.settings.model_copy(update={"witness_url": "http://witness.example", "witness_key": key})
    here = (await guarantees_here(replace(stores, settings=settings)))[18]
    assert here.state == "partly"
    assert any(said in note for note in here.notes)


async def test_what_is_past_its_time_is_said(stores, household, clock, tone):
    new = NewInteraction(person_id=household.ada, started_at=clock(), kind="command", audio=tone())
    await vault.record(stores, new)
    clock.turn(days=30, minutes=10)
    assert (await guarantees_here(stores))[2].state == "held"
    clock.turn(minutes=10)
    here = (await guarantees_here(stores))[2]
    assert (here.state, len(here.notes)) == ("not held", 1)


async def test_a_rate_that_was_passed_is_said(stores):
    assert (await guarantees_here(stores))[8].state == "held"
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO airlock.days (day, eligible, chosen, rate, allowed) VALUES (now(), 10, 9, 0.1, 1)"
        )
    assert (await guarantees_here(stores))[8].state == "not held"


async def test_a_flag_past_its_clock_is_said(stores, clock):
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO safety.cases (id, flag_id, kind, opened_at, due_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'other', %(now)s, %(due)s)",
            {"now": clock(), "due": clock() - timedelta(minutes=1)},
        )
    here = (await guarantees_here(stores))[19]
    assert here.state != "held"
    assert "1 is past that now" in here.notes[0]


async def test_the_pages_say_it(browse_home, stores):
    await accounts.create_person(stores, name="Somebody", roles=["reviewer"], site="Boston (simulated)")
    page = (await browse_home("/guarantees")).text
    assert "In this installation" in page
    assert "are programs, not people" in page
    assert page.count("<b>Here:</b>") >= 5
    page = (await browse_home("/listeners")).text
    assert "Boston (simulated) (1 person), for Example Voices" in page


@pytest.fixture
async def browse_home(role_stores):
    import httpx

    from earmark.web import create_home

    app = create_home(await role_stores("earmark_home", operator="Example Voices"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8040") as client:
        yield client.get
