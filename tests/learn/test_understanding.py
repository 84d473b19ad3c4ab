from __future__ import annotations

import json
import random

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle
from earmark.assistant import encoder, load_intent_model
from earmark.bundle import BUILTIN
from earmark.errors import BadBundle
from earmark.learn import understanding
from earmark.learn.clips import Sentence, read_sentences
from earmark.learn.evaluate import understood_sentences
from earmark.learn.scoring import summarise
from earmark.learn.slots import tags_of
from earmark.learn.understanding import train

PLACES = ("rome", "new york", "paris", "oslo", "san jose", "lima")
DAYS = ("today", "tomorrow", "on monday", "next week", "tonight")


def sentences(seed, count=120):
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        place, day = draw.choice(PLACES), draw.choice(DAYS)
        made += [
            Sentence(
                text=draw.choice(("will it rain in {} {}", "weather for {} {}")).format(place, day),
                intent="weather",
                slots=(("place", place), ("date", day)),
            ),
            Sentence(text=f"wake me {day} please", intent="alarm", slots=(("date", day),)),
            Sentence(text=draw.choice(("he said so", "that was nice", "where is my hat")), intent=""),
        ]
    return made


@pytest.fixture(scope="module")
def files():
    return train(sentences(0))


@pytest.fixture
def model(files, tmp_path):
    return bundle.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate())


def test_intents_and_slots_are_found_in_sentences_it_never_read(model):
    unseen = [one for one in sentences(1) if one.intent]
    scores = summarise(understood_sentences(unseen, model))["nlu"]
    assert scores["intent_accuracy"] > 0.98
    assert scores["slot_f1"] > 0.95


def test_what_asks_for_nothing_is_refused(model):
    found = load_intent_model(model)
    assert found is not None
    assert found.predict("that was nice") is None
    assert found.predict("  ?! ") is None
    intent, slots, confidence = found.predict("Will it rain in New York tomorrow?")
    assert (intent, slots) == ("weather", [("place", "new york"), ("date", "tomorrow")])
    assert 0.5 < confidence <= 1.0


def test_the_same_sentences_give_the_same_files(files):
    assert train(sentences(0)) == files


def test_two_intents_are_enough_and_one_is_not():
    two = [one for one in sentences(0) if one.intent != "alarm"]
    assert train(two) is not None
    assert train([one for one in two if one.intent]) is None
    assert train(two[:20]) is None


def test_a_damaged_model_is_a_bad_bundle(files, tmp_path):
    for name, data in (("nlu/model.json", b"{}"), ("nlu/model.npz", b"PK")):
        made = bundle.write(tmp_path, files={**files, name: data}, about={"n": name}, key=Ed25519PrivateKey.generate())
        with pytest.raises(BadBundle):
            load_intent_model(made)
    assert load_intent_model(BUILTIN) is None


def test_a_slots_words_are_found_once_each():
    words = ["from", "rome", "to", "rome", "today"]
    assert tags_of(words, [("a", "rome"), ("b", "rome"), ("c", "never")]) == ["O", "B-a", "O", "B-b", "O"]


def test_the_order_of_sentences_draws_nothing_from_outside(files):
    random.seed(99)
    np.random.default_rng(99).random(5)
    assert train(sentences(0)) == files


def test_without_a_sentence_it_is_as_if_it_had_never_been(files):
    secret = Sentence(text="wake me when zebra nine lands", intent="alarm", slots=(("date", "zebra nine"),))
    learned = sentences(0)
    learned.insert(50, secret)
    told = train(learned)
    assert told is not None
    assert told != files
    assert any(b"zebra" in data for data in told.values())
    learned.remove(secret)
    assert train(learned) == files
    assert not any(b"zebra" in data for data in files.values())


class Meanings:
    """An encoder for which two words mean the same."""

    def encode(self, words):
        by_word = np.zeros((len(words), encoder.WIDTH), dtype=np.float32)
        for at, word in enumerate(words):
            by_word[at, {"alarm": 1, "buzzer": 1}.get(word, 2 + sum(map(ord, word)) % 300)] = 1.0
        whole = by_word.sum(axis=0)
        return encoder.Encoded(whole=whole / np.linalg.norm(whole), words=by_word)


def test_what_the_encoder_knows_reaches_words_that_were_never_labelled(tmp_path, monkeypatch):
    verbs = ("set", "start", "make", "prepare")
    learned = [
        Sentence(text=f"{verb} the {what} {day}", intent=intent, slots=(("date", day),))
        for what, intent in (("alarm", "alarm"), ("music", "music"), ("coffee", "coffee"))
        for verb in verbs
        for day in DAYS
    ]
    made = train(learned, encoder=Meanings())
    assert made is not None
    stored = bundle.write(tmp_path, files=made, about={}, key=Ed25519PrivateKey.generate())
    monkeypatch.setattr(encoder, "load", lambda depth: None)
    with pytest.raises(BadBundle, match="encoder"):
        load_intent_model(stored)
    monkeypatch.setattr(encoder, "load", lambda depth: Meanings())
    found = load_intent_model(stored)
    assert found is not None
    assert found.predict("set the buzzer tomorrow")[:2] == ("alarm", [("date", "tomorrow")])
    assert train(learned, encoder=Meanings()) == made


def test_a_slot_that_is_said_twice_is_found_twice(tmp_path):
    learned = [
        Sentence(text=f"fly from {one} to {other} {day}", intent="flight", slots=(("place", one), ("place", other)))
        for one in PLACES
        for other in PLACES
        if one != other
        for day in DAYS[:2]
    ] + [one for one in sentences(0) if one.intent == "alarm"]
    made = train(learned)
    assert made is not None
    found = load_intent_model(bundle.write(tmp_path, files=made, about={}, key=Ed25519PrivateKey.generate()))
    assert found is not None
    assert found.predict("fly from oslo to new york today")[1] == [("place", "oslo"), ("place", "new york")]


def test_a_value_is_what_was_written(tmp_path):
    names = ("sam", "kim", "lee", "ann", "bob", "eva")
    learned = [
        Sentence(text=f"{verb} {name}@{host} {tail}", intent="contact", slots=(("email", f"{name}@{host}"),))
        for name in names
        for host in ("home dot com", "work dot org", "mail dot com")
        for verb, tail in (("please add", "to my contacts"), ("remember", "for later"))
    ] + [one for one in sentences(0) if one.intent == "alarm"]
    made = train(learned)
    assert made is not None
    found = load_intent_model(bundle.write(tmp_path, files=made, about={}, key=Ed25519PrivateKey.generate()))
    assert found is not None
    assert found.predict("Please add Zoe@home dot com to my contacts.")[1] == [("email", "zoe@home dot com")]


def test_an_older_kind_of_model_leaves_it_to_the_templates(tmp_path, files):
    older = {**files, "nlu/model.json": b'{"tagger": {}, "tags": []}'}
    stored = bundle.write(tmp_path, files=older, about={}, key=Ed25519PrivateKey.generate())
    assert load_intent_model(stored) is None


@pytest.mark.data
def test_real_requests_are_understood_better_than_by_templates(data_dir, tmp_path):
    found = read_sentences(data_dir / "nlu" / "home.jsonl")
    common = {"weather_query", "alarm_set", "play_music", "calendar_set", "email_query", "general_quirky"}
    kept = [one for one in found if one.intent in common]
    made = train(kept[::2])
    assert made is not None
    model = bundle.write(tmp_path, files=made, about={}, key=Ed25519PrivateKey.generate())
    unseen = kept[1::20]
    after, before = (summarise(understood_sentences(unseen, one))["nlu"] for one in (model, BUILTIN))
    assert after["intent_accuracy"] > 0.85 > before["intent_accuracy"]
    assert after["slot_f1"] > 0.5


def test_the_threshold_refuses_about_one_right_answer_in_two_hundred():
    refused = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        margins = np.full((800, 2), -9.0)
        margins[:, 0] = 1.0 - rng.gamma(1.5, 0.4, 800)  # a few right answers are far less sure than the others
        line = understanding._threshold(margins, np.zeros(800, dtype=np.int64), ["weather", "alarm"])
        refused.append(np.mean(1.0 - rng.gamma(1.5, 0.4, 100_000) < line))
    assert 0.8 * understanding.REFUSED_RIGHT < np.mean(refused) < 1.5 * understanding.REFUSED_RIGHT
    assert max(refused) < 2.5 * understanding.REFUSED_RIGHT


def test_in_a_small_collection_one_unsure_answer_moves_the_threshold_no_further_than_itself():
    margins = np.array([[score, -9.0] for score in (-0.9, 0.1, 0.2, *[0.5] * 9)])
    line = understanding._threshold(margins, np.zeros(12, dtype=np.int64), ["weather", "alarm"])
    assert -0.9 <= line < -0.8


def test_numbers_that_are_none_make_a_bad_bundle(files, tmp_path):
    about = json.loads(files["nlu/model.json"])
    for name in ("threshold", "temperature"):
        data = json.dumps({**about, name: float("nan")}).encode()
        broken = {**files, "nlu/model.json": data}
        made = bundle.write(tmp_path, files=broken, about={"n": name}, key=Ed25519PrivateKey.generate())
        with pytest.raises(BadBundle):
            load_intent_model(made)
