"""axe-core finds nothing to mend, and the owner's side goes on a phone's first screen."""

from __future__ import annotations

import uuid
from datetime import timedelta
from random import Random

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from earmark import accounts, airlock, guests, vault
from earmark.switches import switch

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
async def lived_in(stores, role_stores, household, clock, tone) -> dict[str, object]:
    """A household with something of everything on its pages."""
    everything = await role_stores("earmark_worker", review_rate=1.0)
    for purpose in ("review", "hear_first"):
        await switch(stores, household.ada, purpose, True, how="settings")
    ids = []
    for number, kind in enumerate(("command", "question", "refused")):
        words = (vault.Word(text="what", start=0.8, end=1.0, confidence=0.3),)
        ids.append(
            await vault.record(
                stores,
                vault.NewInteraction(
                    person_id=household.ada,
                    device_id=household.kitchen,
                    started_at=clock() - timedelta(hours=20 * number),
                    kind=kind,
                    audio=tone(),
                    wake=vault.Wake(word="alexa", score=0.9, start=0.1, end=0.6),
                    content=vault.Content(text="what", words=words, reply="Yes.", accepted=kind != "refused"),
                ),
            )
        )
    await airlock.run(everything, Random(1))
    code = await guests.make_code(stores, household.kitchen)
    session = await vault.guest_session(stores, code)
    receipt = await vault.erase(stores, household.ben, [], how="settings", erasers=())
    return {"item": ids[1], "guest": session.id, "receipt": receipt["id"]}


async def check(visit, path: str) -> None:
    troubles = list(visit.troubles)
    found = await Axe().run(visit.page, options={"runOnly": RULES})
    visit.troubles[:] = troubles  # axe copies the styles of shadow trees, and our policy refuses the copy
    worst = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found.response["violations"]]
    assert worst == [], path


@pytest.mark.parametrize(
    ("size", "scheme"), [((1280, 800), "light"), ((390, 844), "dark")], ids=["desktop by day", "phone by night"]
)
async def test_owners_pages_have_no_violation(visit, household, lived_in, size, scheme) -> None:
    home = await visit("home", household.ada, size=size, color_scheme=scheme)
    item, guest = lived_in["item"], lived_in["guest"]
    paths = ["/", "/talk", "/history", "/history?kind=false_wake", f"/history/{item}", f"/history/{item}/delete"]
    paths += ["/history/delete", "/history/all/delete", f"/history/{item}/not-for-me", "/settings/account/privacy"]
    paths += ["/export", "/report", "/report/mine", "/settings/account/close"]
    paths += ["/asked", "/receipts", "/guest", f"/guest/{guest}", "/listeners", "/guarantees", "/history?q=nowhere"]
    for path in paths:
        await home.go(path)
        await home.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        await check(home, path)
        width = await home.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size[0], f"{path} is {width} wide"


async def test_dialogues_have_no_violation(visit, household, lived_in) -> None:
    home = await visit("home", household.ada)
    await home.go("/history")
    for opens in (".heading .danger", ".day-head .danger", ".item .delete"):
        await home.page.locator(opens).first.click()
        await expect(home.page.locator("dialog[open]")).to_be_visible()
        await check(home, opens)
        await home.page.keyboard.press("Escape")


async def test_pages_of_those_who_work_here_have_no_violation(visit, stores) -> None:
    everybody = ["safety", "engineer", "auditor", "admin"]
    person = await accounts.create_person(stores, name="Worker", roles=[*everybody, "reviewer", "lead"], site="Boston")
    for plane, paths in {
        "floor": ("/review", "/lead", "/lead/ties"),
        "desk": ("/", "/cases", "/models", "/audit", "/people"),
    }.items():
        visitor = await visit(plane, person)
        for path in paths:
            await visitor.go(path)
            await check(visitor, f"{plane} {path}")


async def test_it_installs_and_says_so_when_it_cannot_be_reached(visit, household) -> None:
    home = await visit("home", household.ada, size=(390, 844))
    await home.go("/")
    manifest = await home.page.evaluate("fetch('/manifest.webmanifest').then((found) => found.json())")
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/")
    switches = home.page.get_by_role("switch")
    for number in range(2):
        assert await switches.nth(number).is_visible()
        box = await switches.nth(number).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 844 - 60, "a switch is below the first screen"
    await home.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await home.page.wait_for_function("navigator.serviceWorker.controller !== null")
    await home.page.context.set_offline(True)
    await home.go(f"/history/{uuid.uuid4()}")
    await expect(home.page.locator("h1")).to_have_text("Earmark can’t be reached")
    kept = await home.page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((c) => c.keys()))))"
        ".then((all) => all.flat().map((request) => new URL(request.url).pathname))"
    )
    assert kept == ["/offline"], "something else lies in the browser's cache"
    home.troubles.clear()  # the network that was taken away
