"""Other recognisers behind the `Recogniser` protocol, each with a model that its operator put on this machine.

None of them is needed, none is imported before it is asked for, and none downloads anything. Their readings are open
speech: the templates must fit them word by word, or the intent model must know what they mean.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from earmark.assistant.biasing import Biasing, Support
from earmark.assistant.grammar import skill_intents
from earmark.assistant.recogniser import Recogniser
from earmark.bundle import ModelBundle
from earmark.errors import NoRecogniserAddress, NoRecogniserModel
from earmark.settings import Settings


class Backend(Protocol):
    """A recogniser's model, loaded once; its recognisers share it."""

    supports: frozenset[Support]
    """What its recognisers use of a `Biasing`, and what they answer with."""

    def recogniser(self, biasing: Biasing) -> Recogniser:
        """Make a recogniser for what a household is likely to say."""
        ...


SUPPORTS: Mapping[str, frozenset[Support]] = {
    "whisper": frozenset({"names", "terms", "sentences", "word-times"}),
    "sherpa": frozenset({"names", "terms", "weights", "word-times", "partial"}),
    "vosk": frozenset({"names", "terms", "sentences", "grammar", "word-times", "partial"}),
    "wyoming": frozenset({"names", "terms"}),
}
"""What each can use; the embedded one uses everything."""

Make = Callable[[ModelBundle, Sequence[str]], Callable[[], Recogniser]]
"""From a bundle and the household's names to what makes recognisers for them."""


def chosen(settings: Settings, *, local_only: bool = False) -> Make | None:
    """Load the recogniser that the settings name; None for the embedded one.

    `local_only`: no sound may leave this machine. Raises MissingExtra, NoRecogniserModel, NoRecogniserAddress or
    RecogniserGone, before anybody speaks.
    """
    if settings.recogniser == "embedded":
        return None
    backend = _load(settings, local_only=local_only)

    def make(bundle: ModelBundle, names: Sequence[str]) -> Callable[[], Recogniser]:
        biasing = Biasing.of(bundle, skill_intents({"member": names}), names=names)
        return lambda: backend.recogniser(biasing)

    return make


def _load(settings: Settings, *, local_only: bool) -> Backend:
    name = settings.recogniser
    module = importlib.import_module(f"earmark.assistant.backends.{name}")
    if name == "wyoming":
        if settings.recogniser_address is None:
            raise NoRecogniserAddress
        return module.load(settings.recogniser_address, local_only=local_only)
    folder = settings.recogniser_model
    if folder is None or not folder.is_dir():
        raise NoRecogniserModel(recogniser=name)
    return module.load(folder)
