"""Which clips somebody may be given now: languages, regions and questions, and in which order of kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from earmark.review.people import Reviewer
from earmark.review.questions import Question, current
from earmark.storage import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One stretch of the queue."""

    language: str
    region: str
    question: Question
    rank: int = 0
    """Lower ones are served first; equal ones take turns by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why somebody gets nothing now."""

    code: str
    """nothing, closed, break, training, training-failed."""
    text: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """What one person may be given."""

    lanes: tuple[Lane, ...] = ()
    kinds: tuple[str, ...] = ("ready",)
    """`ready`, or why a task is held: `adjudication`, `gold`, `training`; tried in this order."""
    round: int = 0
    """Which try at the training set this is."""
    gold_share: float = 0.0
    blind_share: float = 0.0
    why: Why | None = None
    """Set when there is no lane."""


async def lanes_for(stores: Stores, reviewer: Reviewer) -> Lanes:
    """Return what this person may be given now."""
    questions = await current(stores)
    regions = (stores.settings.region,)
    lanes = tuple(
        Lane(language=language, region=region, question=question)
        for language in reviewer.languages
        for region in regions
        for question in questions
    )
    return Lanes(lanes=lanes, gold_share=stores.settings.gold_share, blind_share=stores.settings.blind_share)


NOTHING = Why(code="nothing", text="Nothing waits for you now; new clips appear here by themselves.")
