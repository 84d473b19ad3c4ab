"""False wakes: what stays of one, and how often the guess that nobody had called was wrong."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from earmark.storage import Connection, Stores, fetch
from earmark.vault.keeping import SQL
from earmark.words import DeviceId, InteractionId, PersonId

_BARE = uuid.UUID("6f0b5b0e-5d0c-4c35-9d8e-0a2f6b0f7a11")
"""Namespace of bare lines: the same false wake leaves one, however often it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeChecks:
    """How often owners or reviewers said whether somebody had called, by what Earmark had guessed."""

    false_and_suspected: int = 0
    false_and_not_suspected: int = 0
    """Misses: nobody had called, and it was kept as if somebody had."""
    called_and_suspected: int = 0
    """Somebody had called and wasn't understood: taken for a false wake."""
    called_and_not_suspected: int = 0

    @property
    def miss_rate(self) -> float | None:
        """Of the wakes that were false, the share that Earmark did not suspect; None before any was checked."""
        false = self.false_and_suspected + self.false_and_not_suspected
        return self.false_and_not_suspected / false if false else None


async def wake_checks(stores: Stores) -> WakeChecks:
    rows = await fetch(stores.pool, SQL.wake_checks, {})
    names = {
        (True, False): "false_and_suspected",
        (False, False): "false_and_not_suspected",
        (True, True): "called_and_suspected",
        (False, True): "called_and_not_suspected",
    }
    return WakeChecks(**{names[row["suspected"], row["called"]]: row["n"] for row in rows})


async def set_called(
    connection: Connection, stores: Stores, identifier: InteractionId, called: bool, *, by_owner: bool = False
) -> None:
    """Write down whether somebody had called, inside the caller's transaction; saying it twice counts once.

    What was said before stands, unless its owner says otherwise.
    """
    said = {"id": identifier, "called": called, "by_owner": by_owner}
    row = await (await connection.execute(SQL.set_called, said)).fetchone()
    if row is not None:
        values = {"day": stores.now().date(), "suspected": row["suspected"], "called": called}
        await connection.execute(SQL.count_wake_check, values)


async def leave_bare(connection: Connection, identifier: InteractionId) -> None:
    """Leave the bare line of a false wake that is about to be erased: time, device, wake word and score."""
    bare = uuid.uuid5(_BARE, identifier.hex)
    await connection.execute(SQL.leave_bare, {"id": identifier, "bare": bare, "called": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFalseWake:
    """A false wake whose sound and words are still there."""

    id: InteractionId
    person_id: PersonId
    device_id: DeviceId | None


async def kept_false_wakes(stores: Stores, person_id: PersonId | None = None) -> list[KeptFalseWake]:
    """Return false wakes that are more than a bare line, of one person or of everybody."""
    rows = await fetch(stores.pool, SQL.kept_false_wakes, {"person": person_id})
    return [KeptFalseWake(**row) for row in rows]
