from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from earmark.assistant import Engine, Hypothesis


class Echo:
    """Hears the text whose bytes it was fed; notices when two threads use it at once."""

    alive = 0

    def __init__(self) -> None:
        Echo.alive += 1
        self.busy = threading.Lock()
        self.data = b""

    def start(self) -> None:
        assert self.busy.acquire(blocking=False), "two utterances in one recogniser"
        self.data = b""

    def feed(self, pcm: bytes) -> None:
        self.data += pcm

    def partial(self) -> str:
        return self.data.decode()

    def finish(self) -> Hypothesis:
        self.busy.release()
        return Hypothesis(words=(), text=self.data.decode(), confidence=0.9, source="ngram")


@pytest.fixture
def engine():
    Echo.alive = 0
    return Engine(size=2, make=Echo)


def test_many_threads_share_few_recognisers_and_keep_their_utterances_apart(engine):
    sentences = [f"set a timer for {word} minutes" for word in ("two", "three", "four", "five")] * 10

    def hear(sentence: str) -> str | None:
        with engine.listen() as listening:
            for letter in sentence:
                listening.feed(letter.encode())
            return listening.finish().understanding.slots.get("minutes")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(hear, sentences))
    assert answers == ["2", "3", "4", "5"] * 10
    assert Echo.alive <= 2


def test_an_utterance_that_was_left_gives_its_recogniser_back(engine):
    for _ in range(5):
        with engine.listen() as listening:
            listening.feed(b"what time")
            listening._recogniser.busy.release()  # the fake has no end of its own
    assert Echo.alive == 1


def test_finishing_twice_is_an_error_and_late_sound_is_ignored(engine):
    listening = engine.listen()
    listening.feed(b"what time is it")
    assert listening.partial() == "what time is it"
    assert listening.finish().understanding.intent == "getTime"
    listening.feed(b" now")
    assert listening.partial() == ""
    with pytest.raises(RuntimeError):
        listening.finish()


def test_warming_makes_one(engine):
    engine.warm()
    engine.warm()
    assert Echo.alive == 1
