"""What a skill gets, what it gives back, and what it may ask of the home.

A skill is one folder under `skills/`: `sentences.yaml` (hassil templates, Home Assistant's format) and `skill.py`
with one function `async def handle(request: Request, home: Home) -> Reply`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from earmark.words import DeviceId, InteractionId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One understood command."""

    intent: str
    """An intent of some skill's `sentences.yaml`."""
    slots: Mapping[str, str]
    """Slot name to value, as text; numbers are decimal digits."""
    text: str
    """The words as recognised, lower case."""
    now: datetime
    """The device's local time, with its time zone."""
    device_id: DeviceId
    """Where it was said."""
    person_id: PersonId | None = None
    """Who owns the device or spoke, when known."""
    interaction_id: InteractionId | None = None
    """This exchange in the vault; None when nothing is kept."""
    confirms: str = ""
    """What the reply to the utterance before this one asked (`Reply.asks`), a moment ago; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the device carries out."""

    kind: str
    """`timer.set`, `timer.cancel`, `alarm.set`, `alarm.cancel`, `volume.set`, `volume.change`, `volume.mute` or
    `coffee.order`."""
    data: Mapping[str, object] = field(default_factory=dict)
    """JSON values only; times are ISO 8601 with their offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the assistant answers."""

    text: str
    """Spoken to the person; plain sentences, no markup."""
    actions: Sequence[Action] = ()
    """Carried out by the device in this order."""
    done: bool = True
    """False when the command was understood and could not be done."""
    asks: str = ""
    """What this reply asks the person to confirm: the next utterance gets it as `Request.confirms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A timer or an alarm that has not rung yet."""

    id: str
    """Opaque; the device knows the alarm by it."""
    kind: str
    """`timer` (after a while) or `alarm` (at a time of day)."""
    due: datetime
    """When it rings, with time zone."""
    label: str = ""
    """What it is for (`pasta`), or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message left for a member of the household."""

    id: str
    """Opaque; given back to `messages_mark_read`."""
    from_name: str
    """Who left it, or `somebody` when unknown."""
    text: str
    """Its words as recognised."""
    left_at: datetime
    """When it was left, with time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """People of one role and site who listened on one day; nobody's name."""

    role: str
    """`reviewer`, `lead` or `safety`."""
    site: str
    day: date
    times: int


class Home(Protocol):
    """What skills need of the household; the only way a skill reads or keeps anything."""

    async def member_names(self) -> Sequence[str]:
        """First names of the household's members, as they are spoken."""
        ...

    async def shopping_add(self, item: str) -> bool:
        """Put an item on the list; False when it already stands there."""
        ...

    async def shopping_remove(self, item: str) -> bool:
        """Take an item off; False when it was not on the list. Compared without case."""
        ...

    async def shopping_all(self) -> Sequence[str]:
        """The items, oldest first."""
        ...

    async def shopping_clear(self) -> int:
        """Empty the list; how many items went."""
        ...

    async def message_leave(self, to_name: str, text: str) -> bool:
        """Leave a message; False when nobody in the household has that name."""
        ...

    async def messages_unread(self) -> Sequence[Message]:
        """Messages for the person who asks, oldest first."""
        ...

    async def messages_mark_read(self, ids: Sequence[str]) -> None:
        """These were read out and go for good."""
        ...

    async def alarm_add(self, kind: str, due: datetime, label: str) -> Alarm:
        """Keep a timer or an alarm for this device."""
        ...

    async def alarms(self) -> Sequence[Alarm]:
        """Timers and alarms of this device that have not rung, soonest first."""
        ...

    async def alarm_cancel(self, ids: Sequence[str]) -> None:
        """Drop these; unknown ids are ignored."""
        ...

    async def delete_last(self) -> int:
        """Erase the interaction before this one, and this one after its reply; how many earlier ones went."""
        ...

    async def delete_between(self, since: datetime, until: datetime | None) -> int:
        """Erase what this person said from `since` to before `until` (None: no end), and not keep this command; how
        many interactions went.

        The list, messages and alarms stay.
        """
        ...

    async def delete_everything(self) -> int:
        """Erase everything of this person: interactions, lines on the list, messages, alarms; how many things went."""
        ...

    async def last_heard(self) -> str | None:
        """The words of the interaction before this one; None when none is kept."""
        ...

    async def not_for_me(self) -> bool:
        """Take the interaction before this one for a false wake and drop its sound and words; False when there is
        none from a moment ago."""
        ...

    async def set_saving(self, on: bool) -> bool:
        """Turn keeping this device's interactions on or off; False where nothing can ever be kept."""
        ...

    async def set_review(self, on: bool) -> None:
        """Allow people to listen to a sample of this person's interactions, or take that back from all devices and
        pull back what waits for them."""
        ...

    async def review_offer(self) -> str | None:
        """What a person agrees to who turns review on, in the wording in force; None where nobody can ever listen."""
        ...

    async def who_listened(self) -> Sequence[Listened]:
        """Who listened to this person's interactions, newest day first."""
        ...

    async def notice(self) -> str:
        """What this device hears, what is kept and who listens, as it is now."""
        ...

    async def guest_code(self) -> str | None:
        """Make a code (digits) with which a guest sees what this device heard from them; None where there is none."""
        ...
