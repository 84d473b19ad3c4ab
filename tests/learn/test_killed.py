"""`earmark learn` as a person runs it, killed again and again: it goes on where it was and comes to the same bundle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from earmark import learn
from earmark.storage import Home
from earmark.vault import Content

SOURCES = Path(learn.__file__).parents[2]
INTENTS = {
    "orderPizza": ("bring a {} pizza", "order one {} pizza please", "i would like pizza with {}"),
    "bookTable": ("book a table at {}", "reserve us a table in {}", "a table near {} for tonight"),
    "playRadio": ("play radio {}", "tune in to {} radio", "put station {} on"),
}
VALUES = ("red", "green", "stone", "winter", "corner", "garden", "hill", "silver", "north")


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """A data folder with written requests that the skills' templates know nothing of."""
    folder = tmp_path / "data"
    (folder / "nlu").mkdir(parents=True)
    lines = [
        {"text": template.format(f"{one} {two}"), "intent": intent, "slots": []}
        for intent, templates in INTENTS.items()
        for template in templates
        for one in VALUES
        for two in VALUES
    ]
    (folder / "nlu" / "home.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


@pytest.fixture
async def labels(teach, people, tone):
    """Judged commands and other speech of four people."""
    for index in range(12):
        command = {"value": "wrong", "intent": "orderDrink", "slots": {}}
        other = {"value": "right", "intent": None, "slots": {}}
        sound = tone(0.6, hertz=200.0 + 20 * index)
        answer = command if index % 2 else other
        await teach(people[index // 2 % 4], audio=sound, wake_span=None, content=Content(), understood=answer)


Begin = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def begin(home: Home, sentences: Path) -> Iterator[Begin]:
    """`begin()`: start `earmark learn` in a process of its own; none outlives the test."""
    begun: list[subprocess.Popen[str]] = []
    lock = home.lock()  # as when `earmark up` is running: the database is there already

    def start() -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "EARMARK_HOME": str(home.folder)}
        words = [sys.executable, "-m", "earmark", "learn", "--data", str(sentences), "--json"]
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    lock.release()


def finished(process: subprocess.Popen[str]) -> dict:
    out, complaints = process.communicate()
    assert process.returncode == 0, out + complaints
    return json.loads(out)


def results(home: Home) -> set[str]:
    return {path.name for path in (home.folder / "runs").rglob("*.step")}


@pytest.mark.timeout(1200)
async def test_killed_at_any_step_it_goes_on_and_comes_to_the_same(home, stores, labels, begin):
    random = Random(os.urandom(8))
    for wanted in (1, 2, 3):
        process, before = begin(), results(home)
        while len(results(home)) < wanted:
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.02)
        await asyncio.sleep(random.random())  # somewhere inside the next step
        if process.poll() is not None:
            break  # it was quicker
        process.kill()
        process.wait()
        assert before <= results(home), "what was done stays done"

    resumed = finished(begin())
    assert results(home) == set()
    assert not list((home.folder / "runs").iterdir())
    assert {path.name for path in home.models.iterdir()} == {resumed["candidate"]}, "no draft is left either"
    undisturbed = finished(begin())
    assert resumed["candidate"] is not None
    assert resumed["candidate"] == undisturbed["candidate"]
    assert resumed["steps"] == undisturbed["steps"]
    assert resumed["resumed"] >= 3
    assert undisturbed["resumed"] == 0
    assert len(await learn.models(stores)) == 1


@pytest.mark.timeout(600)
async def test_a_second_one_at_the_same_time_says_so(home, stores, labels, begin):
    first = begin()
    while not results(home):
        assert first.poll() is None, first.communicate()
        await asyncio.sleep(0.02)
    os.kill(first.pid, signal.SIGSTOP)
    out, _ = begin().communicate()
    assert json.loads(out)["error"] == {
        "code": "learn.running",
        "message": "Another `earmark learn` is at work on this installation; wait until it is done.",
    }
    first.kill()
    first.wait()
    assert finished(begin())["resumed"] >= 1, "the lock died with its process"
