"""What decoders make of sound: words and phones, each with its frames and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FRAMES_PER_SECOND = 100
_FILLERS = frozenset({"<s>", "</s>", "<sil>", "SIL", "[NOISE]", "[SPEECH]", "(NULL)", "+SPN+", "+NSN+"})
_PHONES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
OPEN_PHONES = {f"[{phone.lower()}]": phone for phone in _PHONES.split()}
"""Words of one phone each, for the places of a grammar where any words may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One decoded word or phone."""

    name: str
    """As in the dictionary, with an alternative pronunciation's number."""
    first: int
    """First frame (10 ms)."""
    last: int
    """Last frame, inclusive."""
    score: float
    """Acoustic log likelihood of the span, at most about 0."""
    posterior: float
    """0 to 1; 1 where the search has no lattice."""

    @property
    def is_filler(self) -> bool:
        return self.name in _FILLERS

    @property
    def is_open(self) -> bool:
        """A phone of open speech inside a grammar's sentence."""
        return self.name in OPEN_PHONES

    @property
    def word(self) -> str:
        return self.name.split("(")[0]

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """An utterance as three decoders read it, before a network reads it again and anything is decided."""

    grammar: Sequence[Span]
    ngram: Sequence[Span]
    phones: Sequence[Span]
    joins: Sequence[tuple[int, int]]
    """Of the samples that were decoded: each place from which on they are those of another place of the sound."""
