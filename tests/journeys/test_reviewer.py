"""From a switch to a label: an owner allows review, two reviewers answer by keyboard, the owner sees who listened."""

from __future__ import annotations

import asyncio
from random import Random

import numpy as np
import pytest
from playwright.async_api import expect

from earmark import accounts, airlock, consent, review, safety, vault
from earmark.words import PcmAudio

pytestmark = pytest.mark.browser


@pytest.fixture
async def sampled(role_stores, stores, household, clock):
    """One recording of somebody who allows review, chosen, and its first task in the queue."""
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    sound = (6000 * np.sin(np.arange(4 * 16_000) * 0.12)).astype(np.int16)
    words = tuple(
        vault.Word(text=text, start=1.4 + i * 0.3, end=1.7 + i * 0.3, confidence=0.4 if text == "oat" else 0.9)
        for i, text in enumerate(["add", "oat", "milk"])
    )
    content = vault.Content(text="add oat milk", words=words, intent="addToList", reply="Done.", accepted=True)
    wake = vault.Wake(word="alexa", score=0.97, start=0.5, end=1.2)
    await vault.record(
        stores,
        vault.NewInteraction(
            person_id=household.ada,
            device_id=household.kitchen,
            started_at=clock(),
            kind="command",
            audio=PcmAudio(samples=sound),
            wake=wake,
            content=content,
        ),
    )
    everything = await role_stores("earmark_worker", review_rate=1.0)
    await airlock.run(everything, Random(1))
    return everything


async def reviewers(stores, number: int = 2):
    return [await accounts.create_person(stores, name="R", roles=["reviewer"], site="Bucharest") for _ in range(number)]


SELECTED = "(box => box.value.slice(box.selectionStart, box.selectionEnd))(document.activeElement)"


async def answer_all(console) -> set[str]:
    """Answer by keyboard until nothing waits; returns the questions."""
    page, asked = console.page, set()
    await console.go("/review")
    while True:
        await expect(page.locator(".console:not([data-state=waiting])")).to_be_visible()
        if await page.locator(".console").get_attribute("data-state") == "empty":
            return asked
        await expect(page.locator(".play")).to_be_enabled()
        await expect(page.locator(".console")).to_have_attribute("data-heard", "enough")
        asked.add(title := await page.locator(".question").inner_text())
        if title == "What was said?":
            await expect(page.locator("#transcript")).to_have_value("add oat milk")
            assert await page.evaluate(SELECTED) == "oat", "the unsure word is chosen, ready to be corrected"
            await page.keyboard.press("Enter")
        else:
            await page.keyboard.press("1")
        await expect(page.locator(".question")).not_to_have_text(title)


async def test_switch_on_task_label_and_the_owner_sees_it(visit, stores, household, sampled, clock) -> None:
    """The answers come faster than a hand's: a page's first digit once counted as `g 1` and left the page."""
    for person in await reviewers(stores):
        asked = await answer_all(await visit("floor", person))
        assert asked == {"Was “Alexa” said?", "What was said?", "Was it understood right?"}
        clock.turn(seconds=31)  # an answer can be taken back until then, and nobody else gets its clip
    assert await airlock.take_labels(sampled) == 3
    (written,) = await airlock.labels(stores, "transcript")
    assert written.answer == {"text": "add oat milk"}

    home = await visit("home", household.ada)
    await home.go("/history")
    await home.page.locator("summary").click()
    await expect(home.page.locator(".facts")).to_contain_text("A reviewer in Bucharest listened on")
    await expect(home.page.locator(".tag", has_text="Chosen for review")).to_be_visible()


async def test_after_g_a_digit_is_a_place_and_no_answer(visit, stores, sampled) -> None:
    (person,) = await reviewers(stores, 1)
    console = await visit("floor", person)
    await console.go("/review")
    await expect(console.page.locator(".play")).to_be_enabled()
    await console.page.locator(".answers").focus()
    async with console.page.expect_navigation():
        await console.page.keyboard.press("g")
        await console.page.keyboard.press("1")
    await expect(console.page.locator(".own-today")).to_have_text("0")


async def test_withdrawing_clears_an_open_page_by_itself(visit, stores, household, sampled) -> None:
    (person,) = await reviewers(stores, 1)
    console = await visit("floor", person)
    await console.go("/review")
    await expect(console.page.locator(".play")).to_be_enabled()
    home = await visit("home", household.ada)
    await home.go("/settings/account/privacy")
    await home.page.get_by_role("switch", name="Use my recordings for human review").click()
    await expect(home.page.locator("#review-switch")).to_have_attribute("aria-checked", "false")
    await expect(console.page.locator(".console")).to_have_attribute("data-state", "empty")
    await expect(console.page.locator(".play")).to_be_disabled()
    assert await review.backlog(stores) == []
    console.troubles = [each for each in console.troubles if "409" not in each]  # a sound that was asked for again


async def test_one_key_flags_and_a_case_opens(visit, stores, sampled) -> None:
    (person,) = await reviewers(stores, 1)
    console = await visit("floor", person)
    await console.go("/review")
    await expect(console.page.locator(".play")).to_be_enabled()
    await console.page.keyboard.press("`")
    await expect(console.page.locator("#toasts")).to_contain_text("Hidden for everybody")
    officer = await accounts.create_person(stores, name="S", roles=["safety"])
    desk = await visit("desk", officer)
    await desk.go("/cases")
    await desk.page.get_by_role("link", name="Somebody in distress").click()
    await desk.page.get_by_label("Put it back").check()
    await desk.page.get_by_label("Why").fill("A tone, nothing else.")
    await desk.page.get_by_role("button", name="Decide").click()
    await expect(desk.page.locator("h1")).to_have_text("Cases")
    (case,) = await safety.cases(stores)
    assert (case.decision, case.reason) == ("release", "A tone, nothing else.")


async def test_leaving_gives_the_clip_back(visit, stores, sampled) -> None:
    (person,) = await reviewers(stores, 1)
    console = await visit("floor", person)
    await console.go("/review")
    await expect(console.page.locator(".play")).to_be_enabled()
    assert sum(line.tasks for line in await review.backlog(stores) if line.state == "leased") == 3
    await console.page.goto("about:blank")
    async with asyncio.timeout(20):  # a page that is left says so beside everything else that runs
        while any(line.state == "leased" for line in await review.backlog(stores)):  # noqa: ASYNC110 - in the database
            await asyncio.sleep(0.05)


async def test_the_console_is_one_screen(visit, stores, sampled) -> None:
    (person,) = await reviewers(stores, 1)
    console = await visit("floor", person)
    await console.go("/review")
    await expect(console.page.locator(".play")).to_be_enabled()
    box = await console.page.locator(".board").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800
