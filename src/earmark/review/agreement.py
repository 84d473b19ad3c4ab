"""From judgements to a label: two that agree make it, a third settles a tie, a lead decides what stays open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.review.answers import Answer
from earmark.review.questions import Kind

MadeBy = Literal["agreement", "majority", "adjudication"]
ENOUGH = 2
"""Equal answers that make a label."""
MOST = 3
"""People asked before a lead decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a task after one more judgement."""

    state: Literal["ready", "done", "held"]
    needed: int
    """Judgements wanted in all."""
    label: dict[str, Any] | None = None
    made_by: MadeBy | None = None


def same(answer: Answer) -> str:
    """Return a text that is equal for answers that agree (`answers.check` has brought them to one form)."""
    return json.dumps(answer, sort_keys=True)


def decide(kind: Kind, answers: Sequence[Answer]) -> Outcome:
    """Decide over all judgements of one task, oldest first.

    Answers must agree whole, corrections included. When three agree on nothing but the verdict on an intent, the
    verdict is the label, without a correction.
    """
    if label := _agreed(answers):
        made_by: MadeBy = "agreement" if len(answers) == ENOUGH else "majority"
        return Outcome(state="done", needed=len(answers), label=label, made_by=made_by)
    if len(answers) < MOST:
        return Outcome(state="ready", needed=ENOUGH if len(answers) < ENOUGH else MOST)
    if kind == "intent" and (label := _agreed([{"value": answer["value"]} for answer in answers])):
        return Outcome(state="done", needed=MOST, label=label, made_by="majority")
    return Outcome(state="held", needed=MOST)


def _agreed(answers: Sequence[Answer]) -> dict[str, Any] | None:
    forms = [same(answer) for answer in answers]
    for form, answer in zip(forms, answers, strict=True):
        if forms.count(form) >= ENOUGH:
            return dict(answer)
    return None
