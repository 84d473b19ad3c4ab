"""What became of a label: the data sets that hold it and the models that were learned from those."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from earmark.learn.registry import SQL
from earmark.storage import Stores, fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One data set that holds a label."""

    dataset: str
    """Its version."""
    purpose: str
    """What is learned from it."""
    day: date
    """When it was made."""
    side: Literal["train", "heldout"]
    """`train`: learned from; `heldout`: only to judge what was learned."""
    revoked: bool
    """True: something in it was deleted, and it is not used any more."""
    models: tuple[str, ...]
    """Versions of the models of which any part was learned from it."""


async def uses_of(stores: Stores, label_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Use]]:
    """Return in which data sets each of these labels is."""
    found: dict[uuid.UUID, list[Use]] = {}
    for row in await fetch(stores.pool, SQL.uses, {"ids": list(label_ids)}):
        label, models = row.pop("label_id"), tuple(row.pop("models"))
        found.setdefault(label, []).append(Use(**row, models=models))
    return found
