"""A verifier of a device's own: where it stands, who lives there and what its television says are its own.

Never learned from one's own recordings alone: everybody's and the synthetic voices' are there too, and the device's
weigh more. It is made only where it judges recordings of that device better that neither it nor its rival has seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from earmark.device import pack
from earmark.learn.wake_rows import WEIGHT_OF_ITS_OWN, Rows

if TYPE_CHECKING:
    from earmark.learn.wake import Calibrated

ENOUGH_SAID, ENOUGH_OTHER = 24, 12
"""Labelled wakes and false wakes of one device from which on it may get a verifier of its own. A third judges."""
_THIRDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One device's verifier, and why it has one."""

    device: str
    """The device's opaque name."""
    files: Mapping[str, bytes]
    """`wake/<word>@<device>.json` and `.npz`."""
    before: float
    """Cost of everybody's verifier on recordings of this device that neither was trained on."""
    after: float
    """Of its own."""


def own_verifiers(
    word: str,
    rows: Rows,
    *,
    make: Callable[..., Calibrated],
    cost_of_a_miss: float,
    progress: Callable[[str, int, int], None],
) -> list[Own]:
    """Return verifiers for those devices that have enough labels and are better off with one of their own.

    `make` trains on rows; with `own` the recordings of that device weigh more.
    """
    found = []
    devices = [name for name in np.unique(rows.device).tolist() if name and enough(rows, name)]
    for done, name in enumerate(devices, start=1):
        tried = judged(rows, name)
        rest = rows.take(~tried)
        before = cost(make(rest).woke(rows.take(tried)), rows.take(tried), cost_of_a_miss)
        after = cost(make(rest, own=name).woke(rows.take(tried)), rows.take(tried), cost_of_a_miss)
        if after < before:
            verifier = make(rows, own=name)
            about = verifier.about() | {
                "cost_of_a_miss": cost_of_a_miss,
                "own": {"before": before, "after": after, "weight": WEIGHT_OF_ITS_OWN},
            }
            files = pack(about, verifier.arrays(), name=f"{word}@{name}")
            found.append(Own(device=name, files=files, before=before, after=after))
        progress("verifiers of devices' own", done, len(devices))
    return found


def enough(rows: Rows, device: str) -> bool:
    """Tell whether a device has enough labelled clips of both kinds, and other devices have some too."""
    mine = rows.labelled & (rows.device == device)
    said, other = (len(np.unique(rows.clip[mine & (rows.said == kind)])) for kind in (True, False))
    others = rows.take(rows.device != device)
    both = bool(others.said.any() and not others.said.all())
    return said >= ENOUGH_SAID and other >= ENOUGH_OTHER and both


def judged(rows: Rows, device: str) -> NDArray[np.bool_]:
    """Return which rows of a device judge instead of teaching: all rows of every third clip of each kind."""
    mine = rows.labelled & (rows.device == device)
    chosen = np.zeros(len(rows), dtype=bool)
    for kind in (True, False):
        clips = np.unique(rows.clip[mine & (rows.said == kind)]).tolist()
        third = sorted(clips, key=lambda clip: hashlib.sha256(f"{device} {clip}".encode()).digest())[::_THIRDS]
        chosen |= mine & np.isin(rows.clip, third)
    return chosen


def cost(woke: NDArray[np.bool_], rows: Rows, cost_of_a_miss: float) -> float:
    """Return what a device's judged recordings cost, as the operating point counts: misses and false wakes."""
    said, other = rows.said, ~rows.said
    missed = float(np.mean(~woke[said])) if said.any() else 0.0
    return cost_of_a_miss * missed + (float(np.mean(woke[other])) if other.any() else 0.0)
