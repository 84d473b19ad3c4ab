"""What leads and admins change is written down with the change itself; the worker carries it to the audit log."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from earmark.storage import Connection, Statements, Stores
from earmark.words import PersonId

if TYPE_CHECKING:
    from earmark.review.people import Reviewer

SQL = Statements("earmark.review", "people.sql")
OPERATOR = PersonId(uuid.UUID(int=0))
"""Whoever runs this installation and gives a command: no account of the floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One change."""

    id: int
    at: datetime
    what: str
    """`site.changed`, `campaign.made`, `person.locked` …; docs/audit-log.md lists them."""
    about: str
    """The site's name, the campaign's or question's name or id; of a person, their number, which stays here."""
    role: str
    """Of who did it; `admin` for a command of whoever runs this installation."""
    site: str
    detail: Mapping[str, Any]


async def note(
    connection: Connection, stores: Stores, by: Reviewer | None, what: str, about: str, detail: Mapping[str, Any]
) -> None:
    """Write down who changed what, inside the caller's transaction; `by` None: the installation's own commands.

    `detail` goes into the audit log, all but `reason`: free words stay here, where leads read them.
    """
    who = {"role": by.role, "site": by.site} if by is not None else {"role": "admin", "site": ""}
    values = {
        "at": stores.now(),
        "by": by.id if by is not None else OPERATOR,
        "what": what,
        "about": about,
        "detail": json.dumps({"by": who, **detail}),
    }
    await connection.execute(SQL.add_doing, values)


async def doings(stores: Stores, about: str, *, most: int = 50) -> list[Doing]:
    """Return what was done about something, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.doings_about, {"about": about, "most": most})).fetchall()
    return [_doing(row) for row in rows]


async def new_doings(connection: Connection, *, most: int = 1000) -> list[Doing]:
    """Return what the audit log does not have yet, oldest first; other workers step over these until the commit."""
    rows = await (await connection.execute(SQL.new_doings, {"most": most})).fetchall()
    return [_doing(row) for row in rows]


async def mark_carried(connection: Connection, ids: list[int]) -> None:
    await connection.execute(SQL.mark_carried, {"ids": ids})


def _doing(row: Mapping[str, Any]) -> Doing:
    detail = dict(row["detail"])
    by = detail.pop("by", {})
    return Doing(
        id=row["id"],
        at=row["at"],
        what=row["what"],
        about=row["about"],
        role=by.get("role", "lead"),  # questions are published by leads alone
        site=by.get("site", ""),
        detail=detail,
    )
