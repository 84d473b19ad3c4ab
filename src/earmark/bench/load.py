"""Processor time of processes, so that a busy machine is not taken for a slow program. Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from earmark.words import Seconds

_PROC = Path("/proc")


def processor_seconds(pids: Iterable[int]) -> Seconds:
    """Return the processor time that these used so far; those that are gone count nothing."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        if fields:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Return a process's children."""
    if not _PROC.is_dir():
        return []
    numbers = [int(each.name) for each in _PROC.iterdir() if each.name.isdigit()]
    return [number for number in numbers if (fields := _stat(number)) and int(fields[1]) == pid]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold spaces."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
