"""What an account is made of, for the person whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from earmark.accounts.people import SQL, Person, person
from earmark.accounts.sessions import Plane
from earmark.errors import NotFound
from earmark.storage import Stores, fetch
from earmark.words import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A browser or program that is signed in, or a link that would do it."""

    plane: Plane
    since: datetime | None
    """None: a link that nobody has opened yet."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """Everything an account holds. Passwords and tokens are kept as hashes only, and those are not handed out."""

    person: Person
    since: date
    """The day the account was made."""
    has_password: bool
    household_since: date | None
    sign_ins: tuple[SignIn, ...]


async def own_data(stores: Stores, person_id: PersonId) -> OwnData:
    """Return what an account holds. Raises NotFound."""
    who = await person(stores, person_id)
    rows = await fetch(stores.pool, SQL.own_data, {"person": person_id})
    if not rows:
        raise NotFound
    sign_ins = await fetch(stores.pool, SQL.sign_ins, {"person": person_id})
    return OwnData(person=who, sign_ins=tuple(SignIn(**each) for each in sign_ins), **rows[0])
