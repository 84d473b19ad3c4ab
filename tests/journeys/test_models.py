"""The engineer leads a candidate to the devices and back, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from earmark import learn

pytestmark = pytest.mark.browser


async def test_a_roll_out_is_led_by_keyboard(visit, engineer, stores, on_its_way) -> None:
    desk = await visit("desk", engineer)
    await desk.go("/models")
    await expect(desk.page.locator(".stages [aria-current=step]")).to_have_text("5 %")
    for _ in range(40):
        await desk.page.keyboard.press("Tab")
        if "Go on to 25 %" in await desk.page.evaluate("document.activeElement.textContent"):
            break
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".stages [aria-current=step]")).to_have_text("25 %")
    for _ in range(40):
        await desk.page.keyboard.press("Tab")
        if "Take it back" in await desk.page.evaluate("document.activeElement.textContent"):
            break
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".rollout .tag")).to_have_text("Taken back")
    assert (await learn.rollout(stores)).outcome == "rolled-back"
    await desk.page.get_by_role("link", name=f"Model card of {on_its_way}").press("Enter")
    await expect(desk.page.locator("h1")).to_have_text("Model card")
