"""A new wake word from a folder of recordings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import learn
from earmark.device import WORDS, Listener, Voice, Woke, detector_of, frames, learned_words
from earmark.errors import BadBundle, BadRequest
from earmark.learn import new_words, new_words_point
from earmark.learn.adding import add_word, gather, name_of
from earmark.learn.wake_streams import Stream, StreamMaker, loudest
from earmark.learn.wake_voices import TIMBRES
from earmark.learn.wake_windows import WakeClip
from earmark.words import PcmAudio


def folder(path: Path, *, said: int, speakers: int = 5, others: int = 12) -> Path:
    """A data folder in which synthetic voices stand for people."""
    wake, lines = path / "wake", []
    wake.mkdir(parents=True)
    with Voice() as voice:
        for index in range(said + others):
            keyword = "computer" if index < said else ("jarvis", "alexa", "commuter", "the weather")[index % 4]
            timbre = TIMBRES[index % speakers if index < said else 20 + index % 9]
            sound = voice.synthesise(keyword, voice=f"en-us+{timbre}", speed=130 + 3 * index, pitch=30 + index)
            name = f"{index}.wav"
            soundfile.write(wake / name, np.pad(sound.samples, (6000, 6000)), 16_000)
            lines.append({"audio_filepath": name, "keyword": keyword, "wake": False, "speaker": timbre})
    (wake / "manifest.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return path


async def test_it_becomes_a_candidate_that_a_device_can_listen_with(stores, tmp_path, few) -> None:
    parent = await learn.register(stores, {"wake/alexa.json": b"{}", "asr/x": b"y"}, {"dataset": None})
    await learn.promote(stores, parent.version, "engineer")
    added = await add_word(stores, "Computer", folder(tmp_path / "data", said=20), cost_of_a_miss=5.0)
    assert (added.word, added.recordings, added.promoted) == ("computer", 20, False)
    assert (await learn.promoted(stores)).version == parent.version
    made = await learn.bundle(stores, added.candidate)
    assert set(made.manifest["files"]) == {"wake/alexa.json", "asr/x", "wake/computer.json", "wake/computer.npz"}
    assert made.manifest["parent"] == parent.version
    lineage = made.manifest["wake_words"]["computer"]
    assert (lineage["recordings"], lineage["people"], lineage["cost_of_a_miss"]) == (20, 5, 5.0)
    assert "wake/computer.json" not in made.manifest["datasets"], "it was not learned from labels"
    assert learned_words(made) == ("computer",)
    lead = np.random.default_rng(0).normal(0, 15, 24_000).astype(np.int16)
    with Voice() as voice:
        for said, woken in (("computer", True), ("the letter came today", False)):
            sound = voice.synthesise(said, voice="en-us+f2").samples
            ears = Listener(bundle=made, word="computer")
            heard = PcmAudio(samples=np.concatenate([lead, sound, lead]))
            events = [event for frame in frames(heard) for event in ears.feed(frame)]
            assert any(isinstance(event, Woke) for event in events) is woken
    with pytest.raises(BadRequest, match=r"alexa, .*computer"):
        detector_of(made, "jarvis")
    with pytest.raises(BadBundle, match="wake word that this device listens for"):
        ears.swap(parent)
    assert ears.bundle is made, "the last good one stays"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"said": 19}, "It takes 20 recordings of a new wake word, by a few people; there are 19"),
        ({"said": 20, "speakers": 2}, "It takes 3 people"),
        ({"said": 20, "others": 0}, "other words or other speech"),
    ],
)
def test_what_it_takes(tmp_path: Path, settings: dict[str, int], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        gather("computer", folder(tmp_path, **settings))


def test_names() -> None:
    assert name_of(" Smart  Mirror ") == "smart_mirror"
    for bad in ("hi", "über", "r2d2", "", "a" * 41, "../up", WORDS[0], "Hey Jarvis"):
        with pytest.raises(BadRequest):
            name_of(bad)


def test_both_sides_are_heard_alike() -> None:
    """The same clip, with the word and without, by a person and by a synthesiser, makes the same streams."""
    rng = np.random.default_rng(0)
    sound = PcmAudio(samples=(2000 * rng.normal(size=12_000)).astype(np.int16))
    made = [
        StreamMaker().make([WakeClip(audio=sound, said=said, group="a", synthetic=synthetic)], rooms=2, seed=4)
        for said in (True, False)
        for synthetic in (True, False)
    ]
    for streams in made[1:]:
        for one, other in zip(made[0], streams, strict=True):
            assert np.array_equal(one.embeddings, other.embeddings)


def test_streams_are_what_a_device_computes_piece_by_piece() -> None:
    from earmark.device import SpeechEmbedder

    rng = np.random.default_rng(1)
    samples = (800 * rng.normal(size=48_000)).astype(np.int16)
    whole, ends = StreamMaker().embed(samples)
    piece = SpeechEmbedder(2).embed(samples[: ends[-5]])
    assert whole[-6:-4] == pytest.approx(piece, abs=1.0)
    assert np.corrcoef(whole[-5], piece[1])[0, 1] > 0.999


def test_where_the_word_is() -> None:
    sound = np.random.default_rng(0).normal(0, 10, 48_000)
    sound[16_000:20_000] += 3000 * np.sin(np.arange(4000))
    sound[22_000:26_000] += 3000 * np.sin(np.arange(4000))  # after a gap of 0.13 s
    sound[40_000:41_000] += 500 * np.sin(np.arange(1000))
    assert loudest(sound) == pytest.approx((16_000, 26_000), abs=200)


def known_streams(clips: list[WakeClip]) -> new_words_point.Streams:
    streams = [
        Stream(
            embeddings=np.zeros((0, 96), np.float32),
            ends=np.zeros(0, np.int64),
            mel=np.zeros((0, 40), np.float16),
            span=None,
            clip=index,
            as_heard=True,
            seconds=3.0,
        )
        for index in range(len(clips))
    ]
    return new_words_point.Streams(streams=streams, clips=clips)


NOTHING = PcmAudio(samples=np.zeros(1, np.int16))


def test_what_nearly_woke_in_a_few_minutes_raises_the_cutoff() -> None:
    """Nothing woke either way; where other speech came near, the cutoff lies higher."""
    known = known_streams([WakeClip(audio=NOTHING, said=index < 20, group="a") for index in range(60)])
    known, hours = (
        replace(known, streams=[replace(stream, seconds=seconds) for stream in known.streams]) for seconds in (30, 300)
    )
    found = []
    for nearly in (0.01, 0.5):
        peaks = np.concatenate([np.full(20, 0.97), np.full(3, nearly), np.full(37, 0.01)])
        point = new_words_point.operating_point(known, peaks, cost_of_a_miss=5.0)
        assert (point.miss_rate, point.false_per_hour) == (0.0, 0.0)
        found.append(point.cutoff)
    assert found[1] > found[0] + 0.05
    dear = new_words_point.operating_point(known, peaks, cost_of_a_miss=500.0)
    assert dear.cutoff < found[1]
    point = new_words_point.operating_point(hours, peaks, cost_of_a_miss=5.0)
    assert point.cutoff < found[1], "as much in more talk comes near less often"


def test_nobody_is_scored_by_a_head_that_heard_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a phrase, also where another voice says it to the network alone."""
    groups = ["a", "b", "c", "d", "e", "f", "a", "b", "x", "y"]
    known = known_streams([WakeClip(audio=NOTHING, said=at % 2 == 0, group=one) for at, one in enumerate(groups)])
    ends, sound = np.arange(1, 10) * 1280, np.zeros((9, 96), np.float32)
    known = replace(known, streams=[replace(stream, embeddings=sound, ends=ends) for stream in known.streams])
    taught: list[set[str]] = []

    class Fitted:
        def __init__(self, number: int) -> None:
            self.number = number

        def margins(self, values: np.ndarray) -> np.ndarray:
            return np.full(len(values), float(self.number))

    def fit(known: object, chosen: object, which: list[int]) -> Fitted:
        assert max(which) < 6, "the last four are not learned from"
        taught.append({groups[at] for at in which})
        return Fitted(len(taught) - 1)

    monkeypatch.setattr(new_words, "_fit", fit)
    last, none = np.array([8]), np.zeros(0, np.int64)
    chosen = [
        new_words._Chosen(said=last if at % 2 == 0 else none, other=none if at % 2 == 0 else last) for at in range(6)
    ]
    scores = new_words.unseen_scores(known, chosen, seed=0, progress=lambda *_: None)
    assert len(scores.margins) == len(groups)
    assert all(group not in taught[int(one[0])] for group, one in zip(groups, scores.margins, strict=True))


def test_calls_in_drawn_rooms_count_half_however_many_they_are() -> None:
    known = known_streams([WakeClip(audio=NOTHING, said=True, group="a")] * 25)
    rooms = [replace(stream, as_heard=at < 5) for at, stream in enumerate(known.streams)]
    peaks = np.where([stream.as_heard for stream in rooms], 0.97, 0.01)
    point = new_words_point.operating_point(replace(known, streams=rooms), peaks, cost_of_a_miss=5.0)
    assert point.miss_rate == pytest.approx(0.5), "a fifth by their number"


def test_synthetic_talk_counts_by_the_hour_and_a_phrase_like_the_word_once() -> None:
    people = [WakeClip(audio=NOTHING, said=True, group="a")] * 20
    phrases = [WakeClip(audio=NOTHING, said=False, group="b", synthetic=True)] * 10
    talks = [WakeClip(audio=NOTHING, said=False, group="c", synthetic=True, talk=True)] * 10
    known = known_streams([*people, *phrases, *talks])
    peaks = [
        np.array([0.97] * 20 + [by_phrases] * 10 + [by_talk] * 10)
        for by_phrases, by_talk in ((0.97, 0.01), (0.01, 0.97))
    ]
    points = [new_words_point.operating_point(known, one, cost_of_a_miss=5.0) for one in peaks]
    assert [point.hours for point in points] == [30 / 3600] * 2
    assert [(point.miss_rate, point.passed) for point in points] == [(0.0, 1.0), (1.0, 0.0)], "talk goes on all day"
