"""A household in memory, for tests of skills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from earmark.assistant import Alarm, Message


@dataclass(slots=True)
class MemoryHome:
    """Implements `Home`; its fields are what the tests look at."""

    names: list[str] = field(default_factory=lambda: ["Anna", "Tom"])
    items: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    inbox: list[Message] = field(default_factory=list)
    pending: list[Alarm] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    saving: bool = True

    async def member_names(self) -> Sequence[str]:
        return self.names

    async def shopping_add(self, item: str) -> bool:
        if item in self.items:
            return False
        self.items.append(item)
        return True

    async def shopping_remove(self, item: str) -> bool:
        if item not in self.items:
            return False
        self.items.remove(item)
        return True

    async def shopping_all(self) -> Sequence[str]:
        return list(self.items)

    async def shopping_clear(self) -> int:
        gone = len(self.items)
        self.items.clear()
        return gone

    async def message_leave(self, to_name: str, text: str) -> bool:
        known = {name.lower() for name in self.names}
        if to_name.lower() not in known:
            return False
        self.left.setdefault(to_name.lower(), []).append(text)
        return True

    async def messages_unread(self) -> Sequence[Message]:
        return list(self.inbox)

    async def messages_mark_read(self, ids: Sequence[str]) -> None:
        self.inbox = [message for message in self.inbox if message.id not in ids]

    async def alarm_add(self, kind: str, due: datetime, label: str) -> Alarm:
        alarm = Alarm(id=f"{kind}-{len(self.pending)}", kind=kind, due=due, label=label)
        self.pending.append(alarm)
        return replace(alarm)

    async def alarms(self) -> Sequence[Alarm]:
        return sorted(self.pending, key=lambda alarm: alarm.due)

    async def alarm_cancel(self, ids: Sequence[str]) -> None:
        self.pending = [alarm for alarm in self.pending if alarm.id not in ids]

    async def delete_last(self) -> int:
        gone = 1 if self.kept else 0
        self.kept = self.kept[:-1]
        return gone

    async def delete_today(self) -> int:
        gone = len(self.kept)
        self.kept = []
        return gone

    async def last_heard(self) -> str | None:
        return self.kept[-1] if self.kept else None

    async def set_saving(self, on: bool) -> None:
        self.saving = on


@pytest.fixture
def memory_home() -> MemoryHome:
    return MemoryHome()
