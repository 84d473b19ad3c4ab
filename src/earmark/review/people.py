"""Who is at the console, as far as the floor knows."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.errors import Forbidden
from earmark.words import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Somebody at the console."""

    id: PersonId
    languages: tuple[str, ...]
    """Languages they understand; nothing else is served."""
    secrets: tuple[bytes, ...] = ()
    """Exclusion secrets of their own households; clips from there are never served to them."""
    site: str
    """Where they work; owners see it beside each hearing."""
    role: str = "reviewer"
    """`reviewer` or `lead`; owners see it too."""


def lead_only(who: Reviewer | None) -> None:
    """Let a lead pass, and `None`: a command of whoever runs this installation. Raises Forbidden."""
    if who is not None and who.role != "lead":
        raise Forbidden
