"""`Stores`: the one value through which a room reaches database, keys and objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark.errors import Forbidden
from earmark.settings import Settings
from earmark.storage.database import Pool, open_pool
from earmark.storage.home import Home
from earmark.storage.keys import KeyStore
from earmark.storage.objects import Objects


class NoKeys:
    """Stands where a process has no key store: the floor can't open the vault's keys even by mistake."""

    def reserve(self) -> NoReturn:
        raise Forbidden

    def secret(self, slot: int) -> NoReturn:
        raise Forbidden

    def destroy(self, slots: Iterable[int]) -> NoReturn:
        raise Forbidden

    def replay(self, numbers: Iterable[int]) -> NoReturn:
        raise Forbidden

    def states(self) -> NoReturn:
        raise Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What one process may reach."""

    home: Home
    """The installation's folder."""
    settings: Settings
    pool: Pool
    """Connections as this process's own database role."""
    objects: Objects
    vault_keys: KeyStore
    """Keys of people and recordings; NoKeys on the floor and the desk."""
    review_keys: KeyStore
    """Keys of masked copies."""
    signing_key: Ed25519PrivateKey | None
    """Signs receipts, bundles and checkpoints; None on the floor."""
    now: Callable[[], datetime]
    """The clock, in UTC; tests turn it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_stores(
    role: str, settings: Settings, *, now: Callable[[], datetime] = utc_now, size: int = 8
) -> AsyncIterator[Stores]:
    """Open what the process of one database role needs, and nothing more."""
    home = Home.at(settings.home)
    trusted = role in ("earmark_home", "earmark_worker")
    async with open_pool(home, role, size=size) as pool:
        yield Stores(
            home=home,
            settings=settings,
            pool=pool,
            objects=home.objects(settings.objects_url),
            vault_keys=home.key_store("vault") if trusted else NoKeys(),
            review_keys=home.key_store("review"),
            signing_key=None if role == "earmark_review" else home.signing_key(),
            now=now,
        )
