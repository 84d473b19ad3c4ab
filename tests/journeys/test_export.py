"""Taking everything along in a real browser: the page that offers it, and the file opened without Earmark."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from earmark import accounts, consent, export, forget, vault
from earmark.words import PcmAudio

pytestmark = pytest.mark.browser
SIZES = [(1280, 800), (390, 844)]


@pytest.fixture
async def lived_in(household, stores, tone, clock) -> None:
    """A household in which a few things were said, kept, deleted and chosen."""
    said = [("add milk to the list", "addToList", {"item": "milk"}, True), ("mumble <b>bold</b>", None, {}, False)]
    for day in range(2):
        for text, intent, slots, accepted in said:
            clock.turn(hours=5)
            times = enumerate(text.split())
            words = tuple(
                vault.Word(text=w, start=0.2 * i, end=0.2 * i + 0.1, confidence=0.95 if i else 0.3) for i, w in times
            )
            content = vault.Content(
                text=text, words=words, intent=intent, slots=slots, accepted=accepted, template="add {item} to the list"
            )
            wake = vault.Wake(word="alexa", score=0.97, verifier_score=0.8, start=0.1, end=0.5) if accepted else None
            new = vault.NewInteraction(
                person_id=household.ada,
                device_id=household.kitchen if accepted else None,
                started_at=clock() - timedelta(days=2 * day),
                kind="command" if accepted else "refused",
                audio=tone(1.5, 300 + 50 * day),
                wake=wake,
                content=content,
            )
            await vault.record(stores, new)
    last = await vault.last(stores, household.ada)
    assert last is not None
    await forget.forget(stores, household.ada, [last], how="settings")
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    for text, owner, to in (("the door is open", household.ben, household.ada), ("bye", household.ada, household.ben)):
        await vault.keep(
            stores,
            household_id=household.id,
            person_id=owner,
            for_person_id=to,
            kind="message",
            content={"text": text},
        )


async def violations(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


async def look(page: Page, name: str) -> None:
    """Keep a picture where EARMARK_PICTURES says, for whoever wants to see what this test sees."""
    if folder := os.environ.get("EARMARK_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
async def offline(chromium: str) -> AsyncIterator[Callable[..., object]]:
    """`await offline(size, dark=True)`: a page of a browser without any network."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])

        async def make(size: tuple[int, int], *, dark: bool = False) -> Page:
            context = await browser.new_context(
                viewport={"width": size[0], "height": size[1]}, offline=True, color_scheme="dark" if dark else "light"
            )
            return await context.new_page()

        yield make
        await browser.close()


@pytest.mark.parametrize("size", SIZES)
async def test_the_page_offers_the_file_and_gives_it(visit, household, lived_in, size) -> None:
    home = await visit("home", household.ada, size=size, accept_downloads=True)
    page = home.page
    await home.go("/history")
    await look(page, f"history-{size[0]}")
    await page.get_by_role("link", name="Take everything with you").click()
    await expect(page.locator("h1")).to_have_text("Take everything with you")
    await expect(page.locator("main")).to_contain_text("3 recordings")
    await expect(page.locator("main")).to_contain_text("2 list lines, messages and alarms")
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await look(page, f"export-{size[0]}")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download everything").click()
    download = await waiting.value
    assert download.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(await download.path()) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".flac")]) == 3


async def test_whoever_goes_away_in_the_middle_leaves_nothing_open(site, stores, household, clock) -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        clock.turn(minutes=1)
        sound = PcmAudio(samples=rng.integers(-9000, 9000, 160_000).astype(np.int16))
        new = vault.NewInteraction(person_id=household.ada, started_at=clock(), kind="command", audio=sound)
        await vault.record(stores, new)
    token = await accounts.start_session(stores, household.ada, "home")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=site.url("home", ""), headers=headers) as program:
        for _ in range(12):  # more often than there are connections to the database
            async with program.stream("POST", "/api/export") as answer:
                assert answer.status_code == 200
                assert await anext(answer.aiter_raw())
        whole = await program.post("/api/export", timeout=60)
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert len(archive.namelist()) == 33


async def test_there_is_a_way_to_it_from_privacy_and_nothing_is_said_plainly(visit, stores, lived_in) -> None:
    newcomer = await accounts.create_person(stores, name="New", roles=["owner"])
    home = await visit("home", newcomer)
    await home.go("/settings/account/privacy")
    await home.page.get_by_role("link", name="Take everything with you").click()
    await expect(home.page.locator("main")).to_contain_text("Nothing that you said is kept")
    assert await violations(home.page) == []


@pytest.mark.parametrize(("size", "dark"), [(SIZES[0], False), (SIZES[1], False), (SIZES[1], True)])
async def test_the_file_opens_without_earmark_and_plays(
    offline, stores, household, lived_in, tmp_path, size, dark
) -> None:
    raw = b"".join([piece async for piece in export.stream(stores, household.ada, how="command")])
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        archive.extractall(tmp_path / "mine")
    page = await offline(size, dark=dark)
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("requestfailed", lambda request: troubles.append(request.url))
    await page.goto((tmp_path / "mine" / "index.html").as_uri())
    await expect(page.locator("article")).to_have_count(3)
    await expect(page.locator("h3")).to_have_count(2)
    await expect(page.locator("article .said mark")).to_have_text(["add", "mumble", "add"])
    await expect(page.locator("article b")).to_have_count(0)
    for details in await page.locator("details").all():
        await details.locator("summary").click()
    await expect(page.locator("article").first).to_contain_text("Deletes itself")
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await look(page, f"offline-{size[0]}{'-dark' if dark else ''}")
    played = await page.locator("audio").first.evaluate(
        "sound => new Promise((done, fail) => { sound.muted = true; sound.onerror = () => fail(sound.error.message);"
        " sound.onended = () => done(sound.duration); sound.play().catch(fail); })"
    )
    assert 1.4 < played < 1.6
    assert troubles == []
