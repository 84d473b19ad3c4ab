"""Viterbi search for the likeliest sentence of a grammar, by the scores of a network.

The grammar's words become chains of phones, one state a phone, with quiet allowed between words. All states are
advanced at once with numpy; the skills' grammar has some 9,000, so nothing has to be pruned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.grammar import OPEN, Grammar
from earmark.assistant.network import STEP
from earmark.assistant.spans import OPEN_PHONES, Span

Pronounce = Callable[[str], Sequence[Sequence[str]]]
"""A word's pronunciations, each a list of phones; none when nobody knows it."""
_WORD = 0.0
"""Natural log score for beginning a word. Measured: docs/decisions/neural-acoustics.md."""
_OPEN = -4.0
"""That beginning a phone of open speech costs: the words of a list win where they fit."""
_LOOP = -2.0
"""That changing the phone costs where any may follow any: what a sentence has to compete with."""
_NEVER = np.float32(-1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A grammar as states: each arc, in each pronunciation, is a chain of phones."""

    word: tuple[str, ...]
    """Of each chain; a phone in brackets for open speech."""
    begins: NDArray[np.intp]
    """Of each chain: the node it leaves."""
    ends: NDArray[np.intp]
    """Of each chain: the node it leads to. Chains are ordered by it."""
    first: NDArray[np.intp]
    """Of each chain: its first state; the last is one before the next chain's first."""
    last: NDArray[np.intp]
    cost: NDArray[np.float32]
    """Of each chain: log score for beginning it."""
    phone: NDArray[np.intp]
    """Of each state: index among the network's outputs."""
    nodes: int
    final: NDArray[np.intp]
    """Nodes in which a sentence may end."""
    into: NDArray[np.intp]
    """Nodes that some chain leads to."""
    groups: NDArray[np.intp]
    """Of each of them: the first chain that does."""


def build(grammar: Grammar, pronounce: Pronounce, phones: Sequence[str]) -> Graph:
    """Build the graph of a grammar; words with a phone that the network lacks are left out."""
    number = {name: at for at, name in enumerate(phones)}
    chains: list[tuple[int, int, str, list[int], float]] = []
    nodes = len(grammar.arcs)
    for state, row in enumerate(grammar.arcs):
        for word, target in row.items():
            if word == OPEN:
                loop, nodes = nodes, nodes + 1
                for name, phone in OPEN_PHONES.items():
                    if phone in number:
                        for begin, end in ((state, loop), (loop, loop), (state, target), (loop, target)):
                            chains.append((begin, end, name, [number[phone]], _OPEN))
                continue
            for spelled in pronounce(word):
                if all(phone in number for phone in spelled):
                    chains.append((state, target, word, [number[phone] for phone in spelled], _WORD))
    chains.sort(key=lambda chain: chain[1])
    lengths = np.array([len(chain[3]) for chain in chains], dtype=np.intp)
    first = np.concatenate([np.zeros(1, np.intp), np.cumsum(lengths)[:-1]])
    ends = np.array([chain[1] for chain in chains], dtype=np.intp)
    into, groups = np.unique(ends, return_index=True)
    return Graph(
        word=tuple(chain[2] for chain in chains),
        begins=np.array([chain[0] for chain in chains], dtype=np.intp),
        ends=ends,
        first=first,
        last=first + lengths - 1,
        cost=np.array([chain[4] for chain in chains], dtype=np.float32),
        phone=np.array([phone for chain in chains for phone in chain[3]], dtype=np.intp),
        nodes=nodes,
        final=np.array(sorted(grammar.final), dtype=np.intp),
        into=into,
        groups=groups,
    )


def best_path(graph: Graph, scores: NDArray[np.float32]) -> list[Span]:
    """Return the words of the likeliest sentence in order, frames of 10 ms; none when no sentence fits in.

    `scores`: shape (outputs, phones), as a network gives them; a span's score is the sum of its outputs' scores.
    """
    length, states = len(scores), len(graph.phone)
    chain = np.full(states, _NEVER)
    quiet, node = np.full(graph.nodes, _NEVER), np.full(graph.nodes, _NEVER)
    node[0] = 0.0
    stayed = np.zeros((length, states), dtype=bool)
    stayed_quiet = np.zeros((length, graph.nodes), dtype=bool)
    by_word = np.zeros((length + 1, graph.nodes), dtype=bool)
    at_end = np.zeros((length, len(graph.last)), dtype=np.float32)
    before = np.empty(states, dtype=np.float32)
    for at in range(length):
        before[1:] = chain[:-1]
        before[graph.first] = node[graph.begins] + graph.cost
        np.greater_equal(chain, before, out=stayed[at])
        np.maximum(chain, before, out=chain)
        chain += scores[at][graph.phone]
        np.greater_equal(quiet, node, out=stayed_quiet[at])
        quiet = np.maximum(quiet, node) + scores[at, 0]
        at_end[at] = chain[graph.last]
        node = quiet.copy()
        arrived = np.maximum.reduceat(at_end[at], graph.groups)
        by_word[at + 1, graph.into] = arrived > node[graph.into]
        node[graph.into] = np.maximum(node[graph.into], arrived)
    final = graph.final[np.argmax(node[graph.final])] if length else 0
    if not length or node[final] <= _NEVER / 2:
        return []
    return _walk_back(graph, scores, int(final), (stayed, stayed_quiet, by_word, at_end))


def _walk_back(
    graph: Graph, scores: NDArray[np.float32], node: int, trace: tuple[NDArray[np.generic], ...]
) -> list[Span]:
    stayed, stayed_quiet, by_word, at_end = trace
    spans: list[Span] = []
    at = len(scores)
    while at > 0:
        until = at
        if not by_word[at, node]:
            at -= 1
            while at > 0 and stayed_quiet[at, node]:
                at -= 1
            continue
        lowest, highest = np.searchsorted(graph.ends, [node, node + 1])
        chosen = int(lowest + np.argmax(at_end[at - 1, lowest:highest]))
        state, total = int(graph.last[chosen]), 0.0
        while True:
            at -= 1
            total += float(scores[at, graph.phone[state]])
            if stayed[at, state]:
                continue
            if state == graph.first[chosen]:
                break
            state -= 1
        spans.append(_span(graph.word[chosen], at, until, total))
        node = int(graph.begins[chosen])
    return spans[::-1]


def free_path(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each output's score on the best path on which any phone may follow any, shape (outputs,)."""
    length, phones = scores.shape
    best = np.zeros(phones, dtype=np.float32)
    came = np.zeros((length, phones), dtype=np.intp)
    for at in range(length):
        top = int(np.argmax(best))
        change = best[top] + _LOOP
        came[at] = np.where(best >= change, np.arange(phones), top)
        best = np.maximum(best, change) + scores[at]
    path = np.empty(length, dtype=np.float32)
    phone = int(np.argmax(best)) if length else 0
    for at in range(length - 1, -1, -1):
        path[at] = scores[at, phone]
        phone = int(came[at, phone])
    return path


def _span(word: str, first: int, until: int, score: float) -> Span:
    return Span(name=word, first=STEP * first, last=STEP * until - 1, score=score, posterior=1.0)
