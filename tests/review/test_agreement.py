"""What two and three judgements make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import BadRequest
from earmark.review import QUESTIONS, check, decide, normalise

SAID, NOT, UNCLEAR = ({"value": value} for value in ("said", "not_said", "unclear"))
RIGHT, WRONG = {"value": "right"}, {"value": "wrong"}
WRONG_A, WRONG_B = {"value": "wrong", "intent": "A"}, {"value": "wrong", "intent": "B"}


def text(words):
    return {"text": words}


@pytest.mark.parametrize(
    ("question", "answers", "state", "needed", "label", "made_by"),
    [
        ("wake", [SAID], "ready", 2, None, None),
        ("wake", [SAID, SAID], "done", 2, SAID, "agreement"),
        ("wake", [UNCLEAR, UNCLEAR], "done", 2, UNCLEAR, "agreement"),
        ("wake", [SAID, NOT], "ready", 3, None, None),
        ("wake", [SAID, NOT, NOT], "done", 3, NOT, "majority"),
        ("wake", [SAID, NOT, SAID], "done", 3, SAID, "majority"),
        ("wake", [SAID, NOT, UNCLEAR], "held", 3, None, None),
        ("transcript", [text("a b"), text("a b")], "done", 2, text("a b"), "agreement"),
        ("transcript", [text(""), text("")], "done", 2, text(""), "agreement"),
        ("transcript", [text("a b"), text("a c")], "ready", 3, None, None),
        ("transcript", [text("a b"), text("a c"), text("a c")], "done", 3, text("a c"), "majority"),
        ("transcript", [text("a"), text("b"), text("c")], "held", 3, None, None),
        ("understood", [RIGHT, RIGHT], "done", 2, RIGHT, "agreement"),
        ("understood", [WRONG_A, WRONG_A], "done", 2, WRONG_A, "agreement"),
        ("understood", [WRONG_A, WRONG_B], "ready", 3, None, None),
        ("understood", [WRONG_A, WRONG_B, WRONG_B], "done", 3, WRONG_B, "majority"),
        ("understood", [WRONG_A, WRONG_B, RIGHT], "done", 3, WRONG, "majority"),
        ("understood", [WRONG_A, WRONG_B, WRONG], "done", 3, WRONG, "majority"),
    ],
)
def test_the_table(question, answers, state, needed, label, made_by):
    outcome = decide(QUESTIONS[question].kind, answers)
    assert (outcome.state, outcome.needed, outcome.label, outcome.made_by) == (state, needed, label, made_by)


@given(st.lists(st.sampled_from(["said", "not_said", "unclear"]), min_size=1, max_size=3))
def test_a_label_needs_two_equal_answers_and_two_equal_answers_make_it(values):
    outcome = decide("choice", [{"value": value} for value in values])
    most = max(values, key=values.count)
    assert (outcome.label is not None) == (values.count(most) >= 2)
    assert outcome.label is None or outcome.label["value"] == most


def test_case_punctuation_and_spaces_do_not_make_two_transcripts_different():
    first = check(QUESTIONS["transcript"], {"text": "Play  some JAZZ, please!\n"})
    second = check(QUESTIONS["transcript"], {"text": "play some jazz please"})
    assert first == second == {"text": "play some jazz please"}
    assert normalise("Don’t tell [name]: O'Neil’s 'it'") == "don't tell [name] o'neil's it"


@given(st.text(max_size=200))
def test_normalising_twice_is_normalising_once(raw):
    assert normalise(normalise(raw)) == normalise(raw)


@pytest.mark.parametrize(
    ("question", "raw"),
    [
        ("wake", {"value": "maybe"}),
        ("wake", {"value": ["said"]}),
        ("wake", {}),
        ("wake", "said"),
        ("wake", None),
        ("transcript", {"text": 3}),
        ("transcript", {"text": "some [noise] here"}),
        ("transcript", {"text": "a\x00b"}),
        ("transcript", {"text": "a" * 1001}),
        ("understood", {"value": "said"}),
        ("understood", {"value": "wrong", "intent": "drop table;"}),
        ("understood", {"value": "wrong", "slots": {"a b": "c"}}),
        ("understood", {"value": "wrong", "slots": {"a": 1}}),
        ("understood", {"value": "wrong", "slots": {str(i): "x" for i in range(30)}}),
        ("understood", {"value": "wrong", "slots": "size"}),
    ],
)
def test_what_is_no_answer_is_refused_without_quoting_it(question, raw):
    with pytest.raises(BadRequest) as caught:
        check(QUESTIONS[question], raw)
    assert "drop table" not in caught.value.message


def test_a_correction_is_brought_to_one_form():
    raw = {"value": "wrong", "intent": "orderDrink", "slots": {"size": "Large", "drink": "Flat White"}, "more": 1}
    assert check(QUESTIONS["understood"], raw) == {
        "value": "wrong",
        "intent": "orderDrink",
        "slots": {"drink": "flat white", "size": "large"},
    }
    assert check(QUESTIONS["understood"], {"value": "right", "intent": "ignored"}) == {"value": "right"}
