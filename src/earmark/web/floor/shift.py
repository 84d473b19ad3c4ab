"""A reviewer's own breaks.

POST /api/review/rest  {}  → {"break_until": ISO}          take a break; clips that are open go back by themselves
POST /api/review/back  {}  → {"break_until": null}         end a break of one's own early; 409 when it was due
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from earmark import review
from earmark.review.seats import Seat
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.sessions import Reviewer, StoresHere

router = APIRouter(prefix="/api/review")


def _shown(stores: Stores, seat: Seat) -> dict[str, Any]:
    until = seat.break_until if seat.resting(stores.now()) else None
    return {"break_until": until.isoformat() if until else None}


@router.post("/rest")
async def rest(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    reviewer = reviewer_of(stores, who)
    seat = await review.seats.rest(stores, reviewer)
    await review.lanes_for(stores, reviewer, fresh=True)
    return _shown(stores, seat)


@router.post("/back")
async def back(stores: StoresHere, who: Reviewer) -> dict[str, Any]:
    reviewer = reviewer_of(stores, who)
    seat = await review.seats.come_back(stores, reviewer)
    await review.lanes_for(stores, reviewer, fresh=True)
    return _shown(stores, seat)
