"""`earmark doctor`: do rows, sound, keys, consents and tasks agree, and what can be mended where they don't?"""

from earmark.doctor.examining import LEFTOVERS, PREFIXES, WHAT, Code, Finding, examine
from earmark.doctor.repairing import HOW_MENDED, WHY_LEFT, Mended, Repaired, is_alone, repair
from earmark.doctor.sweeping import sweep

__all__ = [
    "HOW_MENDED",
    "LEFTOVERS",
    "PREFIXES",
    "WHAT",
    "WHY_LEFT",
    "Code",
    "Finding",
    "Mended",
    "Repaired",
    "examine",
    "is_alone",
    "repair",
    "sweep",
]
