"""What the newest answers say of groups of people: how well they agree, how often they are right. Pure.

No number has fewer than three people behind it, and none can be had by subtracting one row from another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.review.agreement import same
from earmark.review.answers import normalise
from earmark.review.statistics import Share, alpha, median, wilson, word_errors
from earmark.storage import Row
from earmark.words import PersonId

FEWEST = 3
"""People behind any number that a lead sees."""
By = Literal["site", "language", "time"]
LONG_HERE = "30 days or more"
NEW_HERE = "less than 30 days"
OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One person's answer to a clip."""

    person: PersonId
    site: str
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip that two or more people answered."""

    question: str
    language: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well people agree on one question."""

    question: str
    clips: int
    alpha: float | None
    """Krippendorff's, nominal, on the value and the intent; None for transcripts and where it is undefined."""
    word_errors: float | None
    """WER between two people's transcripts; None for other questions."""
    equal: Share | None
    """Clips on which everybody gave the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Three people or more, together. Each number has three people or more behind it, or is None."""

    name: str
    people: int
    accuracy: Share | None
    """Right answers to clips whose label was known. The interval takes the answers for independent."""
    alpha: float | None
    """Over clips that somebody of the cohort answered, with everybody's answers; the mean over questions."""
    word_errors: float | None
    seconds: float | None
    """Median from lease to answer."""


def agreement_of(clips: Iterable[Clip]) -> list[Agreement]:
    """Work out how well people agree, question by question."""
    by_question: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_question[clip.question].append(clip)
    return [
        Agreement(
            question=question,
            clips=len(found),
            alpha=alpha([[_value(one.answer) for one in clip.given] for clip in found if not _is_text(clip)]),
            word_errors=word_errors([[_text(one.answer) for one in clip.given] for clip in found if _is_text(clip)]),
            equal=wilson(sum(len({same(one.answer) for one in clip.given}) == 1 for clip in found), len(found)),
        )
        for question, found in sorted(by_question.items())
    ]


def _value(answer: Mapping[str, Any]) -> tuple[Any, Any]:
    return answer.get("value"), answer.get("intent")


def _is_text(clip: Clip) -> bool:
    return "text" in clip.given[0].answer


def _text(answer: Mapping[str, Any]) -> str:
    return normalise(str(answer.get("text", "")))


def grouped(people: Mapping[str, set[PersonId]]) -> dict[str, set[str]]:
    """Return which names stand together under which, so that none stands for fewer than three people.

    Small ones become `others`; when those are still too few they join the smallest of the rest, because what is left
    out alone could be had by subtracting. Nothing at all when all together are too few.
    """
    large = {name: {name} for name, who in people.items() if len(who) >= FEWEST}
    small = {name for name, who in people.items() if who and len(who) < FEWEST}
    if not small:
        return large
    if len(set().union(*(people[name] for name in small))) >= FEWEST:
        return large | {OTHERS: small}
    if not large:
        return {}
    smallest = min(large, key=lambda name: (len(people[name]), name))
    del large[smallest]
    return large | {f"{smallest} and {OTHERS}": {smallest} | small}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What cohorts are worked out from."""

    clips: Sequence[Clip]
    gold: Sequence[Row]
    """person, language, site, right, asked."""
    seconds: Sequence[Row]
    """person, language, site, seconds."""
    long_here: frozenset[PersonId]


def cohorts_of(measured: Measured, by: By) -> list[Cohort]:
    """Work out the cohorts by one of their three sides, by name."""

    def name_of(person: PersonId, site: str, language: str) -> str:
        if by == "time":
            return LONG_HERE if person in measured.long_here else NEW_HERE
        return site if by == "site" else language

    people: dict[str, set[PersonId]] = defaultdict(set)
    for row in (*measured.gold, *measured.seconds):
        people[name_of(row["person"], row["site"], row["language"])].add(row["person"])
    for clip in measured.clips:
        for one in clip.given:
            people[name_of(one.person, one.site, clip.language)].add(one.person)
    return [
        _cohort(
            measured,
            name,
            len(set().union(*(people[each] for each in together))),
            lambda person, site, language, inside=together: name_of(person, site, language) in inside,
        )
        for name, together in sorted(grouped(people).items())
    ]


def _cohort(measured: Measured, name: str, people: int, inside: Callable[[PersonId, str, str], bool]) -> Cohort:
    gold = [row for row in measured.gold if inside(row["person"], row["site"], row["language"])]
    seconds = [row for row in measured.seconds if inside(row["person"], row["site"], row["language"])]
    clips = [clip for clip in measured.clips if any(inside(one.person, one.site, clip.language) for one in clip.given)]
    voices = {
        one.person for clip in clips for one in clip.given if inside(one.person, one.site, clip.language)
    }  # fmt: skip
    agreed = agreement_of(clips) if len(voices) >= FEWEST else []
    return Cohort(
        name=name,
        people=people,
        accuracy=_coarse(gold) if _enough(gold) else None,
        alpha=weighted_mean((one.alpha, one.clips) for one in agreed),
        word_errors=weighted_mean((one.word_errors, one.clips) for one in agreed),
        seconds=median(row["seconds"] for row in seconds) if _enough(seconds) else None,
    )


def _coarse(gold: Sequence[Row]) -> Share | None:
    """Return the share of right answers among tens: who knows two groups exactly knows whoever is in one only."""
    asked = sum(row["asked"] for row in gold)
    tens = max(1, round(asked / 10)) * 10
    return wilson(round(sum(row["right"] for row in gold) / asked * tens), tens) if asked else None


def _enough(rows: Iterable[Row]) -> bool:
    return len({row["person"] for row in rows}) >= FEWEST


def weighted_mean(values: Iterable[tuple[float | None, int]]) -> float | None:
    """Return the mean of what is known, weighted."""
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
