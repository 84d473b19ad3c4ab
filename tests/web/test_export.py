"""Taking everything along over HTTP."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from earmark import accounts, export
from earmark.export import gathering


def opened(answer) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def texts(archive: zipfile.ZipFile) -> list[str]:
    data = json.loads(archive.read("data.json"))
    return [each["interaction"]["content"]["text"] for each in data["interactions"]]


async def test_the_page_says_what_will_be_in_the_file(browse, household, said) -> None:
    browser = await browse("home", household.ada)
    assert "Nothing that you said is kept" in (await browser.get("/export")).text
    await said(household.ada, "add milk")
    page = (await browser.get("/export")).text
    for text in ("1 recording, 1 second of sound", "About ", "A few seconds", "1 device", "0 receipts"):
        assert text in page


async def test_the_file_comes_as_a_download_that_nobody_caches(browse, household, said) -> None:
    await said(household.ada, "add milk")
    browser = await browse("home", household.ada)
    answer = await browser.post("/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="earmark-2026-05-04.zip"'
    assert answer.headers["cache-control"] == "no-store"
    assert texts(opened(answer)) == ["add milk"]


async def test_no_other_page_makes_a_browser_store_it(browse, household, said) -> None:
    browser = await browse("home", household.ada)
    for site in ("cross-site", "same-site"):
        assert (await browser.post("/export", **{"Sec-Fetch-Site": site})).status_code == 403
    assert b"recordings" not in (await browser.get("/export", **{"Sec-Fetch-Site": "cross-site"})).content[:4]


async def test_a_program_with_a_token_gets_the_same(browse, household, stores, said) -> None:
    await said(household.ada, "add milk")
    token = await accounts.start_session(stores, household.ada, "home")
    program = (await browse("home")).client
    headers = {"Authorization": f"Bearer {token}"}
    would = await program.get("/api/export", headers=headers)
    assert would.json()["recordings"] == 1
    assert texts(opened(await program.post("/api/export", headers=headers))) == ["add milk"]
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": token}):
        answer = await program.post("/api/export", headers=wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "auth.sign-in")
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT event::jsonb AS event FROM audit.inbox")).fetchall()
    events = [row["event"] for row in rows if row["event"]["what"] == "exported"]
    assert [(event["how"], event["recordings"]) for event in events] == [("api", 1)]
    assert str(household.ada) not in str(events)


async def test_somebody_elses_id_changes_nothing(browse, household, said) -> None:
    await said(household.ada, "mine")
    await said(household.ben, "his")
    browser = await browse("home", household.ada)
    ben = str(household.ben)
    for answer in (
        await browser.post(f"/export?person={ben}&person_id={ben}", {"person": ben, "person_id": ben}),
        await browser.call(f"/api/export?person={ben}", {"person": ben, "person_id": ben}),
    ):
        assert texts(opened(answer)) == ["mine"]
    assert (await browser.get(f"/export/{ben}")).status_code == 404
    assert (await browser.post(f"/export/{ben}")).status_code == 404


async def test_an_expired_session_gets_nothing(browse, household, said, clock) -> None:
    await said(household.ada, "add milk")
    browser = await browse("home", household.ada)
    clock.turn(days=31)
    for answer in (await browser.get("/export"), await browser.post("/export")):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    assert (await browser.call("/api/export", {})).status_code == 401


async def test_a_session_that_ends_while_the_file_is_made_does_not_break_it(browse, household, said, stores) -> None:
    for text in ("one", "two"):
        await said(household.ada, text)
    pieces = export.stream(stores, household.ada, how="page")
    raw = await anext(pieces)
    async with stores.pool.connection() as connection:
        await connection.execute("DELETE FROM accounts.sessions")
    raw += b"".join([piece async for piece in pieces])
    assert len(zipfile.ZipFile(io.BytesIO(raw)).namelist()) == 5


async def test_a_fault_in_the_middle_cuts_the_file_off_and_says_nothing(browse, household, said, monkeypatch) -> None:
    await said(household.ada, "add milk")
    browser = await browse("home", household.ada)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("add milk")

    monkeypatch.setattr(gathering, "about", broken)
    with pytest.raises(ConnectionError) as caught:
        await browser.post("/export")
    assert "milk" not in str(caught.value)
