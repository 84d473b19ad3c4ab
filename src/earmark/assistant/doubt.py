"""How unsure the assistant was of what it heard: where a person's answer would teach it most.

Two readings of the same sound that say the same are rarely both wrong; and a decision near its threshold might as well
have gone the other way. Both count half. How well they tell wrong readings from right ones:
docs/decisions/unsure-first.md.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from earmark.assistant.recogniser import Hypothesis


def doubt(hypothesis: Hypothesis, *, threshold: float) -> float | None:
    """Return 0 (sure) to 1 (not at all); None where there is no second reading and no decision.

    `threshold`: the confidence from which commands are accepted, between 0 and 1.
    """
    if hypothesis.source != "grammar":
        return None
    above = hypothesis.confidence >= threshold
    furthest = 1.0 - threshold if above else threshold
    far = abs(hypothesis.confidence - threshold) / max(furthest, 1e-6)
    return 1.0 - (min(1.0, far) + agreement(hypothesis)) / 2.0


def agreement(hypothesis: Hypothesis) -> float:
    """Return how far a grammar's reading and the open one beside it have the same words in the same order, 0 to 1.

    Recognisers that compare them word by word in time say so in their evidence; of others the texts are compared.
    """
    found = hypothesis.evidence.get("ngram_agreement")
    if found is not None:
        return found
    other = hypothesis.rival.text.split() if hypothesis.rival else []
    return SequenceMatcher(None, hypothesis.text.split(), other, autojunk=False).ratio()
