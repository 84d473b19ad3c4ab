"""What devices live through with each model bundle: counts, from rows that hold no content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from earmark.storage import Stores, fetch
from earmark.vault.keeping import SQL
from earmark.words import DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """One device with one bundle, in some time."""

    device_id: DeviceId
    bundle: str
    """The version that the device said it runs, at each wake."""
    wakes: int
    """By a wake word; taps are none."""
    false_wakes: int
    """Wakes after which nothing was understood, unless its owner or a reviewer said that somebody had called."""
    understood: int
    """Requests that were carried out, taps included."""
    refused: int
    """Begun on purpose (a tap, or somebody said so) and not understood."""


async def lived(stores: Stores, since: datetime, until: datetime) -> list[Lived]:
    """Return what is kept of a time, a line for each device and bundle; what was deleted is not in it."""
    return [Lived(**row) for row in await fetch(stores.pool, SQL.lived, {"since": since, "until": until})]


async def device_ids(stores: Stores) -> list[DeviceId]:
    """Return every device of the installation."""
    return [row["id"] for row in await fetch(stores.pool, SQL.device_ids, {})]
