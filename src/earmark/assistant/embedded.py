"""The embedded recogniser: pocketsphinx, the skills' grammar first and an n-gram second, streaming."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import lexicon, priors
from earmark.assistant.confidence import Decision, evidence, word_confidence
from earmark.assistant.decoding import (
    Decoder,
    grammar_decoder,
    known_words,
    ngram_decoder,
    phone_decoder,
)
from earmark.assistant.gate import SpeechGate, place
from earmark.assistant.grammar import Grammar
from earmark.assistant.reading import Reader, Reading
from earmark.assistant.recogniser import NOTHING, Hypothesis, Word
from earmark.assistant.spans import FRAMES_PER_SECOND, Decoding, Span
from earmark.bundle import ModelBundle
from earmark.words import SAMPLE_RATE

_FEWEST_VOICED = 3
"""Voiced chunks (32 ms) below which there was no speech."""
_SEED_BYTES = int(1.6 * SAMPLE_RATE) * 2
"""Decoding begins after this much speech, or at the first pause, with the mean cepstrum of what there is. Measured at
6 dB: 76 % of orders, as with the mean of the whole utterance; with a fixed first mean 63 %."""


class EmbeddedRecogniser:
    """A `Recogniser` that decodes each utterance three ways at once, while it is spoken.

    A bundle with an acoustic network has the sentence read once more, at its end, by what reviews taught.

    The grammar gives the command, the phone loop and the n-gram compete with it, and the n-gram is also the reading
    of open speech. Making one takes about two seconds, so keep it; it is not thread-safe.
    """

    def __init__(self, bundle: ModelBundle, grammar: Grammar, *, extra_words: Sequence[str] = ()) -> None:
        words = grammar.words | {part for word in extra_words for part in word.lower().split()}
        spelled = lexicon.load(bundle)
        pronounced: Mapping[str, str] = {**spelled, **lexicon.missing(words, known=spelled)}
        grammar = grammar.without(words - pronounced.keys() - known_words(words))
        self._decision = Decision.load(bundle)
        means = bundle.path("asr/means")  # of all three: they compete on equal terms
        self._grammar: Decoder = grammar_decoder(
            grammar, lexicon=pronounced, weights=priors.arc_weights(grammar, priors.load(bundle)), means=means
        )
        self._ngram: Decoder = ngram_decoder(
            model=bundle.path("asr/lm.arpa"), lexicon=pronounced, words=grammar.words, means=means
        )
        self._phones: Decoder = phone_decoder(means=means)
        self._decoders = (self._grammar, self._ngram, self._phones)
        self._reader = Reader.load(bundle, grammar, self._grammar.pronunciations)
        self._gate = SpeechGate()
        self._rest = b""
        self._waiting = bytearray()
        self._begun = False

    def start(self) -> None:
        for decoder in self._decoders:
            decoder.stop()
        self._gate.reset()
        self._rest, self._begun = b"", False
        self._waiting.clear()
        if self._reader:
            self._reader.start()

    def feed(self, pcm: bytes) -> None:
        data = self._rest + pcm
        whole = len(data) // 2 * 2
        self._rest = data[whole:]
        samples: NDArray[np.int16] = np.frombuffer(data[:whole], dtype="<i2").astype(np.int16)
        if self._reader:
            self._reader.feed(samples)
        for speech in self._gate.feed(samples):
            self._waiting += speech.tobytes()
            if self._begun or self._gate.closed or len(self._waiting) >= _SEED_BYTES:
                self._decode()

    def partial(self) -> str:
        return self._ngram.partial()

    def _decode(self) -> None:
        """Let the decoders have what is waiting."""
        if not self._waiting:
            return
        waiting = bytes(self._waiting)
        self._waiting.clear()
        if not self._begun:
            mean = self._grammar.cepstral_mean(waiting)
            for decoder in self._decoders:
                decoder.start(mean)
            self._begun = True
        for decoder in self._decoders:
            decoder.feed(waiting)

    def finish(self) -> Hypothesis:
        self._decode()
        grammar, ngram, phones = (decoder.finish() for decoder in self._decoders)
        if self._gate.voiced < _FEWEST_VOICED:
            return NOTHING
        return self._made_of(Decoding(grammar=grammar, ngram=ngram, phones=phones, joins=tuple(self._gate.joins)))

    def again(self, decoding: Decoding, samples: NDArray[np.int16]) -> Hypothesis:
        """Return what `finish` would, where the same decoders have been through a sound before.

        Nothing is decoded: 31 ms instead of a second. `samples`: mono, 16 kHz, the whole sound.
        """
        self.start()
        if self._reader:
            self._reader.feed(samples)
        return self._made_of(decoding)

    def _made_of(self, decoding: Decoding) -> Hypothesis:
        """Read and decide; the reader has heard the sound."""
        found = evidence(decoding.grammar, decoding.phones, decoding.ngram)
        reading = self._reader.finish(decoding.grammar) if self._reader else None
        spoken = [_word(span, span.posterior, decoding) for span in decoding.ngram if not span.is_filler]
        rival = _hypothesis(spoken, source="ngram")
        if reading:
            found |= reading.evidence
            words = _read(reading, spoken)
        else:
            words = _command(decoding)
        if not words:
            return replace(rival, decoding=decoding)
        return Hypothesis(
            words=words,
            text=" ".join(word.text for word in words),
            confidence=self._decision.confidence(np.array([found[name] for name in self._decision.names])),
            source="grammar",
            evidence=found,
            rival=rival,
            decoding=decoding,
        )


def _command(decoding: Decoding) -> list[Word]:
    """The grammar's words, and in its places for open speech the n-gram's words of the same time."""
    words: list[Word] = []
    for is_open, run in itertools.groupby((s for s in decoding.grammar if not s.is_filler), key=lambda s: s.is_open):
        spans = list(run)
        if not is_open:
            words += [_word(span, word_confidence(span, decoding.phones), decoding) for span in spans]
            continue
        first, last = spans[0].first, spans[-1].last
        words += [
            _word(span, span.posterior, decoding)
            for span in decoding.ngram
            if not span.is_filler and first <= (span.first + span.last) / 2 <= last
        ]
    return words


def _read(reading: Reading, spoken: Sequence[Word]) -> list[Word]:
    """The network's words, and in its places for open speech the n-gram's words of the same time."""
    words: list[Word] = []
    for is_open, run in itertools.groupby(reading.spans, key=lambda span: span.is_open):
        spans = list(run)
        start, end = spans[0].first / FRAMES_PER_SECOND, (spans[-1].last + 1) / FRAMES_PER_SECOND
        if is_open:
            words += [word for word in spoken if start <= (word.start + word.end) / 2 <= end]
            continue
        words += [
            Word(
                text=span.word,
                start=span.first / FRAMES_PER_SECOND,
                end=(span.last + 1) / FRAMES_PER_SECOND,
                confidence=reading.confidence(span),
            )
            for span in spans
        ]
    return words


def _word(span: Span, confidence: float, decoding: Decoding) -> Word:
    start, end = (place(frame * _STEP, decoding.joins) / SAMPLE_RATE for frame in (span.first, span.last + 1))
    return Word(text=span.word, start=start, end=end, confidence=confidence)


_STEP = SAMPLE_RATE // FRAMES_PER_SECOND


def _hypothesis(words: Sequence[Word], *, source: str) -> Hypothesis:
    if not words:
        return NOTHING
    return Hypothesis(
        words=words,
        text=" ".join(word.text for word in words),
        confidence=float(np.mean([word.confidence for word in words])),
        source=source,
    )
