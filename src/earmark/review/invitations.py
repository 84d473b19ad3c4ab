"""Invitations: a link that becomes an account without a name, shown once, good for seven days."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from earmark.errors import BadRequest, Forbidden, NotFound, SignInNeeded
from earmark.review.doings import OPERATOR, SQL, note
from earmark.review.people import lead_only
from earmark.review.sites import NAME, language_tags
from earmark.storage import Stores
from earmark.words import PersonId

if TYPE_CHECKING:
    from earmark.review.people import Reviewer

LASTS = timedelta(days=7)
LINK_LASTS = timedelta(days=2)
ROLES = ("reviewer", "lead")
LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a link is for; the link itself is not kept."""

    id: uuid.UUID
    site: str
    role: str
    """reviewer or lead."""
    languages: tuple[str, ...]
    made_at: datetime
    expires_at: datetime


def _hash(token: str) -> bytes:
    return sha256(token[:LONGEST_TOKEN].encode()).digest()


async def invite(
    stores: Stores, lead: Reviewer | None, *, role: str, languages: str | Sequence[str], site: str | None = None
) -> str:
    """Make an invitation to the lead's own site and return its token; `lead` None: a command, to any site.

    Raises BadRequest, Forbidden for another site than the lead's.
    """
    if lead is not None and (lead.role != "lead" or site not in (None, lead.site)):
        raise Forbidden
    where = lead.site if lead is not None else (site or "").strip()
    if not NAME.fullmatch(where):
        raise BadRequest(why="Say to which site they are invited.")
    if role not in ROLES:
        raise BadRequest(why="People are invited as reviewer or lead.")
    tags = language_tags(languages)
    if not tags:
        raise BadRequest(why="Name at least one language that they understand.")
    token, now = secrets.token_urlsafe(24), stores.now()
    values = {
        "hash": _hash(token),
        "id": uuid.uuid4(),
        "site": where,
        "role": role,
        "languages": list(tags),
        "by": lead.id if lead is not None else OPERATOR,
        "now": now,
        "expires": now + LASTS,
    }
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.drop_invitations, {"now": now})
        await connection.execute(SQL.add_invitation, values)
        detail = {"to": where, "as": role, "languages": list(tags)}
        await note(connection, stores, lead, "person.invited", str(values["id"]), detail)
    return token


async def invitations(stores: Stores, site: str) -> list[Invitation]:
    """Return the invitations to a site that nobody has used yet, newest first."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.invitations_of, {"site": site, "now": stores.now()})).fetchall()
    return [Invitation(**{**row, "languages": tuple(row["languages"])}) for row in rows]


async def invitation(stores: Stores, token: str) -> Invitation:
    """Return what a link is for. Raises NotFound when it was used, withdrawn or is too old."""
    async with stores.pool.connection() as connection:
        values = {"hash": _hash(token), "now": stores.now()}
        row = await (await connection.execute(SQL.invitation, values)).fetchone()
    if row is None:
        raise NotFound
    return Invitation(**{**row, "languages": tuple(row["languages"])})


async def withdraw(stores: Stores, lead: Reviewer, identifier: uuid.UUID) -> None:
    """Make a link to the lead's own site good no more. Raises Forbidden, NotFound."""
    lead_only(lead)
    async with stores.pool.connection() as connection:
        values = {"id": identifier, "site": lead.site}
        if await (await connection.execute(SQL.withdraw_invitation, values)).fetchone() is None:
            raise NotFound
        await note(connection, stores, lead, "person.uninvited", str(identifier), {})


async def link_for(stores: Stores, lead: Reviewer, person: PersonId) -> str:
    """Return the token of a sign-in link for somebody of the lead's own site, good once, within two days.

    Who came by an invitation has no name to sign in with. Raises Forbidden; NotFound for others, and who is locked out.
    """
    lead_only(lead)
    token, now = secrets.token_urlsafe(24), stores.now()
    values = {"hash": _hash(token), "reviewer": person, "site": lead.site, "expires": now + LINK_LASTS}
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.link_for, values)).fetchone()
        if row is None or not row["ok"]:
            raise NotFound
        await note(connection, stores, lead, "person.link", str(person), {})
    return token


async def accept(stores: Stores, token: str) -> str:
    """Trade a link for an account without a name, and return the token of its first session.

    Raises SignInNeeded when the link was used, withdrawn or is too old.
    """
    session, person, now = secrets.token_urlsafe(32), PersonId(uuid.uuid4()), stores.now()
    values = {"hash": _hash(token), "session": sha256(session.encode()).digest(), "person": person, "now": now}
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.accept_invitation, values)).fetchone()
        if row is None or not row["ok"]:  # the door itself writes into the log that somebody came
            raise SignInNeeded
    return session
