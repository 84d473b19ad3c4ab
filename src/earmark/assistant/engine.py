"""The assistant's engine: sound in, what was heard and meant out; safe to use from many threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from hassil import Intents

from earmark.assistant.confidence import Decision
from earmark.assistant.doubt import doubt
from earmark.assistant.embedded import EmbeddedRecogniser
from earmark.assistant.grammar import compile_grammar, skill_intents
from earmark.assistant.recogniser import Hypothesis, Recogniser
from earmark.assistant.spans import Decoding
from earmark.assistant.understanding import Understanding, load_intent_model, understand
from earmark.bundle import BUILTIN, ModelBundle
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An utterance as recognised and understood."""

    hypothesis: Hypothesis
    understanding: Understanding
    doubt: float | None = None
    """How unsure this is, 0 to 1, to choose what people review; None where there is nothing to compare."""

    @property
    def text(self) -> str:
        """The words to keep and show: the command's when it was accepted, else the open-speech reading."""
        if self.understanding.reason == "grammar" or self.hypothesis.rival is None:
            return self.hypothesis.text
        return self.hypothesis.rival.text


class Engine:
    """Recognition and understanding for one bundle and one set of names.

    `size`: how many utterances may be decoded at once; each keeps about 100 MB. Recognisers are made when first
    needed and reused. A further `listen` waits until one is free.
    """

    def __init__(
        self,
        bundle: ModelBundle = BUILTIN,
        *,
        names: Sequence[str] = (),
        size: int = 2,
        make: Callable[[], Recogniser] | None = None,
    ) -> None:
        """`names`: the households' members; `make`: another recogniser instead of the embedded one."""
        self.bundle = bundle
        self._intents: Intents = skill_intents({"member": names})
        grammar = compile_grammar(self._intents, open_speech=True)
        self._make = make or (lambda: EmbeddedRecogniser(bundle, grammar, extra_words=names))
        self._decision = Decision.load(bundle)
        self._model = load_intent_model(bundle)
        self._idle: queue.LifoQueue[Recogniser] = queue.LifoQueue()
        self._unmade = threading.Semaphore(size)

    def warm(self) -> None:
        """Make one recogniser now, so that the first utterance need not wait for it."""
        self._give_back(self._take())

    def listen(self, *, skip: Seconds = 0.0) -> Listening:
        """Begin one utterance; use it as a context manager so that its recogniser comes back.

        The first `skip` seconds of its sound are not recognised: the wake word, which the skills' grammar lacks.
        """
        recogniser = self._take()
        recogniser.start()
        return Listening(self, recogniser, skip=2 * round(skip * SAMPLE_RATE))

    def hear(self, audio: PcmAudio) -> Heard:
        """Recognise and understand a whole utterance."""
        with self.listen() as listening:
            listening.feed(audio.pcm)
            return listening.finish()

    def again(self, decoding: Decoding, audio: PcmAudio) -> Heard:
        """Recognise a whole utterance that the same decoders have been through: only what comes after is done.

        Raises TypeError where the recogniser is not the embedded one.
        """
        recogniser = self._take()
        try:
            if not isinstance(recogniser, EmbeddedRecogniser):
                raise TypeError("only the embedded recogniser reads a decoding again")
            hypothesis = recogniser.again(decoding, audio.samples)
        finally:
            self._give_back(recogniser)
        return self.made_of(hypothesis)

    def understand(self, hypothesis: Hypothesis) -> Understanding:
        """Decide what a hypothesis means and whether to act on it."""
        return understand(hypothesis, self._intents, threshold=self._decision.threshold, model=self._model)

    def made_of(self, hypothesis: Hypothesis) -> Heard:
        """Understand a hypothesis, and say how unsure that is."""
        understanding = self.understand(hypothesis)
        return Heard(
            hypothesis=hypothesis,
            understanding=understanding,
            doubt=doubt(hypothesis, threshold=self._decision.threshold),
        )

    def _take(self) -> Recogniser:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            if self._unmade.acquire(blocking=False):
                return self._make()
            return self._idle.get()

    def _give_back(self, recogniser: Recogniser) -> None:
        self._idle.put(recogniser)


class Listening:
    """One utterance being heard; belongs to one thread at a time."""

    def __init__(self, engine: Engine, recogniser: Recogniser, *, skip: int = 0) -> None:
        """`skip`: bytes at the beginning that are not recognised."""
        self._engine = engine
        self._recogniser: Recogniser | None = recogniser
        self._skip = skip

    def feed(self, pcm: bytes) -> None:
        """Take the next sound (mono, 16 kHz, 16-bit little-endian); ignored after `finish`."""
        spoken = pcm[self._skip :]
        self._skip = max(0, self._skip - len(pcm))
        if self._recogniser and spoken:
            self._recogniser.feed(spoken)

    def partial(self) -> str:
        """Return the words so far; they may still change."""
        return self._recogniser.partial() if self._recogniser else ""

    def finish(self) -> Heard:
        """End the utterance and give its recogniser back.

        Raises RuntimeError when it was finished or closed before.
        """
        if self._recogniser is None:
            raise RuntimeError("this utterance was finished before")
        try:
            hypothesis = self._recogniser.finish()
        finally:
            self.close()
        return self._engine.made_of(hypothesis)

    def close(self) -> None:
        """Give the recogniser back, wherever the utterance stands."""
        if self._recogniser:
            self._engine._give_back(self._recogniser)
            self._recogniser = None

    def __enter__(self) -> Listening:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
