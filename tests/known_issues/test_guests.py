"""What was found when guests came more than once, or to somebody else's words."""

from __future__ import annotations

import pytest

from earmark import guests, vault
from earmark.errors import WrongCode
from earmark.vault import Content, NewInteraction


@pytest.fixture
def say(stores, household, clock, tone):
    async def make(device=None):
        new = NewInteraction(
            person_id=household.ada,
            device_id=device or household.kitchen,
            started_at=clock(),
            kind="command",
            audio=tone(0.5),
            content=Content(text="turn it up", accepted=True),
        )
        return await vault.record(stores, new)

    return make


async def test_who_asks_again_sees_the_whole_conversation(stores, household, say, clock):
    """Somebody did not catch the digits and asked once more: the second code opened an empty page."""
    said = [await say()]
    first = await guests.make_code(stores, household.kitchen)
    clock.turn(minutes=1)
    said.append(await say())
    async with stores.pool.connection() as connection:  # kept in the same breath, and not taken in yet
        await connection.execute("UPDATE vault.interactions SET guest_session = NULL WHERE id = %s", [said[-1]])
    second = await guests.make_code(stores, household.kitchen)
    clock.turn(minutes=1)
    said.append(await say())
    session = await vault.guest_session(stores, second)
    assert [item.id for item in await vault.heard_of_guest(stores, session)] == said[::-1]
    with pytest.raises(WrongCode):
        await vault.guest_session(stores, first)


async def test_the_next_guest_sees_nothing_of_the_one_before(stores, household, say, clock):
    await say()
    first = await guests.make_code(stores, household.kitchen)
    clock.turn(minutes=11)
    own = await say()
    second = await guests.make_code(stores, household.kitchen)
    session = await vault.guest_session(stores, second)
    assert [item.id for item in await vault.heard_of_guest(stores, session)] == [own]
    assert (await vault.guest_session(stores, first)).id != session.id
