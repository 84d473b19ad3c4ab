"""The embedded recogniser on real speech: slow to make, so made once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from earmark import audio
from earmark.assistant import FEATURE_NAMES, NOTHING, Engine, Recogniser, features
from earmark.assistant.embedded import EmbeddedRecogniser
from earmark.assistant.grammar import compile_grammar, skill_intents
from earmark.bundle import BUILTIN
from earmark.words import PcmAudio

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return EmbeddedRecogniser(BUILTIN, compile_grammar(skill_intents({"member": ["Xiomarka"]})))


@pytest.fixture(scope="module")
def orders(data_dir):
    lines = (data_dir / "commands" / "manifest.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:3]]
    return [(row, audio.read(data_dir / "commands" / row["audio_filepath"])) for row in rows]


def hear(recogniser: Recogniser, clip: PcmAudio, piece: int | None = None):
    recogniser.start()
    size = piece or len(clip.pcm)
    for start in range(0, len(clip.pcm), size):
        recogniser.feed(clip.pcm[start : start + size])
    return recogniser.finish()


def test_streaming_hears_the_same_as_the_whole(recogniser, orders):
    _, clip = orders[0]
    whole = hear(recogniser, clip)
    assert hear(recogniser, clip, 321) == whole
    assert hear(recogniser, clip, 20_000) == whole


def test_an_utterance_leaves_nothing_behind_for_the_next(recogniser, orders):
    first, second = orders[0][1], orders[1][1]
    alone = hear(recogniser, second)
    hear(recogniser, first)
    assert hear(recogniser, second) == alone
    recogniser.start()
    recogniser.feed(first.pcm)
    assert hear(recogniser, second) == alone


def test_words_stand_where_they_were_spoken(recogniser, orders):
    _, clip = orders[0]
    late = PcmAudio(samples=np.concatenate([np.zeros(32_000, dtype=np.int16), clip.samples]))
    early, shifted = hear(recogniser, clip), hear(recogniser, late)
    assert shifted.text == early.text
    for word, moved in zip(early.words, shifted.words, strict=True):
        assert moved.start - word.start == pytest.approx(2.0, abs=0.15)
    times = [time for word in early.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= clip.duration
    assert all(0 <= word.confidence <= 1 for word in early.words)


def test_silence_and_nothing_at_all_are_no_speech(recogniser):
    assert hear(recogniser, PcmAudio(samples=np.zeros(48_000, dtype=np.int16))) == NOTHING
    recogniser.start()
    assert recogniser.finish() == NOTHING


def test_orders_are_understood_and_other_speech_is_refused(data_dir, orders):
    engine = Engine(size=1)
    for row, clip in orders:
        heard = engine.hear(clip)
        assert heard.understanding.accepted
        assert heard.understanding.intent == row["intent"]
        assert dict(heard.understanding.slots) == row["slots"]
        assert features(heard.hypothesis).shape == (len(FEATURE_NAMES),)
    others = [path for path in sorted((data_dir / "wake").glob("*.flac")) if not path.name.startswith("alexa")]
    accepted = [path.name for path in others[:12] if engine.hear(audio.read(path)).understanding.accepted]
    assert accepted == []
