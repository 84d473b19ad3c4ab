"""The skills' household, kept in the vault."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from earmark import accounts, consent, vault
from earmark.assistant.skill import Alarm, Listened, Message
from earmark.consent import Purpose
from earmark.device import Notice, notice
from earmark.storage import Stores
from earmark.vault import Keepsake
from earmark.words import DeviceId, HouseholdId, InteractionId, KeepsakeId, PersonId

Forget = Callable[[PersonId, Sequence[InteractionId] | Literal["all"]], Awaitable[object]]
HEARD: tuple[Purpose, ...] = ("review", "transcription")
"""What lets people listen."""
_JUST_NOW = timedelta(minutes=10)
"""What was heard longer ago is not what somebody means who says that it was not for the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a voice may ask of rooms that the assistant does not know."""

    forget: Forget
    """Erases these of a person's interactions from every room; `all`: what skills keep too."""
    recall: Callable[[PersonId], Awaitable[object]]
    """Pulls back what waits for reviewers, after review was turned off."""
    not_called: Callable[[PersonId, InteractionId], Awaitable[object]] | None = None
    """Marks an interaction as a false wake and drops its sound and words; without it, it is forgotten whole."""
    guest_code: Callable[[DeviceId], Awaitable[str]] | None = None
    """Makes a code (digits) for a guest of this device; None: there are none."""


@dataclass(slots=True, kw_only=True)
class VaultHome:
    """`Home` for one command: who says it, on which device, at which local time."""

    stores: Stores
    household_id: HouseholdId
    person_id: PersonId
    device_id: DeviceId | None
    """None: in the browser."""
    now: datetime
    """The device's local time."""
    doors: Doors
    keep_this: bool = field(default=True)
    """False once the command asked that it not be kept itself."""

    async def member_names(self) -> Sequence[str]:
        return [person.name for person in await accounts.people(self.stores, self.household_id)]

    # -- shopping list -------------------------------------------------------------------------------------------

    async def _shopping(self) -> list[Keepsake]:
        return await vault.kept(self.stores, self.household_id, "shopping")

    async def shopping_add(self, item: str) -> bool:
        if any(line.content["item"].casefold() == item.casefold() for line in await self._shopping()):
            return False
        await vault.keep(
            self.stores,
            household_id=self.household_id,
            person_id=self.person_id,
            kind="shopping",
            content={"item": item},
        )
        return True

    async def shopping_remove(self, item: str) -> bool:
        ids = [k.id for k in await self._shopping() if k.content["item"].casefold() == item.casefold()]
        return bool(ids and await vault.drop(self.stores, self.household_id, ids))

    async def shopping_all(self) -> Sequence[str]:
        return [line.content["item"] for line in await self._shopping()]

    async def shopping_clear(self) -> int:
        return await vault.drop(self.stores, self.household_id, [line.id for line in await self._shopping()])

    # -- messages ------------------------------------------------------------------------------------------------

    async def message_leave(self, to_name: str, text: str) -> bool:
        people = await accounts.people(self.stores, self.household_id)
        to = next((person for person in people if person.name.casefold() == to_name.casefold()), None)
        if to is None:
            return False
        await vault.keep(
            self.stores,
            household_id=self.household_id,
            person_id=self.person_id,
            for_person_id=to.id,
            kind="message",
            content={"text": text},
        )
        return True

    async def messages_unread(self) -> Sequence[Message]:
        names = {person.id: person.name for person in await accounts.people(self.stores, self.household_id)}
        return [
            Message(
                id=str(message.id),
                from_name=names.get(message.person_id, "somebody"),
                text=message.content["text"],
                left_at=message.created_at,
            )
            for message in await vault.kept(self.stores, self.household_id, "message")
            if message.for_person_id == self.person_id
        ]

    async def messages_mark_read(self, ids: Sequence[str]) -> None:
        await vault.drop(self.stores, self.household_id, [KeepsakeId(uuid.UUID(each)) for each in ids])

    # -- timers and alarms ---------------------------------------------------------------------------------------

    async def alarm_add(self, kind: str, due: datetime, label: str) -> Alarm:
        identifier = await vault.keep(
            self.stores,
            household_id=self.household_id,
            person_id=self.person_id,
            kind="alarm",
            content={"kind": kind, "label": label, "device": str(self.device_id), "due": due.isoformat()},
            due_at=due,
        )
        return Alarm(id=str(identifier), kind=kind, due=due, label=label)

    async def alarms(self) -> Sequence[Alarm]:
        found = [
            Alarm(
                id=str(line.id),
                kind=line.content["kind"],
                due=datetime.fromisoformat(line.content["due"]),
                label=line.content["label"],
            )
            for line in await vault.kept(self.stores, self.household_id, "alarm")
            if line.content["device"] == str(self.device_id) and line.due_at is not None and line.due_at > self.now
        ]
        return sorted(found, key=lambda alarm: alarm.due)

    async def alarm_cancel(self, ids: Sequence[str]) -> None:
        await vault.drop(self.stores, self.household_id, [KeepsakeId(uuid.UUID(each)) for each in ids])

    # -- privacy -------------------------------------------------------------------------------------------------

    async def delete_last(self) -> int:
        self.keep_this = False
        last = await vault.last(self.stores, self.person_id, self.device_id)
        if last is None:
            return 0
        await self.doors.forget(self.person_id, [last])
        return 1

    async def delete_between(self, since: datetime, until: datetime | None) -> int:
        self.keep_this = False
        ids = await vault.selection(self.stores, self.person_id, since=since, until=until)
        if ids:
            await self.doors.forget(self.person_id, ids)
        return len(ids)

    async def delete_everything(self) -> int:
        self.keep_this = False
        kept = await vault.kept_of_person(self.stores, self.person_id)
        gone = await vault.count(self.stores, self.person_id) + sum(len(ids) for ids in kept.values())
        if gone:
            await self.doors.forget(self.person_id, "all")
        return gone

    async def last_heard(self) -> str | None:
        last = await vault.last(self.stores, self.person_id, self.device_id)
        if last is None:
            return None
        return (await vault.interaction(self.stores, self.person_id, last)).content.text or None

    async def not_for_me(self) -> bool:
        self.keep_this = False
        last = await vault.last(self.stores, self.person_id, self.device_id)
        if last is None:
            return False
        heard = await vault.interaction(self.stores, self.person_id, last)
        if heard.started_at < self.now - _JUST_NOW:
            return False
        if self.doors.not_called is None or heard.wake is None:
            await self.doors.forget(self.person_id, [last])
        else:
            await self.doors.not_called(self.person_id, last)
        return True

    async def set_saving(self, on: bool) -> bool:
        if not on:
            self.keep_this = False
        if on or self.device_id is None:
            await self._set("save", on)
        if self.device_id is not None:
            await self._set("save", on, self.device_id)
        return True

    async def set_review(self, on: bool) -> None:
        if not on:
            for purpose in HEARD:
                await self._set(purpose, False)
            await self.doors.recall(self.person_id)
            return
        await self._set("review", True)
        if self.device_id is not None:
            await self._set("review", True, self.device_id)

    async def _set(self, purpose: Purpose, on: bool, device_id: DeviceId | None = None) -> None:
        await consent.set_grant(self.stores, self.person_id, purpose, on, how="voice", device_id=device_id)

    async def review_offer(self) -> str | None:
        child = (await consent.current(self.stores, self.person_id)).child
        return None if child else consent.WORDINGS["review"].text

    async def who_listened(self) -> Sequence[Listened]:
        return [
            Listened(role=row["role"], site=row["site"], day=row["day"], times=row["times"])
            for row in await vault.listeners(self.stores, self.person_id)
        ]

    async def current_notice(self) -> Notice:
        """Return what is to be said about this device and person."""
        grants = await consent.current(self.stores, self.person_id)
        return notice.of_assistant(
            saved=grants.allows("save", self.device_id),
            heard=any(grants.allows(purpose, self.device_id) for purpose in HEARD),
        )

    async def notice(self) -> str:
        return (await self.current_notice()).text

    async def guest_code(self) -> str | None:
        if self.doors.guest_code is None or self.device_id is None:
            return None
        self.keep_this = False  # the reply holds the code
        return await self.doors.guest_code(self.device_id)
