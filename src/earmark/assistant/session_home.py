"""The skills' household of a device that is on its own: in memory, and gone when the process ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from earmark.assistant.skill import Alarm, Listened, Message


@dataclass(slots=True, kw_only=True)
class SessionHome:
    """`Home` without an account: lists, messages and alarms last for the session, interactions are never kept."""

    now: Callable[[], datetime]
    """The device's local clock."""
    spoken_notice: str
    """What this device hears and keeps."""
    names: Sequence[str] = ()
    items: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    pending: list[Alarm] = field(default_factory=list)
    took: int = 0
    """How many lines, messages and alarms were ever put in."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def member_names(self) -> Sequence[str]:
        return self.names

    # -- shopping list -------------------------------------------------------------------------------------------

    async def shopping_add(self, item: str) -> bool:
        if item.casefold() in (each.casefold() for each in self.items):
            return False
        self.items.append(item)
        self.took += 1
        return True

    async def shopping_remove(self, item: str) -> bool:
        before = len(self.items)
        self.items = [each for each in self.items if each.casefold() != item.casefold()]
        return len(self.items) < before

    async def shopping_all(self) -> Sequence[str]:
        return list(self.items)

    async def shopping_clear(self) -> int:
        gone, self.items = len(self.items), []
        return gone

    # -- messages ------------------------------------------------------------------------------------------------

    async def message_leave(self, to_name: str, text: str) -> bool:
        if to_name.casefold() not in (name.casefold() for name in self.names):
            return False
        message = Message(id=str(next(self._numbers)), from_name="somebody", text=text, left_at=self.now())
        self.messages.append(message)
        self.took += 1
        return True

    async def messages_unread(self) -> Sequence[Message]:
        """Everybody's: a device without accounts does not know who asks."""
        return list(self.messages)

    async def messages_mark_read(self, ids: Sequence[str]) -> None:
        self.messages = [message for message in self.messages if message.id not in ids]

    # -- timers and alarms ---------------------------------------------------------------------------------------

    async def alarm_add(self, kind: str, due: datetime, label: str) -> Alarm:
        alarm = Alarm(id=str(next(self._numbers)), kind=kind, due=due, label=label)
        self.pending.append(alarm)
        self.took += 1
        return alarm

    async def alarms(self) -> Sequence[Alarm]:
        self.pending = [alarm for alarm in self.pending if alarm.due > self.now()]
        return sorted(self.pending, key=lambda alarm: alarm.due)

    async def alarm_cancel(self, ids: Sequence[str]) -> None:
        self.pending = [alarm for alarm in self.pending if alarm.id not in ids]

    # -- privacy -------------------------------------------------------------------------------------------------

    async def delete_last(self) -> int:
        return 0

    async def delete_between(self, since: datetime, until: datetime | None) -> int:
        return 0

    async def delete_everything(self) -> int:
        gone = len(self.items) + len(self.messages) + len(self.pending)
        self.items, self.messages, self.pending = [], [], []
        return gone

    async def last_heard(self) -> str | None:
        return None

    async def not_for_me(self) -> bool:
        return False

    async def set_saving(self, on: bool) -> bool:
        return False

    async def set_review(self, on: bool) -> None:
        """Nobody can listen, whatever is said."""

    async def review_offer(self) -> str | None:
        return None

    async def who_listened(self) -> Sequence[Listened]:
        return ()

    async def notice(self) -> str:
        return self.spoken_notice

    async def guest_code(self) -> str | None:
        return None
