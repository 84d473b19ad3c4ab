"""vosk (extra `vosk`): one recogniser that knows the skills' words alone, and an open one beside it.

Its grammar is a list of phrases that takes the whole vocabulary's place, and forces anything into them as every grammar
does. So the open recogniser hears the same sound: where the grammar's words hold no `[unk]`, they count as far as the
open one heard the same. The reading's confidence is the mean of its words' confidences times that share. Words that the
model lacks are left out by vosk, with a line on stderr; nothing can pronounce them at run time.
"""

from __future__ import annotations

import json
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from earmark.assistant.backends import SUPPORTS
from earmark.assistant.backends.readings import Presence, open_reading, spoken_words
from earmark.assistant.biasing import Biasing
from earmark.assistant.recogniser import NOTHING, Hypothesis
from earmark.errors import MissingExtra, NoRecogniserModel
from earmark.words import SAMPLE_RATE

UNKNOWN = "[unk]"
_MOST_SENTENCES = 500


def load(folder: Path) -> Vosk:
    """Load a model. Raises MissingExtra, NoRecogniserModel."""
    try:
        import vosk
    except (ImportError, OSError) as error:
        raise MissingExtra(extra="vosk") from error
    vosk.SetLogLevel(-1)  # it would print what it hears
    try:
        return Vosk(vosk.Model(model_path=str(folder)), vosk.KaldiRecognizer)
    except Exception as error:  # it raises nothing narrower
        raise NoRecogniserModel(recogniser="vosk") from error


def phrases(biasing: Biasing) -> list[str]:
    """Return what stands in the grammar's list: sentences, names and terms, every word, and the unknown."""
    listed = [*list(biasing.sentences)[:_MOST_SENTENCES], *biasing.names, *biasing.terms, *sorted(biasing.words)]
    return [*dict.fromkeys(listed), UNKNOWN]


class Vosk:
    """A `Backend`. Its model may be used from several threads."""

    supports = SUPPORTS["vosk"]

    def __init__(self, model: Any, make: Any) -> None:
        """`make`: `KaldiRecognizer`."""
        self._model, self._make = model, make

    def recogniser(self, biasing: Biasing) -> VoskRecogniser:
        limited = self._make(self._model, SAMPLE_RATE, json.dumps(phrases(biasing)))
        return VoskRecogniser(limited, self._make(self._model, SAMPLE_RATE))


class VoskRecogniser:
    """A `Recogniser`."""

    def __init__(self, limited: Any, free: Any) -> None:
        self._limited, self._free = limited, free
        for each in (limited, free):
            each.SetWords(True)
        self._presence = Presence()
        self._found: dict[int, list[dict[str, Any]]] = {0: [], 1: []}

    def start(self) -> None:
        self._presence.reset()
        self._found = {0: [], 1: []}
        for each in (self._limited, self._free):
            each.Reset()

    def feed(self, pcm: bytes) -> None:
        data = self._presence.feed(pcm)
        for number, each in enumerate((self._limited, self._free)):
            if data and each.AcceptWaveform(data):  # a pause ended a piece; the next one begins empty
                self._found[number] += json.loads(each.Result()).get("result", [])

    def partial(self) -> str:
        before = [word["word"] for word in self._found[1]]
        return " ".join([*before, *json.loads(self._free.PartialResult()).get("partial", "").split()])

    def finish(self) -> Hypothesis:
        for number, each in enumerate((self._limited, self._free)):
            self._found[number] += json.loads(each.FinalResult()).get("result", [])
        if not self._presence.speech:
            return NOTHING
        limited, free = (_words(self._found[number]) for number in (0, 1))
        rival = open_reading(spoken_words(free))
        if not limited or any(word[0] == UNKNOWN for word in limited):
            return rival
        command = open_reading(spoken_words(limited))
        same = SequenceMatcher(None, command.text.split(), rival.text.split(), autojunk=False).ratio()
        return replace(command, source="grammar", confidence=command.confidence * same, rival=rival)


def _words(found: list[dict[str, Any]]) -> list[tuple[str, float, float, float]]:
    return [(word["word"], word["start"], word["end"], word["conf"]) for word in found]
