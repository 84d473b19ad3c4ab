from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pocketsphinx
import pytest

from earmark.assistant.decoding import ngram_decoder
from earmark.assistant.gate import SpeechGate
from earmark.device import Voice
from earmark.learn import language, ngram
from earmark.learn.language import FEWEST, Utterance, learn, pronunciation
from earmark.learn.lessons import surely_said
from earmark.words import PcmAudio

SAID = ngram.count([(who, ["feed", "the", "zorbek", "now"]) for who in "ab" for _ in range(5)], people=2)


@pytest.fixture(scope="module")
def general():
    return ngram.General(vocabulary=600, common=100, bigrams=3000)


@pytest.fixture(scope="module")
def voice():
    with Voice() as voice:
        yield voice


def unheard(*_):
    pass


@pytest.fixture
def say(voice, quiet):
    return lambda text, how: np.concatenate([quiet, voice.synthesise(text, voice=how).samples, quiet])


def loaded(arpa: bytes, folder: Path):
    """What pocketsphinx makes of a model: the probability of a word after others, in the order they are spoken."""
    (folder / "lm.arpa").write_bytes(arpa)
    logmath = pocketsphinx.LogMath()
    model = pocketsphinx.NGramModel(pocketsphinx.Config(loglevel="FATAL"), logmath, str(folder / "lm.arpa"))
    return lambda word, *before: 10 ** logmath.log_to_log10(model.prob([word, *reversed(before)]))


@pytest.mark.parametrize("before", [("<s>",), ("the",), ("feed",), ("<s>", "feed"), ("feed", "the"), ("the", "zorbek")])
def test_what_may_follow_adds_up_to_one(general, tmp_path, before):
    probability = loaded(ngram.mix(SAID, general), tmp_path)
    words = {*general.words, "feed", "zorbek", "now", ngram.END}
    assert sum(probability(word, *before) for word in words) == pytest.approx(1.0, abs=0.02)


def test_what_was_said_is_likelier_and_the_rest_keeps_its_order(general, tmp_path):
    probability = loaded(ngram.mix(SAID, general, also={"cappuccino"}), tmp_path)
    assert probability("zorbek", "feed", "the") > 0.3
    assert general.probability("zorbek", "feed", "the") == 0.0
    assert probability("now") > general.probability("now")
    assert probability("have", "i") > 5 * probability("the", "i")
    assert 0 < probability("cappuccino") < 1e-4
    assert ngram.mix(SAID, general) == ngram.mix(SAID, general)


def test_nothing_counts_that_one_person_alone_said_or_that_was_cut_out():
    said = [("a", ["call", None, "now"]), ("b", ["call", None, "now"]), ("b", ["call", "her", "now"])]
    assert ngram.count(said, people=2) == {
        ("call",): 3.0,
        ("now",): 3.0,
        ("<s>", "call"): 3.0,
        ("now", "</s>"): 3.0,
        ("</s>",): 3.0,
    }
    assert ("call", "her", "now") in ngram.count(said, people=1)


def test_cut_outs_are_no_words_and_false_wakes_say_nothing(taught):
    assert surely_said(taught(text="call [name] at [card number] now")) == ("call", None, "at", None, "now")
    assert surely_said(taught(text="a letter", called=False)) == ()


def test_too_few_utterances_or_people_teach_nothing(taught, general):
    few = [taught(text="feed the cat", speaker=who) for who in "ab" * (FEWEST // 2)]
    assert not learn(few[:-1], progress=unheard, general=general)
    assert learn(few, progress=unheard, general=general)
    alone = [taught(text="feed the cat", speaker="a") for _ in range(FEWEST)]
    assert not learn(alone, progress=unheard, general=general)
    assert learn(alone, people=1, progress=unheard, general=general)
    assert language.Language().files() == {}


def test_a_word_of_one_person_stays_out_of_the_files_unless_there_is_one_household(taught, general):
    lessons = [taught(text="feed the cat", speaker=who) for who in "ab" * FEWEST]
    lessons += [taught(text="feed the grumbex", speaker="a") for _ in range(3)]
    for people, inside in ((2, False), (1, True)):
        files = learn(lessons, people=people, progress=unheard, general=general).files()
        assert (b"grumbex" in b"".join(files.values())) is inside
        assert ("asr/lexicon.dict" in files) is inside


def test_whole_sentences_that_two_people_said_go_into_the_hints(taught, general):
    lessons = [taught(text="feed the cat", speaker=who) for who in "ab" * FEWEST]
    lessons += [taught(text="feed the dog", speaker="a") for _ in range(4)]
    lessons += [taught(text="call [name] now", speaker=who) for who in "ab"]
    for people, found in ((2, {"feed the cat"}), (1, {"feed the cat", "feed the dog"})):
        files = learn(lessons, people=people, progress=unheard, general=general).files()
        assert set(json.loads(files["asr/sentences.json"])) == found
    assert json.loads(files["asr/sentences.json"])["feed the cat"] == 2 * FEWEST


def test_a_half_is_left_out(taught, general):
    lessons = [taught(number=at, text="feed the cat", speaker="ab"[at % 2]) for at in range(2 * FEWEST)]
    found = learn(lessons, progress=unheard, general=general)
    whole, one, other = (found.files(without=half)["asr/lm.arpa"] for half in (None, 0, 1))
    assert whole != one != other != whole
    assert whole == found.files()["asr/lm.arpa"]


def test_how_it_sounds_decides_how_a_word_is_pronounced(say):
    for heard, phones in (("kaylo", "K EY L OW"), ("kallo", "K AE L OW")):
        sound = PcmAudio(samples=say(f"put {heard} on the list", "en-us+m3"))
        one = Utterance(speaker="a", half=0, words=("put", "calo", "on", "the", "list"), sound=sound)
        assert pronunciation("calo", [one]) == phones


def test_a_learned_word_is_heard_in_open_speech(taught, general, say, tmp_path):
    sentence = "put frixolan on the list"
    lessons = [taught(text="feed the cat", speaker=who) for who in "ab" * FEWEST]
    for who, how in (("a", "en-us+f4"), ("b", "en-us+m5")):
        lessons.append(taught(say(sentence, how), text=sentence, speaker=who))
    files = learn(lessons, progress=unheard, general=general).files()
    (tmp_path / "lm.arpa").write_bytes(files["asr/lm.arpa"])
    word, phones = files["asr/lexicon.dict"].decode().strip().split(maxsplit=1)
    decoder = ngram_decoder(model=tmp_path / "lm.arpa", lexicon={word: phones})
    speech = b"".join(part.tobytes() for part in SpeechGate().feed(say(sentence, "en-us")))
    decoder.start(decoder.cepstral_mean(speech))
    decoder.feed(speech)
    assert "frixolan" in [span.word for span in decoder.finish()]


def test_a_name_that_the_n_gram_lacks_is_heard_when_the_household_has_it(general, quiet, tmp_path):
    said = ngram.count([("a", ["where", "is", name]) for name in ("sally", "john", "paul")], people=1)
    (tmp_path / "lm.arpa").write_bytes(ngram.mix(said, general))
    with Voice() as fresh:  # a synthesiser that has spoken sounds a little different each time
        said_now = np.concatenate([quiet, fresh.synthesise("where is penelope", voice="en-us").samples, quiet])
    gated = SpeechGate().feed(said_now)
    speech = b"".join(part.tobytes() for part in gated)
    for words, inside in (((), False), (("penelope", "xiomarka"), True)):
        decoder = ngram_decoder(model=tmp_path / "lm.arpa", lexicon={}, words=words)
        decoder.start(decoder.cepstral_mean(speech))
        decoder.feed(speech)
        assert ("penelope" in [span.word for span in decoder.finish()]) is inside
