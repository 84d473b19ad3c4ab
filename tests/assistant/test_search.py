"""The likeliest sentence: compared with trying every sentence and every way to lay it over time."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.assistant.grammar import OPEN, Grammar
from earmark.assistant.search import best_path, build, free_path
from earmark.assistant.spans import OPEN_PHONES

PHONES = ("SIL", "AA", "B", "K")
SPOKEN = {"baa": [["B", "AA"]], "aak": [["AA", "K"], ["K"]], "ka": [["K", "AA"]]}
GRAMMAR = Grammar(arcs=[{"baa": 1, "ka": 1}, {"aak": 2, "baa": 2}, {}], final=frozenset({1, 2}))
SENTENCES = [["baa"], ["ka"], *([first, last] for first in ("baa", "ka") for last in ("aak", "baa"))]


def score_of(sentence: list[str], scores: np.ndarray) -> float:
    """The best way to lay a sentence over time: quiet may stand before, between and after words."""
    best = -np.inf
    ways = [[]]
    for word in sentence:
        ways = [[*way, spelled] for way in ways for spelled in SPOKEN[word]]
    for way in ways:
        states = [(0, True)]
        for spelled in way:
            states += [*((PHONES.index(phone), False) for phone in spelled), (0, True)]

        @functools.cache
        def rest(at: int, state: int, states=tuple(states)) -> float:
            """The best way to spend the time from `at` on, which is spent in a state."""
            here = float(scores[at, states[state][0]])
            if at == len(scores) - 1:
                return here if state >= len(states) - 2 else -np.inf
            after = [state, state + 1]
            if state + 2 < len(states) and states[state + 1][1]:
                after.append(state + 2)
            return here + max(rest(at + 1, to) for to in after if to < len(states))

        best = max(best, rest(0, 0), rest(0, 1))
    return best


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_no_sentence_fits_better_than_the_one_that_is_found(seed, length):
    scores = np.random.default_rng(seed).normal(0, 2, (length, len(PHONES))).astype(np.float32)
    scores -= scores.max(axis=1, keepdims=True)
    graph = build(GRAMMAR, lambda word: SPOKEN[word], PHONES)
    spans = best_path(graph, scores)
    best = max(score_of(sentence, scores) for sentence in SENTENCES)
    if not spans:
        assert best == -np.inf
        return
    found = [span.word for span in spans]
    assert found in SENTENCES
    assert score_of(found, scores) == pytest.approx(best, abs=1e-3)
    inside = np.zeros(length, dtype=bool)
    for one, other in itertools.pairwise(spans):
        assert one.last < other.first
    for span in spans:
        inside[span.first // 3 : (span.last + 1) // 3] = True
    total = sum(span.score for span in spans) + float(scores[~inside, 0].sum())
    assert total == pytest.approx(best, abs=1e-3)
    assert free_path(scores).sum() >= total - 2.0 * length - 1e-3


def said(*phones: str) -> np.ndarray:
    scores = np.full((len(phones), len(PHONES)), -8.0, np.float32)
    for at, phone in enumerate(phones):
        scores[at, PHONES.index(phone)] = 0.0
    return scores


def test_words_stand_where_they_were_said():
    graph = build(GRAMMAR, lambda word: SPOKEN[word], PHONES)
    spans = best_path(graph, said("SIL", "SIL", "B", "B", "AA", "SIL", "AA", "K", "SIL"))
    assert [(span.word, span.first, span.last) for span in spans] == [("baa", 6, 14), ("aak", 18, 23)]
    assert best_path(graph, said("SIL", "B", "AA", "K"))[-1].word == "aak", "said in its other way"
    assert best_path(graph, np.zeros((0, len(PHONES)), np.float32)) == []


def test_any_phones_may_stand_where_speech_is_open():
    grammar = Grammar(arcs=[{"baa": 1}, {OPEN: 2}, {}], final=frozenset({2}))
    graph = build(grammar, lambda word: SPOKEN[word], PHONES)
    spans = best_path(graph, said("B", "AA", "K", "B", "K", "AA"))
    assert spans[0].word == "baa"
    assert all(span.is_open and span.name in OPEN_PHONES for span in spans[1:])
    assert spans[-1].last == 17


def test_words_that_nobody_can_pronounce_are_left_out():
    graph = build(GRAMMAR, lambda word: SPOKEN[word] if word != "ka" else [["ZH"]], PHONES)
    assert "ka" not in graph.word
