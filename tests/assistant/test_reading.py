"""Which sentence is believed: the network's, or the packaged models' where the network finds it about as good."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant.confidence import FEATURE_NAMES, NETWORK_FEATURES, WITH_NETWORK, Decision, features
from earmark.assistant.grammar import Grammar
from earmark.assistant.reading import Reader
from earmark.assistant.recogniser import Hypothesis
from earmark.assistant.spans import Span
from earmark.bundle import BUILTIN
from earmark.errors import BadBundle

PHONES = ("SIL", "AA", "B", "K")
SPOKEN = {"baa": [["B", "AA"]], "ka": [["K", "AA"]]}
GRAMMAR = Grammar(arcs=[{"baa": 1, "ka": 1}, {}], final=frozenset({1}))


class Scores:
    """A network that finds what it is told to find."""

    phones = PHONES

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores

    def scores(self, sight: object) -> np.ndarray:
        return self._scores


def reading(b: float, k: float, *packaged: str, aa: float = -9.0):
    scores = np.full((6, 4), -9.0, np.float32)
    scores[[0, 5], 0] = 0.0
    scores[1:3, 1], scores[1:3, 2], scores[1:3, 3] = aa, b, k
    scores[3:5, 1] = 0.0
    reader = Reader(Scores(scores), GRAMMAR, lambda word: SPOKEN.get(word, []))  # pyright: ignore[reportArgumentType]
    reader.start()
    reader.feed(np.ones(3200, np.int16))
    spans = [Span(name=word, first=0, last=9, score=0.0, posterior=1.0) for word in packaged]
    return reader.finish(spans)


def test_the_networks_own_sentence_where_nothing_else_was_read():
    found = reading(0.0, -3.0)
    assert [span.word for span in found.spans] == ["baa"]
    assert found.confidence(found.spans[0]) > 0.9
    assert set(found.evidence) == set(NETWORK_FEATURES)


def test_the_packaged_models_are_believed_where_it_costs_little():
    assert [span.word for span in reading(0.0, -1.0, "ka").spans] == ["ka"]
    assert [span.word for span in reading(0.0, -12.0, "ka").spans] == ["baa"]
    assert [span.word for span in reading(0.0, -1.0, "<sil>", "moo").spans] == ["baa"], "no word that it can read"


def test_agreement_and_how_a_sentence_stands_against_any_phones_are_evidence():
    agreed, alone = reading(0.0, -8.0, "baa"), reading(0.0, -8.0, "ka")
    assert agreed.evidence["network_agreement"] == 1.0
    assert alone.evidence["network_agreement"] == 0.0
    muddled = reading(-4.0, -6.0, aa=0.0)
    assert muddled.evidence["network_llr"] < agreed.evidence["network_llr"] == pytest.approx(0.0)
    assert muddled.evidence["network_worst_word"] <= -1.0 < agreed.evidence["network_worst_word"]


def test_nothing_was_said():
    reader = Reader(Scores(np.zeros((0, 4), np.float32)), GRAMMAR, SPOKEN.__getitem__)  # pyright: ignore[reportArgumentType]
    reader.start()
    assert reader.finish([]).spans == ()


def test_a_decision_on_a_networks_evidence_needs_a_network():
    told = WITH_NETWORK.to_json()
    assert Decision.from_json(told).names == FEATURE_NAMES + NETWORK_FEATURES
    with pytest.raises(BadBundle):
        Decision.from_json({**told, "features": ["network_llr"]})
    assert Decision.load(BUILTIN).names == FEATURE_NAMES
    evidence = dict.fromkeys(FEATURE_NAMES + NETWORK_FEATURES, 0.5)
    heard = Hypothesis(words=(), text="", confidence=1.0, source="grammar", evidence=evidence)
    assert features(heard, WITH_NETWORK.names).shape == (11,)
