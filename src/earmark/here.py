"""How the guarantees stand in this installation: what its set-up takes from them, and what can be seen of them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from earmark import accounts, audit
from earmark.errors import BadRequest
from earmark.guarantees import GUARANTEES, State
from earmark.storage import Statements, Stores, fetch

SQL = Statements("earmark", "here.sql")
LATE = timedelta(minutes=15)
"""Past its time by more than this, something is late: the worker comes every five minutes."""
SILENT = timedelta(hours=1)
"""A witness that was not heard for so long is not counted on; it comes every minute."""
SIMULATED = "(simulated)"
"""Stands in the site's name of reviewers that are programs."""
_ORDER: tuple[State, ...] = ("held", "partly", "not held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be said about a guarantee here."""

    text: str
    at_best: State = "held"
    """What the set-up leaves of the guarantee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A guarantee in this installation."""

    state: State
    notes: tuple[str, ...]


async def guarantees_here(stores: Stores) -> dict[int, Here]:
    """Return how each guarantee stands here: never better than its tests say, worse where the set-up falls short."""
    notes = await _notes(stores)
    return {
        each.number: Here(
            state=max([each.state, *(note.at_best for note in notes.get(each.number, ()))], key=_ORDER.index),
            notes=tuple(note.text for note in notes.get(each.number, ())),
        )
        for each in GUARANTEES
    }


async def _notes(stores: Stores) -> Mapping[int, list[Note]]:
    settings, now = stores.settings, stores.now()
    (seen,) = await fetch(stores.pool, SQL.seen, {"late": now - LATE, "now": now})
    found: dict[int, list[Note]] = {}
    if seen["late"]:
        text = "Some recordings are past their time and still there: the worker doesn't run, or can't keep up."
        found[2] = [Note(text=text, at_best="not held")]
    if settings.objects_url is None and _same_disk(stores):
        text = "Keys and recordings lie on the same disk here: keep the backups of the two apart."
        found[5] = [Note(text=text)]
    kept_to = "and it has been kept to" if seen["within"] else "and it has NOT been kept to"
    share = f"At most {settings.review_rate * 100:g}% of what may be reviewed is chosen here, {kept_to}."
    found[8] = [Note(text=share, at_best="held" if seen["within"] else "not held")]
    if any(SIMULATED in (member.site or "") for member in await accounts.staff(stores)):
        found[9] = [Note(text="Reviewers whose site is called simulated are programs, not people.")]
    found[18] = [_processes(settings.embedded), await _witness(stores)]
    overdue = seen["overdue"]
    text = f"A flag must be decided within {settings.case_hours} hours here; {overdue or 'none'} is past that now."
    found[19] = [Note(text=text, at_best="partly" if overdue else "held")]
    return found


def _same_disk(stores: Stores) -> bool:
    folder = stores.home.folder
    places = [folder / "keys", folder / "objects"]
    return len({place.stat().st_dev for place in places if place.exists()}) == 1


def _processes(embedded: bool) -> Note:
    if not embedded:
        return Note(text="The database is run by somebody else here; each plane logs in to it with a role of its own.")
    return Note(
        text="All of it runs on one machine here: one process starts the three planes and the worker under one "
        "account, which owns every password, every key store and the signing key. The planes guard against faults and "
        "against people at the pages, not against whoever holds that account."
    )


async def _witness(stores: Stores) -> Note:
    try:
        configured = audit.witness_key(stores.settings) is not None
    except BadRequest:
        return Note(text="The witness's key in the settings can't be read, so nothing of it counts.", at_best="partly")
    if not configured:
        text = "No witness co-signs the log here: whoever holds this machine can write another one."
        return Note(text=text, at_best="partly")
    seen = await audit.latest_cosignature(stores)
    if seen is None or stores.now() - seen.seen_at > SILENT:
        return Note(text="The witness of the log has not been heard for an hour or more.", at_best="partly")
    return Note(text=f"A witness on another machine co-signed the log, up to its entry {seen.size:,}.")
