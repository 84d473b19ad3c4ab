from __future__ import annotations

import pytest

from earmark import accounts
from earmark.web.apps import SIGN_IN_TRIES

PASSWORD = "three random words"


async def test_looking_at_a_link_does_not_use_it_up(browse, stores, household) -> None:
    link = await accounts.make_sign_in_link(stores, household.ada, "home")
    browser = await browse("home")
    for _ in range(3):
        assert (await browser.get(f"/sign-in/{link}")).status_code == 200
    answer = await browser.post(f"/sign-in/{link}")
    assert answer.status_code == 303
    assert "Hello, Ada" in (await browser.get("/")).text


async def test_a_link_works_once(browse, stores, household) -> None:
    link = await accounts.make_sign_in_link(stores, household.ada, "home")
    first, second = await browse("home"), await browse("home")
    assert (await first.post(f"/sign-in/{link}")).status_code == 303
    answer = await second.post(f"/sign-in/{link}")
    assert answer.status_code == 401
    assert "used already" in answer.text


async def test_a_link_to_one_plane_opens_no_other(browse, stores, worker) -> None:
    link = await accounts.make_sign_in_link(stores, await worker("reviewer", "safety"), "desk")
    assert (await (await browse("floor")).post(f"/sign-in/{link}")).status_code == 401


async def test_reviewers_sign_in_by_link_on_the_floor(browse, stores, worker) -> None:
    link = await accounts.make_sign_in_link(stores, await worker("reviewer"), "floor")
    browser = await browse("floor")
    assert (await browser.post(f"/sign-in/{link}")).headers["location"] == "/review"
    assert (await browser.get("/review")).status_code == 200


async def test_name_and_password(browse, stores, household) -> None:
    await accounts.set_password(stores, household.ada, PASSWORD)
    browser = await browse("home")
    answer = await browser.post("/sign-in", {"handle": "Ada", "password": PASSWORD, "next": "/history"})
    assert answer.headers["location"] == "/history"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("handle", ["ada", "nobody"])
async def test_a_wrong_password_and_an_unknown_name_look_the_same(browse, stores, household, handle: str) -> None:
    await accounts.set_password(stores, household.ada, PASSWORD)
    answer = await (await browse("home")).post("/sign-in", {"handle": handle, "password": "not it at all"})
    assert answer.status_code == 401
    assert "belong together" in answer.text
    assert "set-cookie" not in answer.headers


async def test_guessing_is_slowed_down(browse, household) -> None:
    browser = await browse("home")
    answers = [await browser.post("/sign-in/guess") for _ in range(SIGN_IN_TRIES + 1)]
    assert [answer.status_code for answer in answers] == [401] * SIGN_IN_TRIES + [429]


async def test_signing_out_ends_the_session_for_good(browse, household) -> None:
    browser = await browse("home", household.ada)
    assert (await browser.post("/sign-out")).status_code == 303
    browser.client.cookies.set("earmark-home", browser.token)
    assert (await browser.get("/history")).headers["location"] == "/sign-in?next=/history"


async def test_an_expired_session_leads_to_the_sign_in(browse, household, clock) -> None:
    browser = await browse("home", household.ada)
    clock.turn(days=31)
    answer = await browser.get("/history")
    assert answer.headers["location"] == "/sign-in?next=/history"
    moved = await browser.get("/history", **{"HX-Request": "true"})
    assert (moved.status_code, moved.headers["hx-redirect"]) == (401, "/sign-in?next=/history")
