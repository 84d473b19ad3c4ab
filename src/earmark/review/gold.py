"""Hidden gold: clips whose answer an adjudicator has settled, served like any other to measure who answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jiwer

from earmark.review.questions import Kind
from earmark.review.sql import SQL
from earmark.storage import Stores, fetch

CLOSE_ENOUGH = 0.1
"""Word error rate up to which a transcript counts as right: settled clips are the hard ones."""
MOST = 200
"""Gold clips of one language and question; with more, each would still be heard."""
DAYS = 30
"""After which a clip is gold no more: nobody's voice is kept in circulation for long."""


def is_right(kind: Kind, expected: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Tell whether an answer is the settled one; of a transcript, whether at most one word in ten is off."""
    if kind == "transcript":
        if not expected["text"]:
            return not answer["text"]
        return jiwer.wer(expected["text"], answer["text"]) <= CLOSE_ENOUGH
    if kind == "intent":
        return answer["value"] == expected["value"] and (
            "intent" not in expected or answer.get("intent") == expected["intent"]
        )
    return answer["value"] == expected["value"]


async def tend_gold(stores: Stores) -> int:
    """Let gold end that is old, or more than is needed; the worker does it hourly. Returns how many."""
    values = {"now": stores.now(), "days": DAYS, "most": MOST}
    return len(await fetch(stores.pool, SQL.tend_gold, values))
