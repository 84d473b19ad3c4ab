"""Who allowed what, for which device, since when. It never guesses: no word means no."""

from earmark.consent.grants import (
    AS_FOR_ALL,
    BY_DEVICE,
    CLOCKS,
    NEVER_OF_A_CHILD,
    PURPOSES,
    UNTIL_DELETED,
    Grant,
    Grants,
    How,
    current,
    everything,
    people_who_allow,
    set_grant,
)
from earmark.consent.wordings import EARLIER_WORDINGS, WORDINGS, Purpose, Wording, wording, wordings

__all__ = [
    "AS_FOR_ALL",
    "BY_DEVICE",
    "CLOCKS",
    "EARLIER_WORDINGS",
    "NEVER_OF_A_CHILD",
    "PURPOSES",
    "UNTIL_DELETED",
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
    "wordings",
]
