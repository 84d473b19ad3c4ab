"""Safety: every flag becomes a case with a clock, and somebody decides it with a reason that is kept.

The desk: `cases`, `case`, `listen`, `decide`. The worker: `open_cases`, `overdue` (whom to remind), `to_erase` (unseal
each at the airlock and erase it in the vault).
"""

from earmark.safety.cases import (
    Case,
    Decision,
    case,
    cases,
    decide,
    listen,
    open_cases,
    overdue,
    to_erase,
)

__all__ = [
    "Case",
    "Decision",
    "case",
    "cases",
    "decide",
    "listen",
    "open_cases",
    "overdue",
    "to_erase",
]
