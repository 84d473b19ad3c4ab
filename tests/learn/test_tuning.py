"""Training the sentence encoder further: what it is good for, that it is the same each time, that it is optional."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle
from earmark.assistant import encoder, layers, load_intent_model
from earmark.assistant.intent_model import JSON, TUNED, sure, tuned_encoder
from earmark.errors import BadBundle
from earmark.learn import tuning, understanding
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


def chat():
    return said({"": ("he said so {}", "that was nice {}", "where is my hat {}", "what a day {}")})


@pytest.fixture
def here(monkeypatch):
    """Train in this process, where what JAX compiled is still there."""
    monkeypatch.setattr(tuning.compute, "apart", lambda work, items, *, told: [tuning.train(items[0], told)])


class Asked:
    """An encoder that writes down what it is asked."""

    def __init__(self, inner, asked):
        self._inner, self._asked = inner, asked

    def encode(self, words):
        self._asked.append(words)
        return self._inner.encode(words)


def lesson(sentences, **how):
    intents = sorted({one.intent for one in sentences})
    truth = np.array([intents.index(one.intent) for one in sentences])
    return tuning.Lesson(sentences=[one.text.split() for one in sentences], truth=truth, intents=intents, **how)


@pytest.fixture(scope="module")
def tuned():
    return {TUNED: tuning.train(lesson(said(ASKED), epochs=6))}


def test_it_understands_what_it_never_read(tuned):
    found = tuned_encoder(tuned[TUNED], encoder.load())
    right = [found.intents[found.likely(one.text.split()).argmax()] == one.intent for one in said(UNSEEN)]
    assert np.mean(right) > 0.8
    assert np.exp(found.likely(["heat", "it"])).sum() == pytest.approx(1.0, abs=1e-5)


def test_the_same_sentences_give_the_same_layers_and_one_that_is_gone_leaves_nothing():
    some, gone = said(ASKED), Sentence(text="the sauna is too cold", intent="warmth")
    first = tuning.train(lesson(some, epochs=1))
    assert tuning.train(lesson([*some, gone], epochs=1)) != first
    assert tuning.train(lesson(some, epochs=1, seed=1)) != first
    assert tuning.train(lesson(some, epochs=1)) == first


def test_the_layers_do_not_depend_on_how_many_cores_there_are():
    told = []
    one = lesson(said(ASKED), epochs=1)
    free = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(free)})
        alone = tuning.tune(one, note=lambda *line: told.append(line))
    finally:
        os.sched_setaffinity(0, free)
    assert tuning.tune(one) == alone
    assert told[-1] == ("training the sentence encoder", 100, 100)


def test_it_is_asked_only_where_the_margins_are_not_sure(tuned, tmp_path, monkeypatch):
    monkeypatch.setattr(understanding, "TUNED_FROM", 20)
    files = understanding.train(said(ASKED), encoder=encoder.load(), tuned=tuned)
    model = load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))
    plain = replace(model, tuned=None)
    asked = []
    heads = replace(model.tuned, encoder=Asked(model.tuned.encoder, asked))
    model = replace(model, tuned=heads)
    for text in ("the kitchen is too cold", "kitchen", "more light or heat"):
        words = text.split()
        margins, _ = plain.scores(words)
        asked.clear()
        scores, _ = model.scores(words)
        assert asked == ([] if sure(margins) else [words])
        assert np.array_equal(scores, margins) == sure(margins)
    assert sure(plain.scores(["the", "kitchen", "is", "too", "cold"])[0])
    assert not sure(plain.scores(["kitchen"])[0])


def test_then_the_packaged_encoders_first_layers_are_enough(tuned, tmp_path):
    def loaded(files, **changed):
        files = {**files, JSON: json.dumps({**json.loads(files[JSON]), **changed}).encode()}
        return load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))

    files = understanding.train(said(ASKED), encoder=encoder.load(), tuned=tuned)
    plain = understanding.train(said(ASKED), encoder=encoder.load())
    # Who knows the whole encoder's name alone, as versions before did, refuses what was learned on less of it.
    assert json.loads(plain[JSON])["encoder"] == encoder.IDENTITY != json.loads(files[JSON])["encoder"]
    for made, asks in ((loaded(files), 3), (loaded(plain), 6)):
        assert (made.encode(["stop"]).whole == encoder.load(asks).encode(["stop"]).whole).all()
    for wrong in (encoder.IDENTITY + "-7", encoder.IDENTITY + "-0", "another"):
        with pytest.raises(BadBundle, match="needs the sentence encoder"):
            loaded(files, encoder=wrong)


def test_sure_is_a_yes_that_leads_all_others():
    margins = np.array([[0.5, -0.6, -2.0], [0.5, -0.4, -2.0], [-0.1, -1.5, -2.0], [0.0, -3.0, -1.0]])
    assert sure(margins).tolist() == [True, False, False, True]
    assert [bool(sure(row)) for row in margins] == [True, False, False, True]


@pytest.mark.parametrize("text", ["stop", "remind me to call the plumber tomorrow", "please " * 70])
def test_jax_and_onnxruntime_read_a_sentence_alike(text):
    model, pieces = encoder.packaged()
    words = text.split()
    ids = encoder.pieces_of(words, pieces)[0]
    padded, inside = tuning._padded([ids, ids[:2]])
    states, own = layers.embeddings(model).of(padded), layers.read(model)
    for number in range(layers.LAYERS):
        states = tuning._layer(layers.unpacked(own, number), states, inside, None)
    whole = np.asarray(states)[0, : len(ids)].mean(axis=0)
    # What was trained further runs as `changed` runs it.
    assert whole / np.linalg.norm(whole) @ encoder.load().changed(own).encode(words).whole > 0.998


def test_few_sentences_tune_nothing_and_without_jax_or_the_encoder_nothing_is_tuned(monkeypatch):
    assert understanding.tune(said(ASKED)) == {}
    monkeypatch.setattr(understanding, "TUNED_FROM", 10)
    with monkeypatch.context() as without:
        without.setattr(tuning, "find_spec", lambda name: None)
        assert understanding.tune(said(ASKED)) == {}
    monkeypatch.setattr(encoder, "packaged", lambda: None)
    assert understanding.tune(said(ASKED)) == {}


def test_a_model_is_trained_with_it_and_runs_with_it(here, tmp_path, monkeypatch):
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
    with pytest.raises(ValueError, match="other sentences"):
        understanding.train([*said(ASKED), *chat()], encoder=encoder.load(), tuned=whole)


def test_what_asks_for_nothing_is_an_intent_of_the_head_too(here, tmp_path, monkeypatch):
    monkeypatch.setattr(understanding, "TUNED_FROM", 10)
    both = [*said(ASKED), *chat()]
    files = understanding.train(both, encoder=encoder.load(), tuned=understanding.tune(both))
    model = load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))
    assert model.tuned.intents == ["", "light", "warmth"]
    assert model.predict("that was nice attic") is None
    assert model.predict("brighten the kitchen")[0] == "light"


DAMAGE = ["noise", "empty", "gone", "lacks a layer", "other intents", "no number", "no number in a layer", "flipped"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_a_bad_bundle(tuned, tmp_path, damage, monkeypatch):
    monkeypatch.setattr(understanding, "FEWEST", 10)
    files = understanding.train(said(ASKED), encoder=encoder.load(), tuned=tuned)
    with np.load(io.BytesIO(tuned[TUNED])) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    if damage == "lacks a layer":
        del found["3.wide"]
    if damage == "other intents":
        found["intents"] = np.array(["light", "other"])
    if damage == "no number":
        found["head"][0, 0] = np.nan
    if damage == "no number in a layer":
        found["3.wide.scale"][0, 0] = np.inf
    buffer = io.BytesIO()
    np.savez(buffer, **found)
    flipped = bytearray(tuned[TUNED])
    flipped[100_000:100_400] = bytes(400)
    files[TUNED] = {"noise": b"PK", "empty": b"", "flipped": bytes(flipped)}.get(damage, buffer.getvalue())
    if damage == "gone":
        del files[TUNED]
    with pytest.raises(BadBundle):
        load_intent_model(bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate()))
