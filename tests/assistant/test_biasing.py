from __future__ import annotations

import json

import pytest

from earmark.assistant import biasing
from earmark.assistant.biasing import Biasing, plain
from earmark.assistant.grammar import skill_intents
from earmark.bundle import BUILTIN, ModelBundle
from earmark.errors import BadBundle


@pytest.fixture
def bundle(tmp_path):
    """`bundle({"asr/…": bytes})`"""

    def make(files):
        for name, data in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        return ModelBundle(version="x", folder=tmp_path, manifest={"files": dict.fromkeys(files, "")})

    return make


def test_labels_names_and_skills_meet_in_one_value(bundle):
    said = {"a large latte with soy milk": 7, "play the zorbek": 3}
    files = {"asr/sentences.json": biasing.dump(said), "asr/lexicon.dict": b"zorbek Z AO R B EH K\n"}
    files["asr/lm.arpa"] = b"\\data\\\n"
    found = Biasing.of(bundle(files), skill_intents({"member": ["Tom", "Anna"]}), names=["Tom", "Anna", "tom"])
    assert found.names == ("anna", "tom")
    assert list(found.sentences) == ["a large latte with soy milk", "play the zorbek"]
    assert found.pronunciations == {"zorbek": "Z AO R B EH K"}
    assert found.ngram is not None
    assert found.terms["soy milk"] > found.terms["zorbek"] > found.terms["almond milk"] == 1.0
    assert found.grammar.accepts("what time is it")
    assert {"latte", "anna"} <= found.words
    assert found.phrases(4)[:3] == ["anna", "tom", found.phrases(4)[2]]


def test_phrases_stay_within_their_words():
    found = Biasing(names=("anna", "tom"), terms={"soy milk": 2.0, "latte": 1.0})
    assert found.phrases(5) == ["anna", "tom", "soy milk", "latte"]
    assert found.phrases(4) == ["anna", "tom", "soy milk"]
    assert found.phrases(3) == ["anna", "tom"]
    assert Biasing().phrases(3) == []


def test_without_labels_the_skills_alone_speak():
    found = Biasing.of(BUILTIN, skill_intents())
    assert found.sentences == {}
    assert found.ngram is None
    assert set(found.terms.values()) == {1.0}
    assert "cappuccino" in found.terms


def test_texts_become_words():
    assert plain("Anna’s  TEA, please — 2!") == "anna's tea please"


@pytest.mark.parametrize("content", [{"hello": 0}, {"hello": "often"}, ["hello"]])
def test_sentences_that_are_no_counts_are_refused(bundle, content):
    with pytest.raises(BadBundle):
        biasing.said(bundle({"asr/sentences.json": json.dumps(content).encode()}))
