from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest

from earmark.assistant.dialogue import NO_SKILL, NOT_UNDERSTOOD, Dialogue
from earmark.assistant.understanding import Understanding


@pytest.mark.parametrize(("reason", "answer"), [("no-skill", NO_SKILL), ("no-command", NOT_UNDERSTOOD)])
async def test_what_no_skill_is_for_is_told_apart_from_what_was_not_understood(reason, answer):
    understood = Understanding(intent="play_music" if reason == "no-skill" else None, reason=reason)
    heard = SimpleNamespace(understanding=understood, text="put some jazz on")
    noon = datetime(2026, 5, 4, 12)
    reply = await Dialogue(lambda: noon).reply(heard, SimpleNamespace(), now=noon)
    assert (reply.text, reply.done) == (answer, False)
