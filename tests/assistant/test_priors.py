from __future__ import annotations

import pytest

from earmark.assistant import priors
from earmark.assistant.grammar import compile_grammar, skill_intents
from earmark.bundle import BUILTIN, ModelBundle
from earmark.errors import BadBundle

GRAMMAR = compile_grammar(skill_intents())


def test_what_is_said_often_weighs_more_and_the_rest_stays_possible():
    weights = priors.arc_weights(GRAMMAR, {"make me a latte": 9, "make me an espresso": 1, "buy me a car": 50})
    assert weights is not None
    assert weights[0]["make"] == 1.0
    assert 0 < weights[0]["brew"] < 0.1
    after = GRAMMAR.arcs[GRAMMAR.arcs[0]["make"]]["me"]
    assert weights[after]["a"] == 1.0
    assert weights[after]["an"] == pytest.approx(1.5 / 9.5)
    assert all(0 < weight <= 1 for row in weights for weight in row.values())


def test_nothing_learned_means_no_weights(tmp_path):
    assert priors.load(BUILTIN) == {}
    assert priors.arc_weights(GRAMMAR, {}) is None


def test_phrases_survive_the_bundle(tmp_path):
    (tmp_path / "asr").mkdir()
    (tmp_path / priors.FILE).write_bytes(priors.dump(["make me a latte", "make me a latte", "mute the sound"]))
    bundle = ModelBundle(version="x", folder=tmp_path, manifest={"files": {priors.FILE: ""}})
    assert priors.load(bundle) == {"make me a latte": 2, "mute the sound": 1}
    (tmp_path / priors.FILE).write_text('["make me a latte"]')
    with pytest.raises(BadBundle):
        priors.load(bundle)
