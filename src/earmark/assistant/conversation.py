"""The assistant's side of one device: sound in, a reply out, and nothing acknowledged before it is on disk."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from earmark import vault
from earmark.assistant.dialogue import Dialogue, command_starts
from earmark.assistant.engine import Engine, Heard, Listening
from earmark.assistant.household import Doors, VaultHome
from earmark.assistant.skill import Action
from earmark.assistant.skills import skill_of
from earmark.device import Notice
from earmark.errors import NoBasis
from earmark.storage import Stores
from earmark.vault import Content, Kind, NewInteraction, Wake, Word
from earmark.words import SAMPLE_RATE, DeviceId, HouseholdId, InteractionId, PcmAudio, PersonId, Seconds

LONGEST_BYTES = 20 * SAMPLE_RATE * 2
"""A device stops after 15 s; more than this much sound is not taken."""
_KINDS: dict[str, Kind] = {"clock": "question", "messages": "message", "privacy": "privacy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command is said, and whose history it fills."""

    household_id: HouseholdId
    person_id: PersonId
    device_id: DeviceId | None
    """None: in the browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What goes back to the device."""

    text: str
    """To be spoken."""
    heard: Heard
    actions: tuple[Action, ...]
    interaction: InteractionId | None
    """On disk; None when nothing was kept because nobody allowed it or the command asked for it."""


class Conversation:
    """One device's utterances, one after the other."""

    def __init__(self, stores: Stores, engine: Callable[[], Engine], place: Place, doors: Doors) -> None:
        self._stores, self._engine, self._place, self._doors = stores, engine, place, doors
        self._dialogue = Dialogue(stores.now)
        self._listening: Listening | None = None
        self._sound = bytearray()
        self._wake: Wake | None = None
        self._at = stores.now()
        self._bundle = "builtin"
        self._starts: Seconds = 0.0

    @property
    def open(self) -> bool:
        """An utterance has begun and not ended."""
        return self._listening is not None

    @property
    def bundle(self) -> str:
        """The version that the device of the last utterance said it runs."""
        return self._bundle

    async def begin(self, *, at: datetime, wake: Wake | None, bundle: str = "builtin") -> None:
        """Start an utterance; one that was open is thrown away."""
        self.abandon()
        self._wake, self._at, self._bundle = wake, at, bundle
        self._starts = command_starts(wake.end) if wake else 0.0
        self._listening = await asyncio.to_thread(self._engine().listen, skip=self._starts)

    async def feed(self, pcm: bytes) -> str:
        """Take sound (16 kHz, mono, 16-bit) and return the words so far."""
        if self._listening is None or len(self._sound) + len(pcm) > LONGEST_BYTES:
            return ""
        self._sound += pcm
        await asyncio.to_thread(self._listening.feed, pcm)
        return self._listening.partial()

    def abandon(self) -> None:
        """Forget the open utterance: a cut connection leaves nothing behind."""
        if self._listening is not None:
            self._listening.close()
        self._listening, self._sound, self._wake = None, bytearray(), None

    async def end(self) -> Said:
        """Understand, act, keep. The interaction is on disk when this returns.

        Raises DiskFull and whatever else keeps a record from being written; the command was then carried out but
        is not acknowledged as kept.
        """
        assert self._listening is not None
        heard = await asyncio.to_thread(self._listening.finish)
        audio = PcmAudio.from_pcm(bytes(self._sound))
        wake, at, bundle, offset = self._wake, self._at, self._bundle, self._starts
        self.abandon()
        identifier = InteractionId(uuid.uuid4())
        home = self._home(at)
        reply = await self._dialogue.reply(
            heard,
            home,
            now=at,
            device_id=self._place.device_id,
            person_id=self._place.person_id,
            interaction_id=identifier,
        )
        kept = None
        if home.keep_this and len(audio.samples):
            new = NewInteraction(
                id=identifier,
                person_id=self._place.person_id,
                device_id=self._place.device_id,
                started_at=at,
                kind=kind_of(heard),
                audio=audio,
                wake=wake,
                bundle=bundle,
                content=content_of(heard, reply.text, offset=offset),
            )
            try:
                kept = await vault.record(self._stores, new)
            except NoBasis:
                kept = None  # saving is off: answered, and nothing is kept
        return Said(text=reply.text, heard=heard, actions=tuple(reply.actions), interaction=kept)

    def _home(self, now: datetime) -> VaultHome:
        return VaultHome(
            stores=self._stores,
            household_id=self._place.household_id,
            person_id=self._place.person_id,
            device_id=self._place.device_id,
            now=now,
            doors=self._doors,
        )

    async def notice(self) -> Notice:
        """Return what this device has to say about itself, as it is now."""
        return await self._home(self._stores.now()).current_notice()

    async def waiting_alarms(self) -> list[Action]:
        """Return, as actions, the timers and alarms of this device that have not rung yet."""
        return [
            Action(
                kind=f"{alarm.kind}.set",
                data={"id": alarm.id, "due": alarm.due.isoformat(), "label": alarm.label},
            )
            for alarm in await self._home(self._stores.now()).alarms()
        ]


def kind_of(heard: Heard) -> Kind:
    """Sort an exchange for the owner's history."""
    understood = heard.understanding
    if not understood.accepted or understood.intent is None:
        return "refused"
    return _KINDS.get(skill_of(understood.intent), "command")


def content_of(heard: Heard, reply: str, *, offset: Seconds = 0.0) -> Content:
    """Turn what the engine heard into what the vault keeps; `offset` is where in the recording it began to listen."""
    understood = heard.understanding
    shown = heard.hypothesis
    if heard.text != shown.text and shown.rival is not None:
        shown = shown.rival
    words = tuple(
        Word(text=w.text, start=w.start + offset, end=w.end + offset, confidence=w.confidence) for w in shown.words
    )
    return Content(
        text=heard.text,
        words=words,
        intent=understood.intent,
        slots=dict(understood.slots),
        reply=reply,
        template=understood.template,
        confidence=understood.confidence,
        accepted=understood.accepted,
        source=shown.source,
        reason=understood.reason,
        doubt=heard.doubt,
    )
