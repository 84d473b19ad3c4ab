from __future__ import annotations

import pytest

from earmark.assistant import NOTHING, Hypothesis
from earmark.assistant.grammar import skill_intents
from earmark.assistant.understanding import understand

INTENTS = skill_intents({"member": ["Anna"]})


def heard(text: str, confidence: float = 0.9, source: str = "grammar", rival: str | None = None) -> Hypothesis:
    other = None if rival is None else heard(rival, source="ngram")
    return Hypothesis(words=(), text=text, confidence=confidence, source=source, rival=other)


def test_a_sure_command_is_accepted_with_its_slots():
    found = understand(heard("set a timer for twenty five minutes"), INTENTS, threshold=0.5)
    assert (found.intent, found.accepted, found.reason) == ("setTimer", True, "grammar")
    assert dict(found.slots) == {"minutes": "25"}
    assert "timer" in found.template


def test_an_unsure_command_is_named_and_refused():
    found = understand(heard("mute the sound", 0.2, rival="new to the town"), INTENTS, threshold=0.5)
    assert (found.intent, found.accepted, found.reason) == ("mute", False, "unsure")


def test_open_speech_fits_its_carrier_phrase_and_fillers_do_not_hurt():
    found = understand(heard("um tell anna dinner is ready", source="ngram"), INTENTS, threshold=0.5)
    assert (found.intent, found.accepted, found.reason) == ("leaveMessage", True, "open-speech")
    assert dict(found.slots) == {"member": "Anna", "message": "dinner is ready"}


@pytest.mark.parametrize("text", ["the election was close", "a lexus", "tell me a joke", ""])
def test_other_speech_is_no_command(text):
    found = understand(heard(text, source="ngram"), INTENTS, threshold=0.5)
    assert (found.intent, found.accepted, found.reason) == (None, False, "no-command")


def test_silence_is_no_speech():
    assert understand(NOTHING, INTENTS, threshold=0.5).reason == "no-speech"


class Model:
    def __init__(self, guess):
        self.guess = guess

    def predict(self, text):
        return self.guess


def test_a_trained_model_helps_open_speech_only_with_intents_that_a_skill_has():
    said = heard("how many minutes left over there", source="ngram")
    known = understand(said, INTENTS, threshold=0.5, model=Model(("listTimers", [], 0.8)))
    assert (known.intent, known.accepted, known.reason) == ("listTimers", True, "model")
    foreign = understand(said, INTENTS, threshold=0.5, model=Model(("play_music", [("artist", "anna")], 0.9)))
    assert (foreign.intent, foreign.accepted, foreign.reason) == ("play_music", False, "no-skill")
    assert dict(foreign.slots) == {"artist": "anna"}


def test_a_trained_model_does_not_overrule_what_the_grammar_read():
    said = heard("mute the sound", 0.1, rival="new to the town")
    other = understand(said, INTENTS, threshold=0.5, model=Model(("getTime", [], 0.9)))
    assert (other.intent, other.accepted) == ("mute", False)
    same = understand(said, INTENTS, threshold=0.5, model=Model(("mute", [], 0.9)))
    assert (same.intent, same.accepted, same.reason) == ("mute", True, "model")
