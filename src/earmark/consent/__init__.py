"""Who allowed what, for which device, since when. It never guesses: no word means no."""

from earmark.consent.grants import (
    EARLIER_WORDINGS,
    PURPOSES,
    WORDINGS,
    Grant,
    Grants,
    How,
    Purpose,
    Wording,
    current,
    everything,
    people_who_allow,
    set_grant,
    wording,
)

__all__ = [
    "EARLIER_WORDINGS",
    "PURPOSES",
    "WORDINGS",
    "Grant",
    "Grants",
    "How",
    "Purpose",
    "Wording",
    "current",
    "everything",
    "people_who_allow",
    "set_grant",
    "wording",
]
