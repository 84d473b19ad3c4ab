from __future__ import annotations

import re

import pytest

from earmark import accounts, airlock, consent

PATH = "/settings/account/privacy"


async def test_the_switches_stand_under_their_name_and_are_off(browse, household) -> None:
    page = (await (await browse("home", household.ada)).get(PATH)).text
    assert "Manage how your data improves Earmark" in page
    for title in ("Use my recordings for human review", "Use my messages to improve transcription"):
        assert title in page
    on = [id for id, state in re.findall(r'id="(\w+)-switch" aria-checked="(\w+)"', page) if state == "true"]
    assert on == ["save"]  # the household of the tests keeps recordings


@pytest.mark.parametrize("purpose", consent.PURPOSES)
async def test_a_switch_is_a_grant(browse, household, stores, purpose) -> None:
    browser = await browse("home", household.ada)
    for allowed in ("true", "false"):
        assert (await browser.post(PATH, {"purpose": purpose, "allowed": allowed})).status_code == 303
        assert (await consent.current(stores, household.ada)).allows(purpose) is (allowed == "true")
    last = (await consent.everything(stores, household.ada))[-1]
    assert (last.how, last.wording, last.allowed) == ("settings", consent.WORDINGS[purpose].version, False)


async def test_turning_review_off_pulls_back_what_waits(browse, household, monkeypatch) -> None:
    pulled = []

    async def recall(stores, person, *, purpose, device_id) -> int:
        pulled.append((person, purpose))
        return 0

    monkeypatch.setattr(airlock, "recall", recall)
    browser = await browse("home", household.ada)
    await browser.post(PATH, {"purpose": "review", "allowed": "true"})
    assert pulled == []
    await browser.post(PATH, {"purpose": "review", "allowed": "false"})
    assert pulled == [(household.ada, "review")]


async def test_an_unknown_switch_changes_nothing(browse, household, stores) -> None:
    before = await consent.everything(stores, household.ada)
    answer = await (await browse("home", household.ada)).post(PATH, {"purpose": "everything", "allowed": "true"})
    assert answer.status_code == 422
    assert "purpose" in answer.text
    assert await consent.everything(stores, household.ada) == before


@pytest.mark.parametrize("path", ["/listeners", "/guarantees", "/sign-in", "/health"])
async def test_what_everybody_may_read(browse, path: str) -> None:
    assert (await (await browse("home")).get(path)).status_code == 200


async def test_the_page_about_listeners_names_where_they_work(browse, stores) -> None:
    page = await (await browse("home")).get("/listeners")
    assert "Nobody is a reviewer here yet" in page.text
    for role, site in (("reviewer", "Bucharest"), ("lead", "Hyderabad"), ("engineer", "Elsewhere"), ("reviewer", None)):
        await accounts.create_person(stores, name="Somebody", roles=[role], site=site)
    page = await (await browse("home")).get("/listeners")
    home = stores.settings.site
    where = f"They work in Bucharest (1 person), Hyderabad (1 person), {home} (1 person), for whoever runs this Earmark"
    assert where in page.text
    assert "Elsewhere" not in page.text


async def test_only_the_owners_plane_asks_for_a_microphone(browse) -> None:
    for plane, wanted in (("home", "microphone=(self)"), ("floor", "microphone=()"), ("desk", "microphone=()")):
        answer = await (await browse(plane)).get("/sign-in")
        assert wanted in answer.headers["permissions-policy"]


async def test_an_unknown_page_is_calm_and_an_unknown_call_is_json(browse, household) -> None:
    browser = await browse("home", household.ada)
    page = await browser.get("/nowhere")
    assert (page.status_code, "Nothing here" in page.text) == (404, True)
    call = await browser.get("/api/nowhere")
    assert call.json()["error"]["code"] == "thing.not-found"
