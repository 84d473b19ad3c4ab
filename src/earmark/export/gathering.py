"""Reading what is held about a person, a page at a time, each in its own short transaction."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import earmark
from earmark import accounts, airlock, consent, learn, vault
from earmark.accounts import OwnData
from earmark.errors import Erased, NotFound
from earmark.export.document import VERSION, Consent, Document, Entry, Kept, LabelOfYours
from earmark.storage import Stores
from earmark.vault import Interaction
from earmark.words import PersonId, Seconds

PAGE = 200
"""Recordings that are read, and stand on one page, at a time."""
_SAMPLE = 20
"""Recordings that are opened to say how large an export will be and how long it will take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an export would hold now."""

    recordings: int
    seconds: Seconds
    """Of sound."""
    size: int
    """Bytes, about: as the newest recordings take."""
    takes: Seconds
    """About: as opening the newest recordings took just now."""
    consents: int
    kept: int
    devices: int
    receipts: int


async def estimate(stores: Stores, person_id: PersonId) -> Estimate:
    """Say what an export would hold, by counting, and how large it would be, by opening the newest recordings."""
    held = await vault.held(stores, person_id)
    began, size, seconds, opened = time.perf_counter(), 0, 0.0, 0
    newest = await vault.history(stores, person_id, limit=_SAMPLE)
    async for entry, flac in entries(stores, person_id, newest.interactions):
        size += len(flac or b"")
        seconds += entry.interaction.duration
        opened += 1
    took = time.perf_counter() - began
    return Estimate(
        recordings=held.recordings,
        seconds=held.seconds,
        size=round(size * held.seconds / seconds) if seconds else 0,
        takes=took * held.recordings / opened if opened else 0.0,
        consents=len(await consent.everything(stores, person_id)),
        kept=len(await vault.held_for(stores, person_id)),
        devices=len(await vault.devices(stores, person_id)),
        receipts=len(await vault.all_receipts(stores, person_id)),
    )


async def about(stores: Stores, account: OwnData, *, left_out: int) -> Document:
    """Return everything but the interactions."""
    who = account.person
    grants = await consent.everything(stores, who.id)
    return Document(
        earmark_export=VERSION,
        made_at=stores.now(),
        made_by=f"Earmark {earmark.__version__}",
        account=account,
        consents=tuple(_consent(grant, stores.settings.retention_days) for grant in grants),
        devices=tuple(await vault.devices(stores, who.id)),
        kept=await _kept(stores, account),
        receipts=tuple(await vault.all_receipts(stores, who.id)),
        left_out=left_out,
    )


def _consent(grant: consent.Grant, retention_days: int) -> Consent:
    said = consent.wording(grant.wording)
    text = said.text.format(retention_days=retention_days) if said else ""
    return Consent(grant=grant, title=said.title if said else "", text=text)


async def _kept(stores: Stores, account: OwnData) -> tuple[Kept, ...]:
    who = account.person
    names = {who.id: who.name}
    if who.household_id is not None:
        names |= {each.id: each.name for each in await accounts.people(stores, who.household_id)}
    return tuple(
        Kept(
            id=each.id,
            kind=each.kind,
            by=names.get(each.person_id, ""),
            to=names.get(each.for_person_id, "") if each.for_person_id else None,
            content=each.content,
            due_at=each.due_at,
            created_at=each.created_at,
        )
        for each in await vault.held_for(stores, who.id)
    )


async def entries(
    stores: Stores, person_id: PersonId, interactions: Sequence[Interaction]
) -> AsyncIterator[tuple[Entry, bytes | None]]:
    """Yield everything known about each of these, with its FLAC file; those that were deleted meanwhile are left out.

    A file is whole, or its recording is not there at all: it is authenticated before it is handed on.
    """
    ids = [each.id for each in interactions]
    devices = {each.id: each.name for each in await vault.devices(stores, person_id)}
    chosen, asked = await airlock.choice_of(stores, ids), await airlock.asked_of(stores, ids)
    hearings, labels = await airlock.hearings_of(stores, ids), await airlock.labels_of(stores, ids)
    uses = await learn.uses_of(stores, [label.id for found in labels.values() for label in found])
    for each in interactions:
        of_yours = (LabelOfYours(label=one, used_in=tuple(uses.get(one.id, ()))) for one in labels.get(each.id, ()))
        try:
            flac = await vault.flac(stores, person_id, each.id)
        except (NotFound, Erased):
            continue
        yield (
            Entry(
                interaction=each,
                device=devices.get(each.device_id) if each.device_id else None,
                file=file_name(each) if flac is not None else None,
                sha256=sha256(flac).hexdigest() if flac is not None else None,
                chosen=chosen.get(each.id),
                asked=tuple(asked.get(each.id, ())),
                hearings=tuple(hearings.get(each.id, ())),
                labels=tuple(of_yours),
            ),
            flac,
        )


def file_name(each: Interaction) -> str:
    return f"recordings/{each.started_at:%Y-%m-%d}-{each.id}.flac"
