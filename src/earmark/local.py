"""A device on its own: the assistant's engine and skills inside the device's process, and no wire to anything.

It stands between the rooms because the device's room must not know the assistant's: `earmark listen --local` hands it
to `device.listen` in a link's place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from earmark.assistant import Dialogue, Engine, Listening, SessionHome, command_starts
from earmark.assistant.backends import Make
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import Answer, Woke, notice

LASTS = "I keep that only until I am turned off."
"""Said whenever something was put on a list, left as a message or set to ring."""


def local_now() -> datetime:
    return datetime.now(UTC).astimezone()


class LocalAssistant:
    """Answers in a link's place (`device.Answers`). Nothing that it hears or is told outlives the process."""

    def __init__(
        self,
        bundle: ModelBundle = BUILTIN,
        *,
        names: Sequence[str] = (),
        now: Callable[[], datetime] = local_now,
        engine: Engine | None = None,
        make: Make | None = None,
    ) -> None:
        """`names`: for whom messages can be left; `now`: the local clock; `make`: another recogniser's, run here.

        Takes a second or two to load its models.
        """
        spoken = [name.casefold() for name in names]
        self._engine = engine or Engine(bundle, names=spoken, size=1, make=make(bundle, spoken) if make else None)
        self._engine.warm()
        self._now = now
        self._home = SessionHome(now=now, spoken_notice=notice.of_local_only().text, names=names)
        self._dialogue = Dialogue(now)
        self._listening: Listening | None = None
        self._at = now()

    async def begin(self, woke: Woke, *, at: datetime) -> None:
        """Start an utterance; one that was open is thrown away."""
        if self._listening is not None:
            self._listening.close()
        self._at = at
        self._listening = self._engine.listen(skip=command_starts(woke.wake_end))

    async def send(self, pcm: bytes) -> None:
        assert self._listening is not None
        await asyncio.to_thread(self._listening.feed, pcm)

    async def end(self, reason: str) -> Answer:
        """Understand and act; what the reply says was done holds in memory only."""
        assert self._listening is not None
        listening, self._listening = self._listening, None
        heard = await asyncio.to_thread(listening.finish)
        took = self._home.took
        reply = await self._dialogue.reply(heard, self._home, now=self._at)
        understood = heard.understanding
        return Answer(
            text=reply.text if self._home.took == took else f"{reply.text} {LASTS}",
            intent=understood.intent if understood.accepted else None,
            accepted=understood.accepted,
            actions=tuple({"kind": action.kind, "data": dict(action.data)} for action in reply.actions),
        )
