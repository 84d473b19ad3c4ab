from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import letters
from earmark.assistant.letter_alignment import CHUNKS, LETTERS, align, chunk_phones
from earmark.assistant.letters import Letters

_VOWELS = {"a": "AE", "e": "EH", "i": "IH", "o": "AA", "u": "AH"}
_OTHERS = {"b": "B", "d": "D", "f": "F", "k": "K", "m": "M", "p": "P", "t": "T"}


def small_dictionary():
    """A language with one rule: `c` is S before e and i, else K; and x makes two sounds, ph one, mute h none."""
    words = {}
    starts = {**_OTHERS, "c": None, "ph": "F", "hm": "M"}
    for start, sound in starts.items():
        for vowel, phone in _VOWELS.items():
            for end, last in {**_OTHERS, "x": "K S"}.items():
                first = sound or ("S" if vowel in "ei" else "K")
                words[start + vowel + end] = [(first, phone, *last.split())]
    return words


@pytest.fixture(scope="module")
def held_out():
    return ["cet", "cob", "phix", "hmud", "box", "dex"]


@pytest.fixture(scope="module")
def learned(held_out):
    return Letters.learn({word: spoken for word, spoken in small_dictionary().items() if word not in held_out})


def test_each_letter_gets_its_sounds():
    rows = {
        "".join(LETTERS[pair // CHUNKS] for pair in row): [chunk_phones(int(pair % CHUNKS)) for pair in row]
        for row in align(small_dictionary())
    }
    assert rows["box"] == [("B",), ("AA",), ("K", "S")]
    assert sorted(rows["phix"][:2]) == [(), ("F",)]
    assert len(rows) == len(small_dictionary())


def test_words_that_it_never_saw_are_spelled_by_the_letters_around(learned, held_out):
    for word in held_out:
        assert learned.sounds(word)[0][0] == " ".join(small_dictionary()[word][0])


def test_probabilities_are_those_of_all_that_the_letters_allow(learned):
    found = learned.sounds("cet", most=100)
    chances = [chance for _, chance in found]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1.0)
    assert "K EH T" in dict(found)


def test_what_may_follow_adds_up_to_one(learned):
    everything = np.arange(len(learned.pairs) + 1)
    histories = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [3, 1, 0, 0], [2, 5, 4, 3]])
    assert learned._chances(histories, everything).sum(axis=1) == pytest.approx([1.0] * 4, abs=1e-4)


def test_accents_and_signs_are_no_letters(learned):
    assert learned.sounds("Cét!", most=3) == learned.sounds("cet", most=3)
    assert learned.sounds("") == []
    assert learned.sounds("42") == []


def test_the_same_words_give_the_same_model_and_a_file_gives_it_back(learned, held_out):
    again = Letters.learn({word: spoken for word, spoken in small_dictionary().items() if word not in held_out})
    parts = learned.arrays()
    for name, part in again.arrays().items():
        assert np.array_equal(part, parts[name])
    assert Letters.from_arrays(parts).sounds("cob", most=5) == learned.sounds("cob", most=5)


def test_what_is_learned_is_kept_and_a_broken_file_is_learned_again(tmp_path, monkeypatch, learned):
    taught = []

    def learn(words):
        taught.append(len(words))
        return learned

    monkeypatch.setattr(letters.platformdirs, "user_cache_dir", lambda *_: str(tmp_path))
    monkeypatch.setattr(letters.Letters, "learn", staticmethod(learn))
    for _ in range(2):
        assert letters._packaged.__wrapped__().sounds("cob") == learned.sounds("cob")
    assert len(taught) == 1
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert letters._packaged.__wrapped__().sounds("cob") == learned.sounds("cob")
    assert len(taught) == 2


def test_the_packaged_dictionary_teaches_everyday_spelling():
    model = letters.packaged()
    assert "B L AO R F IH NG" in dict(model.sounds("blorfing", most=2))
    assert model.sounds("grumbex")[0][0] == "G R AH M B AH K S"
