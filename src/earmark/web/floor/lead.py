"""The lead's board: what waits, what was made, and the ties to decide. Counts only."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from earmark import review
from earmark.web.charts import bars
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere

router = APIRouter()
DAYS = 14
STATES = {
    "ready": "Waiting",
    "leased": "Open on a page",
    "adjudication": "Ties to decide",
    "safety": "Flagged",
    "sibling": "Held back with a flagged one",
    "done": "Done",
}


@router.get("/lead")
async def board(request: Request, stores: StoresHere, _: Lead) -> Response:
    lines = await review.backlog(stores)
    today = stores.now().date()
    labels = await review.labels_per_day(stores, today - timedelta(days=DAYS - 1))
    per_day = Counter({today - timedelta(days=ago): 0 for ago in range(DAYS)})
    for line in labels:
        per_day[line.day] += line.labels
    totals = Counter()
    for line in lines:
        totals[line.state] += line.tasks
    table: dict[str, dict[str, int]] = {question: {} for question in review.QUESTIONS}
    for line in lines:
        table[line.question][line.state] = line.tasks
    oldest = min((line.oldest_on for line in lines if line.state == "ready"), default=None)
    return page(
        request,
        "floor/lead.html",
        questions=review.QUESTIONS,
        states=STATES,
        table=table,
        totals=totals,
        oldest=oldest,
        made=sum(per_day.values()),
        made_by=_by_maker(labels),
        chart=bars([(f"{day.day}", per_day[day]) for day in sorted(per_day)], label="Labels by day, the last 14 days"),
    )


def _by_maker(labels: list[review.LabelCount]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line in labels:
        found[line.made_by] += line.labels
    return found
