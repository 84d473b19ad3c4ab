"""The time and the date."""

from __future__ import annotations

from earmark.assistant.skill import Home, Reply, Request
from earmark.assistant.spoken import spoken_date, spoken_time


async def handle(request: Request, home: Home) -> Reply:
    if request.intent == "getDate":
        return Reply(text=f"It's {spoken_date(request.now)}.")
    return Reply(text=f"It's {spoken_time(request.now)}.")
