from __future__ import annotations

import uuid

import pytest

from earmark import accounts, consent, vault
from earmark.storage import seal_json
from earmark.vault import Content, NewInteraction, Wake


@pytest.fixture
def teach(stores, clock, tone):
    """`await teach(person, wake={"value": "said"}, …)`: keep a recording with labels that came home; returns its id."""

    async def make(person, *, audio=None, wake_span=(0.5, 1.0), content=None, **answers):
        new = NewInteraction(
            person_id=person,
            started_at=clock(),
            kind="command",
            audio=audio or tone(2.0),
            wake=Wake(word="alexa", score=0.95, start=wake_span[0], end=wake_span[1]) if wake_span else None,
            content=content or Content(text="make me a latte"),
        )
        recording = await vault.record(stores, new)
        key = await vault.recording_key(stores, recording)
        async with stores.pool.connection() as connection:
            for question, answer in answers.items():
                label = uuid.uuid4()
                sealed = seal_json(key, {"answer": answer, "made_by": "agreement"}, place=f"label:{label}")
                await connection.execute(
                    "INSERT INTO airlock.labels (id, interaction_id, question, sealed, agreed_on) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    [label, recording, question, sealed, clock().date()],
                )
        return recording

    return make


@pytest.fixture
async def people(stores, household):
    """Four people who allow saving."""
    found = [household.ada, household.ben]
    for name in ("Cem", "Dora"):
        person = await accounts.create_person(
            stores, name=name, handle=name.lower(), roles=["owner"], household_id=household.id
        )
        await consent.set_grant(stores, person, "save", True, how="first-run")
        found.append(person)
    return found
