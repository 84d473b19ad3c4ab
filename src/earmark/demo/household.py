"""The demo's people and devices: made up, and called so on screen."""

from __future__ import annotations

from dataclasses import dataclass

from earmark import accounts, consent, vault
from earmark.accounts import Plane
from earmark.storage import Stores
from earmark.words import PersonId

OWNERS = ("Ada", "Ben", "Chloe", "Dan")
DEVICES = (("Kitchen", "Ada"), ("Living room", "Ben"), ("Bedroom", "Chloe"))
REVIEWERS = (
    ("Simulated reviewer 1", "Boston (simulated)"),
    ("Simulated reviewer 2", "Hyderabad (simulated)"),
    ("Simulated reviewer 3", "Bucharest (simulated)"),
)
STAFF: tuple[tuple[str, str, Plane], ...] = (
    ("lead", "Sample lead", "floor"),
    ("safety", "Sample safety officer", "desk"),
    ("engineer", "Sample engineer", "desk"),
    ("auditor", "Sample auditor", "desk"),
    ("admin", "Sample admin", "desk"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who is in the demo."""

    owners: dict[str, PersonId]
    """By name."""
    tokens: dict[str, str]
    """Device name → token."""
    reviewers: tuple[PersonId, ...]
    staff: dict[str, tuple[PersonId, Plane]]
    """Role → who, where they sign in; `owner` and `reviewer` among them."""


async def move_in(stores: Stores) -> Cast:
    """Make the household, its devices, the reviewers and the staff; everybody at home opts in."""
    household = await accounts.create_household(stores)
    owners: dict[str, PersonId] = {}
    for name in OWNERS:
        owners[name] = await accounts.create_person(
            stores, name=name, handle=name.casefold(), roles=["owner"], household_id=household
        )
        for purpose in ("save", "review", "transcription", "donate"):
            await consent.set_grant(stores, owners[name], purpose, True, how="first-run")
    tokens = {}
    for device, owner in DEVICES:
        _, tokens[device] = await vault.add_device(stores, household_id=household, person_id=owners[owner], name=device)
    reviewers = tuple(
        [
            await accounts.create_person(stores, name=name, handle=f"reviewer{index}", roles=["reviewer"], site=site)
            for index, (name, site) in enumerate(REVIEWERS, start=1)
        ]
    )
    guest = await accounts.create_person(stores, name="You", handle="reviewer", roles=["reviewer"], site="Boston")
    staff: dict[str, tuple[PersonId, Plane]] = {"owner": (owners["Ada"], "home"), "reviewer": (guest, "floor")}
    for role, name, plane in STAFF:
        person = await accounts.create_person(stores, name=name, handle=role, roles=[role], site="Boston")
        staff[role] = (person, plane)
    return Cast(owners=owners, tokens=tokens, reviewers=reviewers, staff=staff)
