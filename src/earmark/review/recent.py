"""What changes seldom and is asked for with each clip is read once in a few seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from earmark.storage import Stores

T = TypeVar("T")


class Recent(Generic[T]):
    """One value an installation, read again when it is older than `seconds`.

    A change made by this process must call `forget`; the other processes see it when their own value has aged.
    """

    changes = 0
    """How often this process forgot anything: what was worked out from such values has aged when it grows."""

    def __init__(self, load: Callable[[Stores], Awaitable[T]], *, seconds: float) -> None:
        self._load, self._lasts = load, timedelta(seconds=seconds)
        self._held: dict[Path, tuple[datetime, T]] = {}

    async def get(self, stores: Stores) -> T:
        now, place = stores.now(), stores.home.folder
        held = self._held.get(place)
        # A clock that was set back must not keep a value for ever.
        if held is not None and timedelta(0) <= now - held[0] < self._lasts:
            return held[1]
        value = await self._load(stores)
        self._held[place] = (now, value)
        return value

    def forget(self, stores: Stores) -> None:
        self._held.pop(stores.home.folder, None)
        Recent.changes += 1
