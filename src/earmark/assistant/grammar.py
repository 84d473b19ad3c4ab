"""The skills' sentences as one small word automaton.

hassil's templates are walked into a non-deterministic automaton of word pieces, which becomes a deterministic one of
whole words (subset construction) and then the smallest of that (its states merged from the end; it has no cycles).
Permutations cost a hand-written JSGF a hundredfold; here they share their states.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hassil import (
    Alternative,
    Expression,
    Group,
    IntentData,
    Intents,
    ListReference,
    Permutation,
    RangeSlotList,
    RuleReference,
    SlotList,
    TextChunk,
    TextSlotList,
    WildcardSlotList,
)
from hassil.numbers import get_rbnf_engine

from earmark.assistant import skills

OPEN = "<open>"
"""Arc that stands for open speech: one or more words that no list foresees."""
_NOT_SAID = re.compile(r"[^\w']|[\d_]")
_SPACE = " "
_EMPTY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A minimal deterministic word automaton; state 0 is its start."""

    arcs: Sequence[Mapping[str, int]]
    """For each state: word to next state."""
    final: frozenset[int]
    """States in which a sentence may end."""

    @property
    def words(self) -> frozenset[str]:
        return frozenset(word for state in self.arcs for word in state if word != OPEN)

    def without(self, words: Collection[str]) -> Grammar:
        """Return the grammar without these words' arcs: what nobody can pronounce, nobody says."""
        arcs = [{word: to for word, to in row.items() if word not in words} for row in self.arcs]
        return _minimise(arcs, set(self.final))

    def accepts(self, sentence: str) -> bool:
        """True when the sentence is one of the grammar's, word by word; open speech is any words."""
        states = {0}
        for word in sentence.split():
            after = {self.arcs[state][word] for state in states if word in self.arcs[state]}
            opened = {self.arcs[state][OPEN] for state in states if OPEN in self.arcs[state]}
            states = after | opened | (states & self._open_targets())
        return bool(states & self.final)

    def _open_targets(self) -> set[int]:
        return {state[OPEN] for state in self.arcs if OPEN in state}


def skill_intents(lists: Mapping[str, Sequence[str]] | None = None) -> Intents:
    """Merge the skills' templates; `lists` replaces the values of lists by name (`member`: household names).

    Values are words, not templates; one without a letter is left out, because it can't be said.
    """
    merged: dict[str, Any] = {"language": "en", "intents": {}, "lists": {}, "expansion_rules": {}}
    for sentences in skills.templates().values():
        for part in ("intents", "lists", "expansion_rules"):
            merged[part].update(sentences.get(part, {}))
    for name, values in (lists or {}).items():
        spoken = {words: value for value in values if (words := _speakable(value))}
        merged["lists"][name] = {"values": [{"in": words, "out": out} for words, out in spoken.items()]}
    return Intents.from_dict(merged)


def _speakable(text: str) -> str:
    """Lower-case words of letters and apostrophes, as a dictionary has them."""
    return " ".join(word for word in _NOT_SAID.sub(" ", text.lower()).split() if word.strip("'"))


def compile_grammar(
    intents: Intents, *, open_speech: bool = False, meaning: tuple[str, Mapping[str, str]] | None = None
) -> Grammar:
    """Turn templates into a minimal word automaton.

    With `open_speech`, wildcards become an `OPEN` arc; otherwise sentences with one are left out. With a `meaning`
    (intent and slots), only sentences of that intent stay, in which no other slot and no other value is said.
    """
    pieces = _Pieces()
    only = None if meaning is None else meaning[1]
    for intent in intents.intents.values():
        for data in intent.data if meaning is None or intent.name == meaning[0] else ():
            for sentence in data.sentences:
                walk = _Walk(pieces=pieces, intents=intents, data=data, open_speech=open_speech, only=only)
                end = walk.add(sentence.expression, pieces.start)
                if end is not None:
                    pieces.link(end, _SPACE, pieces.end)
    return _minimise(*_determinise(pieces))


@dataclass(slots=True)
class _Pieces:
    """The non-deterministic automaton: arcs carry a piece of a word, a space or nothing."""

    arcs: list[list[tuple[str, int]]] = field(default_factory=lambda: [[], []])
    start: int = 0
    end: int = 1

    def new(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def link(self, state: int, label: str, target: int) -> None:
        self.arcs[state].append((label, target))

    def step(self, state: int, label: str) -> int:
        target = self.new()
        self.link(state, label, target)
        return target

    def closure(self, states: Iterable[int]) -> frozenset[int]:
        """Return the states reachable by nothing or by spaces: those at which a word may begin."""
        seen, todo = set(states), list(states)
        while todo:
            for label, target in self.arcs[todo.pop()]:
                if label in (_EMPTY, _SPACE) and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(seen)

    def words(self, state: int, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield each whole word that begins at a state, and the state behind the space after it."""
        for label, target in self.arcs[state]:
            if label == _SPACE:
                if prefix:
                    yield prefix, target
            elif label or prefix:
                yield from self.words(target, prefix + label)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """One template being added to the pieces."""

    pieces: _Pieces
    intents: Intents
    data: IntentData
    open_speech: bool
    only: Mapping[str, str] | None
    """Slots and their values, where nothing else may be said."""

    def add(self, expression: Expression, state: int) -> int | None:
        """Append an expression at a state; return the state behind it, None when nothing can be said."""
        match expression:
            case TextChunk():
                return self._text(expression.original_text, state)
            case Alternative():
                choices = [*expression.items, TextChunk("")] if expression.is_optional else expression.items
                return self._either(choices, state)
            case Permutation():
                # A bracketed item with nothing in it leaves its spaces behind; they count as one.
                orders = itertools.permutations(expression.items)
                return self._either([_spaced(order) for order in orders], state)
            case Group():
                return self._sequence(expression.items, state)
            case RuleReference():
                rule = self.data.expansion_rules.get(expression.rule_name)
                rule = rule or self.intents.expansion_rules[expression.rule_name]
                return self.add(rule.expression, state)
            case ListReference():
                return self._list(expression, state)
            case _:
                raise TypeError(f"unknown part of a template: {type(expression).__name__}")

    def _text(self, text: str, state: int) -> int:
        for piece in _split_keeping_spaces(text.lower()):
            state = self.pieces.step(state, piece)
        return state

    def _sequence(self, items: Sequence[Expression], state: int) -> int | None:
        at: int | None = state
        for item in items:
            if at is None:
                return None
            at = self.add(item, at)
        return at

    def _either(self, items: Iterable[Expression], state: int) -> int | None:
        ends = [end for item in items if (end := self.add(item, state)) is not None]
        if not ends:
            return None
        join = self.pieces.new()
        for end in ends:
            self.pieces.link(end, _EMPTY, join)
        return join

    def _list(self, reference: ListReference, state: int) -> int | None:
        found = self.data.slot_lists.get(reference.list_name) or self.intents.slot_lists[reference.list_name]
        if self.only is not None:
            wanted = self.only.get(reference.slot_name)
            return None if wanted is None else self._either(_values_meaning(found, wanted), state)
        if isinstance(found, WildcardSlotList):
            return self.pieces.step(state, OPEN) if self.open_speech else None
        return self._either(_values(found), state)


def _values_meaning(values: SlotList, wanted: str) -> list[Expression]:
    """Return how a value is said: of a list of words as it says, of a number in words, else by its own words."""
    if isinstance(values, TextSlotList):
        same = [value.text_in for value in values.values if str(value.value_out) == wanted]
        return same or [TextChunk(wanted)]
    if isinstance(values, RangeSlotList) and wanted.isdecimal():
        return [TextChunk(get_rbnf_engine("en").format_number(int(wanted)).text.replace("-", " "))]
    return [TextChunk(_speakable(wanted))]


def _values(values: SlotList) -> list[Expression]:
    if isinstance(values, TextSlotList):
        return [value.text_in for value in values.values]
    if isinstance(values, RangeSlotList):
        engine = get_rbnf_engine("en")
        spelled = (engine.format_number(number).text.replace("-", " ") for number in values.get_numbers())
        return [TextChunk(text) for text in spelled]
    raise TypeError(f"unknown kind of list: {type(values).__name__}")


def _spaced(items: Sequence[Expression]) -> Group:
    parts: list[Expression] = []
    for item in items:
        parts += [item, TextChunk(" ")]
    return Group(items=parts)


def _split_keeping_spaces(text: str) -> list[str]:
    parts: list[str] = []
    for is_space, run in itertools.groupby(text, str.isspace):
        parts.append(_SPACE if is_space else "".join(run))
    return parts


def _determinise(pieces: _Pieces) -> tuple[list[dict[str, int]], set[int]]:
    """Subset construction over whole words."""
    first = pieces.closure([pieces.start])
    numbers = {first: 0}
    arcs: list[dict[str, int]] = []
    todo = [first]
    for subset in todo:
        after: dict[str, set[int]] = {}
        for state in subset:
            for word, target in pieces.words(state):
                after.setdefault(word, set()).add(target)
        row: dict[str, int] = {}
        for word, targets in sorted(after.items()):
            closed = pieces.closure(targets)
            if closed not in numbers:
                numbers[closed] = len(numbers)
                todo.append(closed)
            row[word] = numbers[closed]
        arcs.append(row)
    return arcs, {number for subset, number in numbers.items() if pieces.end in subset}


def _minimise(arcs: list[dict[str, int]], final: set[int]) -> Grammar:
    """Merge states that accept the same endings; the automaton has no cycles, so one pass from its end does it."""
    merged: dict[tuple[bool, tuple[tuple[str, int], ...]], int] = {}
    rows: list[dict[str, int]] = []
    finals: set[int] = set()
    done: dict[int, int | None] = {}

    def visit(state: int) -> int | None:
        if state not in done:
            visited = {word: visit(target) for word, target in arcs[state].items()}
            row = {word: target for word, target in visited.items() if target is not None}
            if not row and state not in final and state != 0:
                done[state] = None  # where a sentence with a wildcard was left out
                return None
            signature = (state in final, tuple(sorted(row.items())))
            if signature not in merged:
                merged[signature] = len(rows)
                rows.append(row)
                if state in final:
                    finals.add(merged[signature])
            done[state] = merged[signature]
        return done[state]

    start = visit(0) or 0
    # The start was reached last: number backwards so that it becomes state 0.
    flip = {old: start - old for old in range(len(rows))}
    flipped = [{word: flip[target] for word, target in row.items()} for row in reversed(rows)]
    return Grammar(arcs=flipped, final=frozenset(flip[state] for state in finals))
