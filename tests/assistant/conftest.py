"""A household in memory, for tests of skills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from earmark.assistant import Listened, SessionHome


@dataclass(slots=True, kw_only=True)
class AccountHome(SessionHome):
    """A `SessionHome` that also keeps what was said, as a home with an account does."""

    kept: list[str] = field(default_factory=list)
    erased: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    saving: bool = True
    review: bool = False
    listened: list[Listened] = field(default_factory=list)
    code: str | None = None

    async def delete_last(self) -> int:
        gone = 1 if self.kept else 0
        self.kept = self.kept[:-1]
        return gone

    async def delete_between(self, since: datetime, until: datetime | None) -> int:
        self.erased.append((since, until))
        gone, self.kept = len(self.kept), []
        return gone

    async def delete_everything(self) -> int:
        gone, self.kept = len(self.kept), []
        return gone

    async def last_heard(self) -> str | None:
        return self.kept[-1] if self.kept else None

    async def not_for_me(self) -> bool:
        return bool(await self.delete_last())

    async def set_saving(self, on: bool) -> bool:
        self.saving = on
        return True

    async def set_review(self, on: bool) -> None:
        self.review = on

    async def review_offer(self) -> str | None:
        return "A person may listen."

    async def who_listened(self) -> Sequence[Listened]:
        return self.listened

    async def guest_code(self) -> str | None:
        return self.code


@pytest.fixture
def memory_home() -> AccountHome:
    # The skills' tests have their own clock; nothing of theirs has rung before it.
    return AccountHome(
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC), spoken_notice="I hear my name.", names=["Anna", "Tom"]
    )
