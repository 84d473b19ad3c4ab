from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from earmark import consent, vault
from earmark.errors import NoBasis, NotFound
from earmark.vault import Content, NewInteraction, Wake, Word


def an_interaction(household, clock, tone, **changes) -> NewInteraction:
    values = {
        "person_id": household.ada,
        "device_id": household.kitchen,
        "started_at": clock(),
        "kind": "command",
        "audio": tone(1.0),
        "wake": Wake(word="alexa", score=0.97, start=0.5, end=1.0),
        "content": Content(
            text="add oat milk to my shopping list",
            words=(Word(text="add", start=1.0, end=1.2, confidence=0.9),),
            intent="ShoppingAdd",
            slots={"item": "oat milk"},
            reply="Oat milk is on the list.",
            accepted=True,
        ),
    }
    return NewInteraction(**{**values, **changes})


async def test_what_is_recorded_comes_back_whole(stores, household, clock, tone):
    new = an_interaction(household, clock, tone)
    identifier = await vault.record(stores, new)

    found = await vault.interaction(stores, household.ada, identifier)
    assert found.content == new.content
    assert found.wake.word == "alexa"
    assert found.wake.score == pytest.approx(0.97)
    sound = await vault.sound(stores, household.ada, identifier)
    assert (sound.samples == new.audio.samples).all()


async def test_nothing_is_kept_without_a_grant(stores, household, clock, tone):
    await consent.set_grant(stores, household.ada, "save", False, how="settings")
    with pytest.raises(NoBasis):
        await vault.record(stores, an_interaction(household, clock, tone))
    assert await vault.count(stores, household.ada) == 0
    assert list(stores.objects.names("vault")) == []


async def test_one_device_may_be_excepted(stores, household, clock, tone):
    await consent.set_grant(stores, household.ada, "save", False, how="settings", device_id=household.kitchen)
    with pytest.raises(NoBasis):
        await vault.record(stores, an_interaction(household, clock, tone))
    await vault.record(stores, an_interaction(household, clock, tone, device_id=None))


async def test_history_pages_newest_first_and_each_once(stores, household, clock, tone):
    ids = []
    for _ in range(5):
        clock.turn(minutes=1)
        ids.append(await vault.record(stores, an_interaction(household, clock, tone)))
    seen, before = [], None
    while True:
        page = await vault.history(stores, household.ada, before=before, limit=2)
        seen += [interaction.id for interaction in page.interactions]
        before = page.next
        if before is None:
            break
    assert seen == ids[::-1]


async def test_search_needs_all_words_and_stays_with_its_person(stores, household, clock, tone):
    milk = await vault.record(stores, an_interaction(household, clock, tone))
    await vault.record(stores, an_interaction(household, clock, tone, content=Content(text="what time is it")))
    await vault.record(stores, an_interaction(household, clock, tone, person_id=household.ben))

    page = await vault.history(stores, household.ada, vault.Filter(search="Oat SHOPPING"))
    assert [found.id for found in page.interactions] == [milk]
    assert (await vault.history(stores, household.ada, vault.Filter(search="oat bicycle"))).interactions == ()


async def test_search_pages_on_behind_a_thousand_others(stores, household, home, clock, tone):
    """The newest thousand are looked through first; what lies before them is found too, each once."""
    asked = []
    for _ in range(2):
        clock.turn(minutes=1)
        asked.append(await vault.record(stores, an_interaction(household, clock, tone)))
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(
            "INSERT INTO vault.interactions (id, person_id, grant_id, started_at, kind, key_slot, duration, bundle,"
            " expires_at, sealed) SELECT gen_random_uuid(), person_id, grant_id, started_at + n * interval '1 second',"
            " kind, 1000000 + n, duration, bundle, expires_at, '' FROM vault.interactions, generate_series(1, 1000) n"
            " WHERE id = %s",
            [asked[-1]],
        )
    clock.turn(hours=1)
    for _ in range(3):
        clock.turn(minutes=1)
        asked.append(await vault.record(stores, an_interaction(household, clock, tone)))
    seen, before = [], None
    while len(seen) < 10:
        page = await vault.history(stores, household.ada, vault.Filter(search="milk"), before=before, limit=2)
        seen += [found.id for found in page.interactions]
        before = page.next
        if before is None:
            break
    assert seen == asked[::-1]


async def test_somebody_elses_interaction_is_not_found(stores, household, clock, tone):
    identifier = await vault.record(stores, an_interaction(household, clock, tone))
    with pytest.raises(NotFound):
        await vault.interaction(stores, household.ben, identifier)
    with pytest.raises(NotFound):
        await vault.sound(stores, household.ben, identifier)


async def test_importing_a_file_twice_keeps_one(stores, household, clock, tone):
    first = await vault.record(stores, an_interaction(household, clock, tone, import_of=b"x" * 32))
    again = await vault.record(stores, an_interaction(household, clock, tone, import_of=b"x" * 32))
    assert again == first
    assert await vault.count(stores, household.ada) == 1
    assert len(list(stores.objects.names("vault"))) == 1
    assert await vault.was_imported(stores, household.ada, b"x" * 32)
    assert not await vault.was_imported(stores, household.ben, b"x" * 32)


async def test_its_clock_is_the_retention_setting(stores, household, clock, tone):
    identifier = await vault.record(stores, an_interaction(household, clock, tone))
    found = await vault.interaction(stores, household.ada, identifier)
    assert found.expires_at == clock() + timedelta(days=stores.settings.retention_days)
    assert await vault.expired(stores) == {}
    clock.turn(days=stores.settings.retention_days)
    assert await vault.expired(stores) == {household.ada: [identifier]}
