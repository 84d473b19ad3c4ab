"""The demo's people and devices: made up, and called so on screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from earmark import accounts, consent, review, vault
from earmark.accounts import Plane
from earmark.demo.sites import demo_sites
from earmark.here import SIMULATED
from earmark.review.sites import Site
from earmark.storage import Stores
from earmark.words import PersonId

OWNERS = ("Ada", "Ben", "Chloe", "Dan")
DEVICES = (("Kitchen", "Ada"), ("Living room", "Ben"), ("Bedroom", "Chloe"))
REVIEWERS_A_SITE = 3
"""At whatever hour the demo turns, one of its sites is open, and a tie needs three people."""
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
    reviewers: Mapping[str, tuple[PersonId, ...]]
    """Simulated ones, by the name of their site."""
    staff: dict[str, tuple[PersonId, Plane]]
    """Role → who, where they sign in; `owner` and `reviewer` among them."""


async def move_in(stores: Stores) -> Cast:
    """Make the household, its devices, the sites with their reviewers, and the staff; everybody at home opts in."""
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
    reviewers: dict[str, tuple[PersonId, ...]] = {}
    for site in demo_sites(stores.settings.region):
        await review.sites.put_site(stores, None, site)
        reviewers[site.name] = tuple([await _reviewer(stores, site) for _ in range(REVIEWERS_A_SITE)])
    guest = await accounts.create_person(stores, name="You", handle="reviewer", roles=["reviewer"], site="Boston")
    staff: dict[str, tuple[PersonId, Plane]] = {"owner": (owners["Ada"], "home"), "reviewer": (guest, "floor")}
    for role, name, plane in STAFF:
        site = f"Boston {SIMULATED}" if role == "lead" else None
        person = await accounts.create_person(stores, name=name, handle=role, roles=[role], site=site)
        staff[role] = (person, plane)
    return Cast(owners=owners, tokens=tokens, reviewers=reviewers, staff=staff)


async def _reviewer(stores: Stores, site: Site) -> PersonId:
    name, languages = f"Simulated reviewer in {site.name}", site.languages
    return await accounts.create_person(stores, name=name, roles=["reviewer"], site=site.name, languages=languages)
