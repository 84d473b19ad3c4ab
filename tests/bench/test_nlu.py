from __future__ import annotations

import json
from random import Random

import pytest

from earmark.bench.misheard import Ear
from earmark.bench.nlu import folded, run
from earmark.errors import BadRequest
from earmark.learn.clips import read_sentences

WORDS = ("light", "lamp", "radio", "oven", "door", "window", "blind", "fan", "kettle", "printer")
WAYS = {
    "on": ("turn on the {}", "switch the {} on", "please put the {} on", "could you start the {}"),
    "off": ("turn off the {}", "switch the {} off", "please put the {} out", "could you stop the {}"),
    "where": ("where is my {}", "find the {} for me", "which room has the {}", "tell me where the {} stands"),
}


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"text": way.format(word), "intent": intent, "slots": [{"type": "thing", "value": word}]}
        for intent, ways in WAYS.items()
        for way in ways
        for word in WORDS
    ]
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "home.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_every_intent_is_in_every_fold_and_no_sentence_in_two(folder):
    sentences = read_sentences(folder / "nlu" / "home.jsonl")
    parts = folded(sentences)
    assert folded(sentences) == parts
    for intent in WAYS:
        sizes = [
            sum(p == part and one.intent == intent for p, one in zip(parts, sentences, strict=True))
            for part in range(5)
        ]
        assert max(sizes) - min(sizes) <= 1


def test_a_fold_is_judged_by_a_model_of_the_others(folder):
    rows = run(lambda *_: None, folder, light=True, encode=False)
    assert rows[0]["learned"] + rows[0]["judged"] == 120
    assert rows[0]["intents"] > 0.8
    assert rows[0]["slot_f1"] > 0.8
    assert rows[0]["intents_misheard_20%"] <= rows[0]["intents_if_nothing_were_refused"]
    taken = [rows[0][f"out_of_scope_false_accepts_at_{cost}"] for cost in ("1%", "2%", "5%")]
    assert 0 <= rows[0]["out_of_scope_false_accepts"] <= 1
    assert 1 >= taken[0] >= taken[1] >= taken[2] >= 0, "the more is refused, the less is taken for something else"
    assert rows[0]["pilot_intents"] > 0.5
    assert rows[1]["fold"] == "mean"
    assert rows[1]["encoder"] == "False"


def test_a_folder_without_sentences_is_told(tmp_path):
    with pytest.raises(BadRequest, match="`earmark bench nlu` needs"):
        run(lambda *_: None, tmp_path)


def test_words_are_misheard_for_words_that_sound_alike():
    ear = Ear(("light", "right", "might", "window", "seven", "heaven"))
    assert ear.nearest("light")[:2] == ["might", "right"]
    assert ear.nearest("seven")[0] == "heaven"
    assert ear.nearest("xyzzy") == []
    words = ["light", "the", "window"] * 200
    assert ear.mishear(words, 0.0, Random(1)) == words
    heard = ear.mishear(words, 0.2, Random(1))
    assert heard == ear.mishear(words, 0.2, Random(1))
    assert {"might", "right"} & set(heard)
    assert 0.85 * len(words) < len(heard) < 1.05 * len(words)
    assert ear.mishear(["light"], 1.0, Random(3))
