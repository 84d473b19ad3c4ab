"""Owners' pages and API: parts of a history, clocks, corrections, false wakes, guests, clips that wait for a yes."""

from __future__ import annotations

import re
import uuid
from random import Random

import psycopg
import pytest

from earmark import accounts, airlock, audit, consent, guests, vault
from earmark.switches import switch

PRIVACY = "/settings/account/privacy"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def woken(stores, household, clock, tone):
    """`await woken("turn it up")`: said in the kitchen after a wake word."""

    async def make(text: str = "turn it up", *, accepted: bool = True, device=True):
        words = tuple(
            vault.Word(text=word, start=0.8 + 0.3 * i, end=1.0 + 0.3 * i, confidence=0.9 if i else 0.3)
            for i, word in enumerate(text.split())
        )
        return await vault.record(
            stores,
            vault.NewInteraction(
                person_id=household.ada,
                device_id=household.kitchen if device else None,
                started_at=clock(),
                kind="command" if accepted else "refused",
                audio=tone(2.0),
                wake=vault.Wake(word="alexa", score=0.91, verifier_score=0.83, start=0.1, end=0.7),
                content=vault.Content(
                    text=text, words=words, intent="volumeUp" if accepted else None, accepted=accepted, source="grammar"
                ),
            ),
        )

    return make


@pytest.fixture
async def api(browse, household, stores):
    """A program of Ada's, with a bearer token and no cookie."""
    link = await accounts.make_sign_in_link(stores, household.ada, "home")
    token = await accounts.redeem_link(stores, link, "home")
    browser = await browse("home")
    browser.headers = {"Authorization": f"Bearer {token}"}
    return browser


async def test_the_history_says_why_and_how_sure(browse, household, woken) -> None:
    await woken()
    page = (await (await browse("home", household.ada)).get("/history")).text
    assert '<mark title="30% sure">turn</mark>' in page
    assert "The wake word “Alexa”, 91% sure, and 83% in the second look" in page
    assert "By the sentences it knows" in page


async def test_filters_by_day_device_and_kind(browse, household, woken, clock) -> None:
    await woken("alpha thing")
    clock.turn(days=1)
    await woken("beta thing", device=False)
    await woken("nothing at all", accepted=False)
    browser = await browse("home", household.ada)

    async def found(query: str) -> set[str]:
        text = re.sub("<[^>]+>", "", (await browser.get(f"/history?{query}", **HTMX)).text)
        return {which for which in ("alpha", "beta", "nobody seems to have called") if which in text}

    day = clock().astimezone().date().isoformat()
    assert await found(f"day={day}") == {"beta", "nobody seems to have called"}
    assert await found(f"from=2000-01-01&to={day}&kind=command") == {"alpha", "beta"}
    assert await found(f"device={household.kitchen}") == {"alpha", "nobody seems to have called"}
    assert await found("kind=false_wake") == {"nobody seems to have called"}
    assert await found("q=thing&kind=false_wake") == set()


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-05-04",
        "to=2026-05-04",
        "from=2026-05-04&to=2026-05-01",
        "day=soon",
        "day=9999-12-31",
        "kind=all",
        "device=kitchen",
        "id=7",
        "day=2026-05-04&from=2026-05-01&to=2026-05-02",
    ],
)
async def test_a_part_that_is_none_is_refused_in_one_sentence(browse, household, api, query) -> None:
    browser = await browse("home", household.ada)
    for path in ("/history/delete", "/api/history"):
        if path == "/api/history" and query == "id=7":
            query = "kind=x"
        answer = await (api if "api" in path else browser).get(f"{path}?{query}")
        assert answer.status_code == 400, path
    form = dict(pair.split("=") for pair in query.split("&"))
    assert (await browser.post("/history/delete", form)).status_code == 400


async def test_deleting_a_day_says_what_will_go(browse, household, woken, clock, stores) -> None:
    await woken()
    clock.turn(days=1)
    await woken()
    browser = await browse("home", household.ada)
    day = clock().astimezone().date().isoformat()
    dialog = (await browser.get(f"/history/delete?day={day}", **HTMX)).text
    assert dialog.lstrip().startswith("<dialog")
    assert "1 recording and" in dialog
    answer = await browser.post("/history/delete", {"day": day})
    assert "Deleted for good" in (await browser.get(answer.headers["location"])).text
    assert await vault.count(stores, household.ada) == 1
    assert (await browser.post("/history/delete", {"day": day})).status_code == 410
    assert "nothing to delete" in (await browser.get(f"/history/delete?day={day}")).text


async def test_deleting_what_was_selected(browse, household, woken, said, stores) -> None:
    first, second, third = [await woken() for _ in range(3)]
    theirs = await said(household.ben)
    browser = await browse("home", household.ada)
    dialog = (await browser.get(f"/history/delete?id={first}&id={second}&id={theirs}")).text
    assert "2 recordings" in dialog
    answer = await browser.client.post(
        "/history/delete",
        data={"csrf": browser.csrf, "id": [str(first), str(second), str(theirs)]},
        headers=browser.headers,
    )
    assert answer.status_code == 303
    assert [item.id for item in (await vault.history(stores, household.ada)).interactions] == [third]
    assert await vault.count(stores, household.ben) == 1


async def test_the_choice_of_what_shall_go(browse, household) -> None:
    page = (await (await browse("home", household.ada)).get("/history/delete")).text
    assert "What shall go?" in page
    assert "Kitchen" in page


async def test_the_dialogue_names_labels_datasets_and_models(browse, household, woken, home) -> None:
    own = await woken()
    label = uuid.uuid4()
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(
            "INSERT INTO airlock.labels (id, interaction_id, question, sealed, agreed_on)"
            " VALUES (%s, %s, 'wake', '', now())",
            [label, own],
        )
        connection.execute("INSERT INTO learn.datasets (version, purpose, made_on) VALUES ('d-1', 'improve', now())")
        connection.execute("INSERT INTO learn.dataset_labels VALUES ('d-1', %s, '', 'train')", [label])
        connection.execute(
            "INSERT INTO learn.bundles (version, dataset, state, manifest, made_at, promoted_at)"
            " VALUES ('m-1', 'd-1', 'promoted', '{}', now(), now())"
        )
    browser = await browse("home", household.ada)
    page = (await browser.get(f"/history/{own}/delete")).text
    assert "1 label" in page
    assert "<code>d-1</code>" in page
    assert "<code>m-1</code>" in page
    await browser.post(f"/history/{own}/delete")
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        assert connection.execute("SELECT state FROM learn.datasets").fetchall() == [("revoked",)]
        assert connection.execute("SELECT retired, done_at FROM learn.remakes").fetchall() == [("m-1", None)]


async def test_correcting_a_transcript(browse, household, woken, stores) -> None:
    own = await woken()
    browser = await browse("home", household.ada)
    entry = (await browser.post(f"/history/{own}/words", {"text": "turn it <down>"}, **HTMX)).text
    assert "turn it &lt;down&gt;" in entry
    assert "Earmark had heard “turn it up”" in entry
    assert (await browser.post(f"/history/{own}/words", {"text": "x" * 501})).status_code == 400
    assert (await browser.post(f"/history/{uuid.uuid4()}/words", {"text": "x"})).status_code == 404
    ben = await browse("home", household.ben)
    assert (await ben.post(f"/history/{own}/words", {"text": "mine"})).status_code == 404


async def test_that_was_not_for_you(browse, household, woken, stores) -> None:
    own = await woken()
    browser = await browse("home", household.ada)
    assert "one line stays" in (await browser.get(f"/history/{own}/not-for-me", **HTMX)).text
    answer = await browser.post(f"/history/{own}/not-for-me")
    assert answer.headers["location"].startswith("/receipts/")
    (left,) = (await vault.history(stores, household.ada)).interactions
    assert (left.kind, left.called, left.has_sound, left.content.text) == ("false_wake", False, False, "")
    page = (await browser.get("/history?kind=false_wake")).text
    assert "Of 1 false wake that people here confirmed, it had missed 1 (100%)" in page
    assert (await browser.post(f"/history/{own}/not-for-me")).status_code == 410


async def test_a_donated_one_stays_with_its_mark(browse, household, woken, stores) -> None:
    await switch(stores, household.ada, "donate", True, how="settings")
    own = await woken()
    answer = await (await browse("home", household.ada)).post(f"/history/{own}/not-for-me")
    assert answer.headers["location"] == f"/history/{own}"
    item = await vault.interaction(stores, household.ada, own)
    assert (item.kind, item.called, item.has_sound) == ("false_wake", False, True)


async def test_a_clock_is_chosen(browse, household, stores) -> None:
    browser = await browse("home", household.ada)
    form = {"purpose": "save", "allowed": "true"}
    shown = (await browser.post(PRIVACY, form | {"keep_days": "90"}, **HTMX)).text
    assert '<option value="90" selected>3 months</option>' in shown
    assert (await browser.post(PRIVACY, form | {"keep_days": "31"})).status_code == 400
    await browser.post(PRIVACY, form | {"keep_days": "1", "device": str(household.kitchen)})
    grants = await consent.current(stores, household.ada)
    assert (grants.keep_days(30), grants.keep_days(30, household.kitchen)) == (90, 1)
    await browser.post(PRIVACY, form | {"keep_days": "-1", "device": str(household.kitchen)})
    assert (await consent.current(stores, household.ada)).keep_days(30, household.kitchen) == 90


async def test_one_device_is_left_out(browse, household, stores) -> None:
    browser = await browse("home", household.ada)
    await browser.post(PRIVACY, {"purpose": "review", "allowed": "true"})
    device = str(household.kitchen)
    await browser.post(PRIVACY, {"purpose": "review", "allowed": "false", "device": device})
    grants = await consent.current(stores, household.ada)
    assert grants.allows("review")
    assert not grants.allows("review", household.kitchen)
    other = await accounts.create_household(stores)
    stranger = await accounts.create_person(stores, name="Eve", roles=["owner"], household_id=other)
    eve = await browse("home", stranger)
    assert (await eve.post(PRIVACY, {"purpose": "save", "allowed": "false", "device": device})).status_code == 404
    hear = {"purpose": "hear_first", "allowed": "true", "device": device}
    assert (await browser.post(PRIVACY, hear)).status_code == 400


async def test_every_change_stands_with_its_wording(browse, household) -> None:
    browser = await browse("home", household.ada)
    await browser.post(PRIVACY, {"purpose": "review", "allowed": "true"})
    page = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", (await browser.get(PRIVACY)).text))
    assert "Use my recordings for human review: on on this page, wording review-1" in page


async def test_both_switches_are_on_the_first_page(browse, household, stores) -> None:
    browser = await browse("home", household.ada)
    page = (await browser.get("/")).text
    for purpose in ("review", "transcription"):
        assert f'id="{purpose}-switch" aria-checked="false"' in page
    form = {"purpose": "review", "allowed": "true", "view": "start"}
    shown = (await browser.post(PRIVACY, form, **HTMX)).text
    assert 'id="review-switch" aria-checked="true"' in shown
    assert "transcription-text" not in shown
    assert (await browser.post(PRIVACY, form)).headers["location"] == "/"


async def test_a_childs_page(browse, stores, household) -> None:
    child = await accounts.create_person(stores, name="Cleo", roles=["owner"], household_id=household.id, child=True)
    browser = await browse("home", child)
    page = (await browser.get(PRIVACY)).text
    assert "This is a child’s profile" in page
    assert re.search(r'id="review-switch"[^>]+disabled', page)
    assert (await browser.post(PRIVACY, {"purpose": "review", "allowed": "true"})).status_code == 403


async def test_a_clip_waits_for_its_owners_yes(browse, household, woken, stores, role_stores) -> None:
    everything = await role_stores("earmark_worker", review_rate=1.0)
    for purpose in ("review", "hear_first"):
        await switch(stores, household.ada, purpose, True, how="settings")
    yes, no = await woken("first one"), await woken("second one")
    await airlock.run(everything, Random(1))
    browser = await browse("home", household.ada)
    assert "2 clips wait" in (await browser.get("/")).text
    page = (await browser.get("/asked")).text
    assert page.count("Yes, people may hear it") == 2
    assert (await (await browse("home", household.ben)).post(f"/asked/{yes}", {"yes": "true"})).status_code == 404
    assert "goes to review" in (await browser.post(f"/asked/{yes}", {"yes": "true"}, **HTMX)).text
    assert (await browser.post(f"/asked/{no}", {"yes": "false"})).status_code == 303
    assert (await browser.post(f"/asked/{no}", {"yes": "true"})).status_code == 404
    page = (await browser.get("/history")).text
    assert "you said yes" in page
    assert "you said no, so nobody heard it" in page
    assert "Nothing waits" in (await browser.get("/asked")).text


async def test_a_guest_sees_and_deletes(browse, household, woken, stores, clock) -> None:
    before = await woken("something older")
    clock.turn(hours=1)
    mine = await woken("guest words")
    code = await guests.make_code(stores, household.kitchen)
    guest = await browse("home")
    wrong = await guest.client.post("/guest", data={"code": "00000000"}, headers=guest.headers)
    assert wrong.status_code == 403
    assert "24 hours are over" in wrong.text
    entered = await guest.client.post("/guest", data={"code": f"{code[:4]} {code[4:]}"}, headers=guest.headers)
    address = entered.headers["location"]
    page = (await guest.get(address)).text
    assert "guest words" in re.sub("<[^>]+>", "", page)
    assert "something older" not in page
    assert (await guest.get(f"{address}/{mine}/sound")).headers["content-type"] == "audio/wav"
    assert (await guest.get(f"{address}/{before}/sound")).status_code == 404
    assert (await guest.post(f"{address}/delete", {"id": str(before)})).status_code == 404
    done = await guest.post(f"{address}/delete", {"id": str(mine)})
    assert "Deleted for good: 1 recording" in (await guest.get(done.headers["location"])).text
    assert [item.id for item in (await vault.history(stores, household.ada)).interactions] == [before]
    clock.turn(hours=24)
    assert (await guest.get(address)).status_code == 404


async def test_codes_cannot_be_tried_out(browse) -> None:
    guest = await browse("home")
    seen = [
        (await guest.client.post("/guest", data={"code": str(n)}, headers=guest.headers)).status_code for n in range(12)
    ]
    assert seen[-1] == 429


async def test_closing_an_account(browse, household, woken, stores) -> None:
    await woken()
    browser = await browse("home", household.ada)
    assert "1 recording" in (await browser.get("/settings/account/close")).text
    closed = await browser.post("/settings/account/close")
    assert "Your account is closed" in closed.text
    assert "earmark_receipt" in closed.text
    assert "Max-Age=0" in closed.headers["set-cookie"] or "expires" in closed.headers["set-cookie"].lower()
    assert (await browser.get("/history")).status_code == 303
    assert await vault.count(stores, household.ada) == 0


class TestApi:
    async def test_history_and_one(self, api, woken, clock) -> None:
        for number in range(3):
            await woken(f"number {number}")
            clock.turn(minutes=1)
        first = (await api.get("/api/history?limit=2")).json()
        second = (await api.get(f"/api/history?limit=2&before={first['next']}".replace("+", "%2B"))).json()
        texts = [item["text"] for item in first["interactions"] + second["interactions"]]
        assert texts == ["number 2", "number 1", "number 0"]
        assert second["next"] is None
        one = (await api.get(f"/api/history/{first['interactions'][0]['id']}")).json()
        assert one["wake"]["score"] == pytest.approx(0.91)
        assert (one["hearings"], one["chosen"]) == ([], None)
        sound = await api.get(f"/api/history/{one['id']}/sound")
        assert sound.content[:4] == b"fLaC"

    async def test_forget_in_every_way(self, api, woken, household, stores, clock) -> None:
        ids = [str(await woken()) for _ in range(2)]
        day = clock().astimezone().date().isoformat()
        asked = await api.call("/api/forget/preview", {"day": day})
        assert asked.json()["recordings"] == 2
        receipt = (await api.call("/api/forget", {"id": ids[:1]})).json()
        assert audit.receipt_is_genuine(receipt, stores.home.public_key())
        assert receipt["how"] == "api"
        again = await api.call("/api/forget", {"id": ids[:1]})
        assert (again.status_code, again.json()["error"]["code"]) == (410, "vault.erased")
        for body in ({}, {"all": True, "day": day}, {"from": day}):
            assert (await api.call("/api/forget", body)).status_code == 400
        assert (await api.call("/api/forget", {"all": True})).json()["erased"]["recordings"] == 1
        assert len((await api.get("/api/receipts")).json()) == 2

    async def test_the_switches(self, api, household) -> None:
        words = (await api.call("/api/consent", {"purpose": "save", "allowed": True, "keep_days": 0})).json()
        assert words[-1] | {"at": ""} == {
            "purpose": "save",
            "device": None,
            "allowed": True,
            "keep_days": 0,
            "wording": "save-2",
            "how": "api",
            "at": "",
        }
        assert (await api.call("/api/consent", {"purpose": "all", "allowed": True})).status_code == 422

    async def test_correct_and_not_for_me(self, api, woken) -> None:
        own = await woken()
        corrected = (await api.call(f"/api/history/{own}/words", {"text": "turn it down"})).json()
        assert (corrected["text"], corrected["corrected"]) == ("turn it up", "turn it down")
        assert (await api.call(f"/api/history/{own}/not-for-me", {})).json()["receipt"]["erased"]["recordings"] == 1
        assert (await api.get(f"/api/history/{own}")).status_code == 404

    async def test_an_expired_token_is_told_so(self, api, clock) -> None:
        clock.turn(days=60)
        answer = await api.get("/api/history")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "auth.sign-in")
