"""The numbers that are compared before and after, each so that lower is better, and what a clip adds to each. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from earmark.learn.scoring import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number that is compared; lower is better."""

    name: str
    plain: str
    """What it counts, for people."""
    weigh: Callable[[Outcome], tuple[float, float] | None]
    """An outcome's part in numerator and denominator; None when it says nothing about this number."""


def _missed(one: Outcome) -> tuple[float, float] | None:
    return (float(not one.woke), 1.0) if one.said is True else None


def _false_wake(one: Outcome) -> tuple[float, float] | None:
    return (float(bool(one.woke)), 1.0) if one.said is False else None


def _refused(one: Outcome) -> tuple[float, float] | None:
    return None if one.right is None else (float(not one.right), 1.0)


def _took(one: Outcome) -> tuple[float, float] | None:
    return None if one.took is None else (float(one.took), 1.0)


def _word_errors(one: Outcome) -> tuple[float, float] | None:
    return (float(one.errors or 0), float(one.words)) if one.words else None


def _misunderstood(one: Outcome) -> tuple[float, float] | None:
    return None if one.intent_right is None else (float(not one.intent_right), 1.0)


def _slot_errors(one: Outcome) -> tuple[float, float] | None:
    if one.slots_true is None or one.slots_given is None or one.slots_right is None:
        return None
    both = one.slots_true + one.slots_given
    return (both - 2.0 * one.slots_right, float(both)) if both else None


NUMBERS = (
    Number(name="miss_rate", plain="calls that were missed", weigh=_missed),
    Number(name="false_wakes", plain="false wakes that came through", weigh=_false_wake),
    Number(name="not_accepted", plain="commands that were not done right", weigh=_refused),
    Number(name="false_accepted", plain="other speech that became a command", weigh=_took),
    Number(name="wer", plain="words that were heard wrong", weigh=_word_errors),
    Number(name="intent_errors", plain="written sentences that were misunderstood", weigh=_misunderstood),
    Number(name="slot_errors", plain="details of them that were missed or made up", weigh=_slot_errors),
)
