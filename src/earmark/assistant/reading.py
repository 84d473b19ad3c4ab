"""A sentence of the grammar as the learned acoustic network reads it, and how it stands against any other speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import network as networks
from earmark.assistant.grammar import Grammar
from earmark.assistant.network import STEP, Network
from earmark.assistant.search import Graph, Pronounce, best_path, build, free_path
from earmark.assistant.sight import Eyes
from earmark.assistant.spans import Span
from earmark.bundle import ModelBundle

_TRUST = 12.0
"""Natural log score that the packaged models' sentence is worth: where the network finds another that is better by no
more, the packaged models are believed. Measured: docs/decisions/neural-acoustics.md."""
_WORST = -10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the network made of an utterance."""

    spans: Sequence[Span]
    """The sentence's words, in frames (10 ms) of the whole sound; none when no sentence fits in."""
    evidence: dict[str, float]
    """Features of `confidence.NETWORK_FEATURES`."""
    lead: NDArray[np.float32]
    """Shape (outputs,): the free path's score of each, at most 0."""

    def confidence(self, span: Span) -> float:
        """A word's confidence, 0 to 1, from its score against the best phones of the same time."""
        ratio = _ratio(span, self.lead)
        return float(1.0 / (1.0 + np.exp(min(50.0, -2.0 * (ratio + 2.0)))))


class Reader:
    """Reads one utterance at a time; keeps all of its sound until the end."""

    def __init__(self, network: Network, grammar: Grammar, pronounce: Pronounce) -> None:
        self._network, self._pronounce = network, pronounce
        self._graph: Graph = build(grammar, pronounce, network.phones)
        self._eyes = Eyes()
        self._sound: list[NDArray[np.int16]] = []

    @staticmethod
    def load(bundle: ModelBundle, grammar: Grammar, pronounce: Pronounce) -> Reader | None:
        """Return a reader with the bundle's network; None when it brings none. Raises BadBundle."""
        network = networks.load(bundle)
        return None if network is None else Reader(network, grammar, pronounce)

    def start(self) -> None:
        self._sound = []

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Take the next sound, quiet included: what the network makes of noise it has learned."""
        self._sound.append(samples)

    def finish(self, packaged: Sequence[Span]) -> Reading:
        """Return the sentence; `packaged`: the words that the packaged models read in the same sound."""
        sound = np.concatenate([*self._sound, np.zeros(0, np.int16)])
        self._sound = []
        if not len(sound):
            return Reading(
                spans=(), evidence=_evidence((), packaged, np.zeros(0, np.float32)), lead=np.zeros(0, np.float32)
            )
        scores = self._network.scores(self._eyes.look(sound))
        spans = self._better(best_path(self._graph, scores), packaged, scores)
        lead = free_path(scores)
        return Reading(spans=spans, evidence=_evidence(spans, packaged, lead), lead=lead)

    def _better(self, mine: list[Span], packaged: Sequence[Span], scores: NDArray[np.float32]) -> list[Span]:
        """Choose between the network's sentence and the packaged models', both scored by the network."""
        words = [span.word for span in packaged if not span.is_filler]
        if not words or words == [span.word for span in mine] or any(span.is_open for span in packaged):
            return mine
        arcs = [{word: at} for at, word in enumerate(words, start=1)]
        alone = build(Grammar(arcs=[*arcs, {}], final=frozenset({len(words)})), self._pronounce, self._network.phones)
        theirs = best_path(alone, scores) if len(alone.into) == len(words) else []
        if not mine:
            return theirs
        return theirs if theirs and _total(theirs, scores) + _TRUST >= _total(mine, scores) else mine


def _total(spans: Sequence[Span], scores: NDArray[np.float32]) -> float:
    """Return the score of words with quiet between them."""
    quiet = np.ones(len(scores), dtype=bool)
    for span in spans:
        quiet[_outputs(span)] = False
    return sum(span.score for span in spans) + float(scores[quiet, 0].sum())


def _evidence(spans: Sequence[Span], packaged: Sequence[Span], lead: NDArray[np.float32]) -> dict[str, float]:
    words = [span for span in spans if not span.is_open]
    outputs = sum((span.frames // STEP for span in words), 0)
    inside = sum((span.score - float(lead[_outputs(span)].sum()) for span in words), 0.0)
    other = [span.word for span in packaged if not span.is_filler and not span.is_open]
    return {
        "network_llr": inside / outputs if outputs else _WORST,
        "network_worst_word": min((_ratio(span, lead) for span in words), default=_WORST),
        "network_agreement": SequenceMatcher(None, [span.word for span in words], other, autojunk=False).ratio(),
    }


def _ratio(span: Span, lead: NDArray[np.float32]) -> float:
    return (span.score - float(lead[_outputs(span)].sum())) / max(1, span.frames // STEP)


def _outputs(span: Span) -> slice:
    return slice(span.first // STEP, (span.last + 1) // STEP)
