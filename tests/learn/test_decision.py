from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import FEATURE_NAMES, Decision
from earmark.learn.decision import MOST_TAKEN, Example, choose_threshold, fit

WIDTH = len(FEATURE_NAMES)
PRIOR = Decision(
    mean=np.zeros(WIDTH), scale=np.ones(WIDTH), weights=np.eye(WIDTH)[0] * 2.0, bias=0.0, threshold=0.99
)  # sure of itself and far too careful


def examples(count, *, seed=0, flip=False):
    """Commands and other speech that differ in the first two features, of eight speakers with a habit each."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        command = index % 2 == 0
        vector = rng.normal(size=WIDTH) + 0.3 * (index % 8)
        vector[0] += (1.5 if command else -1.5) * (-1 if flip else 1)
        vector[1] += 1.0 if command else -1.0
        made.append(Example(vector=vector, right=command, command=command, speaker=f"s{index % 8}"))
    return made


def rates(decision, found):
    accepted = np.array([decision.accept(one.vector) for one in found])
    command = np.array([one.command for one in found])
    return accepted[command].mean(), accepted[~command].mean()


def test_labels_let_more_commands_through_and_keep_other_speech_out():
    unseen = examples(2000, seed=9)
    decision = fit(examples(300), prior=PRIOR)
    assert decision is not None
    (before, _), (after, taken) = rates(PRIOR, unseen), rates(decision, unseen)
    assert after > before + 0.1
    assert taken < 0.06


def test_too_few_of_either_kind_teach_nothing():
    found = examples(60)
    assert fit([one for one in found if one.command], prior=PRIOR) is None
    assert fit([one for one in found if not one.command], prior=PRIOR) is None
    assert fit(examples(12), prior=PRIOR) is None


def test_a_few_misleading_labels_do_not_wreck_it():
    misled = fit(examples(24, flip=True), prior=PRIOR)
    assert misled is not None
    assert misled.weights[0] >= 0.0
    unseen = examples(2000, seed=9)
    _, taken = rates(misled, unseen)
    assert taken < 0.1


def test_evidence_for_a_command_never_counts_against_it():
    rng = np.random.default_rng(3)
    found = [
        Example(
            vector=rng.normal(size=WIDTH) - (2.0 if index % 2 == 0 else 0.0),
            right=index % 2 == 0,
            command=index % 2 == 0,
            speaker=f"s{index % 5}",
        )
        for index in range(400)
    ]
    decision = fit(found, prior=PRIOR)
    assert decision is not None
    for name in ("phone_llr", "worst_word_llr", "ngram_llr", "ngram_agreement"):
        assert decision.weights[FEATURE_NAMES.index(name)] >= 0.0


def test_the_same_labels_give_the_same_decision():
    one, two = fit(examples(100), prior=PRIOR), fit(examples(100), prior=PRIOR)
    assert one is not None
    assert two is not None
    assert one.to_json() == two.to_json()


@pytest.mark.parametrize("others", [20, 60, 400])
def test_the_threshold_keeps_other_speech_out(others):
    rng = np.random.default_rng(1)
    blank = np.zeros(WIDTH)
    found = [Example(vector=blank, right=True, command=True, speaker="a")] * 100
    found += [Example(vector=blank, right=False, command=False, speaker="b")] * others
    confidences = np.concatenate([rng.beta(6, 2, 100), rng.beta(2, 6, others)])
    threshold = choose_threshold(confidences, found, fallback=0.99)
    unseen = np.random.default_rng(2)
    assert (unseen.beta(2, 6, 5000) >= threshold).mean() <= MOST_TAKEN + 0.03
    assert (unseen.beta(6, 2, 5000) >= threshold).mean() > 0.6


def test_other_speech_in_which_nothing_was_read_lets_more_commands_through():
    rng = np.random.default_rng(1)
    blank = np.zeros(WIDTH)
    found = [Example(vector=blank, right=True, command=True, speaker="a")] * 100
    found += [Example(vector=blank, right=False, command=False, speaker="b")] * 100
    confidences = np.concatenate([rng.beta(4, 2, 100), rng.beta(2, 4, 100)])
    alone = choose_threshold(confidences, found, fallback=0.99)
    assert choose_threshold(confidences, found, fallback=0.99, unread=200) < alone


def test_a_threshold_that_cannot_be_justified_stays():
    found = [Example(vector=np.zeros(WIDTH), right=False, command=False, speaker="b")] * 40
    confidences = np.full(40, 0.9)
    assert choose_threshold(confidences, found, fallback=0.77) == 0.77


def test_of_thresholds_that_cost_the_same_the_lowest_asks_least_often_to_repeat():
    rng = np.random.default_rng(1)
    found = [Example(vector=np.zeros(WIDTH), right=True, command=True, speaker="a")] * 90
    found += [Example(vector=np.zeros(WIDTH), right=False, command=False, speaker="b")] * 90
    confidences = np.concatenate([rng.uniform(0.8, 1.0, 90), rng.uniform(0.0, 0.05, 90)])
    threshold = choose_threshold(confidences, found, fallback=0.99)
    assert 0.05 < threshold < 0.3, "nobody was heard between 0.05 and 0.8"
