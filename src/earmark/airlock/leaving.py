"""Labels on their way out of the house: what people found out, without whose it is.

A label leaves while its owner would still let it be asked: whoever took the consent to reviews back, or never gave it,
is left out, though learning at home may still use what came home before. No sound leaves.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from earmark import accounts, vault
from earmark.airlock.choosing import Asker, may_hear
from earmark.airlock.identifiers import mask_text, name_words
from earmark.errors import EarmarkError
from earmark.storage import Row, Statements, Stores, fetch, unseal_json
from earmark.words import HouseholdId, PersonId

SQL = Statements("earmark.airlock", "leaving.sql")
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A label without whose it is, of which device, and when it was said."""

    id: uuid.UUID
    """The label's own random number; it is in nothing that a reviewer or an owner sees."""
    question: str
    answer: Mapping[str, Any]
    """As reviewers agreed; names of the household, long numbers and addresses stand as `[name]`, `[number]`,
    `[address]`, also where a reviewer or the assistant had written them out."""
    made_by: str
    """`agreement`, `majority` or `adjudication`."""
    agreed_on: date
    seconds: int
    """Length of the recording in whole seconds, rounded up: two labels of one recording have it in common with many."""


Labels = AsyncIterator[Leaving]


async def count_leaving(stores: Stores, *, since: date | None = None) -> dict[str, int]:
    """Return how many labels there are of each question; a few of them may not leave."""
    rows = await fetch(stores.pool, SQL.labelled, {"since": since})
    return {row["question"]: row["labels"] for row in rows}


async def labels_to_leave(
    stores: Stores, *, questions: Sequence[str] | None = None, since: date | None = None
) -> Labels:
    """Yield labels page by page, in the order of their numbers: the same labels come in the same order.

    Args:
        questions: only of these; None: of all.
        since: only those agreed on this day or later.
    """
    ask, names = Asker(stores), _Names(stores)
    values: dict[str, Any] = {"after": uuid.UUID(int=0), "limit": _PAGE, "since": since}
    values["questions"] = list(questions) if questions is not None else None
    while rows := await fetch(stores.pool, SQL.leaving, values):
        values["after"] = rows[-1]["id"]
        keys = await vault.recording_keys(stores, [row["interaction_id"] for row in rows])
        for row in rows:
            if row["interaction_id"] in keys and await _may_leave(ask, row):
                leaving = _opened(row, keys[row["interaction_id"]], await names.around(row))
                if leaving is not None:
                    yield leaving


async def _may_leave(ask: Asker, row: Row) -> bool:
    """Tell whether this could still be asked: the rules of `recall_withdrawn`."""
    if row["guest"]:
        return False
    grants, device = await ask(row["person_id"]), row["device_id"]
    if not grants.allows("review", device) or not may_hear(grants, row["kind"], device):
        return False
    return (row["kind"], row["question"]) != ("message", "transcript") or grants.allows("transcription", device)


class _Names:
    """The names by which people of a household call each other; of the last few households."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._known: dict[HouseholdId | PersonId, frozenset[str]] = {}

    async def around(self, row: Row) -> frozenset[str]:
        where = row["household_id"] or row["person_id"]
        if where not in self._known:
            if len(self._known) >= _PAGE:
                self._known.clear()
            if row["household_id"] is None:
                members = [await accounts.person(self._stores, row["person_id"])]
            else:
                members = await accounts.people(self._stores, row["household_id"])
            self._known[where] = name_words(member.name for member in members)
        return self._known[where]


def _opened(row: Row, key: bytes, names: frozenset[str]) -> Leaving | None:
    try:
        content = unseal_json(key, row["sealed"], place=f"label:{row['id']}")
    except EarmarkError:
        return None  # it is being erased
    return Leaving(
        id=row["id"],
        question=row["question"],
        answer=_told(content["answer"], names),
        made_by=content["made_by"],
        agreed_on=row["agreed_on"],
        seconds=max(1, math.ceil(row["duration"])),
    )


def _told(answer: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return an answer as it leaves. `value` comes from a list; everything else was written or heard, and is masked.

    Of two transcripts whose is the better one leaves, `machine` or `owner`: which was shown first was drawn.
    """
    told = {part: value if part == "value" else _masked(value, names) for part, value in answer.items()}
    if "whose" in told:
        told["value"] = told.pop("whose")
    return told


def _masked(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, str):
        return mask_text(value, names)
    if isinstance(value, Mapping):
        return {str(key): _masked(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, names) for each in value]
    return value
