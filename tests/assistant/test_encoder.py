from __future__ import annotations

import json

import numpy as np
import pytest

from earmark.assistant import encoder
from earmark.assistant.encoder import read_pieces, word_pieces

LISTED = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁play", "▁alarm", "s", "ing", "▁'", "▁s", "▁cafe", "▁["]


@pytest.fixture
def pieces():
    return read_pieces(json.dumps(LISTED).encode())


def test_a_word_is_cut_into_the_longest_known_pieces(pieces):
    def cut(word):
        return [LISTED[number] for number in word_pieces(word, pieces)]

    assert cut("alarms") == ["▁alarm", "s"]
    assert cut("playing") == ["▁play", "ing"]
    assert cut("alarm's") == ["▁alarm", "▁'", "▁s"]
    assert cut("café") == ["▁cafe"]
    assert cut("zebra") == ["[UNK]"]
    assert cut("") == []


def test_what_is_missing_or_another_file_is_no_encoder(tmp_path, monkeypatch):
    other = tmp_path / "wordpieces.json"
    other.write_text(json.dumps(LISTED))
    for path in (other, tmp_path / "none.json"):
        monkeypatch.setattr(encoder, "_PIECES_FILE", path)
        assert encoder._load.__wrapped__(6) is None


@pytest.fixture(scope="module")
def packaged():
    found = encoder.load()
    assert found is not None, "the extra `dev` brings the sentence encoder's packages"
    return found


def test_sentences_that_mean_the_same_are_near(packaged):
    def whole(text):
        return packaged.encode(text.split()).whole

    alarm = whole("what alarms do i have")
    assert alarm @ whole("list my wake up times") > alarm @ whole("play some jazz music") + 0.2
    assert np.linalg.norm(alarm) == pytest.approx(1.0)


def test_every_word_has_numbers_and_the_same_words_the_same(packaged):
    words = ["remind", "me", "in", "ploiesti's", "café"]
    first, again = packaged.encode(words), packaged.encode(words)
    assert first.words.shape == (5, encoder.WIDTH)
    assert (first.words == again.words).all()
    assert (first.whole == again.whole).all()
    assert np.linalg.norm(first.words, axis=1) == pytest.approx(np.full(5, 2.0))


def test_an_endless_sentence_is_read_up_to_its_limit(packaged):
    found = packaged.encode(["window"] * 500)
    assert found.words.shape == (500, encoder.WIDTH)
    assert not found.words[400].any()
