"""Training the sentence encoder further: what it is good for, that it is the same each time, that it is optional."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle
from earmark.assistant import encoder, load_intent_model
from earmark.assistant.intent_model import TUNED, tuned_encoder
from earmark.errors import BadBundle
from earmark.learn import understanding
from earmark.learn.clips import Sentence

ASKED = {
    "warmth": ("the {} is too cold", "warm up the {}", "it is freezing in the {}", "turn the heat up in the {}"),
    "light": ("the {} is too dark", "brighten the {}", "i can not see in the {}", "switch on the lamp in the {}"),
}
UNSEEN = {"warmth": ("i am shivering in the {}", "heat the {}"), "light": ("illuminate the {}", "more light in the {}")}
ROOMS = ("kitchen", "cellar", "attic", "bathroom", "hall")


def said(phrases):
    return [
        Sentence(text=phrase.format(room), intent=intent)
        for intent, all_of_it in phrases.items()
        for phrase in all_of_it
        for room in ROOMS
    ]


def tune(sentences, **how):
    kept = [one.text.split() for one in sentences]
    intents = sorted({one.intent for one in sentences})
    truth = np.array([intents.index(one.intent) for one in sentences])
    return understanding.tuning.tune(kept, truth, intents, **how)


@pytest.fixture(scope="module")
def tuned():
    return tune(said(ASKED), epochs=6)


def test_it_understands_what_it_never_read(tuned):
    found = tuned_encoder(tuned[TUNED])
    right = [found.intents[found.likely(one.text.split()).argmax()] == one.intent for one in said(UNSEEN)]
    assert np.mean(right) > 0.8
    assert np.exp(found.likely(["heat", "it"])).sum() == pytest.approx(1.0, abs=1e-5)


def test_the_same_sentences_give_the_same_layers_and_one_that_is_gone_leaves_nothing(tuned):
    some, gone = said(ASKED), Sentence(text="the sauna is too cold", intent="warmth")
    assert tune(some, epochs=6) == tuned
    assert tune([*some, gone], epochs=6) != tuned
    assert tune(some, epochs=6, seed=1) != tuned


def test_it_tells_how_far_it_is():
    told = []
    tune(said(ASKED), epochs=1, note=lambda *line: told.append(line))
    assert told[-1][1] == told[-1][2] > 0


def test_few_sentences_tune_nothing_and_without_jax_or_the_encoder_nothing_is_tuned(monkeypatch):
    assert understanding.tune(said(ASKED)) == {}
    monkeypatch.setattr(understanding, "TUNED_FROM", 10)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "jax", None)
        assert understanding.tune(said(ASKED)) == {}
    monkeypatch.setattr(encoder, "packaged", lambda: None)
    assert understanding.tune(said(ASKED)) == {}


def test_a_model_is_trained_with_it_and_runs_with_it(tuned, tmp_path, monkeypatch):
    monkeypatch.setattr(understanding, "TUNED_FROM", 10)
    monkeypatch.setattr(understanding, "FEWEST", 10)
    whole = understanding.tune(said(ASKED))
    files = understanding.train(said(ASKED), encoder=encoder.load(), tuned=whole)
    assert files[TUNED] == whole[TUNED]
    model = load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))
    assert model.predict("warm up the sauna")[0] == "warmth"
    plain = understanding.train(said(ASKED), encoder=encoder.load())
    assert TUNED not in plain
    assert understanding.train(said(ASKED), encoder=None, tuned=whole).keys() == plain.keys()


@pytest.mark.parametrize("damage", ["noise", "lacks a layer", "other intents"])
def test_a_damaged_one_is_a_bad_bundle(tuned, tmp_path, damage, monkeypatch):
    monkeypatch.setattr(understanding, "FEWEST", 10)
    files = understanding.train(said(ASKED), encoder=encoder.load(), tuned=tuned)
    with np.load(io.BytesIO(tuned[TUNED])) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    if damage == "lacks a layer":
        del found["3.wide"]
    if damage == "other intents":
        found["intents"] = np.array(["light", "other"])
    buffer = io.BytesIO()
    np.savez(buffer, **found)
    files[TUNED] = b"PK" if damage == "noise" else buffer.getvalue()
    with pytest.raises(BadBundle):
        load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))
