"""Numbers for the lead and the desk: what waits, what was made. Counts only; no clip, no owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from earmark.review.people import Reviewer
from earmark.review.questions import Question
from earmark.review.sql import SQL
from earmark.storage import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Tasks of one question in one state."""

    question: Question
    state: str
    """ready, leased, done, safety, sibling or adjudication."""
    tasks: int
    oldest_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumbers:
    """What one reviewer has done; only they see it."""

    judgements: int
    today: int
    seconds: float
    """Mean seconds from lease to answer."""


async def backlog(stores: Stores) -> list[Backlog]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.backlog)).fetchall()
    return [Backlog(**row) for row in rows]


async def own_numbers(stores: Stores, reviewer: Reviewer) -> OwnNumbers:
    async with stores.pool.connection() as connection:
        values = {"reviewer": reviewer.id, "day": stores.now().date()}
        row = await (await connection.execute(SQL.own_numbers, values)).fetchone()
    assert row is not None
    return OwnNumbers(**row)
