"""axe-core finds nothing to mend, and the owner's side goes on a phone's first screen."""

from __future__ import annotations

import asyncio
import os
import uuid
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from earmark import accounts, airlock, guests, vault
from earmark.switches import switch

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

OUTSIDE = """[...document.querySelectorAll('body *')].filter((each) => {
  const box = each.getBoundingClientRect();
  const shown = box.width && !each.closest('.sr-only, .skip, svg, dialog:not([open]), .scroll > *');
  return shown && (box.right > innerWidth + 1 || box.left < -1);
}).map((each) => each.outerHTML.slice(0, 120))"""
"""What sticks out of the page, which `scrollWidth` does not tell of fixed bars."""


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
    receipt = await vault.erase(stores, household.ada, [], how="settings", erasers=())
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
    for path in paths_of(lived_in):
        await home.go(path)
        await home.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        await check(home, path)
        width = await home.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size[0], f"{path} is {width} wide"


def paths_of(lived_in: dict[str, object]) -> list[str]:
    """Return every page of an owner; the first six are read in every language."""
    item, guest, receipt = lived_in["item"], lived_in["guest"], lived_in["receipt"]
    paths = ["/", "/history", "/settings/account/privacy", f"/history/{item}/delete", f"/receipts/{receipt}", "/talk"]
    paths += ["/history?kind=false_wake", f"/history/{item}", "/history/delete", "/history/all/delete", "/asked"]
    paths += [f"/history/{item}/not-for-me", "/receipts", "/guest", f"/guest/{guest}", "/listeners", "/guarantees"]
    return [*paths, "/history?q=nowhere", "/export", "/report", "/report/mine", "/settings/account/close"]


@pytest.mark.parametrize("code", ["es", "ro", "hi"])
async def test_every_language_fits_on_a_phone_and_is_read_out(visit, household, lived_in, code) -> None:
    home = await visit("home", household.ada, size=(360, 740))
    await home.go("/listeners")
    await home.page.locator(f"button[name=language][value={code}]").click()
    await expect(home.page.locator("html")).to_have_attribute("lang", code)
    assert home.page.url.endswith("/listeners"), "the choice leads back to its page"
    for number, path in enumerate(paths_of(lived_in)):
        await home.go(path)
        await home.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        wide = await home.page.evaluate(OUTSIDE)
        assert wide == [], f"{path} in {code}"
        if number < 6:
            await check(home, f"{path} in {code}")


async def test_hindi_has_its_letters_on_every_machine(visit, household) -> None:
    home = await visit("home", household.ada, locale="hi-IN")
    await home.go("/")
    await home.page.evaluate("document.fonts.ready")
    await expect(home.page.locator("h1")).to_have_text("नमस्ते, Ada")
    drawn = await home.page.evaluate(
        "[...document.fonts].filter((font) => font.family.includes('Devanagari')).map((font) => font.status)"
    )
    assert drawn == ["loaded"] or await home.page.evaluate("document.fonts.check('16px \"Noto Sans Devanagari\"')")


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
        "floor": ("/review", "/review/mine", "/lead", "/lead/quality", "/lead/access", "/lead/ties"),
        "desk": ("/", "/cases", "/models", "/audit", "/people"),
    }.items():
        visitor = await visit(plane, person)
        for path in paths:
            await visitor.go(path)
            await check(visitor, f"{plane} {path}")


async def picture(desk, name: str) -> None:
    """Keep a picture for whoever looks at the page, where a folder is named."""
    if folder := os.environ.get("EARMARK_PICTURES"):
        await desk.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("size", "scheme"), [((1280, 800), "light"), ((360, 740), "dark")], ids=["desktop by day", "phone by night"]
)
async def test_the_pages_of_the_models_have_no_violation_and_fit(visit, engineer, on_its_way, size, scheme) -> None:
    desk = await visit("desk", engineer, size=size, color_scheme=scheme)
    for name, path in (("models", "/models"), ("card", f"/models/{on_its_way}")):
        await desk.go(path)
        await desk.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        await check(desk, path)
        assert await desk.page.evaluate(OUTSIDE) == [], path
        await picture(desk, f"{name}-{size[0]}")


async def test_before_anything_was_learned_the_page_of_the_models_says_what_will_be_there(visit, engineer) -> None:
    desk = await visit("desk", engineer, size=(360, 740))
    await desk.go("/models")
    await expect(desk.page.get_by_role("heading", name="No model was learned yet")).to_be_visible()
    await check(desk, "/models")
    await picture(desk, "models-empty")


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


async def test_the_kept_page_is_in_the_language_somebody_chose(visit, household) -> None:
    home = await visit("home", household.ada, size=(390, 844))
    await home.go("/")
    await home.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await home.go("/")  # the first page of all was there before the worker
    await home.page.locator("button[name=language][value=es]").click()
    await expect(home.page.locator("html")).to_have_attribute("lang", "es")
    kept = "caches.match('/offline').then((found) => found.text()).then((text) => text.includes('lang=\"es\"'))"
    async with asyncio.timeout(10):
        while not await home.page.evaluate(kept):  # noqa: ASYNC110 - a cache offers no event
            await asyncio.sleep(0.05)
    await home.page.context.set_offline(True)
    await home.go("/history")
    await expect(home.page.locator("h1")).to_have_text("No se puede conectar con Earmark")
    await home.page.wait_for_timeout(200)
    home.troubles.clear()  # the network that was taken away
