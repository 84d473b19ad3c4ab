"""What is said of one guarantee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["held", "partly", "not held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One thing that went wrong elsewhere, and shall not here."""

    number: int
    """1 to 20."""
    group: str
    title: str
    """What is guaranteed, in a sentence."""
    state: State
    """`held`: every attack below failed. `partly`: those failed, and something is missing. `not held`: not in this
    version or set-up."""
    tried: tuple[str, ...] = ()
    """The attacks, one sentence a test."""
    why: str = ""
    """What is missing, or where it ends."""
