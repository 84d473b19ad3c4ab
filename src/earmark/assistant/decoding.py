"""pocketsphinx decoders: a grammar, an n-gram and a phone loop over one acoustic model.

All scores are natural-log likelihoods relative to the best active senone of each frame, so 0 is the best there is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

import pocketsphinx

from earmark.assistant.grammar import OPEN, Grammar
from earmark.assistant.spans import OPEN_PHONES, Span
from earmark.errors import BadBundle

_SCORE_SHIFT = 1024
"""pocketsphinx keeps scores shifted right by 10 bits, and shifts them back in a lattice only."""

_GRAMMAR_SEARCH = {"bestpath": False, "lw": 2.0, "beam": 1e-60, "wbeam": 1e-40, "pbeam": 1e-60}
"""Measured on 92 orders: the lattice's best path may end in the middle of a sentence (59 % of orders at 12 dB with it,
85 % without); wide beams and a low language weight give another 4 points there and cost 0.01 of real time."""
_OPEN_WEIGHT = 1e-5
"""Of each such phone, so low that the words of a list win where they fit (`milk` over `M IH L K`)."""


class Decoder:
    """One pocketsphinx decoder with one search, reset for each utterance."""

    def __init__(self, decoder: pocketsphinx.Decoder, *, lattice: bool) -> None:
        self._decoder = decoder
        self._shift = 1 if lattice else _SCORE_SHIFT
        self._running = False

    def follow(self, grammar: Grammar) -> None:
        """Search for another grammar's sentences from now on; its words must stand in the dictionary."""
        self.stop()
        _search_for(self._decoder, grammar, None)

    def pronunciations(self, word: str) -> list[list[str]]:
        """Return the phones of each way to say a word; none when the dictionary lacks it."""
        found: list[list[str]] = []
        while phones := self._decoder.lookup_word(f"{word}({len(found) + 1})" if found else word):
            found.append(phones.split())
        return found

    def cepstral_mean(self, pcm: bytes) -> str:
        """Return the mean cepstrum of some sound, for `start`; ends an utterance that was running."""
        self.stop()
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, no_search=True, full_utt=True)
        mean = self._decoder.get_cmn(False)
        self._decoder.end_utt()
        return mean

    def start(self, mean: str) -> None:
        """Begin an utterance whose cepstra have this mean; never the mean left over from another speaker."""
        self.stop()
        self._decoder.reinit_feat()  # or noise removal goes on from the noise of the utterance before
        self._decoder.set_cmn(mean)
        self._decoder.start_utt()
        self._running = True

    def stop(self) -> None:
        """Leave the utterance that was running, if one was."""
        if self._running:
            self._decoder.end_utt()
            self._running = False

    def feed(self, pcm: bytes) -> None:
        self._decoder.process_raw(pcm)

    def partial(self) -> str:
        hypothesis = self._decoder.hyp() if self._running else None
        return hypothesis.hypstr if hypothesis else ""

    def finish(self) -> list[Span]:
        """End the utterance; return its spans in order, none when nothing fits or nothing ran."""
        if not self._running:
            return []
        self.stop()
        if self._decoder.hyp() is None:
            return []
        return [
            Span(
                name=segment.word,
                first=segment.start_frame,
                last=segment.end_frame,
                score=self._shift * math.log(max(segment.ascore, 1e-300)),
                posterior=min(1.0, segment.prob),
            )
            for segment in self._decoder.seg()
            if segment.end_frame >= segment.start_frame
        ]


def grammar_decoder(
    grammar: Grammar,
    *,
    lexicon: Mapping[str, str],
    weights: Sequence[Mapping[str, float]] | None = None,
    means: Path | None = None,
) -> Decoder:
    """Make a decoder for a grammar; open speech becomes a loop over all phones.

    `lexicon`: word to phones, for words the packaged dictionary lacks. `weights`: for each state, word to
    probability; every arc weighs the same without them. `means`: the acoustic model's learned means; the packaged ones
    without it, as in the other decoders.
    """
    decoder = _decoder(means, lm=None, **_GRAMMAR_SEARCH)
    _add_words(decoder, {**lexicon, **OPEN_PHONES})
    _search_for(decoder, grammar, weights)
    return Decoder(decoder, lattice=False)


def _search_for(decoder: pocketsphinx.Decoder, grammar: Grammar, weights: Sequence[Mapping[str, float]] | None) -> None:
    end = len(grammar.arcs)
    loop = end + 1
    arcs: list[tuple[int, int, float] | tuple[int, int, float, str]] = []
    for state, row in enumerate(grammar.arcs):
        for word, target in row.items():
            weight = weights[state][word] if weights else 1.0
            if word == OPEN:
                arcs += [(state, loop, weight * _OPEN_WEIGHT, phone) for phone in OPEN_PHONES]
                arcs += [(loop, loop, _OPEN_WEIGHT, phone) for phone in OPEN_PHONES]
                arcs.append((loop, target, 1.0))
                loop += 1
            else:
                arcs.append((state, target, weight, word))
        if state in grammar.final:
            arcs.append((state, end, 1.0))
    decoder.add_fsg("skills", decoder.create_fsg("skills", 0, end, arcs))
    decoder.activate_search("skills")


def ngram_decoder(
    *, model: Path | None, lexicon: Mapping[str, str], words: Collection[str] = (), means: Path | None = None
) -> Decoder:
    """Make a decoder for open speech with an ARPA or binary n-gram; the packaged general one without `model`.

    `words`: of the packaged dictionary, to be heard even where the n-gram lacks them; each is as likely as the average
    of its words.
    """
    path = str(model) if model else pocketsphinx.get_model_path("en-us/en-us.lm.bin")
    decoder = _decoder(
        means, lm=path, fwdflat=False, bestpath=True, maxhmmpf=3000, beam=1e-40, wbeam=1e-20, pbeam=1e-40
    )
    _add_words(decoder, lexicon)
    _let_in(decoder, words)
    return Decoder(decoder, lattice=True)


def phone_decoder(*, means: Path | None = None) -> Decoder:
    """Make a loop over all phones with a phone trigram: what any speech fits at least as well as this."""
    path = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    return Decoder(_decoder(means, lm=None, allphone=path, lw=2.0, beam=1e-20, pbeam=1e-20), lattice=False)


def known_words(words: frozenset[str]) -> frozenset[str]:
    """Of these words, those that the packaged dictionary can pronounce."""
    return words & dictionary_words()


@cache
def dictionary_words() -> frozenset[str]:
    """Return the words of the packaged dictionary, further pronunciations ("read(2)") among them."""
    # Read from the file: a decoder that knows the same takes a second to make.
    lines = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8").splitlines()
    return frozenset(line.split(maxsplit=1)[0] for line in lines if line.strip())


def _decoder(means: Path | None, **settings: object) -> pocketsphinx.Decoder:
    """Raises BadBundle when the means don't fit the packaged model."""
    if means is None:
        return pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", **settings))
    try:
        return pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", mean=str(means), **settings))
    except RuntimeError as error:
        raise BadBundle(why="its acoustic model doesn't fit") from error


def _add_words(decoder: pocketsphinx.Decoder, lexicon: Mapping[str, str]) -> None:
    for index, (word, phones) in enumerate(lexicon.items(), start=1):
        decoder.add_word(word, phones, index == len(lexicon))


def _let_in(decoder: pocketsphinx.Decoder, words: Collection[str]) -> None:
    """Give an n-gram words that the dictionary can pronounce; the search has to be made again to take them up."""
    model, unknown = decoder.get_lm(), decoder.logmath.get_zero()
    lacking = [word for word in sorted(words) if decoder.lookup_word(word) and model.prob([word]) <= unknown]
    for word in lacking:
        model.add_word(word, 1.0)
    if lacking:
        decoder.add_lm("open", model)
        decoder.activate_search("open")
