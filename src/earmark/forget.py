"""Forgetting, in every room at once: the one place that knows all erasers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from earmark import accounts, airlock, audit, consent, learn, vault
from earmark.consent import Grants
from earmark.errors import BadRequest, Conflict, NotFound
from earmark.storage import Eraser, Stores, again_after_deadlock
from earmark.vault import KeepsakeKind, Receipt
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would go, said before anything does."""

    recordings: int
    copies: int
    """Masked copies in review."""
    labels: int
    """What people agreed on about them."""
    datasets: tuple[str, ...]
    """Versions that would be revoked."""
    models: tuple[str, ...]
    """Bundles that would be retired and made again without it."""
    kept: Mapping[KeepsakeKind, int]
    """What skills keep, where everything goes."""


async def preview(stores: Stores, person_id: PersonId, ids: Sequence[InteractionId] | Literal["all"]) -> Preview:
    """Say what `forget` would erase of these. What isn't this person's is left out."""
    kept = await vault.kept_of_person(stores, person_id) if ids == "all" else {}
    own = await vault.selection(stores, person_id, ids=None if ids == "all" else ids)
    copies, labels = await airlock.count_of(stores, own)
    touched = await learn.touched(stores, own)
    return Preview(
        recordings=len(own),
        copies=copies,
        labels=labels,
        datasets=touched.datasets,
        models=touched.models,
        kept={kind: len(found) for kind, found in kept.items()},
    )


async def close_account(stores: Stores, person_id: PersonId, *, how: str) -> Receipt:
    """Erase everything of a person, then the account itself: name, sign-in, devices, words given, receipts, key.

    Returns the receipt, which nobody can ask for again. Raises BadRequest for somebody who works here too, NotFound,
    Conflict when something was still being said.
    """
    async with stores.pool.connection() as connection, connection.transaction():
        await accounts.lock_owner(connection, person_id)  # refused before anything is erased
    for _ in range(3):
        receipt = await forget(stores, person_id, "all", how=how)
        async with stores.pool.connection() as connection, connection.transaction():
            await accounts.lock_owner(connection, person_id)
            if await vault.holds_anything(connection, person_id):
                continue  # kept a moment before the account was locked
            slot = await accounts.remove_person(connection, person_id)
            await vault.bury(connection, person_id, slot)
            entry = await audit.append_in(connection, stores, {"what": "person.removed", "how": how})
            break
    else:
        raise Conflict
    await asyncio.to_thread(stores.vault_keys.destroy, [slot])
    erased = {**receipt["erased"], "keys": receipt["erased"].get("keys", 0) + 1, "accounts": 1}
    body = {name: receipt[name] for name in ("kind", "id", "how", "asked_at")}
    done_at = stores.now().isoformat(timespec="seconds")
    return audit.sign(stores, {**body, "done_at": done_at, "erased": dict(sorted(erased.items())), "log_entry": entry})


async def not_called(stores: Stores, person_id: PersonId, identifier: InteractionId, *, how: str) -> Receipt | None:
    """Take its owner's word that this was a false wake: its sound and words go, the bare line stays.

    Where false wakes are donated the recording stays too, with its mark, and whatever people may hear of it beyond the
    wake word is pulled back; returns None then. Raises NotFound, BadRequest when no wake word woke the device.
    """
    item = await vault.interaction(stores, person_id, identifier)
    if item.wake is None:
        raise BadRequest(why="No wake word started this recording; delete it instead.")
    await _mark_not_called(stores, identifier)
    if (await consent.current(stores, person_id)).allows("donate", item.device_id):
        await airlock.recall_these(stores, [identifier], "not called")
        return None
    return await _drop_false_wakes(stores, person_id, [identifier], how=how)


@again_after_deadlock
async def _mark_not_called(stores: Stores, identifier: InteractionId) -> None:
    async with stores.pool.connection() as connection, connection.transaction():
        await vault.set_called(connection, stores, identifier, called=False, by_owner=True)


async def _drop_false_wakes(stores: Stores, person_id: PersonId, ids: Sequence[InteractionId], *, how: str) -> Receipt:
    async with stores.pool.connection() as connection, connection.transaction():
        for identifier in ids:
            await vault.leave_bare(connection, identifier)
    return await vault.erase(stores, person_id, ids, how=how, erasers=ERASERS)


async def drop_false_wakes(stores: Stores, person_id: PersonId | None = None) -> int:
    """Reduce to bare lines what owners or reviewers found to be false wakes, and what isn't donated any more.

    The worker does this every few seconds for everybody. Returns how many.
    """
    doomed: dict[PersonId, list[InteractionId]] = {}
    known: dict[PersonId, Grants] = {}
    for kept in await vault.kept_false_wakes(stores, person_id):
        if kept.person_id not in known:
            known[kept.person_id] = await consent.current(stores, kept.person_id)
        if not known[kept.person_id].allows("donate", kept.device_id):
            doomed.setdefault(kept.person_id, []).append(kept.id)
    for whose, ids in doomed.items():
        with suppress(NotFound):  # its owner was quicker
            await _drop_false_wakes(stores, whose, ids, how="false wake")
    return sum(len(ids) for ids in doomed.values())


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
    return await resume(stores)


async def resume(stores: Stores) -> int:
    """Finish erasures that a killed process began. Returns how many."""
    return await vault.resume(stores, ERASERS)
