"""What a household says often, as weights of the grammar's arcs.

A bundle's `asr/phrases.json` holds sentences and how often they were said. Walking each through the grammar counts its
arcs; a rare sentence only becomes a little less likely, never impossible.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from earmark.assistant.grammar import OPEN, Grammar
from earmark.bundle import ModelBundle
from earmark.errors import BadBundle

FILE = "asr/phrases.json"
_PRIOR = 0.5
"""Times that every arc counts as seen before anything was said."""


def load(bundle: ModelBundle) -> Mapping[str, int]:
    """Return sentence to count; empty when the bundle brings none.

    Raises BadBundle when the file holds anything else.
    """
    found = bundle.read_json(FILE)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(count, int) and count > 0 for count in found.values()):
        raise BadBundle(why="its phrases are no counts")
    return found


def dump(sentences: Sequence[str]) -> bytes:
    """Return what `asr/phrases.json` holds for these sentences."""
    return json.dumps(dict(sorted(Counter(sentences).items())), indent=0).encode()


def arc_weights(grammar: Grammar, phrases: Mapping[str, int]) -> Sequence[Mapping[str, float]] | None:
    """Return for each state word to weight, 0 to 1, the likeliest word of a state being 1.

    None when there are no phrases. Phrases that the grammar does not accept are left out.
    """
    if not phrases:
        return None
    counts: list[Counter[str]] = [Counter() for _ in grammar.arcs]
    for phrase, count in phrases.items():
        if not grammar.accepts(phrase):
            continue
        state = 0
        for word in phrase.split():
            step = word if word in grammar.arcs[state] else OPEN
            if step == OPEN:
                break  # open speech may end anywhere; its carrier phrase has been counted
            counts[state][step] += count
            state = grammar.arcs[state][step]
    return [
        {word: (seen[word] + _PRIOR) / (max(seen.values(), default=0) + _PRIOR) for word in row}
        for row, seen in zip(grammar.arcs, counts, strict=True)
    ]
