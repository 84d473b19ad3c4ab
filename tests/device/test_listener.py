"""The state machine, with detectors that do what a test says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.bundle import ModelBundle
from earmark.device import Captured, EndOfSpeech, EndpointRule, Event, Listener, Rejected, Verifier, Woke
from earmark.device import listener as module
from earmark.device.listener import word_start
from earmark.device.machine import Curve, Machine
from earmark.errors import BadBundle, BadRequest


class ScriptedDetector:
    """Fires (0.95) at given frames, counted from the stream's start; scores 0.6 on `near` ones."""

    word = "alexa"
    cutoff = 0.9
    lag = 0.0

    def __init__(self, fires: Sequence[int], near: Sequence[int] = ()) -> None:
        self.fires, self.near, self.frame, self.resets = set(fires), set(near), 0, 0

    def feed(self, frame: bytes) -> float | None:
        self.frame = int(np.frombuffer(frame, "<i2")[0])
        return 0.95 if self.frame in self.fires else 0.6 if self.frame in self.near else 0.0

    def reset(self) -> None:
        self.resets += 1


class ScriptedSpeech:
    """Speech where the samples' second value is set."""

    def __call__(self, chunk: bytes) -> float:
        return float(np.frombuffer(chunk, "<i2").max() >= 20_000)

    def reset(self) -> None: ...


class FixedEmbedder:
    windows = 16

    def __init__(self) -> None:
        self.calls = 0

    def embed(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        self.calls += 1
        return np.zeros((16, 96), np.float32)


def frame(number: int, *, voiced: bool = False) -> bytes:
    """A frame that carries its number, so that what was captured can be read back."""
    samples = np.zeros(160, "<i2")
    samples[0] = number
    samples[1] = 20_000 if voiced else 0
    return samples.tobytes()


def verifier(score: float, threshold: float = 0.5, settle: float = 0.12) -> Verifier:
    none = np.zeros((0, 96), np.float32)
    curve = Curve(slope=float(np.log(score / (1 - score))), offset=0.0)
    machine = Machine(
        gamma=1.0, intercept=1.0, mean=np.zeros(96, np.float32), scale=np.ones(96, np.float32), vectors=none,
        squares=none[:, 0], weights=none[:, 0], curve=curve,
    )  # fmt: skip
    at = {"stage1": 0.5, "threshold": threshold, "settle": settle}
    return Verifier(word="alexa", **at, looks=1, curve=curve, machine=machine)


def listener(
    monkeypatch: pytest.MonkeyPatch, fires: Sequence[int], *, near: Sequence[int] = (), verify: Verifier | None = None
) -> tuple[Listener, ScriptedDetector, FixedEmbedder]:
    monkeypatch.setattr(module.verifiers, "load", lambda bundle, word: verify)
    detector, embedder = ScriptedDetector(fires, near), FixedEmbedder()
    ears = Listener(detector=detector, embedder=embedder, speech=ScriptedSpeech(), rule=EndpointRule())
    return ears, detector, embedder


def feed(ears: Listener, count: int, *, voiced: range = range(0), start: int = 0) -> list[tuple[int, Event]]:
    return [
        (number, event)
        for number in range(start, start + count)
        for event in ears.feed(frame(number, voiced=number in voiced))
    ]


def numbers(events: list[tuple[int, Event]]) -> list[int]:
    data = b"".join(event.pcm for _, event in events if isinstance(event, Captured))
    return np.frombuffer(data, "<i2").reshape(-1, 160)[:, 0].tolist()


def test_nothing_leaves_before_a_wake(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, embedder = listener(monkeypatch, fires=[], near=range(100, 200), verify=None)
    assert feed(ears, 1000, voiced=range(1000)) == []
    assert ears.finish() == []
    assert embedder.calls == 0


def test_wake_comes_first_and_the_capture_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame from the pre-roll to the end is there once and in order."""
    ears, detector, _ = listener(monkeypatch, fires=[300])
    events = feed(ears, 800, voiced=range(230, 420))
    kinds = [type(event) for _, event in events]
    assert kinds[0] is Woke
    assert kinds[-1] is EndOfSpeech
    assert set(kinds[1:-1]) == {Captured}
    number, woke = events[0]
    assert isinstance(woke, Woke)
    assert number == 300
    held = numbers(events)
    assert held == list(range(held[0], held[-1] + 1))
    assert woke.wake_start == pytest.approx(0.5)
    said_from = held[0] + round(woke.wake_start / 0.01)
    assert said_from == 230
    assert held[0] == 180
    assert woke.wake_end == pytest.approx((301 - 180) * 0.01 + 0.1)
    ended = events[-1][1]
    assert isinstance(ended, EndOfSpeech)
    assert ended.reason == "silence"
    assert ended.last_voiced == pytest.approx((420 - 180) * 0.01, abs=0.04)
    assert ended.duration == pytest.approx(len(held) * 0.01)
    assert detector.resets == 1


def test_pre_roll_is_what_there_is_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[40])
    events = feed(ears, 60, voiced=range(5, 45))
    assert numbers(events) == list(range(60))
    woke = events[0][1]
    assert isinstance(woke, Woke)
    assert woke.wake_start == pytest.approx(0.0)


def test_the_next_capture_holds_nothing_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[300, 520])
    events = feed(ears, 900, voiced=range(250, 400))
    wakes = [at for at, (_, event) in enumerate(events) if isinstance(event, Woke)]
    assert len(wakes) == 2
    first, second = numbers(events[: wakes[1]]), numbers(events[wakes[1] :])
    assert first[-1] < second[0]


def test_verifier_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, embedder = listener(monkeypatch, fires=[], near=[300], verify=verifier(0.8))
    events = feed(ears, 400, voiced=range(240, 300))
    number, woke = events[0]
    assert isinstance(woke, Woke)
    assert woke.verifier == pytest.approx(0.8)
    assert woke.score == pytest.approx(0.6)
    assert number == 312, "the window is taken 0.12 s after the first stage fired"
    assert embedder.calls == 1
    held = numbers(events)
    assert held == list(range(held[0], 400)), "what was said while the verifier waited is not lost"
    assert woke.wake_end == pytest.approx((301 - held[0]) * 0.01 + 0.1)


def test_a_short_command_said_while_the_verifier_waited_ends_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """With "Alexa, stop" in one breath the command is over before the device has made up its mind."""
    ears, _, _ = listener(monkeypatch, fires=[], near=[300], verify=verifier(0.8, settle=0.6))
    events = feed(ears, 1000, voiced=range(240, 350))
    number, ended = events[-1]
    assert isinstance(ended, EndOfSpeech)
    assert ended.reason == "silence"
    assert number * 0.01 == pytest.approx(3.5 + 0.7, abs=0.05)
    held = numbers(events)
    assert ended.last_voiced == pytest.approx((350 - held[0]) * 0.01, abs=0.04)


def test_verifier_refuses_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[300], near=range(301, 320), verify=verifier(0.2))
    events = [event for _, event in feed(ears, 1000, voiced=range(240, 500))]
    assert [type(event) for event in events] == [Rejected]
    assert ears.rejected == 1
    assert ears.finish() == []


def test_a_wake_after_a_refusal_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[300], verify=verifier(0.2))
    feed(ears, 340)
    monkeypatch.setattr(module.verifiers, "load", lambda bundle, word: verifier(0.9))
    ears.swap(ModelBundle(version="0" * 16))
    assert isinstance(ears._detector, ScriptedDetector)
    ears._detector.fires.add(400)
    events = [event for _, event in feed(ears, 100, start=340)]
    assert isinstance(events[0], Woke)


def test_without_a_verifier_the_models_own_cutoff_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[], near=range(100, 400), verify=None)
    assert feed(ears, 500) == []


def test_swap_waits_for_the_end_of_the_utterance(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[100])
    feed(ears, 150, voiced=range(80, 150))
    new = ModelBundle(version="f" * 16)
    ears.swap(new)
    assert ears.bundle.version == "builtin"
    feed(ears, 700, start=150)
    assert ears.bundle is new


def test_a_bad_bundle_leaves_the_last_good_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[100])

    def refuse(bundle: ModelBundle, word: str) -> None:
        raise BadBundle(why="it is a test")

    monkeypatch.setattr(module.verifiers, "load", refuse)
    with pytest.raises(BadBundle):
        ears.swap(ModelBundle(version="bad"))
    assert ears.bundle.version == "builtin"
    assert isinstance(feed(ears, 150)[0][1], Woke)


def test_a_source_that_ends_ends_the_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[100])
    feed(ears, 150, voiced=range(80, 150))
    (ended,) = ears.finish()
    assert isinstance(ended, EndOfSpeech)
    assert ended.reason == "source-ended"
    assert ears.finish() == []


def test_what_comes_after_an_end_is_heard_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pre-roll out of another recording."""
    ears, detector, _ = listener(monkeypatch, fires=[310])
    feed(ears, 300, voiced=range(290, 300))
    assert ears.finish() == []
    assert detector.resets == 1
    assert numbers(feed(ears, 20, voiced=range(300, 320), start=300))[0] == 300


def test_a_source_that_ends_while_the_verifier_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[100], verify=verifier(0.9))
    assert feed(ears, 105) == []
    assert [type(event) for event in ears.finish()] == [Woke, Captured, EndOfSpeech]


def test_a_frame_of_another_size(monkeypatch: pytest.MonkeyPatch) -> None:
    ears, _, _ = listener(monkeypatch, fires=[])
    with pytest.raises(BadRequest, match="10 ms"):
        ears.feed(bytes(640))


@pytest.mark.parametrize(
    ("loud", "expected"),
    [
        (range(130, 200), 130),  # a word of 0.7 s
        (range(190, 200), 150),  # never shorter than 0.5 s
        (range(20, 200), 90),  # running speech: never longer than 1.1 s
    ],
)
def test_word_start(loud: range, expected: int) -> None:
    levels = np.full(200, 20.0)
    levels[loud.start : loud.stop] = 60.0
    assert word_start(levels, end=200) == expected


def test_word_start_bridges_a_stop_consonant() -> None:
    levels = np.full(200, 20.0)
    levels[120:150] = levels[158:200] = 60.0
    assert word_start(levels, end=200) == 120


def test_a_detector_that_fires_late_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """The word ends before its detector fires, and what is said meanwhile belongs to the command."""
    ends = []
    for lag in (0.0, 0.3):
        ears, detector, _ = listener(monkeypatch, fires=[300])
        detector.lag = lag
        woke = feed(ears, 400, voiced=range(200, 300))[0][1]
        assert isinstance(woke, Woke)
        ends.append(woke.wake_end - woke.wake_start)
        assert woke.at == pytest.approx(3.01)
    assert ends[0] - ends[1] == pytest.approx(0.3, abs=0.02)
