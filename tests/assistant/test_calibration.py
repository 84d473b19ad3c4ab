from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import FEATURE_NAMES, Engine, Hypothesis
from earmark.assistant.calibration import Example, example, fit_decision

EVIDENCE = dict.fromkeys(FEATURE_NAMES, 0.5)


@pytest.fixture(scope="module")
def engine():
    return Engine(size=1)


def read(text: str, source: str = "grammar") -> Hypothesis:
    return Hypothesis(words=(), text=text, confidence=0.5, source=source, evidence=EVIDENCE)


def test_a_reading_is_right_when_it_means_what_was_said(engine):
    reading = read("make me a large latte with milk")
    assert example(engine, reading, words="make me a large latte with milk please").right
    assert not example(engine, reading, words="make me a small latte with milk").right
    assert not example(engine, reading, words="the latte was large").right
    assert example(engine, reading, intent="orderDrink", slots={"size": "large", "coffeeDrink": "latte"}).right
    assert not example(engine, reading, intent="orderDrink", slots={"size": "small"}).right
    assert not example(engine, reading).right


def test_open_speech_gives_no_example(engine):
    assert example(engine, read("make me a latte", source="ngram"), words="make me a latte") is None


def cloud(centre: float, count: int, right: bool, chance: np.random.Generator) -> list[Example]:
    return [Example(vector=chance.normal(centre, 1.0, len(FEATURE_NAMES)), right=right) for _ in range(count)]


def test_fitting_separates_and_keeps_to_the_allowed_share():
    chance = np.random.default_rng(4)
    decision = fit_decision(cloud(1, 200, True, chance) + cloud(-1, 200, False, chance), false_accepts=0.05)
    fresh_right, fresh_wrong = cloud(1, 300, True, chance), cloud(-1, 300, False, chance)
    assert np.mean([decision.accept(each.vector) for each in fresh_right]) > 0.95
    assert np.mean([decision.accept(each.vector) for each in fresh_wrong]) < 0.1


def test_what_the_grammar_refused_by_itself_counts_for_the_share():
    chance = np.random.default_rng(4)
    mixed = cloud(0.3, 100, True, chance) + cloud(-0.3, 100, False, chance)
    assert fit_decision(mixed, among=1000).threshold <= fit_decision(mixed).threshold


def test_fitting_needs_both_kinds():
    with pytest.raises(ValueError, match="right and wrong"):
        fit_decision(cloud(1, 5, True, np.random.default_rng(1)))
