"""An export of any size, at any moment."""

from __future__ import annotations

import asyncio
import io
import json
import tracemalloc
import uuid
import zipfile

import numpy as np
import pytest

from earmark import accounts, consent, export, vault
from earmark.errors import NotFound
from earmark.export import gathering
from earmark.words import PcmAudio, PersonId


@pytest.fixture
def say(stores, household, clock, tone):
    """`await say("add milk")`: something that Ada says."""

    async def make(text: str = "hello", *, sound: PcmAudio | None = None) -> vault.Interaction:
        clock.turn(minutes=1)
        new = vault.NewInteraction(
            person_id=household.ada,
            started_at=clock(),
            kind="command",
            audio=sound or tone(0.2),
            content=vault.Content(text=text, accepted=True),
        )
        return await vault.interaction(stores, household.ada, await vault.record(stores, new))

    return make


async def take(stores, person) -> zipfile.ZipFile:
    pieces = [piece async for piece in export.stream(stores, person, how="command")]
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def said(data: dict) -> list[str]:
    return [each["interaction"]["content"]["text"] for each in data["interactions"]]


async def test_a_long_history_lies_on_several_pages(stores, household, say, monkeypatch):
    monkeypatch.setattr(gathering, "PAGE", 2)
    for number in range(5):
        await say(f"word{number}")
    archive = await take(stores, household.ada)
    pages = [archive.read(name).decode() for name in ("index.html", "index-2.html", "index-3.html")]
    assert "index-4.html" not in archive.namelist()
    assert [[f"word{n}" for n in range(5) if f"word{n}" in page] for page in pages] == [
        ["word3", "word4"],
        ["word1", "word2"],
        ["word0"],
    ]
    assert [('href="index.html"' in p, 'href="index-2.html"' in p, 'href="index-3.html"' in p) for p in pages] == [
        (False, True, False),
        (True, False, True),
        (False, True, False),
    ]
    assert "5 recordings" in pages[0]
    data = json.loads(archive.read("data.json"))
    assert [each["interaction"]["content"]["text"] for each in data["interactions"]] == [
        f"word{n}" for n in (4, 3, 2, 1, 0)
    ]
    assert archive.namelist()[-1] == "data.json"


async def test_nobody_new_has_an_export_too(stores):
    newcomer = await accounts.create_person(stores, name="New", roles=["owner"])
    archive = await take(stores, newcomer)
    assert archive.namelist() == ["schema-1.json", "index.html", "data.json"]
    assert "Nothing that you said is kept." in archive.read("index.html").decode()
    data = json.loads(archive.read("data.json"))
    assert (data["interactions"], data["left_out"], data["account"]["person"]["household_id"]) == ([], 0, None)


async def test_somebody_unknown_is_not_found_before_the_first_byte(stores):
    with pytest.raises(NotFound):
        await anext(export.stream(stores, PersonId(uuid.uuid4()), how="api"))
    async with stores.pool.connection() as connection:
        assert await (await connection.execute("SELECT event FROM audit.inbox")).fetchall() == []


async def test_two_at_once_are_the_same(stores, household, say):
    for number in range(6):
        await say(f"word{number}")
    first, second = await asyncio.gather(take(stores, household.ada), take(stores, household.ada))
    assert first.namelist() == second.namelist()
    assert first.read("data.json") == second.read("data.json")


async def test_what_is_said_while_it_runs_is_not_in_it(stores, household, say):
    await say("before")
    pieces = export.stream(stores, household.ada, how="command")
    raw = await anext(pieces)
    await say("meanwhile")
    raw += b"".join([piece async for piece in pieces])
    data = json.loads(zipfile.ZipFile(io.BytesIO(raw)).read("data.json"))
    assert said(data) == ["before"]
    assert data["left_out"] == 0


async def test_words_whose_sound_was_lost_are_there_without_it(stores, household, say):
    await say("whole")
    await say("silent")
    (lost, _) = (await vault.history(stores, household.ada)).interactions
    async with stores.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT object FROM vault.interactions WHERE id = %s", [lost.id])
        ).fetchone()
    assert row is not None
    assert stores.objects.delete(row["object"])
    archive = await take(stores, household.ada)
    data = json.loads(archive.read("data.json"))
    assert [(each["file"] is None, each["sha256"] is None) for each in data["interactions"]] == [
        (True, True),
        (False, False),
    ]
    assert "No sound is kept of this." in archive.read("index.html").decode()
    assert data["left_out"] == 0


async def test_what_is_held_in_memory_does_not_grow_with_the_sound(stores, household, say):
    rng = np.random.default_rng(1)
    for _ in range(30):
        await say(sound=PcmAudio(samples=rng.integers(-9000, 9000, 160_000).astype(np.int16)))
    await take(stores, household.ada)  # templates and caches
    tracemalloc.start()
    total = 0
    async for piece in export.stream(stores, household.ada, how="command"):
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 8_000_000
    assert peak < 4_000_000


async def test_the_estimate_is_near_what_comes(stores, household, say):
    rng = np.random.default_rng(1)
    for _ in range(30):
        await say(sound=PcmAudio(samples=rng.integers(-900, 900, 32_000).astype(np.int16)))
    told = await export.estimate(stores, household.ada)
    size = sum([len(piece) async for piece in export.stream(stores, household.ada, how="command")])
    assert (told.recordings, round(told.seconds), told.consents, told.devices, told.kept) == (30, 60, 1, 1, 0)
    assert 0.8 < told.size / size < 1.2
    assert told.takes > 0


async def test_every_wording_that_a_grant_can_name_is_known():
    for purpose in consent.PURPOSES:
        found = consent.wording(consent.WORDINGS[purpose].version)
        assert found is not None
        assert found.text
    assert consent.wording("save-0") is None


async def test_a_wording_that_nobody_knows_any_more_is_not_made_up(stores, household):
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE vault.grants SET wording = 'save-0'")
    archive = await take(stores, household.ada)
    (only,) = json.loads(archive.read("data.json"))["consents"]
    assert (only["title"], only["text"], only["grant"]["wording"]) == ("", "", "save-0")
    assert "wording save-0" in archive.read("index.html").decode()
