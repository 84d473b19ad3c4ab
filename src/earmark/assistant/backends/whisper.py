"""faster-whisper (extra `whisper`): a whole utterance at once, so it answers when the speaker has ended.

A reading's confidence is the mean of its words' probabilities, as whisper's decoder gives them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from earmark.assistant.backends import SUPPORTS
from earmark.assistant.backends.readings import Presence, open_reading, spoken_words
from earmark.assistant.biasing import Biasing
from earmark.assistant.recogniser import NOTHING, Hypothesis
from earmark.errors import MissingExtra, NoRecogniserModel

_PROMPT_WORDS = 120
"""Of names and terms: the prompt may have 223 tokens, and a word is often two."""
_PROMPT_SENTENCES = 3


def load(folder: Path) -> Whisper:
    """Load a CTranslate2 model. Raises MissingExtra, NoRecogniserModel."""
    try:
        from faster_whisper import WhisperModel  # pyright: ignore[reportMissingImports]  (an extra)
    except ImportError as error:
        raise MissingExtra(extra="whisper") from error
    try:
        return Whisper(WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True))
    except (RuntimeError, ValueError, OSError) as error:
        raise NoRecogniserModel(recogniser="whisper") from error


class Whisper:
    """A `Backend`. Its model may be used from several threads."""

    supports = SUPPORTS["whisper"]

    def __init__(self, model: Any) -> None:
        self._model = model

    def recogniser(self, biasing: Biasing) -> WhisperRecogniser:
        return WhisperRecogniser(self._model, biasing)


class WhisperRecogniser:
    """A `Recogniser`."""

    def __init__(self, model: Any, biasing: Biasing) -> None:
        self._model = model
        self._presence = Presence()
        self._sound = bytearray()
        # Hotwords stand before every window, the sentences only before the first; and the less there is of them, the
        # less is made up of them where little is heard.
        self._hotwords = ", ".join(biasing.phrases(_PROMPT_WORDS)) or None
        self._prompt = ". ".join(list(biasing.sentences)[:_PROMPT_SENTENCES]) or None

    def start(self) -> None:
        self._presence.reset()
        self._sound.clear()

    def feed(self, pcm: bytes) -> None:
        self._sound += self._presence.feed(pcm)

    def partial(self) -> str:
        return ""

    def finish(self) -> Hypothesis:
        sound = np.frombuffer(bytes(self._sound), dtype="<i2").astype(np.float32) / 32768.0
        self._sound.clear()
        if not self._presence.speech:
            return NOTHING
        segments, _ = self._model.transcribe(
            sound,
            language="en",
            beam_size=5,
            temperature=0.0,  # sampling again would give the same sound other words each time
            condition_on_previous_text=False,
            initial_prompt=self._prompt,
            hotwords=self._hotwords,
            word_timestamps=True,
        )
        words = [(word.word, word.start, word.end, word.probability) for part in segments for word in part.words or ()]
        return open_reading(spoken_words(words))
