"""The recogniser's decision "was this a command?", calibrated on labels.

A logistic regression on the recogniser's features, drawn towards the packaged decision: its prior counts as much as
`PRIOR_LABELS` labels, so that a few can't wreck it (MAP with a Gaussian prior; Genkin, Lewis and Madigan 2007).
Features that speak for a command keep a weight of at least 0. The threshold follows from stated costs on confidences
that were estimated for speakers left out (cross-validation by speaker), under a cap on other speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import Decision
from earmark.assistant.confidence import NETWORK_FEATURES

PRIOR_LABELS = 10.0
COST_REFUSED = 1.0
"""Of the share of right readings that are refused: each must be said again."""
COST_TAKEN = 1.0
"""Of the share of other speech that becomes a command. Measured with 3 instead: 98 % of right readings accepted in
quiet and 92 % at 8 dB, with 1: 99 % and 95 %, and as little other speech taken (0 % and 4 %)."""
COST_WRONG = 1.5
"""Of a command carried out with a wrong intent or slot: refused, it would have had to be said again too."""
MOST_TAKEN = 0.04
"""Share of other speech that may become a command, below the 5 % that are promised."""
FEWEST = 10
"""Labelled commands, and labelled other utterances, below which nothing is calibrated."""
_FOLDS = 5
_STEPS = 400
_RISING = frozenset({"phone_llr", "worst_word_llr", "ngram_llr", "ngram_agreement", *NETWORK_FEATURES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One utterance that the grammar found a sentence in."""

    vector: NDArray[np.float64]
    """Shape (features,), as `earmark.assistant.features` gives it."""
    right: bool
    """The grammar's sentence is what was meant."""
    command: bool
    """Some command was meant; False for other speech."""
    speaker: str


def fit(examples: Sequence[Example], *, prior: Decision, unread: int = 0) -> Decision | None:
    """Return a calibrated decision; None when there are too few examples of either kind.

    `unread`: other utterances in which the grammar found no sentence at all; they can't be taken for a command.
    """
    if sum(one.right for one in examples) < FEWEST or sum(not one.command for one in examples) < FEWEST:
        return None
    start = _standardised(examples, prior)
    held = _out_of_fold(examples, start)
    weighed = _fit_weights(examples, start)
    threshold = choose_threshold(held, examples, fallback=prior.threshold, unread=unread)
    return replace(weighed, threshold=threshold)


def choose_threshold(
    confidences: NDArray[np.float64], examples: Sequence[Example], *, fallback: float, unread: int = 0
) -> float:
    """Return the lowest threshold whose expected cost can't be told from the least, and that keeps other speech under
    `MOST_TAKEN`.

    Each confidence stands for a normal distribution around it (in log odds), so that a gap between the few that were
    seen is not taken for a gap between all that will come. Right readings, wrong ones and other speech weigh by their
    rates: what people review is no sample of how often each happens. Costs can't be told apart within one standard
    error of the share of right readings that are refused (Breiman et al. 1984): what is reviewed was easier to hear
    than much that will come, and between two that look alike the one that asks less often to say it again is better.
    `fallback` stays when nothing keeps under it.
    """
    odds = np.log(np.clip(confidences, 1e-6, 1 - 1e-6) / (1 - np.clip(confidences, 1e-6, 1 - 1e-6)))
    other = odds[[not one.command for one in examples]]
    right = odds[[one.right for one in examples]]
    wrong = odds[[one.command and not one.right for one in examples]]
    grid = np.linspace(odds.min(), odds.max(), _STEPS)
    width = _bandwidth(other)
    taken = _share_above(other, grid, width) * len(other) / max(1, len(other) + unread)
    refused = 1.0 - _share_above(right, grid, width)
    costs = COST_REFUSED * refused + COST_TAKEN * taken
    costs += COST_WRONG * _share_above(wrong, grid, width) * len(wrong) / max(1, len(right) + len(wrong))
    costs[taken > MOST_TAKEN] = np.inf
    if not np.isfinite(costs.min()):
        return fallback
    least, count = int(np.argmin(costs)), max(1, len(right))
    share = float(refused[least])
    error = COST_REFUSED * float(np.sqrt(max(share * (1.0 - share), 1.0 / count) / count))
    lowest = int(np.flatnonzero(costs <= costs[least] + error)[0])
    return float(1.0 / (1.0 + np.exp(-grid[lowest])))


def _bandwidth(values: NDArray[np.float64]) -> float:
    """Return Silverman's rule of thumb, not less than a third of a unit of log odds."""
    return max(1 / 3, 1.06 * float(values.std()) * len(values) ** -0.2)


def _share_above(values: NDArray[np.float64], grid: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return for each point of the grid which share of the smoothed values lies above it."""
    if not len(values):
        return np.zeros(len(grid))
    from scipy.special import ndtr

    return ndtr((values[None, :] - grid[:, None]) / width).mean(axis=1)


def _standardised(examples: Sequence[Example], prior: Decision) -> Decision:
    """Return the same decision on features scaled to the examples, so that one prior width suits every weight."""
    vectors = np.array([one.vector for one in examples])
    scale = np.maximum(vectors.std(axis=0), 1e-3 * np.maximum(1.0, np.abs(vectors.mean(axis=0))))
    mean = vectors.mean(axis=0)
    weights = prior.weights * scale / prior.scale
    bias = prior.bias + float(prior.weights @ ((mean - prior.mean) / prior.scale))
    return replace(prior, mean=mean, scale=scale, weights=weights, bias=bias)


def _fit_weights(examples: Sequence[Example], prior: Decision) -> Decision:
    vectors = (np.array([one.vector for one in examples]) - prior.mean) / prior.scale
    truth = np.array([1.0 if one.right else -1.0 for one in examples])
    centre = np.append(prior.weights, prior.bias)
    design = np.column_stack([vectors, np.ones(len(vectors))])
    # A Gaussian of this precision holds a weight as strongly as PRIOR_LABELS undecided labels would.
    precision = PRIOR_LABELS / 4

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = truth * (design @ weights)
        away = weights - centre
        value = np.logaddexp(0.0, -margin).sum() + precision / 2 * away @ away
        slope = -(truth / (1.0 + np.exp(np.clip(margin, -50, 50)))) @ design + precision * away
        return float(value), slope

    bounds = [(0.0, None) if name in _RISING else (None, None) for name in prior.names] + [(None, None)]
    start = np.array(
        [max(low if low is not None else value, value) for value, (low, _) in zip(centre, bounds, strict=True)]
    )
    from scipy.optimize import minimize  # half a second that no page and no command waits for

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return replace(prior, weights=found.x[:-1], bias=float(found.x[-1]))


def _out_of_fold(examples: Sequence[Example], prior: Decision) -> NDArray[np.float64]:
    """Return each example's confidence from a decision that was fitted without its speaker, shape (n,)."""
    speakers = sorted({one.speaker for one in examples})
    fold = {speaker: index % _FOLDS for index, speaker in enumerate(speakers)}
    confidences = np.zeros(len(examples))
    for number in range(min(_FOLDS, len(speakers))):
        inside = [index for index, one in enumerate(examples) if fold[one.speaker] == number]
        outside = [one for one in examples if fold[one.speaker] != number]
        decision = _fit_weights(outside, prior) if outside else prior
        for index in inside:
            confidences[index] = decision.confidence(examples[index].vector)
    return confidences
