"""Times, lengths and lists as people say them in English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta


def spoken_time(at: datetime) -> str:
    """`7:05 PM`; the voice reads it well and a screen too."""
    return f"{at.hour % 12 or 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}"


def spoken_date(at: date) -> str:
    """`Sunday, 22 November 2026`, in English whatever the machine's locale is."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    months = (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )  # fmt: skip
    return f"{days[at.weekday()]}, {at.day} {months[at.month - 1]} {at.year}"


def spoken_length(length: timedelta) -> str:
    """`1 hour and 5 minutes`; less than a second counts as nothing."""
    total = max(0, int(length.total_seconds()))
    parts = (("hour", total // 3600), ("minute", total % 3600 // 60), ("second", total % 60))
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in parts if count]
    return spoken_list(said) or "0 seconds"


def spoken_list(items: Sequence[str]) -> str:
    """`bread, milk and eggs`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
