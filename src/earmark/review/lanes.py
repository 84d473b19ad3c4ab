"""Which clips somebody may be given now, and why they get none: their site's hours and regions, their breaks, their
training, what campaigns want first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from earmark.review.campaigns import Campaign, open_campaigns
from earmark.review.hours import open_now, opens_at
from earmark.review.people import Reviewer
from earmark.review.questions import QUESTIONS_NOW, Question
from earmark.review.recent import Recent
from earmark.review.seats import sit_down
from earmark.review.sites import Site, site_of
from earmark.review.training import LENGTH, REGION, TAUGHT, Progress, begin_round, progress
from earmark.storage import Stores

_LASTS = timedelta(seconds=10)
"""How long a process goes by what one person may be given: no answer then asks for it anew."""
_MOST_KNOWN = 20_000
PASS_MARK = 0.8
"""Of a refresher at a site that asks for no training."""


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
    pass_mark: float = 0.0
    """Share of right answers that passes it."""
    gold_share: float = 0.0
    blind_share: float = 0.0
    why: Why | None = None
    """Set when there is no lane."""


NOTHING = Why(code="nothing", text="Nothing waits for you now; new clips appear here by themselves.")
_NO_TRAINING = Why(
    code="training", text="There are no training clips in your language yet; they appear here as soon as they are made."
)
_NO_LANGUAGE = Why(code="nothing", text="Your site works in none of your languages; your lead can change that.")
_known: OrderedDict[tuple[object, ...], tuple[datetime, Lanes]] = OrderedDict()


async def lanes_for(stores: Stores, reviewer: Reviewer, *, fresh: bool = False) -> Lanes:
    """Return what this person may be given now; `fresh` when something of theirs has just changed."""
    key, now = (stores.pool, reviewer, Recent.changes), stores.now()
    held = _known.get(key)
    if not fresh and held is not None and timedelta(0) <= now - held[0] < _LASTS:
        return held[1]
    found = await _lanes(stores, reviewer)
    _known[key] = (now, found)
    while len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)
    return found


async def _lanes(stores: Stores, reviewer: Reviewer) -> Lanes:
    site, seat, now = await site_of(stores, reviewer.site), await sit_down(stores, reviewer), stores.now()
    if seat.resting(now):
        return Lanes(why=Why(code="break", text="Time for a break: your ears have earned it.", until=seat.break_until))
    if not open_now(site, now):
        opens = opens_at(site, now)
        return Lanes(why=Why(code="closed", text="Your site is closed now; clips wait for its hours.", until=opens))
    languages = site.heard_by(reviewer.languages)
    if not languages:
        return Lanes(why=_NO_LANGUAGE)
    if reviewer.role != "lead":
        languages, training = await _trained(stores, reviewer, site, languages)
        if training is not None:
            return training
    return _at_work(stores, site, languages, tuple(await QUESTIONS_NOW.get(stores)), await open_campaigns(stores))


async def _trained(
    stores: Stores, reviewer: Reviewer, site: Site, languages: tuple[str, ...]
) -> tuple[tuple[str, ...], Lanes | None]:
    """Return the languages in which somebody has passed, or the training that stands before that.

    Every language of theirs is tried once before the work begins; one that was not passed keeps nobody from the others.
    """
    rounds = await progress(stores, reviewer)
    passed = tuple(each for each in languages if each in rounds and rounds[each].passed_at is not None)
    if site.pass_mark is None:  # a refresher that somebody asked for is finished all the same
        passed = tuple(each for each in languages if each not in rounds or not rounds[each].under_way)
    under_way = [rounds[each] for each in languages if each in rounds and rounds[each].under_way]
    untried = [each for each in languages if each not in rounds and each in await TAUGHT.get(stores)]
    if site.pass_mark is not None and untried and not under_way:
        await begin_round(stores, reviewer, untried[0])
        under_way = [Progress(language=untried[0], round=1)]
    if passed and not under_way:
        return passed, None
    if not under_way:
        failed = next((rounds[each] for each in languages if each in rounds), None)
        if failed is not None:
            return (), Lanes(why=_failed(failed, site))
        return (), Lanes(why=_NO_TRAINING)
    learning, mark = under_way[0], PASS_MARK if site.pass_mark is None else site.pass_mark
    lanes = tuple(
        Lane(language=learning.language, region=REGION, question=question)
        for question in await QUESTIONS_NOW.get(stores)
    )
    return (), Lanes(lanes=lanes, kinds=("training",), round=learning.round, pass_mark=mark, why=_NO_TRAINING)


def _failed(last: Progress, site: Site) -> Why:
    assert site.pass_mark is not None
    needed = -int(-site.pass_mark * LENGTH // 1)
    text = f"{last.right} of {last.asked} were right, and {needed} are needed. Take a breath, then try once more."
    return Why(code="training-failed", text=text)


def _at_work(
    stores: Stores, site: Site, languages: tuple[str, ...], questions: tuple[Question, ...], wanted: list[Campaign]
) -> Lanes:
    lanes = []
    for language in languages:
        for question in questions:
            ranks = [n for n, each in enumerate(wanted) if question in each.questions and language in each.languages]
            rank = ranks[0] if ranks else len(wanted)
            lanes += [Lane(language=language, region=region, question=question, rank=rank) for region in site.serves]
    mine = [each for each in wanted if set(each.languages) & set(languages)]
    return Lanes(
        lanes=tuple(lanes),
        gold_share=mine[0].gold_share if mine else stores.settings.gold_share,
        blind_share=mine[0].blind_share if mine else stores.settings.blind_share,
    )


def adjudicating(lanes: Lanes) -> Lanes:
    """Return the same lanes for somebody who decides ties."""
    return replace(lanes, kinds=("adjudication",))
