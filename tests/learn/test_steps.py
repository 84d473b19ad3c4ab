from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.assistant import Heard, Hypothesis
from earmark.assistant.understanding import Understanding
from earmark.errors import Erased, Revoked
from earmark.learn.acoustic import Stretch
from earmark.learn.adapting import SPOKEN, Spoken
from earmark.learn.hearing import Reading, Result
from earmark.learn.runs import Run, pack, run_id, unpack
from earmark.learn.scoring import Outcome
from earmark.learn.steps import FILES, FILES_OR_WHY, Planned, Steps, as_json


class Keys:
    """A key store with one slot, 7."""

    def __init__(self) -> None:
        self.gone = False

    def secret(self, slot: int) -> bytes:
        if self.gone or slot != 7:
            raise Erased
        return bytes(range(32))


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def run(tmp_path: Path, keys: Keys) -> Run:
    return Run(id="0123", folder=tmp_path / "0123", keys=keys, slot=7)  # pyright: ignore[reportArgumentType]


class Killed(BaseException):
    """The process ends here."""


def walk(steps: Steps, worked: list[str], *, dies_at: str = "") -> dict[str, bytes]:
    """Three steps, of which the last two have the same name and rest on the ones before."""
    files: dict[str, bytes] = {}
    for number, name in enumerate(("hear", "train", "train")):

        def work(number: int = number, name: str = name, before: dict[str, bytes] = files) -> dict[str, bytes]:
            if f"{name} {number}" == dies_at:
                raise Killed
            worked.append(name)
            return {**before, f"{number}.json": bytes([number])}

        files = dict(steps.take(name, work, FILES))
    return files


def test_what_was_done_before_a_kill_is_not_done_again(run):
    worked: list[str] = []
    with pytest.raises(Killed):
        walk(Steps(run), worked, dies_at="train 2")
    assert (worked, run.done()) == (["hear", "train"], 2)
    resumed = Steps(run)
    assert walk(resumed, worked) == walk(Steps(), [])
    assert worked == ["hear", "train", "train"]
    assert (resumed.taken, resumed.resumed) == (3, 2)


def test_another_way_through_the_steps_finds_nothing_of_the_first(run):
    Steps(run).take("hear", lambda: {"a": b"1"}, FILES)
    other = Steps(run)
    assert other.take("align", lambda: {"a": b"2"}, FILES) == {"a": b"2"}
    assert other.take("hear", lambda: {"a": b"3"}, FILES) == {"a": b"3"}
    assert other.resumed == 0


def test_nothing_lies_in_clear_and_a_file_cut_off_is_worked_out_again(run):
    canary = b"the canary sings in the morning"
    Steps(run).take("hear", lambda: {"a": canary}, FILES)
    (path,) = run.folder.iterdir()
    assert canary not in path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1])
    again = Steps(run)
    assert again.take("hear", lambda: {"a": b"anew"}, FILES) == {"a": b"anew"}
    assert again.resumed == 0


def test_a_result_opens_in_its_own_place_only(run):
    steps = Steps(run)
    steps.take("one", lambda: {"a": b"1"}, FILES)
    steps.take("two", lambda: {"a": b"2"}, FILES)
    first, second = sorted(run.folder.iterdir())
    second.write_bytes(first.read_bytes())
    assert run.find(second.stem) is None
    assert run.find(first.stem) == {"a": b"1"}


def test_once_the_key_is_gone_nothing_more_is_read_or_kept(run, keys):
    steps = Steps(run)
    steps.take("one", lambda: {"a": b"1"}, FILES)
    keys.gone = True
    with pytest.raises(Revoked):
        steps.take("two", lambda: pytest.fail("worked on what was deleted"), FILES)
    with pytest.raises(Revoked):
        run.keep("three", {"a": b"3"})
    assert run.done() == 1


def test_a_step_without_a_form_is_worked_out_each_time(run):
    for _ in range(2):
        assert Steps(run).take("look", lambda: object()) is not None
    assert run.done() == 0


def test_files_come_apart_as_they_were_put_together():
    for files in ({}, {"a": b""}, {"b\n.json": b"\n\x00", "a": b"{}\n"}):
        assert unpack(pack(files)) == files


def test_everything_that_decides_about_a_run_is_in_its_id():
    inputs = {"dataset": "a", "current": "b", "parts": ["wake", "nlu"]}
    assert run_id(inputs, secret=b"1") == run_id(dict(reversed(inputs.items())), secret=b"1")
    others = ({**inputs, "dataset": "c"}, {**inputs, "parts": ["nlu"]}, inputs)
    assert len({run_id(each, secret=b"1") for each in others} | {run_id(inputs, secret=b"2")}) == 4


def test_readings_come_back_exactly_as_they_were():
    evidence = {"a": 0.1 + 0.2, "b": float("-inf"), "c": 1e-320}
    rival = Hypothesis(words=(), text="it's raining – çok", confidence=1 / 3, source="ngram")
    hypothesis = Hypothesis(words=(), text="x", confidence=0.1, source="grammar", evidence=evidence, rival=rival)
    heard = Heard(hypothesis=hypothesis, understanding=Understanding(intent="a", slots={"b": "c"}, accepted=True))
    results = [
        Result(wakes=None, reading=Reading(heard=heard, duration=1.1, seconds=0.3)),
        Result(wakes=2, reading=None),
    ]
    form = as_json(list[Result])
    again = form.read(form.write(results))
    assert again[0].reading.heard.hypothesis.evidence == evidence
    assert again[0].reading.heard.hypothesis.rival.text == rival.text
    assert again[0].reading.heard.understanding == heard.understanding
    assert again[1] == results[1]
    outcomes = [Outcome(speaker="a", duration=0.1, said=True, woke=0)]
    assert as_json(list[Outcome]).read(as_json(list[Outcome]).write(outcomes)) == outcomes


def test_aligned_speech_comes_back_exactly_as_it_was():
    rng = np.random.default_rng(3)

    def stretch(length: int) -> Stretch:
        frames = rng.normal(size=(length, 3, 13)).astype(np.float32)
        return Stretch(frames=frames, phone=rng.integers(0, 42, length), state=rng.integers(0, 5000, length))

    utterances = [
        Spoken(half=half, stretches=tuple(map(stretch, sizes))) for half, sizes in ((0, (5,)), (1, (3, 0, 9)))
    ]
    again = SPOKEN.read(SPOKEN.write(utterances))
    assert [one.half for one in again] == [0, 1]
    for one, other in zip(utterances, again, strict=True):
        assert len(one.stretches) == len(other.stretches)
        for left, right in zip(one.stretches, other.stretches, strict=True):
            for name in ("frames", "phone", "state"):
                assert np.array_equal(getattr(left, name), getattr(right, name))
                assert getattr(left, name).dtype == getattr(right, name).dtype
    assert SPOKEN.read(SPOKEN.write([])) == []


def test_files_or_the_reason_why_there_are_none():
    for value in ({"wake/alexa.json": b"{}"}, "Too few."):
        assert FILES_OR_WHY.read(FILES_OR_WHY.write(value)) == value


class Watch:
    """A clock that work turns."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_the_share_goes_by_what_steps_take_and_never_falls():
    moments, watch = [], Watch()
    steps = Steps(told=moments.append, now=watch)
    steps.plan([Planned(name="hear", seconds=30), Planned(name="train", seconds=60), Planned(name="write", seconds=10)])

    def hear() -> None:
        watch.time += 30
        steps.within("hear", 1, 2)
        watch.time += 30

    steps.take("hear", hear)
    assert [(str(each), each.number, each.of) for each in moments] == [("hear", 1, 3), ("hear, 1 of 2", 1, 3)]
    assert [each.share for each in moments] == [0.0, 0.15]
    assert [each.left for each in moments] == [None, pytest.approx(170)]
    steps.take("train", lambda: None)
    assert moments[-1].share == pytest.approx(0.3)
    assert moments[-1].left == pytest.approx(140), "twice as slow as planned so far"
    steps.take("unplanned", lambda: None)
    steps.leave_out("write")
    steps.take("another", lambda: None)
    shares = [each.share for each in moments]
    assert shares == sorted(shares)
    assert steps.taken == steps.expected == 4


def test_what_was_resumed_says_nothing_about_the_pace(run):
    moments, watch = [], Watch()
    Steps(run).take("hear", lambda: {"a": b"1"}, FILES)
    steps = Steps(run, moments.append, now=watch)
    steps.plan([Planned(name="hear", seconds=30), Planned(name="train", seconds=60)])
    steps.take("hear", lambda: {"a": b"1"}, FILES)
    steps.take("train", lambda: {"a": b"2"}, FILES)
    assert [each.left for each in moments] == [None, None]
    assert moments[-1].share == pytest.approx(1 / 3)
