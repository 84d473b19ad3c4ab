"""Forgetting, in every room at once: the one place that knows all erasers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from earmark import airlock, learn, vault
from earmark.storage import Eraser, Stores
from earmark.vault import Receipt
from earmark.words import InteractionId, PersonId

ERASERS: tuple[Eraser, ...] = (learn.ERASER, airlock.ERASER, vault.ERASER)
"""In the order in which an erasure visits them: those that look things up in another's rows come first."""


async def forget(
    stores: Stores, person_id: PersonId, ids: Sequence[InteractionId] | Literal["all"], *, how: str
) -> Receipt:
    """Erase these of a person's interactions from every room; returns the signed receipt.

    `all` takes what skills keep along: lines on the list, messages from and for this person, alarms. One interaction
    leaves what it had kept: somebody who deletes "add milk" still wants milk. Raises NotFound when none of the ids is
    this person's.
    """
    if ids != "all":
        return await vault.erase(stores, person_id, ids, how=how, erasers=ERASERS)
    chosen = await vault.selection(stores, person_id)
    kept = [each for kind in (await vault.kept_of_person(stores, person_id)).values() for each in kind]
    return await vault.erase(stores, person_id, chosen, keepsakes=kept, how=how, erasers=ERASERS)


async def forget_since(stores: Stores, person_id: PersonId, since: datetime, *, how: str) -> Receipt:
    """Erase everything a person said since a time."""
    chosen = await vault.selection(stores, person_id, since=since)
    return await vault.erase(stores, person_id, chosen, how=how, erasers=ERASERS)


async def forget_expired(stores: Stores) -> int:
    """Erase what has reached the end of its time; the worker does this every few minutes. Returns how many."""
    count = 0
    while found := await vault.expired(stores):
        for person_id, ids in found.items():
            await vault.erase(stores, person_id, ids, how="clock", erasers=ERASERS)
            count += len(ids)
    return count


async def finish_interrupted(stores: Stores) -> int:
    """Finish erasures that a killed process began, and replay tombstones into restored key stores."""
    await vault.replay_tombstones(stores)
    return await vault.resume(stores, ERASERS)
