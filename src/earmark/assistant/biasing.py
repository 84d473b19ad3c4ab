"""What a household is likely to say, as one value from which every recogniser takes what it can use.

It is made of the skills' templates, the household's names and what labels left in the bundle: words and how they are
pronounced, sentences and how often they were said. Some recognisers take a grammar, some a list of words with weights,
some only a sentence to get into the mood: docs/recognisers.md says which takes what.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from hassil import Intents, TextSlotList
from hassil.sample import sample_expression

from earmark.assistant import lexicon, priors
from earmark.assistant.grammar import Grammar, compile_grammar
from earmark.bundle import ModelBundle
from earmark.errors import BadBundle

Support = Literal[
    "names", "terms", "weights", "sentences", "grammar", "pronunciations", "ngram", "word-times", "partial"
]
"""What a recogniser can use of a `Biasing`; `word-times` and `partial` are what it can answer with."""
SENTENCES = "asr/sentences.json"
"""A bundle's whole sentences that enough people said, and how often."""
_WAYS = 200
"""Ways of saying one value of a list, at most (`[some] [soy|whole] milk`)."""
_TERM_WORDS = 3
"""Words of a term, at most; what is longer is a shorter one and a way of asking for it (`a little bit of soy milk`)."""
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Biasing:
    """What is likely to be said. Words are lower case, with single spaces between."""

    names: tuple[str, ...] = ()
    """Of the household's members, each once, in the order of the alphabet."""
    terms: Mapping[str, float] = field(default_factory=dict)
    """What the skills listen for (`soy milk`) and words that labels brought; to weight, 1 for what nobody said yet and
    more for what was said often. The heaviest first."""
    words: frozenset[str] = frozenset()
    """Every word of the grammar and of the names."""
    sentences: Mapping[str, int] = field(default_factory=dict)
    """What was said, and how often; the commonest first."""
    pronunciations: Mapping[str, str] = field(default_factory=dict)
    """Phones of words that labels brought."""
    grammar: Grammar = field(default_factory=lambda: Grammar(arcs=[{}], final=frozenset()))
    """Every sentence of the skills."""
    ngram: Path | None = None
    """The bundle's n-gram of open speech in ARPA format; None when it brings none."""

    @staticmethod
    def of(bundle: ModelBundle, intents: Intents, *, names: Sequence[str] = ()) -> Biasing:
        """Gather what a bundle and the skills' templates say. Raises BadBundle when a file can't be read."""
        spoken_names = tuple(sorted({spoken for name in names if (spoken := plain(name))}))
        grammar = compile_grammar(intents, open_speech=True)
        sentences = Counter(said(bundle))
        pronounced = lexicon.load(bundle)
        terms = {*_values(intents), *pronounced} - {*spoken_names}
        often = {term: sum(n for one, n in sentences.items() if f" {term} " in f" {one} ") for term in terms}
        weighed = {term: 1.0 + math.log1p(often[term]) for term in sorted(terms, key=lambda term: (-often[term], term))}
        return Biasing(
            names=spoken_names,
            terms=weighed,
            words=grammar.words | {word for name in spoken_names for word in name.split()},
            sentences=dict(sorted(sentences.items(), key=lambda one: (-one[1], one[0]))),
            pronunciations=pronounced,
            grammar=grammar,
            ngram=bundle.path("asr/lm.arpa"),
        )

    def phrases(self, most: int) -> list[str]:
        """Return names, then terms, the likeliest first; at most `most` words in all."""
        found: list[str] = []
        left = most
        for phrase in (*self.names, *self.terms):
            left -= len(phrase.split())
            if left < 0:
                break
            found.append(phrase)
        return found


def plain(text: str) -> str:
    """Return a text as recognisers' words are compared: lower case, letters and apostrophes, single spaces."""
    return " ".join(_WORDS.findall(text.casefold().replace("’", "'")))


def said(bundle: ModelBundle) -> Mapping[str, int]:
    """Return the sentences that labels left in a bundle. Raises BadBundle when a file holds anything else."""
    found = bundle.read_json(SENTENCES)
    if found is None:
        return priors.load(bundle)
    if not isinstance(found, dict) or not all(isinstance(count, int) and count > 0 for count in found.values()):
        raise BadBundle(why="its sentences are no counts")
    return {**priors.load(bundle), **found}


def dump(sentences: Mapping[str, int]) -> bytes:
    """Return what `asr/sentences.json` holds for these."""
    return json.dumps(dict(sorted(sentences.items())), indent=0).encode()


def _values(intents: Intents) -> Iterable[str]:
    """Yield how the values of the skills' lists are said."""
    for values in intents.slot_lists.values():
        for value in values.values if isinstance(values, TextSlotList) else ():
            ways = sample_expression(value.text_in, intents.slot_lists, intents.expansion_rules, language="en")
            for way in islice(ways, _WAYS):
                if 0 < len((spoken := plain(way)).split()) <= _TERM_WORDS:
                    yield spoken
