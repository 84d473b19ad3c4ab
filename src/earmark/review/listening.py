"""Evidence of listening: how much of a clip's speech was played before somebody answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import BadRequest
from earmark.review.spans import joined
from earmark.words import Seconds

Span = tuple[Seconds, Seconds]
_MOST_SPANS = 500
_SHORTEST: Seconds = 0.05
"""Spans shorter than this are no playing: with the slack, a row of points would cover everything."""
_SLACK: Seconds = 0.15
"""Given at both ends of a span: a player reports its position a few times a second."""


def speech_of(prefill: Mapping[str, Any]) -> tuple[Span, ...]:
    """Return where the speech of a copy is, as the airlock wrote it down with the prefill."""
    return tuple((float(start), float(end)) for start, end in prefill.get("speech", ()))


def share_heard(speech: Sequence[Span], played: Sequence[Span] | None) -> float:
    """Return which share of the speech was played, 0 to 1; of `None`, everything, 1.

    Raises BadRequest for spans that are none.
    """
    if played is None:
        return 1.0
    if len(played) > _MOST_SPANS or any(not 0 <= start <= end <= 3600 for start, end in played):
        raise BadRequest(why="What was heard is a list of spans in seconds, each from its start to its end.")
    played = [(start, end) for start, end in played if end - start >= _SHORTEST]
    if not speech:
        return 1.0 if played else 0.0
    merged = joined([(start - _SLACK, end + _SLACK) for start, end in played])
    speech = joined(speech)  # words overlap
    total = sum(end - start for start, end in speech)
    heard = sum(max(0.0, min(end, until) - max(start, since)) for start, end in speech for since, until in merged)
    return min(1.0, heard / total) if total > 0 else 1.0
