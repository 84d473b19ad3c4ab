"""What a room must offer so that an erasure reaches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earmark.words import InteractionId, KeepsakeId

if TYPE_CHECKING:
    from earmark.storage.database import Connection
    from earmark.storage.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be erased, all of it one person's."""

    interactions: Sequence[InteractionId] = ()
    keepsakes: Sequence[KeepsakeId] = ()
    """What skills keep; named only when everything of a person goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """What one eraser found that lies outside the database."""

    vault_slots: Sequence[int] = ()
    """Slots to destroy in the key store of recordings and people."""
    review_slots: Sequence[int] = ()
    """Slots to destroy in the key store of masked copies."""
    objects: Sequence[str] = ()
    """Names of objects to delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """How one room forgets what was chosen; each step may run twice with the same result."""

    tables: frozenset[str]
    """`schema.table` names this eraser answers for, those without anything personal included."""
    prefixes: frozenset[str] = field(default_factory=frozenset)
    """Object prefixes this eraser answers for."""
    find: Callable[[Stores, Connection, Chosen], Awaitable[Doomed]]
    """Names keys and objects while the rows still know them."""
    erase: Callable[[Stores, Connection, Chosen], Awaitable[Mapping[str, int]]]
    """Deletes or revokes rows inside the caller's transaction; returns counts for the receipt."""
