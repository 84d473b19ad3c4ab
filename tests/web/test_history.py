from __future__ import annotations

import re
import uuid

import psycopg
import pytest

from earmark import audio, audit, consent, vault
from earmark.errors import BadRequest
from earmark.web.home.history import PAGE, from_cursor, to_cursor
from earmark.web.wording import STAYS, UNDERSTOOD

HTMX = {"HX-Request": "true"}


async def test_what_was_said_stands_in_the_history(browse, household, said) -> None:
    await said(household.ada, "what time is it")
    page = await (await browse("home", household.ada)).get("/history")
    assert "“what time is it”" in page.text
    assert "It is half past nine." in page.text
    assert "You asked for the time." in page.text
    assert "Today" in page.text or "May" in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_an_empty_history_says_what_will_appear(browse, household) -> None:
    page = await (await browse("home", household.ada)).get("/history")
    assert "Nothing is kept" in page.text


async def test_what_was_said_is_shown_as_text_only(browse, household, said) -> None:
    await said(household.ada, "<script>alert(1)</script>", template='"><img src=x onerror=alert(2)>')
    page = (await (await browse("home", household.ada)).get("/history")).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


async def test_somebody_elses_recording_is_not_found(browse, household, said) -> None:
    theirs = await said(household.ben, "my secret")
    browser = await browse("home", household.ada)
    for path in ("", "/sound", "/delete"):
        assert (await browser.get(f"/history/{theirs}{path}")).status_code == 404
    assert (await browser.post(f"/history/{theirs}/delete")).status_code == 410
    assert "my secret" not in (await browser.get("/history")).text
    assert "my secret" in (await (await browse("home", household.ben)).get("/history")).text


async def test_the_sound_is_the_recording(browse, household, said, tone) -> None:
    own = await said(household.ada)
    answer = await (await browse("home", household.ada)).get(f"/history/{own}/sound")
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["cache-control"] == "no-store"
    assert (audio.read(answer.content).samples == tone().samples).all()


async def test_search_keeps_what_holds_all_words(browse, household, said) -> None:
    await said(household.ada, "add oat milk")
    await said(household.ada, "add bread")
    found = (await (await browse("home", household.ada)).get("/history?q=milk", **HTMX)).text
    assert "oat milk" in found
    assert "bread" not in found
    assert "<html" not in found


async def test_paging_shows_each_once(browse, household, said) -> None:
    for number in range(PAGE + 3):
        await said(household.ada, f"number {number}")
    browser = await browse("home", household.ada)
    first = (await browser.get("/history")).text
    older = re.search(r'href="(/history\?before=[^"]+)"', first)
    assert older
    second = (await browser.get(older[1].replace("&amp;", "&"))).text
    seen = re.findall(r"“(number \d+)”", first + second)
    assert seen == [f"number {number}" for number in reversed(range(PAGE + 3))]


@pytest.mark.parametrize("cursor", ["nonsense", "2026-05-04T00:00:00~", "2026-05-04T00:00:00~" + str(uuid.UUID(int=7))])
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        from_cursor(cursor)


def test_a_cursor_comes_back_as_it_was(clock) -> None:
    place = (clock(), uuid.uuid4())
    assert from_cursor(to_cursor(place)) == place
    assert from_cursor(to_cursor(None)) is None


async def test_each_hearing_is_told(browse, household, said, home, stores) -> None:
    own = await said(household.ada)
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(
            "INSERT INTO vault.hearings (interaction_id, role, site, day, purpose)"
            " VALUES (%s, 'reviewer', 'Bucharest', '2026-05-03', 'checking the wake word')",
            [own],
        )
    page = (await (await browse("home", household.ada)).get("/history")).text
    assert "A reviewer in Bucharest listened on 3 May 2026 to check whether the wake word was said." in page


async def test_deleting_asks_first_and_ends_in_a_receipt(browse, household, said, stores) -> None:
    own, kept = await said(household.ada, "forget me"), await said(household.ada, "keep me")
    browser = await browse("home", household.ada)
    asked = (await browser.get(f"/history/{own}/delete")).text
    assert "This will go for good" in asked
    assert await vault.count(stores, household.ada) == 2
    answer = await browser.post(f"/history/{own}/delete")
    assert answer.status_code == 303
    receipt = answer.headers["location"]
    assert "Deleted for good" in (await browser.get(receipt)).text
    assert receipt in (await browser.get("/receipts")).text
    file = await browser.get(f"{receipt}/file")
    assert audit.receipt_is_genuine(file.json(), stores.home.public_key())
    assert "attachment" in file.headers["content-disposition"]
    page = (await browser.get("/history")).text
    assert "forget me" not in page
    assert str(kept) in page


async def test_deleting_in_the_open_page_takes_the_item_out(browse, household, said) -> None:
    own = await said(household.ada)
    browser = await browse("home", household.ada)
    dialog = (await browser.get(f"/history/{own}/delete", **HTMX)).text
    assert dialog.lstrip().startswith("<dialog")
    answer = (await browser.post(f"/history/{own}/delete", **HTMX)).text
    assert f'hx-swap-oob="delete" id="i-{own}"' in answer
    assert "/receipts/" in answer


async def test_deleting_twice_says_that_it_is_gone(browse, household, said) -> None:
    own = await said(household.ada)
    browser = await browse("home", household.ada)
    assert (await browser.post(f"/history/{own}/delete")).status_code == 303
    assert (await browser.post(f"/history/{own}/delete")).status_code == 410


async def test_deleting_all(browse, household, said, stores) -> None:
    for _ in range(3):
        await said(household.ada)
    await said(household.ben)
    browser = await browse("home", household.ada)
    assert "3 recordings" in (await browser.get("/history/all/delete")).text
    answer = await browser.post("/history/all/delete")
    assert "Recordings" in (await browser.get(answer.headers["location"])).text
    assert await vault.count(stores, household.ada) == 0
    assert await vault.count(stores, household.ben) == 1


async def test_deleting_all_says_what_of_the_skills_goes(browse, household, said, stores, clock) -> None:
    own = {"household_id": household.id, "person_id": household.ada, "content": {}}
    browser = await browse("home", household.ada)
    asked = (await browser.get("/history/all/delete")).text
    assert not re.search("shopping list|message|timer", asked.split("This will go")[1])
    for _ in range(2):
        await vault.keep(stores, kind="shopping", **own)
    await vault.keep(stores, kind="message", for_person_id=household.ben, **own)
    await vault.keep(stores, kind="message", **own | {"person_id": household.ben}, for_person_id=household.ada)
    await vault.keep(stores, kind="alarm", due_at=clock(), **own)
    asked = (await browser.get("/history/all/delete", **HTMX)).text
    assert "2 lines that you put on the shopping list" in asked
    assert "2 messages that you left for somebody, or that wait for you unheard" in asked
    assert "1 timer or alarm" in asked
    answer = await browser.post("/history/all/delete", **HTMX)
    receipt = (await browser.get(answer.headers["hx-redirect"])).text
    assert re.search(r"Lines of the shopping list</dt><dd>2<", receipt)
    assert re.search(r"Messages</dt><dd>2<", receipt)
    assert re.search(r"Timers and alarms</dt><dd>1<", receipt)


@pytest.mark.parametrize(("accepted", "told"), [(True, True), (False, False)])
async def test_deleting_one_says_what_it_leaves_behind(browse, household, said, accepted, told) -> None:
    own = await said(household.ada, "add milk", intent="addToList", accepted=accepted)
    asked = (await (await browse("home", household.ada)).get(f"/history/{own}/delete")).text
    assert ("stays there until somebody takes it off" in asked) is told


def test_what_stays_is_told_of_intents_that_there_are() -> None:
    assert set(STAYS) <= set(UNDERSTOOD)


async def test_somebody_elses_receipt_is_not_found(browse, household, said) -> None:
    own = await said(household.ada)
    receipt = (await (await browse("home", household.ada)).post(f"/history/{own}/delete")).headers["location"]
    ben = await browse("home", household.ben)
    assert (await ben.get(receipt)).status_code == 404
    assert (await ben.get(f"{receipt}/file")).status_code == 404


async def test_the_notice_of_the_first_visit(browse, stores, worker) -> None:
    person = await worker("owner")
    browser = await browse("home", person)
    assert "Before you start" in (await browser.get("/")).text
    assert (await browser.post("/first-run", {"allowed": "false"})).status_code == 303
    page = (await browser.get("/")).text
    assert "Before you start" not in page
    assert "keeps nothing" in page
    assert not (await consent.current(stores, person)).allows("save")
