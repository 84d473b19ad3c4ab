"""Signing in: one-time links and passwords become sessions of one plane. Only hashes of tokens are stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from earmark import audit
from earmark.accounts.people import SQL, _name_key, check_password
from earmark.errors import Erased, Forbidden, SignInNeeded
from earmark.storage import Connection, Row, Stores, fetch, unseal_json
from earmark.words import HouseholdId, PersonId

Plane = Literal["home", "floor", "desk"]
PLANE_ROLES: dict[Plane, frozenset[str]] = {
    "home": frozenset({"owner"}),
    "floor": frozenset({"reviewer", "lead"}),
    "desk": frozenset({"safety", "engineer", "auditor", "admin"}),
}
_LASTS = {"home": timedelta(days=30), "floor": timedelta(hours=12), "desk": timedelta(hours=12)}
LINK_LASTS = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who is asking."""

    person_id: PersonId
    roles: frozenset[str]
    """Those that count on this plane."""
    household_id: HouseholdId | None = None
    site: str | None = None
    languages: tuple[str, ...] = ("en",)
    name: str | None = None
    """None on the floor and the desk: they hold no key for names."""
    exclusion_secrets: tuple[bytes, ...] = ()
    """Recognise clips of the reviewer's own household (airlock)."""


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def make_sign_in_link(stores: Stores, person_id: PersonId, plane: Plane, *, lasts: timedelta = LINK_LASTS) -> str:
    """Return a token that signs this person in once, within two days."""
    token = secrets.token_urlsafe(24)
    values = {"hash": _hash(token), "person": person_id, "plane": plane, "expires": stores.now() + lasts}
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.add_link, values)
    return token


async def redeem_link(stores: Stores, token: str, plane: Plane) -> str:
    """Trade a link's token for a session's. Raises SignInNeeded when it is unknown, used or too old."""
    session = secrets.token_urlsafe(32)
    async with stores.pool.connection() as connection:
        if plane == "floor":
            values = {"link": _hash(token), "session": _hash(session), "now": stores.now()}
            row = await (await connection.execute(SQL.floor_redeem, values)).fetchone()
            if row is None or not row["ok"]:
                raise SignInNeeded
            return session
        values = {"hash": _hash(token), "plane": plane, "now": stores.now()}
        row = await (await connection.execute(SQL.take_link, values)).fetchone()
        if row is None:
            raise SignInNeeded
        await _begin(connection, stores, session, row["person_id"], plane)
    return session


async def _begin(connection: Connection, stores: Stores, token: str, person_id: PersonId, plane: Plane) -> None:
    """Start a session; the log keeps each time that somebody who works here signs in (the floor's door does too)."""
    await connection.execute(SQL.add_session, _session(stores, token, person_id, plane))
    if plane != "home":
        await audit.append_in(connection, stores, {"what": "sign-in", "plane": plane})


def _session(stores: Stores, token: str, person_id: PersonId, plane: Plane) -> dict[str, object]:
    now = stores.now()
    return {"hash": _hash(token), "person": person_id, "plane": plane, "now": now, "expires": now + _LASTS[plane]}


async def sign_in(stores: Stores, handle: str, password: str, plane: Plane) -> str:
    """Check name and password and return a session's token. Raises SignInNeeded."""
    if plane == "floor":
        raise Forbidden
    person_id = await check_password(stores, handle, password)
    if person_id is None:
        raise SignInNeeded
    return await start_session(stores, person_id, plane)


async def start_session(stores: Stores, person_id: PersonId, plane: Plane) -> str:
    """Sign a person in without asking; for the command line of whoever runs this installation."""
    session = secrets.token_urlsafe(32)
    async with stores.pool.connection() as connection:
        await _begin(connection, stores, session, person_id, plane)
    return session


async def whoami(stores: Stores, session: str, plane: Plane) -> Account | None:
    """Return who holds this session and may be on this plane, or None."""
    statement = SQL.floor_whoami if plane == "floor" else SQL.session
    values = {"hash": _hash(session), "plane": plane, "now": stores.now()}
    rows = await fetch(stores.pool, statement, values)
    if not rows:
        return None
    roles = frozenset(rows[0]["roles"]) & PLANE_ROLES[plane]
    return _account(stores, rows[0], roles, plane) if roles else None


def _account(stores: Stores, row: Row, roles: frozenset[str], plane: Plane) -> Account:
    secret = row["exclusion_secret"]
    common = {
        "roles": roles,
        "site": row["site"],
        "languages": tuple(row["languages"]),
        "exclusion_secrets": (secret,) if secret else (),
    }
    if plane == "floor":
        return Account(person_id=row["person_id"], **common)
    name = None
    if plane == "home" and row["sealed"] is not None:
        try:
            key = _name_key(stores, row["key_slot"])
            name = unseal_json(key, row["sealed"], place=f"person:{row['id']}")["name"]
        except Erased:
            name = None
    return Account(person_id=row["id"], household_id=row["household_id"], name=name, **common)


async def sign_out(stores: Stores, session: str, plane: Plane) -> None:
    statement = SQL.floor_sign_out if plane == "floor" else SQL.end_session
    async with stores.pool.connection() as connection:
        await connection.execute(statement, {"hash": _hash(session)})


async def forget_expired(stores: Stores) -> None:
    """Drop sessions and links past their time."""
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.forget_expired, {"now": stores.now()})
