"""The words of a command of which only the meaning is known: those that fit its sound among all that mean the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hassil import Intents
from numpy.typing import NDArray

from earmark.assistant.decoding import grammar_decoder
from earmark.assistant.grammar import Grammar, compile_grammar, skill_intents
from earmark.assistant.understanding import parse

_SEED_BYTES = 51_200
"""The mean cepstrum is that of the first 1.6 s of speech, as when the recogniser hears it."""


class Meant:
    """Finds words by the packaged models; making one decoder takes as long as reading the dictionary, so it is kept."""

    def __init__(self, intents: Intents | None = None) -> None:
        self._intents = intents or skill_intents()
        self._decoder = grammar_decoder(Grammar(arcs=[{"yes": 1}, {}], final=frozenset({1})), lexicon={})

    def words(self, speech: NDArray[np.int16], intent: str, slots: Mapping[str, str]) -> str | None:
        """Return the sentence that was said; None when no sentence with this meaning fits the sound.

        `speech`: mono, 16 kHz, quiet cut off.
        """
        if intent not in self._intents.intents:
            return None
        grammar = compile_grammar(self._intents, meaning=(intent, slots))
        if not grammar.final or not len(speech):
            return None
        self._decoder.follow(grammar)
        pcm = speech.tobytes()
        self._decoder.start(self._decoder.cepstral_mean(pcm[:_SEED_BYTES]))
        self._decoder.feed(pcm)
        text = " ".join(span.word for span in self._decoder.finish() if not span.is_filler)
        found = parse(text, self._intents) if text else None
        return text if found and found.intent == intent and dict(found.slots) == dict(slots) else None
