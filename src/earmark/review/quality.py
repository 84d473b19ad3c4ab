"""How good the labels are, and who is told: each reviewer their own numbers, leads those of groups, nobody a ranking.

Everything is bounded: the newest answers of the last 30 days. An answer that was taken back never counts, nor does
training. Shares come with 95 % intervals; where nothing stands behind a number there is None.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from earmark.errors import Conflict, Erased
from earmark.review.agreement import same
from earmark.review.comparing import (
    FEWEST,
    Agreement,
    By,
    Clip,
    Cohort,
    Given,
    Measured,
    agreement_of,
    cohorts_of,
    weighted_mean,
)
from earmark.review.masked import masked_key, open_answer, open_label
from earmark.review.people import Reviewer
from earmark.review.statistics import Difference, Share, newcombe, wilson
from earmark.review.training import begin_round
from earmark.storage import Pool, Row, Statements, Stores, fetch
from earmark.words import TaskId

SQL = Statements("earmark.review", "quality.sql")
RECENT = timedelta(days=30)
CLIPS = 500
"""Clips a question that agreement is worked out over."""
SCAN = 20_000
"""Newest answers that are looked at."""
FRESH = timedelta(minutes=1)
_kept: WeakKeyDictionary[Pool, tuple[LeadQuality, datetime]] = WeakKeyDictionary()
WEEKS = 8
"""Of a reviewer's own trend."""
PASS_MARK = 0.85
"""Where a site has none of its own."""
ENOUGH_GOLD = 20
"""Answers with a known label before anybody is told that training would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchoring:
    """How much more often people keep the machine's answer when they see it."""

    question: str
    shown: Share | None
    """Answers that were the machine's, among those that saw it."""
    hidden: Share | None
    """The same, among those from whom it was withheld."""
    difference: Difference | None
    """shown - hidden; 95 % interval by Newcombe's method 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadQuality:
    """What a lead sees."""

    agreement: tuple[Agreement, ...]
    cohorts: Mapping[By, tuple[Cohort, ...]]
    """Empty where there are fewer than three people in all."""
    anchoring: tuple[Anchoring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of one's own answers to clips whose label was known."""

    start: date
    """Its Monday."""
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Training would help in one language."""

    language: str
    share: Share
    """Since the last training."""
    pass_mark: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuality:
    """What one reviewer sees of themselves, and nobody else; right and wrong up to yesterday (UTC)."""

    accuracy: Share | None
    by_question: Mapping[str, Share]
    labels: Share | None
    """Own answers that became the label, or would have, among clips that have one."""
    seconds: float | None
    """Median from lease to answer, at this person's mix of questions."""
    others_seconds: float | None
    """The median of the others at the same site, at the same mix; None with fewer than three of them."""
    weeks: tuple[Week, ...]
    prompts: tuple[Prompt, ...]
    training: tuple[str, ...]
    """Languages in which they are in training now."""


def weeks_of(gold: Iterable[tuple[datetime, bool]]) -> list[Week]:
    """Return one's weeks, the oldest first; weeks without a known label are left out."""
    found: dict[date, list[bool]] = defaultdict(list)
    for at, correct in gold:
        found[at.date() - timedelta(days=at.weekday())].append(correct)
    return [
        Week(start=start, share=share)
        for start, right in sorted(found.items())
        if (share := wilson(sum(right), len(right))) is not None
    ][-WEEKS:]


async def lead_quality(stores: Stores) -> LeadQuality:
    """Return everything that a lead sees of quality; at most a minute old, because it opens thousands of answers."""
    found, at = _kept.get(stores.pool, (None, None))
    if found is not None and at is not None and stores.now() - at < FRESH:
        return found
    measured = await _measured(stores)
    by_question, by_cohort = await asyncio.to_thread(lambda: (agreement_of(measured.clips), _cohorts(measured)))
    found = LeadQuality(
        agreement=tuple(by_question),
        cohorts={by: tuple(rows) for by, rows in by_cohort.items()},
        anchoring=tuple(await anchoring(stores)),
    )
    _kept[stores.pool] = (found, stores.now())
    return found


async def cohorts(stores: Stores) -> dict[By, list[Cohort]]:
    """Return cohorts by site, by language, and by whether people have been here for 30 days."""
    return await asyncio.to_thread(_cohorts, await _measured(stores))


def _cohorts(measured: Measured) -> dict[By, list[Cohort]]:
    return {by: cohorts_of(measured, by) for by in ("site", "language", "time")}


async def agreement_by_question(stores: Stores) -> list[Agreement]:
    """Return how well people agree on each question."""
    return agreement_of(await _clips(stores))


async def anchoring(stores: Stores) -> list[Anchoring]:
    """Return, by question, how much more often people keep the machine's answer when they see it."""
    rows = await fetch(stores.pool, SQL.anchoring, _bounds(stores) | {"scan": 5 * SCAN})
    shares = {(row["question"], row["blind"]): wilson(row["kept"], row["asked"]) for row in rows}
    return [
        Anchoring(
            question=question,
            shown=(shown := shares.get((question, False))),
            hidden=(hidden := shares.get((question, True))),
            difference=newcombe(shown, hidden),
        )
        for question in sorted({row["question"] for row in rows})
    ]


def _bounds(stores: Stores) -> dict[str, Any]:
    return {"since": stores.now() - RECENT, "scan": SCAN, "clips": CLIPS}


async def _measured(stores: Stores) -> Measured:
    clips = await _clips(stores)
    gold = await fetch(stores.pool, SQL.gold, _bounds(stores))
    seconds = await fetch(stores.pool, SQL.seconds, _bounds(stores))
    people = {row["person"] for row in (*gold, *seconds)} | {one.person for clip in clips for one in clip.given}
    values = {"people": list(people), "before": (stores.now() - RECENT).date()}
    long_here = await fetch(stores.pool, SQL.long_here, values)
    return Measured(clips=clips, gold=gold, seconds=seconds, long_here=frozenset(row["person"] for row in long_here))


async def _clips(stores: Stores) -> list[Clip]:
    rows = await fetch(stores.pool, SQL.newest, _bounds(stores))
    by_task: dict[TaskId, list[Row]] = defaultdict(list)
    for row in rows:
        by_task[row["task"]].append(row)
    return await asyncio.to_thread(lambda: [clip for each in by_task.values() if (clip := _clip(stores, each))])


def _clip(stores: Stores, rows: list[Row]) -> Clip | None:
    if len(rows) < 2:
        return None
    try:
        key = masked_key(stores, rows[0]["key_slot"])
        given = tuple(
            Given(person=row["person"], site=row["site"], answer=open_answer(key, row["task"], row["sealed"]))
            for row in rows
        )
    except Erased:
        return None
    return Clip(question=rows[0]["question"], language=rows[0]["language"], given=given)


async def own_quality(stores: Stores, reviewer: Reviewer) -> OwnQuality:
    """Return what one reviewer may see: their own numbers and the median of three others or more."""
    now = stores.now()
    values = _bounds(stores) | {
        "reviewer": reviewer.id,
        "site": reviewer.site,
        "since": now - timedelta(weeks=WEEKS),
        "most": SCAN,
        "fewest": FEWEST,
        # Numbers that move with each answer would tell which clip was gold, and what others had said, while the answer
        # can still be taken back.
        "today": datetime.combine(now.date(), time(), UTC),
    }
    gold = await fetch(stores.pool, SQL.gold_of, values)
    values["since"] = now - RECENT
    recent = [row for row in gold if row["at"] >= values["since"]]
    questions = sorted({row["question"] for row in recent})
    own, others = await _seconds(stores, values)
    prompts, training = await _prompts(stores, reviewer, gold)
    return OwnQuality(
        accuracy=_share(recent),
        by_question={
            question: share
            for question in questions
            if (share := _share([row for row in recent if row["question"] == question])) is not None
        },
        labels=await _labels(stores, values),
        seconds=own,
        others_seconds=others,
        weeks=tuple(weeks_of((row["at"], row["correct"]) for row in gold)),
        prompts=prompts,
        training=training,
    )


def _share(rows: Sequence[Row]) -> Share | None:
    return wilson(sum(row["correct"] for row in rows), len(rows))


async def _labels(stores: Stores, values: Mapping[str, Any]) -> Share | None:
    rows = await fetch(stores.pool, SQL.labels_of, dict(values))

    def compare() -> Share | None:
        equal, known = 0, 0
        for row in rows:
            try:
                key = masked_key(stores, row["key_slot"])
                answer, label = open_answer(key, row["task"], row["sealed"]), open_label(key, row["task"], row["label"])
            except Erased:
                continue
            known += 1
            equal += same(answer) == same(label)
        return wilson(equal, known)

    return await asyncio.to_thread(compare)


async def _seconds(stores: Stores, values: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return one's own median and the others', both at one's own mix of the questions that both have answered."""
    own = {row["question"]: row for row in await fetch(stores.pool, SQL.seconds_of, dict(values))}
    others = {row["question"]: row["seconds"] for row in await fetch(stores.pool, SQL.seconds_of_others, dict(values))}
    shared = [row for question, row in own.items() if question in others]
    if shared:
        both = weighted_mean((row["seconds"], row["n"]) for row in shared)
        return both, weighted_mean((others[row["question"]], row["n"]) for row in shared)
    return weighted_mean((row["seconds"], row["n"]) for row in own.values()), None


async def _prompts(
    stores: Stores, reviewer: Reviewer, gold: Sequence[Row]
) -> tuple[tuple[Prompt, ...], tuple[str, ...]]:
    marks = await fetch(stores.pool, SQL.pass_mark, {"site": reviewer.site})
    mark = float(marks[0]["pass_mark"]) if marks and marks[0]["pass_mark"] is not None else PASS_MARK
    rounds = {row["language"]: row for row in await fetch(stores.pool, SQL.rounds, {"reviewer": reviewer.id})}
    training = tuple(sorted(language for language, row in rounds.items() if row["open"]))
    found = []
    for language in sorted({row["language"] for row in gold} - set(training)):
        since = rounds[language]["since"] if language in rounds else stores.now() - RECENT
        share = _share([row for row in gold if row["language"] == language and row["at"] > since])
        if share is not None and share.asked >= ENOUGH_GOLD and share.high < mark:
            found.append(Prompt(language=language, share=share, pass_mark=mark))
    return tuple(found), training


async def start_training(stores: Stores, reviewer: Reviewer, language: str) -> None:
    """Begin another training round in a language where it would help.

    Raises Conflict when it would not, or when a round is open.
    """
    if language not in {prompt.language for prompt in (await own_quality(stores, reviewer)).prompts}:
        raise Conflict
    await begin_round(stores, reviewer, language)
