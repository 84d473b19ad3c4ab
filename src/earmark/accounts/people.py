"""People and households. Names lie sealed under the person's own key and go with it."""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from psycopg.errors import UniqueViolation

from earmark import audit
from earmark.errors import BadRequest, NotFound
from earmark.storage import Connection, Row, Statements, Stores, derive, seal_json, unseal_json
from earmark.words import HouseholdId, PersonId

SQL = Statements("earmark.accounts")
ROLES = ("owner", "reviewer", "lead", "safety", "engineer", "auditor", "admin")
_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account, name included."""

    id: PersonId
    household_id: HouseholdId | None
    name: str  # empty: they came by an invitation to the floor, which has no key that could hold one
    handle: str | None
    """What they sign in with."""
    roles: frozenset[str]
    site: str | None
    languages: tuple[str, ...]
    child: bool = False
    """No sound of a child is kept, and nobody may listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who works here, as far as the desk knows: it has no key for names."""

    id: PersonId
    roles: frozenset[str]
    site: str | None
    languages: tuple[str, ...]
    since: date


async def create_household(stores: Stores) -> HouseholdId:
    household = HouseholdId(uuid.uuid4())
    async with stores.pool.connection() as connection:
        await connection.execute(
            SQL.add_household, {"id": household, "secret": secrets.token_bytes(16), "on": stores.now().date()}
        )
    return household


async def count_households(stores: Stores) -> int:
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.count_households)).fetchone()
    return row["households"] if row else 0


async def create_person(
    stores: Stores,
    *,
    name: str,
    roles: Iterable[str],
    handle: str | None = None,
    household_id: HouseholdId | None = None,
    site: str | None = None,
    languages: Iterable[str] = ("en",),
    child: bool = False,
) -> PersonId:
    """Add a person; the log keeps in which roles.

    Raises BadRequest for an unknown role, a sign-in name that is taken, or a child with a job.
    """
    wanted = sorted(set(roles))
    if child and wanted != ["owner"]:
        raise BadRequest(why="A child's profile is an owner's; it can't have a job here.")
    if not wanted or not set(wanted) <= set(ROLES):
        raise BadRequest(why=f"A person needs at least one role of: {', '.join(ROLES)}.")
    person, slot = PersonId(uuid.uuid4()), stores.vault_keys.reserve()
    sealed = seal_json(_name_key(stores, slot), {"name": name, "handle": handle}, place=f"person:{person}")
    try:
        async with stores.pool.connection() as connection:
            await connection.execute(
                SQL.add_person,
                {
                    "id": person,
                    "household": household_id,
                    "handle_hash": handle_hash(stores, handle) if handle else None,
                    "sealed": sealed,
                    "slot": slot,
                    "roles": wanted,
                    "site": site,
                    "languages": list(languages),
                    "on": stores.now().date(),
                    "child": child,
                },
            )
            await audit.append_in(connection, stores, {"what": "person.added", "roles": wanted})
    except UniqueViolation:
        raise BadRequest(why="This sign-in name is taken; choose another one.") from None
    return person


def _name_key(stores: Stores, slot: int) -> bytes:
    return derive(stores.vault_keys.secret(slot), purpose="name")


def handle_hash(stores: Stores, handle: str) -> bytes:
    key = bytes.fromhex(stores.home.secret("handle-key"))
    return hmac.new(key, handle.strip().casefold().encode(), sha256).digest()


def _person(stores: Stores, row: Row) -> Person:
    content = {"name": "", "handle": None}
    if row["sealed"] is not None:
        content = unseal_json(_name_key(stores, row["key_slot"]), row["sealed"], place=f"person:{row['id']}")
    return Person(
        id=row["id"],
        household_id=row["household_id"],
        name=content["name"],
        handle=content["handle"],
        roles=frozenset(row["roles"]),
        site=row["site"],
        languages=tuple(row["languages"]),
        child=row["child"],
    )


async def lock_owner(connection: Connection, person_id: PersonId) -> None:
    """Wait for what is being kept of an owner, and let nothing more be kept until the caller's transaction ends.

    Raises NotFound, BadRequest for somebody who works here too.
    """
    row = await (await connection.execute(SQL.lock_person, {"id": person_id})).fetchone()
    if row is None:
        raise NotFound
    if set(row["roles"]) != {"owner"}:
        raise BadRequest(why="Whoever works here too keeps their account until an admin has taken the job away.")


async def remove_person(connection: Connection, person_id: PersonId) -> int:
    """Remove an owner's account inside the caller's transaction; returns the slot of the key to be destroyed."""
    row = await (await connection.execute(SQL.remove_person, {"id": person_id})).fetchone()
    if row is None:
        raise NotFound
    return row["key_slot"]


async def person(stores: Stores, person_id: PersonId) -> Person:
    """Return one person. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.person, {"id": person_id})).fetchone()
    if row is None:
        raise NotFound
    return _person(stores, row)


async def person_by_handle(stores: Stores, handle: str) -> Person:
    """Return who signs in with this name. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (
            await connection.execute(SQL.person_by_handle, {"handle_hash": handle_hash(stores, handle)})
        ).fetchone()
    if row is None:
        raise NotFound
    return _person(stores, row)


async def people(stores: Stores, household_id: HouseholdId | None = None) -> list[Person]:
    """Return everybody, or everybody of one household."""
    statement = SQL.people if household_id is None else SQL.people_of_household
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(statement, {"household": household_id})).fetchall()
    return [_person(stores, row) for row in rows]


async def staff(stores: Stores) -> list[Member]:
    """Return everybody with a role besides owner, oldest first, without names."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.staff)).fetchall()
    return [
        Member(
            id=row["id"],
            roles=frozenset(row["roles"]) - {"owner"},
            site=row["site"],
            languages=tuple(row["languages"]),
            since=row["created_on"],
        )
        for row in rows
    ]


async def set_password(stores: Stores, person_id: PersonId, password: str) -> None:
    """Set a password (argon2id). Raises BadRequest when it is shorter than ten characters."""
    if len(password) < 10:
        raise BadRequest(why="A password needs at least ten characters; three random words are good.")
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.set_password, {"id": person_id, "hash": _HASHER.hash(password)})


@cache
def _nobody() -> str:
    """Return the hash of a password that nobody has; made at the first sign-in, because it takes a while."""
    return _HASHER.hash(secrets.token_hex(16))


async def check_password(stores: Stores, handle: str, password: str) -> PersonId | None:
    """Return whose name and password these are; an unknown name takes as long as a wrong password."""
    async with stores.pool.connection() as connection:
        row = await (
            await connection.execute(SQL.person_by_handle, {"handle_hash": handle_hash(stores, handle)})
        ).fetchone()
    known = row["password_hash"] if row else None
    try:
        _HASHER.verify(known or _nobody(), password)
    except VerificationError:
        return None
    return row["id"] if row and known else None
