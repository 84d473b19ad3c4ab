"""People, roles, sign-in, sessions."""

from earmark.accounts.people import (
    ROLES,
    Member,
    Person,
    create_household,
    create_person,
    people,
    person,
    person_by_handle,
    set_password,
    staff,
)
from earmark.accounts.sessions import (
    PLANE_ROLES,
    Account,
    Plane,
    forget_expired,
    make_sign_in_link,
    redeem_link,
    sign_in,
    sign_out,
    start_session,
    whoami,
)

__all__ = [
    "PLANE_ROLES",
    "ROLES",
    "Account",
    "Member",
    "Person",
    "Plane",
    "create_household",
    "create_person",
    "forget_expired",
    "make_sign_in_link",
    "people",
    "person",
    "person_by_handle",
    "redeem_link",
    "set_password",
    "sign_in",
    "sign_out",
    "staff",
    "start_session",
    "whoami",
]
