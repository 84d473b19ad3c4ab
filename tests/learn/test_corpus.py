from __future__ import annotations

import json
import secrets
import shutil
from collections import Counter

import pytest

from earmark import audio
from earmark.errors import BadAudio, BadManifest
from earmark.learn.corpus import read_corpus, side_of
from earmark.learn.lessons import spoken_clips, wake_clip


@pytest.fixture
def folder(tmp_path, tone):
    """A folder of six recordings, two sentences and a noise."""
    root = tmp_path / "corpus"
    parts = {
        "commands": [
            {"speaker": "ann", "intent": "orderDrink", "slots": {"coffeeDrink": "latte"}, "text": "make me a latte"},
            {"speaker": "bob", "intent": "orderDrink", "slots": {"coffeeDrink": "mocha"}},
        ],
        "wake": [{"wake": True, "keyword": "alexa"}, {"wake": False, "keyword": "computer"}],
        "other": [{"speaker": "ann", "text": "what a day"}, {"speaker": "bob"}],
    }
    for part, lines in parts.items():
        (root / part).mkdir(parents=True)
        for number, line in enumerate(lines):
            sound = audio.encode(tone(1.0, hertz=300.0 + 50 * number, level=0.2))
            (root / part / f"{number}.flac").write_bytes(sound)
            line["audio_filepath"] = f"{number}.flac"
        (root / part / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (root / "nlu").mkdir()
    (root / "nlu" / "home.jsonl").write_text('{"text": "a", "intent": "x"}\n{"text": "b", "intent": "y"}\n')
    (root / "noise").mkdir()
    (root / "noise" / "kitchen.flac").write_bytes(audio.encode(tone(2.0)))
    return root


def parse(text):
    return ("orderDrink", {"coffeeDrink": "latte"}) if text == "make me a latte" else None


def rewrite(path, **change):
    lines = [json.loads(line) | change for line in path.read_text().splitlines()]
    path.write_text("\n".join(map(json.dumps, lines)))


def test_the_version_is_the_same_wherever_the_folder_lies_and_changes_with_what_is_in_it(folder, tone, tmp_path):
    first = read_corpus(folder).version
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert read_corpus(tmp_path / "elsewhere").version == first
    (folder / "other" / "0.flac").write_bytes(audio.encode(tone(1.0, level=0.21)))
    second = read_corpus(folder).version
    rewrite(folder / "wake" / "manifest.jsonl", wake=False)
    third = read_corpus(folder).version
    (folder / "nlu" / "home.jsonl").write_text('{"text": "a", "intent": "z"}\n')
    fourth = read_corpus(folder).version
    (folder / "noise" / "kitchen.flac").unlink()
    assert len({first, second, third, fourth, read_corpus(folder).version}) == 5


def test_recordings_teach_what_the_manifests_say(folder):
    corpus = read_corpus(folder)
    clips = {one.lesson.interaction_id: spoken_clips(one, parse) for one in corpus.taught}
    found = Counter((clip.part, clip.intent, clip.text) for made in clips.values() for clip in made)
    assert found == {
        ("commands", "orderDrink", None): 2,
        ("other", None, "what a day"): 1,
        ("other", None, None): 2,  # one of them is the other word, which nobody may take for a command
        ("wake", None, None): 1,
    }
    woken = [clip for one in corpus.taught if (clip := wake_clip(one))]
    assert {(clip.keyword, clip.wake) for clip in woken} == {("alexa", True), ("alexa", False)}
    assert all(clip.duration > 1.0 for clip in woken)
    assert [sentence.intent for sentence in corpus.sentences] == ["x", "y"]
    assert [path.name for path in corpus.noises] == ["kitchen.flac"]


def test_a_voice_has_one_side_in_every_part_and_keeps_it_whatever_comes_and_goes(folder):
    before = {one.lesson.speaker: one.lesson.side for one in read_corpus(folder).taught}
    assert len(before) == 4  # ann, bob, and two clips of which nobody knows who speaks
    shutil.rmtree(folder / "commands")
    shutil.rmtree(folder / "noise")
    after = {one.lesson.speaker: one.lesson.side for one in read_corpus(folder).taught}
    assert after == before
    sides = [side_of(secrets.token_hex(4)) for _ in range(4000)]
    assert 0.26 < sides.count("heldout") / 4000 < 0.34


def test_what_cannot_be_heard_is_named_and_teaches_nothing(folder):
    (folder / "other" / "1.flac").write_bytes(b"no sound")
    complaints = []
    assert len(read_corpus(folder, complain=complaints.append).taught) == 5
    assert len(complaints) == 1
    assert "other/1.flac" in complaints[0]


def test_a_folder_without_anything_to_learn_from_is_refused(folder, tmp_path):
    with pytest.raises(BadManifest):
        read_corpus(tmp_path)
    for part in ("commands", "wake"):
        shutil.rmtree(folder / part)
    for sound in (folder / "other").glob("*.flac"):
        sound.write_bytes(b"no sound")
    with pytest.raises(BadAudio):
        read_corpus(folder)


def test_written_sentences_alone_are_enough(folder):
    for part in ("commands", "wake", "other"):
        shutil.rmtree(folder / part)
    corpus = read_corpus(folder)
    assert (len(corpus.taught), len(corpus.sentences)) == (0, 2)


@pytest.mark.data
def test_real_recordings_are_on_both_sides(data_dir):
    corpus = read_corpus(data_dir)
    orders = [one for one in corpus.taught if one.lesson.intent]
    assert len(orders) == 276
    people = {side: {one.lesson.speaker for one in orders if one.lesson.side == side} for side in ("train", "heldout")}
    assert not people["train"] & people["heldout"]
    assert len(people["train"]) > len(people["heldout"]) > 4
    assert sum(wake_clip(one) is not None for one in corpus.taught) == 412


def test_no_version_moves_a_voice_to_the_other_side():
    """These lie close to the border on either side; another share or another hash would move them."""
    assert [side_of(f"voice {number}") for number in (17, 50, 45, 46, 35, 34)] == ["heldout"] * 3 + ["train"] * 3


def test_a_clip_is_a_call_of_the_learned_word_that_its_keyword_is(folder):
    def words(**settings):
        return Counter((one.interaction.wake.word, one.lesson.called) for one in taught_of(folder, **settings))

    def taught_of(folder, **settings):
        return [one for one in read_corpus(folder, **settings).taught if one.interaction.wake]

    assert words() == {("alexa", True): 1, ("alexa", False): 1}
    assert words(learned=["computer"]) == {("alexa", True): 1, ("computer", True): 1}
    assert words(learned=["jarvis"]) == words(), "the folder's own word is the packaged one"
    rewrite(folder / "wake" / "manifest.jsonl", keyword="computer")
    assert words(learned=["computer"]) == {("computer", True): 2}
    versions = {read_corpus(folder, learned=learned).version for learned in ((), ("computer",), ("jarvis",))}
    assert len(versions) == 3, "other lessons, another version"
