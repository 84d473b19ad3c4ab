from __future__ import annotations

from earmark.assistant import lexicon
from earmark.bundle import BUILTIN, ModelBundle


def test_names_that_no_dictionary_has_are_spelled_out():
    found = lexicon.missing({"anna", "xiomarka"}, known={})
    assert set(found) == {"xiomarka"}
    assert found["xiomarka"] == "K S IH AA M AA R K AH"


def test_what_has_no_english_letters_has_no_pronunciation():
    assert lexicon.spell_out("李") == ""
    assert lexicon.missing({"李"}, known={}) == {}


def test_the_bundles_lexicon_comes_first(tmp_path):
    (tmp_path / "asr").mkdir()
    (tmp_path / "asr" / "lexicon.dict").write_text("latte L AA T EY\nzorp Z AO R P\n")
    bundle = ModelBundle(version="x", folder=tmp_path, manifest={"files": {"asr/lexicon.dict": ""}})
    assert lexicon.load(bundle) == {"latte": "L AA T EY", "zorp": "Z AO R P"}
    assert lexicon.missing({"zorp"}, known=lexicon.load(bundle)) == {}
    assert lexicon.load(BUILTIN) == {}


def test_letters_allow_several_pronunciations_the_rules_own_first():
    found = lexicon.spellings("calo")
    assert found[0] == lexicon.spell_out("calo")
    assert found[0] == "K AE L OW"
    assert {"K EY L OW", "S AE L OW", "S AA L OW"} <= set(found)
    assert len(found) == len(set(found))
    assert len(lexicon.spellings("onomatopoeia", most=50)) == 50
    assert lexicon.spellings("李") == []
