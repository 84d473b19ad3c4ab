"""A scripted expert at the real console in a real browser: how many seconds a clip takes, and what of that is the page.

The expert knows each answer and gives it in the moment in which the page takes one, so that a clip costs its speech,
played once at normal speed, and the page's own time: from the key that sends an answer to the next clip's first sound.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Sequence
from typing import Any

from earmark.errors import MissingExtra, SetUpError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_PATIENCE = 30_000
"""Milliseconds for one clip."""
_HEARD = ".console[data-state='ready'][data-heard='enough']"
_NEXT = ".console[data-heard='waits']"


def browser() -> str:
    """Return the browser's program. Raises SetUpError, MissingExtra."""
    try:
        import playwright.async_api  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise MissingExtra(extra="dev") from None
    found = os.environ.get("EARMARK_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise SetUpError
    return found


async def work(address: str, token: str, clips: int, speech: float) -> dict[str, Any]:
    """Answer so many clips, each with `speech` seconds of speech, at the floor behind `address`."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser(), args=list(_FLAGS))
        context = await chromium.new_context(viewport={"width": 1280, "height": 720})
        await context.add_cookies([{"name": "earmark-floor", "value": token, "url": address}])
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE)
        await page.goto(f"{address}/review")
        began = 0.0
        for number in range(clips + 1):  # the first one only starts the clock
            await page.wait_for_selector(_HEARD)
            await page.keyboard.press("1")
            began = time.monotonic() if number == 0 else began
            await page.wait_for_selector(_NEXT)
        took = (time.monotonic() - began) / clips
        overheads = await page.evaluate("earmarkTimings")
        await chromium.close()
    return {
        "expert_clips": clips,
        "expert_seconds_per_clip": round(took, 2),
        "expert_speech_s": speech,
        "expert_page_p50_ms": _share(overheads, 0.5),
        "expert_page_p95_ms": _share(overheads, 0.95),
        "expert_page_max_ms": round(max(overheads), 1),
    }


def _share(values: Sequence[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 1)
