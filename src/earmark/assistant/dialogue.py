"""From what was heard to a reply; what a reply asked to confirm waits for the next utterance, and for that one only."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from earmark.assistant.engine import Heard
from earmark.assistant.skill import Home, Reply, Request
from earmark.assistant.skills import answer, skill_of
from earmark.words import DeviceId, InteractionId, PersonId, Seconds

log = structlog.get_logger()

NOT_UNDERSTOOD = "Sorry, I didn't get that."
NO_SKILL = "I think I understood, but that is nothing I can do yet."
FAILED = "Sorry, that didn't work."
PATIENCE: Seconds = 30.0
"""For a confirmation, once the question has been spoken."""
_WORDS_A_SECOND = 2.5
"""How fast a question is spoken, a little slower than the voice is: the person must not lose time to it."""
_OVERLAP: Seconds = 0.05
"""Of the wake word's end that the recogniser still gets: a quick speaker's first sound begins in it."""


def command_starts(wake_end: Seconds) -> Seconds:
    """Return where in a recording the recogniser begins to listen, given where its wake word ends."""
    return max(0.0, wake_end - _OVERLAP)


class Dialogue:
    """One device's exchanges, one after the other."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._asked, self._until = "", clock()

    async def reply(
        self,
        heard: Heard,
        home: Home,
        *,
        now: datetime,
        device_id: DeviceId | None = None,
        person_id: PersonId | None = None,
        interaction_id: InteractionId | None = None,
    ) -> Reply:
        """Carry out what was heard. `now` is the device's local time, perhaps wrong: patience goes by our clock."""
        confirms = self._asked if self._clock() <= self._until else ""
        self._asked = ""
        understood = heard.understanding
        if not understood.accepted or understood.intent is None:
            return Reply(text=NO_SKILL if understood.reason == "no-skill" else NOT_UNDERSTOOD, done=False)
        request = Request(
            intent=understood.intent,
            slots=understood.slots,
            text=heard.text,
            now=now,
            device_id=device_id or DeviceId(uuid.UUID(int=0)),
            person_id=person_id,
            interaction_id=interaction_id,
            confirms=confirms,
        )
        try:
            reply = await answer(request, home)
        except Exception as error:  # a skill's fault must not cost the person their answer or their record
            log.error("skill failed", skill=skill_of(understood.intent), error=type(error).__name__)
            return Reply(text=FAILED, done=False)
        if reply.asks:
            spoken = len(reply.text.split()) / _WORDS_A_SECOND
            self._asked, self._until = reply.asks, self._clock() + timedelta(seconds=spoken + PATIENCE)
        return reply
