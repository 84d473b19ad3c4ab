"""Each part of a bundle, learned without what was deleted, is byte for byte what it would have been."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from earmark import audio
from earmark.assistant import FEATURE_NAMES, Decision
from earmark.bundle import BUILTIN
from earmark.learn import decision, ngram, understanding, wake
from earmark.learn.acoustic import Stretch, packaged
from earmark.learn.adapting import Spoken, means_file
from earmark.learn.clips import Sentence
from earmark.learn.decision import Example
from earmark.learn.wake_voices import TIMBRES, pico_clips, synthetic_clips
from earmark.learn.wake_windows import WakeClip

KNOWN = (
    *("milk", "tea", "coffee", "sugar", "cream", "water", "bread", "sweet", "small", "large", "hot", "cold"),
    *("and", "with", "the", "a", "some", "more"),
)


@pytest.fixture(scope="module")
def general():
    return ngram.General(vocabulary=600, common=100, bigrams=3000)


def means(owner, count):
    """Frames of one phone, near its own Gaussians."""
    rng = np.random.default_rng(owner)
    centre = packaged().means[5, :, 0]
    frames = (centre + rng.normal(0, 1, (count, 20, 3, 13))).astype(np.float32)
    here = np.full(20, 5)
    return [
        Spoken(id="a", half=0, phones=np.zeros(0, np.intp), stretches=(Stretch(frames=each, phone=here, state=here),))
        for each in frames
    ]


def decisions(owner, count):
    rng = np.random.default_rng(owner)
    return [
        Example(
            vector=rng.normal(index % 2, 1.0, len(FEATURE_NAMES)),
            right=index % 2 == 1,
            command=index % 2 == 1,
            speaker=f"{owner}{index % 4}",
        )
        for index in range(count)
    ]


def sentences(owner, count):
    draw = random.Random(owner)
    return [
        Sentence(text=" ".join(draw.sample(KNOWN, 4)), intent=("order", "ask")[index % 2]) for index in range(count)
    ]


def utterances(owner, count):
    draw = random.Random(owner)
    return [(f"speaker {owner}", draw.sample(KNOWN, 5)) for _ in range(count)]


def decide(found):
    fitted = decision.fit(found, prior=Decision.load(BUILTIN))
    return fitted and {"asr/decision.json": json.dumps(fitted.to_json(), sort_keys=True).encode()}


PARTS = {
    "acoustic means": (means, means_file, 12),
    "decision": (decisions, decide, 40),
    "understanding": (sentences, understanding.train, 60),
}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_learned_without_somebody_is_the_one_that_never_had_them(part):
    made_of, train, count = PARTS[part]
    stays, goes = made_of(1, count), made_of(2, count)
    never = train(stays)
    with_both = train([one for pair in zip(stays, goes, strict=True) for one in pair])
    again = train(stays)
    assert isinstance(never, dict)
    assert never
    assert again == never
    assert with_both != never


@pytest.mark.data
def test_and_so_is_the_wake_verifier(data_dir):
    lines = [json.loads(line) for line in (data_dir / "wake" / "manifest.jsonl").read_text().splitlines()]
    chosen = [line for said in (True, False) for line in [each for each in lines if each["wake"] is said][:10]]
    clips = [
        WakeClip(audio=audio.read(data_dir / "wake" / line["audio_filepath"]), said=line["wake"], group=str(number))
        for number, line in enumerate(chosen)
    ]

    def train(found):
        # Spoken anew each time, as each run does.
        few = {"says": 1, "phrases": 4, "voices_a_phrase": 1, "invented": 4}
        spoken = synthetic_clips("alexa", seed=0, timbres=TIMBRES[:6], **few) + pico_clips("alexa", seed=0, **few)
        learned = wake.train("alexa", found, synthetic=spoken, workers=1)
        assert not isinstance(learned, str)
        return learned.files

    never = train(clips[::2])
    assert never
    assert train(clips) != never
    assert train(clips[::2]) == never


def test_and_so_is_the_n_gram(general):
    def train(said):
        return ngram.mix(ngram.count(said, people=1), general)

    never = train(utterances(1, 30))
    assert train(utterances(1, 30) + utterances(2, 30)) != never
    assert train(utterances(1, 30)) == never


def test_the_n_gram_gives_away_what_it_has_read_and_after_unlearning_no_more(general):
    """A membership attack: somebody with the file looks whether it lists the words of a sentence in a row."""
    areas = {"before": [], "after": []}
    for seed in range(6):
        stays, goes, strangers = utterances(seed, 30), utterances(100 + seed, 12), utterances(200 + seed, 12)
        for when, said in (("before", stays + goes), ("after", stays)):
            triples = ngram.mix(ngram.count(said, people=1), general).decode().partition("\\3-grams:\n")[2]
            rows = {tuple(line.split()[1:]) for line in triples.splitlines()}
            scores = [[score(rows, words) for _, words in group] for group in (goes, strangers)]
            areas[when].append(area(*scores))
    assert np.mean(areas["before"]) > 0.9
    # Six draws of 12 against 12: the mean's standard error is 0.05 where nothing can be told.
    assert abs(np.mean(areas["after"]) - 0.5) < 0.12


def score(rows, words):
    return sum(tuple(words[at : at + 3]) in rows for at in range(len(words) - 2))


def area(members, strangers):
    ours, theirs = np.array(members)[:, None], np.array(strangers)
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))
