"""What the assistant asks a device to do: timers and alarms that ring, and how loud it is.

Held in memory only. After a restart the assistant, which keeps them encrypted, sends those that have not rung yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """A timer or an alarm that is due."""

    id: str
    """As the assistant named it."""
    kind: str
    """`timer` or `alarm`."""
    due: datetime
    """With time zone."""
    label: str = ""

    @property
    def sentence(self) -> str:
        """What the device says when it rings."""
        name = f"{self.label} {self.kind}" if self.label else self.kind
        return f"Your {name} is ringing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a device has been asked to keep; every change gives a new one."""

    alarms: tuple[Ringing, ...] = ()
    """Soonest first."""
    volume: int = 50
    """Per cent, 0..100."""
    muted: bool = False

    def apply(self, action: Mapping[str, Any]) -> Desk:
        """Carry out `{"kind", "data"}`; one that a device does not know, or that makes no sense, changes nothing."""
        kind, data = action.get("kind"), action.get("data") or {}
        try:
            match kind:
                case "timer.set" | "alarm.set":
                    due = datetime.fromisoformat(data["due"])
                    if due.tzinfo is None:
                        return self
                    new = Ringing(id=str(data["id"]), kind=kind[:5], due=due, label=str(data.get("label", "")))
                    others = [alarm for alarm in self.alarms if alarm.id != new.id]
                    return replace(self, alarms=tuple(sorted([*others, new], key=lambda alarm: alarm.due)))
                case "timer.cancel" | "alarm.cancel":
                    return replace(self, alarms=tuple(a for a in self.alarms if a.id != str(data["id"])))
                case "volume.set":
                    return replace(self, volume=_percent(data["percent"]), muted=False)
                case "volume.change":
                    return replace(self, volume=_percent(self.volume + int(data["percent"])), muted=False)
                case "volume.mute":
                    return replace(self, muted=bool(data["on"]))
        except (KeyError, TypeError, ValueError):
            return self
        return self

    def ring(self, now: datetime) -> tuple[Desk, tuple[Ringing, ...]]:
        """Take out what is due at `now`; it rings once."""
        due = tuple(alarm for alarm in self.alarms if alarm.due <= now)
        return replace(self, alarms=self.alarms[len(due) :]), due

    @property
    def gain(self) -> float:
        """Factor for samples, 0..1; a volume of 50 is -12 dB, as ears count in decibels."""
        return 0.0 if self.muted or not self.volume else (self.volume / 100) ** 2


def _percent(value: object) -> int:
    return max(0, min(100, int(value)))  # pyright: ignore[reportArgumentType]  (JSON; TypeError is caught)
