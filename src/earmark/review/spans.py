"""Stretches of anything that has an order: seconds of a clip, instants of a day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

T = TypeVar("T", float, datetime)


def joined(spans: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """Return spans in the order of their starts, with those that touch made one."""
    found: list[tuple[T, T]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
