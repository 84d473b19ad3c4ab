"""What stands where a sound file's name would stand."""

from __future__ import annotations

from earmark.airlock import Leaving

SCHEME = "earmark:"


def name_of(label: Leaving) -> str:
    """Return a name that is the same in every export and that nobody can open."""
    return f"{SCHEME}{label.id}"
