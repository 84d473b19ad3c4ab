"""The owner's way: talk, see it in the history, play it, delete it; and the switches, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from earmark import consent, vault

pytestmark = pytest.mark.browser


async def test_talk_history_play_delete(visit, site, household, stores, spoken) -> None:
    await site.open_ears()
    home = await visit("home", household.ada, microphone=spoken("what is the date today"))
    sent: list[object] = []
    home.page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    await home.go("/talk")
    page = home.page
    await expect(page.locator(".talk-state")).to_have_text("Tap and talk")
    await page.wait_for_timeout(700)
    assert sent == [], "something left the page before the tap"
    await page.keyboard.press("Space")
    await expect(page.locator(".talk-state")).to_have_text("Listening")
    await expect(page.locator(".exchange .reply")).to_be_visible(timeout=20_000)
    await expect(page.locator(".exchange .said")).to_have_text("“what is the date today”")
    heard = len(sent)
    assert heard > 50
    await expect(page.locator(".talk-state")).to_have_text("Tap and talk")
    assert len(sent) == heard, "sound went on after the reply"

    (kept,) = (await vault.history(stores, household.ada)).interactions
    assert 0.5 < kept.duration < 10
    await page.locator(".kept").click()
    await expect(page.locator("[data-item]")).to_have_count(1)

    await home.go("/history")
    item = page.locator("[data-item]")
    await item.locator(".play").click()
    await expect(item.locator(".play")).to_have_attribute("data-playing", "true")
    await expect(item.locator(".wave canvas").first).to_be_attached()

    await item.locator(".delete").click()
    await expect(page.locator("dialog[open]")).to_contain_text("This will go for good")
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.locator("[data-item]")).to_have_count(0)
    await page.get_by_role("link", name="See the receipt").click()
    await expect(page.locator("h1")).to_have_text("Deleted for good")
    assert await vault.count(stores, household.ada) == 0


async def test_muted_means_that_a_tap_does_nothing(visit, household, spoken) -> None:
    home = await visit("home", household.ada, microphone=spoken("what is the date today"))
    sent: list[object] = []
    home.page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    await home.go("/talk")
    await expect(home.page.locator(".talk-state")).to_have_text("Tap and talk")
    await home.page.keyboard.press("m")
    await expect(home.page.locator(".talk-state")).to_have_text("Muted")
    await home.page.keyboard.press("Space")
    await home.page.wait_for_timeout(500)
    assert sent == []


async def test_the_switches_by_keyboard(visit, household, stores) -> None:
    home = await visit("home", household.ada)
    page = home.page
    await home.go("/settings/account/privacy")
    switch = page.get_by_role("switch", name="Use my recordings for human review")
    await expect(switch).to_have_attribute("aria-checked", "false")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "review-switch":
            break
    await page.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "true")
    assert (await consent.current(stores, household.ada)).allows("review")
    assert await page.evaluate("document.activeElement.id") == "review-switch", "the focus was lost"
    await page.keyboard.press("Enter")
    await expect(switch).to_have_attribute("aria-checked", "false")


async def test_the_history_by_keyboard(visit, household, stores, tone, clock) -> None:
    for text in ("first", "second"):
        clock.turn(minutes=1)
        new = vault.NewInteraction(
            person_id=household.ada,
            started_at=clock(),
            kind="question",
            audio=tone(),
            content=vault.Content(text=text, reply="Yes.", accepted=True),
        )
        await vault.record(stores, new)
    home = await visit("home", household.ada)
    page = home.page
    await home.go("/history")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()
    await expect(page.locator(".play").first).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    assert "first" in await page.evaluate("document.activeElement.innerText")
    await page.keyboard.press("p")
    await expect(page.locator(".play").nth(1)).to_have_attribute("data-playing", "true")
    await page.keyboard.press("d")
    await expect(page.locator("dialog[open]")).to_contain_text("first")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    assert "first" in await page.evaluate("document.activeElement.innerText"), "the focus did not come back"
    await page.keyboard.press("/")
    await page.keyboard.type("second")
    await expect(page.locator("[data-item]")).to_have_count(1)
    await page.keyboard.press("Escape")


async def test_everything_but_sound_works_without_scripts(visit, household, stores, tone, clock) -> None:
    new = vault.NewInteraction(
        person_id=household.ada,
        started_at=clock(),
        kind="question",
        audio=tone(),
        content=vault.Content(text="what time is it", reply="Nine.", accepted=True),
    )
    await vault.record(stores, new)
    home = await visit("home", household.ada, java_script_enabled=False)
    page = home.page
    await home.go("/settings/account/privacy")
    await page.get_by_role("switch").first.click()
    await expect(page.get_by_role("switch").first).to_have_attribute("aria-checked", "true")
    await home.go("/history?q=time")
    await expect(page.locator("[data-item]")).to_have_count(1)
    await page.locator(".delete").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.locator("h1")).to_have_text("Deleted for good")


async def test_a_small_phone_shows_every_page_whole(visit, household) -> None:
    home = await visit("home", household.ada, size=(360, 640))
    for path in (
        "/",
        "/talk",
        "/history",
        "/settings/account/privacy",
        "/export",
        "/receipts",
        "/listeners",
        "/guarantees",
    ):
        await home.go(path)
        assert await home.page.evaluate("document.documentElement.scrollWidth") <= 360, path
