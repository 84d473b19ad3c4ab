from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import FEATURE_NAMES, Decision
from earmark.assistant.confidence import DEFAULT, evidence, word_confidence
from earmark.assistant.spans import Span
from earmark.bundle import BUILTIN
from earmark.errors import BadBundle


def span(name: str, first: int, last: int, score: float) -> Span:
    return Span(name=name, first=first, last=last, score=score, posterior=1.0)


def test_a_forced_reading_lies_further_below_the_phone_loop():
    phones = [span("K", 0, 49, -50.0), span("AA", 50, 99, -50.0)]
    fits = evidence([span("make", 0, 49, -60.0), span("me", 50, 99, -60.0)], phones, [])
    forced = evidence([span("make", 0, 49, -60.0), span("me", 50, 99, -400.0)], phones, [])
    assert fits["phone_llr"] == pytest.approx(-0.2)
    assert forced["phone_llr"] == pytest.approx(-3.6)
    assert forced["worst_word_llr"] == pytest.approx(-7.0)


def test_quiet_and_noise_count_for_no_word():
    grammar = [span("<sil>", 0, 99, -900.0), span("mute", 100, 149, -50.0)]
    found = evidence(grammar, [], [])
    assert found["score_per_frame"] == pytest.approx(-1.0)
    assert found["coverage"] == pytest.approx(50 / 150)


def test_open_speech_inside_a_command_is_not_judged():
    grammar = [span("tell", 0, 49, -50.0), span("[dh]", 50, 74, -900.0), span("[iy]", 75, 99, -900.0)]
    found = evidence(grammar, [], [span("tell", 0, 49, -50.0), span("theatre", 50, 99, -60.0)])
    assert found["score_per_frame"] == pytest.approx(-1.0)
    assert found["coverage"] == 1.0
    assert found["ngram_agreement"] == 1.0
    assert found["log_words"] == 0.0


def test_agreement_with_open_speech_counts_words_in_order():
    grammar = [span("set", 0, 9, -1), span("the(2)", 10, 19, -1), span("timer", 20, 29, -1)]
    same = evidence(grammar, [], [span("set", 0, 9, -1), span("the", 10, 19, -1), span("timer", 20, 29, -1)])
    other = evidence(grammar, [], [span("said", 0, 9, -1), span("a", 10, 19, -1)])
    assert same["ngram_agreement"] == 1.0
    assert other["ngram_agreement"] == 0.0


def test_evidence_of_nothing_is_finite():
    assert np.isfinite(list(evidence([], [], []).values())).all()


def test_evidence_has_the_named_features_in_their_order():
    assert tuple(evidence([], [], [])) == FEATURE_NAMES


def test_word_confidence_falls_with_its_likelihood_ratio():
    phones = [span("K", 0, 9, -10.0)]
    good, bad = word_confidence(span("a", 0, 9, -11.0), phones), word_confidence(span("a", 0, 9, -90.0), phones)
    assert 0 <= bad < 0.1 < 0.9 < good <= 1


def test_decision_survives_the_bundle_and_refuses_other_features():
    written = DEFAULT.to_json()
    again = Decision.from_json(written)
    vector = np.linspace(-1, 1, len(FEATURE_NAMES))
    assert again.confidence(vector) == pytest.approx(DEFAULT.confidence(vector))
    assert again.threshold == DEFAULT.threshold
    with pytest.raises(BadBundle):
        Decision.from_json({**written, "features": ["loudness"]})
    with pytest.raises(BadBundle):
        Decision.from_json({**written, "weights": [1.0]})
    with pytest.raises(BadBundle):
        Decision.from_json({"features": list(FEATURE_NAMES)})


def test_the_built_in_bundle_brings_the_packaged_decision():
    assert Decision.load(BUILTIN) is DEFAULT


def test_accepts_at_its_threshold():
    decision = Decision.from_json({**DEFAULT.to_json(), "weights": [0.0] * len(FEATURE_NAMES), "bias": 0.0})
    zeros = np.zeros(len(FEATURE_NAMES))
    assert decision.confidence(zeros) == 0.5
    assert Decision.from_json({**decision.to_json(), "threshold": 0.5}).accept(zeros)
    assert not Decision.from_json({**decision.to_json(), "threshold": 0.51}).accept(zeros)
