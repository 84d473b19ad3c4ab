"""The training set: clips made by a machine, whose answers are known, before anybody hears a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from earmark.review.people import Reviewer
from earmark.review.recent import Recent
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch

REGION = "training"
"""The region of training clips: no site serves it to people at work, and every site serves it to those who learn."""
LENGTH = 10
"""Clips of one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far somebody has come with the training set of one language."""

    language: str
    round: int
    asked: int = 0
    right: int = 0
    passed_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def under_way(self) -> bool:
        return self.passed_at is None and self.failed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What somebody reads after a training clip."""

    correct: bool
    expected: Mapping[str, Any]
    asked: int
    right: int
    passed: bool | None
    """None until the round is over."""


async def progress(stores: Stores, reviewer: Reviewer) -> dict[str, Progress]:
    """Return the newest round in each language."""
    rows = await fetch(stores.pool, SQL.training_rounds, {"reviewer": reviewer.id})
    return {row["language"]: Progress(**row) for row in rows}


async def _taught(stores: Stores) -> frozenset[str]:
    return frozenset(row["language"] for row in await fetch(stores.pool, SQL.taught_languages, {}))


TAUGHT = Recent(_taught, seconds=20)
"""The languages in which there is a training set, read again now and then."""


async def begin_round(stores: Stores, reviewer: Reviewer, language: str) -> None:
    """Open the first round, or the next one: until it is passed there are only training clips in this language."""
    values = {"reviewer": reviewer.id, "language": language, "now": stores.now()}
    await fetch(stores.pool, SQL.begin_round, values)


async def count_training(
    stores: Stores,
    reviewer: Reviewer,
    language: str,
    correct: bool,
    expected: Mapping[str, Any] | None,
    *,
    pass_mark: float,
) -> Taught:
    """Count one training answer; the round ends after `LENGTH` clips, and what was fetched ahead changes it no more."""
    last = (await progress(stores, reviewer))[language]
    values = {
        "reviewer": reviewer.id,
        "language": language,
        "round": last.round,
        "now": stores.now(),
        "length": LENGTH,
        "pass_mark": pass_mark,
    }
    for row in await fetch(stores.pool, SQL.count_training, values):
        last = replace(last, **row)
    return Taught(
        correct=correct,
        expected=expected or {},
        asked=last.asked,
        right=last.right,
        passed=None if last.under_way else last.passed_at is not None,
    )
