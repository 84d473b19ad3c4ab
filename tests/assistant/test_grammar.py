from __future__ import annotations

import random

import pytest
from hassil import Intents

from earmark.assistant.decoding import known_words
from earmark.assistant.grammar import Grammar, compile_grammar, skill_intents
from earmark.assistant.understanding import parse

INTENTS = skill_intents({"member": ["Anna"]})
CLOSED = compile_grammar(INTENTS)
OPENED = compile_grammar(INTENTS, open_speech=True)


@pytest.mark.parametrize(
    "sentence",
    [
        "what time is it",
        "i'd like an iced mocha with a lot of cream and some sweetener",
        "brew a dark roast large double shot latte with milk",
        "brew a large double shot dark roast latte with milk please",
        "set a timer for seventy five minutes",
        "wake me up at seven thirty a m",
        "delete what i just said",
        "add olive oil and dog food to my shopping list",
    ],
)
def test_accepts_what_the_templates_say(sentence):
    assert CLOSED.accepts(sentence)
    assert parse(sentence, INTENTS) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "make me a",
        "make me a large large latte",
        "a large latte with milk",
        "make me a latte with oat milk",
        "set a timer for a hundred minutes",
        "what time is it in paris",
        "tell anna dinner is ready",
    ],
)
def test_refuses_what_no_template_says(sentence):
    assert not CLOSED.accepts(sentence)


def test_open_speech_is_any_words_behind_its_carrier_phrase():
    assert OPENED.accepts("tell anna dinner is ready")
    assert OPENED.accepts("add green lentils to the shopping list")
    assert not OPENED.accepts("tell anna")
    assert not OPENED.accepts("tell nobody dinner is ready")
    assert not OPENED.accepts("add green lentils")


def test_every_walk_through_the_grammar_is_understood():
    chance = random.Random(3)
    for _ in range(200):
        sentence = _walk(CLOSED, chance)
        assert parse(sentence, INTENTS) is not None, sentence


def test_is_deterministic_and_small():
    assert compile_grammar(INTENTS) == CLOSED
    assert len(CLOSED.arcs) < 600


def test_every_word_has_a_pronunciation():
    assert CLOSED.words == known_words(CLOSED.words)


def test_parts_of_words_are_joined_and_empty_choices_leave_no_hole():
    intents = Intents.from_dict(
        {
            "language": "en",
            "intents": {"x": {"data": [{"sentences": ["[dim] light[s] (on|off) {n} [now]", "(a;[b];c)"]}]}},
            "lists": {"n": {"range": {"from": 21, "to": 22}}},
        }
    )
    grammar = compile_grammar(intents)
    assert grammar.words == {"dim", "light", "lights", "on", "off", "twenty", "one", "two", "now", "a", "b", "c"}
    assert grammar.accepts("lights off twenty two now")
    assert grammar.accepts("dim light on twenty one")
    assert grammar.accepts("c a")
    assert grammar.accepts("c b a")
    assert not grammar.accepts("a b")


def test_names_are_words_whatever_is_written_in_them():
    names = ["Jean-Luc", "O'Neil", "Ann (mum)", "José", "<b>", "[x", "{y}", "R2", "42", "''", "李"]
    intents = skill_intents({"member": names})
    grammar = compile_grammar(intents, open_speech=True)
    for said in ("jean luc", "o'neil", "ann mum", "josé", "李"):
        assert grammar.accepts(f"tell {said} dinner is ready")
    found = parse("tell jean luc dinner is ready", intents)
    assert found is not None
    assert dict(found.slots) == {"member": "Jean-Luc", "message": "dinner is ready"}


def test_a_word_without_pronunciation_leaves_no_dead_end():
    grammar = compile_grammar(skill_intents({"member": ["李"]}), open_speech=True).without({"李"})
    assert "let" not in grammar.words
    assert grammar.accepts("what time is it")
    assert all(row or state in grammar.final for state, row in enumerate(grammar.arcs))


def test_merging_states_keeps_the_language():
    intents = Intents.from_dict(
        {"language": "en", "intents": {"x": {"data": [{"sentences": ["(a|b) c d", "e c d"]}]}}, "lists": {}}
    )
    grammar = compile_grammar(intents)
    assert len(grammar.arcs) == 4
    assert all(grammar.accepts(f"{first} c d") for first in "abe")


def _walk(grammar: Grammar, chance: random.Random) -> str:
    state, words = 0, []
    while not (state in grammar.final and (not grammar.arcs[state] or chance.random() < 0.5)):
        word = chance.choice(sorted(grammar.arcs[state]))
        words.append(word)
        state = grammar.arcs[state][word]
    return " ".join(words)
