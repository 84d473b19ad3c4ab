"""The record of a roll-out: which candidate is out, how far it reaches, and each step with the numbers that decided."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.types.json import Jsonb

from earmark import audit
from earmark.storage import Connection, Statements, Stores, derive, fetch
from earmark.words import DeviceId

SQL = Statements("earmark.learn")
What = Literal["began", "advanced", "promoted", "rolled-back", "stopped"]
Outcome = Literal["promoted", "rolled-back", "stopped"]
Numbers = Sequence[Mapping[str, Any]]
"""Findings of `rollout_rule`, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A candidate on its way to the devices."""

    id: int
    version: str
    base: str
    """The bundle in use when it began, with which it is compared."""
    stage: int
    """Per cent of the devices: 5, 25, 100."""
    reach: float | None
    """Devices whose place lies below it have the candidate; None: the stage's share, until the worker has looked."""
    by: str
    """The role that began it, or `policy`."""
    began_at: datetime
    stage_at: datetime
    look: Mapping[str, Any] | None
    """What the worker last saw, `rollout_rule.Decision.to_json`; None: it has not looked at this stage."""
    ended_at: datetime | None
    outcome: Outcome | None

    @property
    def going_on(self) -> bool:
        return self.ended_at is None

    def takes(self, key: bytes, device_id: DeviceId) -> bool:
        """Tell whether a device has the candidate; `key` comes from `place_key`."""
        share = self.stage / 100 if self.reach is None else self.reach
        return place_of(key, self.version, device_id) < share


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done, by whom and why."""

    at: datetime
    what: What
    stage: int
    """Per cent of the devices from then on."""
    by: str
    why: str
    """In plain words."""
    numbers: Numbers
    """Empty where a person decided without any."""


def place_key(key: Ed25519PrivateKey) -> bytes:
    """Return the key under which devices are placed: nobody outside can tell or choose which come first."""
    return derive(key.private_bytes_raw(), purpose="rollout-place")


def place_of(key: bytes, version: str, device_id: DeviceId) -> float:
    """Return a device's place in the roll-out of a version, 0 to 1: another one in each roll-out, the same throughout.

    What has the first stage has the later ones too, and no device is always the first.
    """
    digest = hmac.digest(key, f"{version}:{device_id}".encode(), "sha256")
    return int.from_bytes(digest[:7], "big") / 2**56


async def rollout(stores: Stores) -> Rollout | None:
    """Return the roll-out that is going on, else the last one; None when there never was one."""
    rows = await fetch(stores.pool, SQL.last_rollout, {})
    return Rollout(**rows[0]) if rows else None


async def going_on(connection: Connection) -> Rollout | None:
    """Return the roll-out that is going on, inside the caller's transaction."""
    row = await (await connection.execute(SQL.open_rollout)).fetchone()
    return Rollout(**row) if row else None


async def steps(stores: Stores, rollout: Rollout) -> list[Step]:
    """Return what was done so far, oldest first."""
    return [Step(**row) for row in await fetch(stores.pool, SQL.steps, {"id": rollout.id})]


async def write_step(
    stores: Stores,
    connection: Connection,
    rollout: Rollout,
    what: What,
    *,
    stage: int,
    by: str,
    why: str,
    numbers: Numbers,
) -> None:
    """Write a step down and into the log, inside the caller's transaction; running assistants look again."""
    values = {"id": rollout.id, "now": stores.now(), "what": what, "stage": stage, "by": by, "why": why}
    await connection.execute(SQL.add_step, values | {"numbers": Jsonb(list(numbers))})
    short = [{name: each[name] for name in ("name", "candidate", "base", "odds", "bound")} for each in numbers]
    event = {"what": f"rollout.{what}", "version": rollout.version, "base": rollout.base, "share": stage, "by": by}
    await audit.append_in(connection, stores, event | {"numbers": short})
    await connection.execute(SQL.announce, {"version": rollout.version})


async def end(
    stores: Stores,
    connection: Connection,
    rollout: Rollout,
    outcome: Outcome,
    *,
    by: str,
    why: str,
    numbers: Numbers = (),
) -> bool:
    """End a roll-out inside the caller's transaction; False when somebody else was quicker.

    A candidate that is rolled back is refused: no device shall run it any more.
    """
    values = {"id": rollout.id, "now": stores.now(), "outcome": outcome}
    if await (await connection.execute(SQL.end_rollout, values)).fetchone() is None:
        return False
    if outcome == "rolled-back":
        await connection.execute(SQL.refuse, {"version": rollout.version, "now": stores.now()})
    share = 100 if outcome == "promoted" else 0
    await write_step(stores, connection, rollout, outcome, stage=share, by=by, why=why, numbers=numbers)
    return True
