"""Cases: what a flag, or an alert about unusual access, becomes. Somebody must decide each within its clock, with a
reason."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from earmark import audit, review
from earmark.errors import BadRequest, Conflict, Erased, Forbidden, NotFound
from earmark.storage import Row, Statements, Stores, derive, seal, unseal
from earmark.words import PersonId, TaskId

SQL = Statements("earmark.safety")
Decision = Literal["release", "erase", "escalate", "support"]
CaseKind = review.FlagKind | Literal["access"]
LONGEST_REASON = 2000
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A flag on its clock."""

    id: UUID
    flag_id: UUID
    """The flag or the alert that it was made of."""
    task_id: TaskId | None
    kind: CaseKind
    """`access`: somebody's access is unusual; there is no clip."""
    opened_at: datetime
    due_at: datetime
    reminded_at: datetime | None
    """When somebody was last told that it is overdue."""
    decided_at: datetime | None
    decided_by: PersonId | None
    decision: Decision | None
    """release: the clip goes on, or the alert is cleared; erase: the recording goes, everywhere (never for access);
    escalate: somebody else must decide, on a new clock; support: the clip stays hidden, or the alert stays with the
    lead, and somebody looks after whoever needs it."""
    reason: str | None
    """Why; None while undecided, or where the key is missing."""
    can_listen: bool = False
    """The clip still exists and is hidden: `listen` plays it."""
    alert: review.Alert | None = None
    """Of `access`: what was counted, and what the lead has done about it."""

    @property
    def open(self) -> bool:
        """Somebody must still decide: undecided, or escalated."""
        return self.decision in (None, "escalate")

    def overdue(self, now: datetime) -> bool:
        return self.open and self.due_at <= now


def _reason_key(stores: Stores) -> bytes:
    """Return the key of reasons.

    It comes from the installation's own secret: a case outlives its clip's key, and the floor, which holds the keys of
    masked copies, has no business reading it.
    """
    return derive(bytes.fromhex(stores.home.secret("safety-key")), purpose="case-reason")


def _case(stores: Stores, row: Row, can_listen: bool = False, alert: review.Alert | None = None) -> Case:
    reason, values = None, dict(row)
    if (sealed := values.pop("sealed_reason")) is not None:
        try:
            reason = unseal(_reason_key(stores), sealed, place=f"case:{row['id']}").decode()
        except Erased:
            reason = None
    return Case(**values, reason=reason, can_listen=can_listen, alert=alert)


async def open_cases(stores: Stores) -> int:
    """Make a case of every new flag and alert; the worker and the desk's list call it. Returns how many are new."""
    values = {"now": stores.now(), "within": timedelta(hours=stores.settings.case_hours)}
    async with stores.pool.connection() as connection:
        flagged = (await connection.execute(SQL.open_cases, values)).rowcount
        return flagged + (await connection.execute(SQL.open_access_cases, values)).rowcount


async def cases(stores: Stores, *, limit: int = 500) -> list[Case]:
    """Return the cases: open ones first, the most urgent on top, then the decided ones."""
    await open_cases(stores)
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.cases, {"limit": limit})).fetchall()
        alerts = await review.alerts_named(connection, [row["flag_id"] for row in rows if row["kind"] == "access"])
    held = await review.still_held(stores, [row["task_id"] for row in rows if row["task_id"]])
    return [_case(stores, row, row["task_id"] in held, alerts.get(row["flag_id"])) for row in rows]


async def case(stores: Stores, case_id: UUID) -> Case:
    """Return one case. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.case, {"id": case_id})).fetchone()
        if row is None:
            raise NotFound
        alerts = await review.alerts_named(connection, [row["flag_id"]] if row["kind"] == "access" else [])
    held = await review.still_held(stores, [row["task_id"]] if row["task_id"] else [])
    return _case(stores, row, row["task_id"] in held, alerts.get(row["flag_id"]))


async def listen(stores: Stores, case_id: UUID, listener: review.Reviewer) -> bytes:
    """Return the clip of a case (WAV) to the safety officer; its owner will see that it was heard.

    Raises Forbidden for other roles, NotFound when the clip is gone or no longer hidden.
    """
    if listener.role != "safety":
        raise Forbidden
    found = await case(stores, case_id)
    if found.task_id is None:
        raise NotFound
    return await review.flagged_sound(stores, listener, found.task_id)


async def decide(stores: Stores, case_id: UUID, by: PersonId, decision: str, reason: str) -> Case:
    """Decide a case and carry out what can be done at once; `erase` is carried out by the worker (`to_erase`).

    An escalated case gets a new clock and is decided again; every other decision is made once. Doing nothing is
    `release` with a reason.
    Raises BadRequest without a reason or for another decision, Conflict when it was decided before, NotFound.
    """
    if decision not in get_args(Decision):
        raise BadRequest(why=f"A decision is one of: {', '.join(get_args(Decision))}.")
    reason = reason.strip()
    if not reason:
        raise BadRequest(why="Give the reason for this decision in a sentence.")
    if len(reason) > LONGEST_REASON:
        raise BadRequest(why=f"A reason may have {LONGEST_REASON} characters at most.")
    values = {
        "id": case_id,
        "by": by,
        "decision": decision,
        "now": stores.now(),
        "within": timedelta(hours=stores.settings.case_hours),
        "reason": seal(_reason_key(stores), reason.encode(), place=f"case:{case_id}"),
    }
    async with stores.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(SQL.decide, values)).fetchone()
        if row is None:
            exists = await (await connection.execute(SQL.case, values)).fetchone()
            raise Conflict if exists else NotFound
        if row["kind"] == "access":
            if decision == "erase":
                raise BadRequest(why="There is no clip in this case that could be erased; choose another decision.")
            if decision == "release":
                await review.clear_alert(connection, row["flag_id"], by, stores.now())
        elif decision == "release":
            with suppress(NotFound):  # its owner took it back in the meantime; the decision stands all the same
                await review.give_back(connection, row["task_id"])
        await audit.append_in(connection, stores, {"what": "case", "case": str(case_id), "decision": decision})
    return await case(stores, case_id)


async def overdue(stores: Stores) -> list[Case]:
    """Return cases past their clock that nobody was told about within the last hour, and note that it is told now."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.overdue, {"now": stores.now()})).fetchall()
    return sorted((_case(stores, row) for row in rows), key=lambda one: one.due_at)


async def to_erase(stores: Stores) -> list[Case]:
    """Return cases decided `erase` whose clip still stands; the worker unseals and erases them."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.to_erase)).fetchall()
    return [_case(stores, row) for row in rows]
