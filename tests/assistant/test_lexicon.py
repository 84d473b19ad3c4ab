from __future__ import annotations

from earmark.assistant import lexicon
from earmark.assistant.decoding import grammar_decoder, ngram_decoder
from earmark.assistant.grammar import Grammar
from earmark.bundle import BUILTIN, ModelBundle


def test_names_that_no_dictionary_has_are_spelled_out():
    found = lexicon.missing({"anna", "zorbek"}, known={})
    assert found == {"zorbek": "Z AO R B EH K"}


def test_what_has_no_english_letters_has_no_pronunciation():
    assert lexicon.spellings("李") == {}
    assert lexicon.missing({"李"}, known={}) == {}


def test_the_bundles_lexicon_comes_first(tmp_path):
    (tmp_path / "asr").mkdir()
    (tmp_path / "asr" / "lexicon.dict").write_text("latte L AA T EY\nzorp Z AO R P\n")
    bundle = ModelBundle(version="x", folder=tmp_path, manifest={"files": {"asr/lexicon.dict": ""}})
    assert lexicon.load(bundle) == {"latte": "L AA T EY", "zorp": "Z AO R P"}
    assert lexicon.missing({"zorp"}, known=lexicon.load(bundle)) == {}
    assert lexicon.load(BUILTIN) == {}


def test_letters_allow_several_pronunciations_the_likeliest_first():
    found = lexicon.spellings("calo", most=8)
    assert next(iter(found)) == "K AA L OW"
    assert {"K AE L OW", "K EY L OW"} <= set(found)
    assert min(found.values()) > 0.004 * max(found.values())
    assert len(lexicon.spellings("calo", most=2)) == 2
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert 0.9 < sum(found.values()) <= 1.0
    assert lexicon.missing({"calo"}, known={}) == {}


def test_words_of_the_skills_are_said_in_britain_too():
    beside = lexicon.missing({"sugar", "last", "table"}, known={})
    assert beside == {"sugar(2)": "SH UH G AH", "last(3)": "L AA S T"}, "beside the ways that the dictionary has"
    assert lexicon.missing({"sugar"}, known={"sugar": "SH UH G ER"}) == {}, "a bundle's own way is the only one"
    decoder = grammar_decoder(Grammar(arcs=[{"sugar": 1}, {}], final=frozenset({1})), lexicon=beside)
    assert decoder.pronunciations("sugar") == [["SH", "UH", "G", "ER"], ["SH", "UH", "G", "AH"]]
    assert len(decoder.pronunciations("last")) == 3


def test_every_further_way_is_one_that_the_dictionary_lacks():
    known = ngram_decoder(model=None, lexicon={})
    for word, ways in lexicon.BESIDE.items():
        assert known.pronunciations(word), word
        assert not set(ways) & {" ".join(way) for way in known.pronunciations(word)}, word
