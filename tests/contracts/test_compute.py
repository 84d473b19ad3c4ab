"""The same work gives the same results in this process, in processes of this machine and on Ray, bit for bit."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import BadAudio, SilentAudio, WorkersGone
from earmark.learn import compute
from earmark.learn.ray_workers import Hands, _opened, _sealed
from earmark.learn.wake_windows import WakeClip, make_windows
from earmark.words import PcmAudio

SOURCES = Path(compute.__file__).parents[2]
HERE = Path(__file__).parent


class Sums:
    """Work whose sums depend on the order in which they are made, and on a seed of the item's own."""

    def __init__(self, size: int) -> None:
        self._weights = np.random.default_rng(1).normal(size=(size, size)).astype(np.float32)

    def __call__(self, item: int) -> bytes:
        values = np.random.default_rng([7, item]).normal(size=(len(self._weights), 64)).astype(np.float32)
        return (self._weights @ values).sum(axis=1).tobytes()


def fails_at(which: int) -> object:
    def work(item: int) -> int:
        if item == which:
            raise SilentAudio
        return item

    return work


def leaves() -> object:
    return lambda item: os._exit(3)


def threads() -> object:
    from threadpoolctl import threadpool_info

    np.zeros((2, 2)) @ np.zeros((2, 2))
    return lambda item: {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


ITEMS = list(range(30))


@pytest.fixture(scope="module")
def alone() -> list[bytes]:
    return compute.map(partial(Sums, 200), ITEMS, workers=1)


def test_processes_give_the_same_in_the_same_order(alone):
    told: list[int] = []
    assert compute.map(partial(Sums, 200), ITEMS, workers=2, told=told.append) == alone
    assert told == list(range(1, 31))
    assert len(set(alone)) == len(ITEMS)


def test_few_items_stay_in_this_process(monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: pytest.fail("a process was started"))
    assert compute.map(partial(fails_at, 99), ITEMS[:5], workers=2) == ITEMS[:5]
    assert compute.map(partial(fails_at, 99), [], workers=2) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_work_raises_comes_out(workers):
    with pytest.raises(BadAudio) as caught:
        compute.map(partial(fails_at, 17), ITEMS, workers=workers)
    assert caught.value.code == "audio.silent"


@pytest.mark.parametrize("workers", [1, 2])
def test_linear_algebra_has_one_thread(workers):
    assert set.union(*compute.map(threads, ITEMS, workers=workers)) == {1}


def test_a_process_that_is_ended_from_outside_is_named():
    with pytest.raises(WorkersGone, match="run the command again"):
        compute.map(leaves, ITEMS, workers=2)


def told_twice(item: int, said: compute.Said) -> tuple[int, int]:
    said(0.5)
    if item == 3:
        raise SilentAudio
    if item == 4:
        os._exit(3)
    return item, os.getpid()


def test_long_work_is_done_apart_in_processes_of_its_own():
    told: list[float] = []
    done = compute.apart(told_twice, [0, 1, 2], workers=2, told=told.append)
    assert [item for item, _ in done] == [0, 1, 2]
    assert len({os.getpid(), *(pid for _, pid in done)}) == 4
    assert told == sorted(told)
    assert (len(told), told[-1]) == (6, 1.0)
    assert compute.apart(told_twice, []) == []
    with pytest.raises(SilentAudio):
        compute.apart(told_twice, [0, 3], workers=2)
    with pytest.raises(WorkersGone):
        compute.apart(told_twice, [4], workers=2)


def test_workers_leave_when_the_process_that_learns_is_killed(tmp_path):
    script = f"""
        import sys, time
        sys.path[:0] = [{str(HERE)!r}]
        import test_compute
        from earmark.learn import compute
        from functools import partial
        if __name__ == "__main__":
            compute.map(partial(test_compute.waits, {str(tmp_path)!r}), range(30), workers=2)
    """
    path = tmp_path / "learns.py"
    path.write_text(textwrap.dedent(script))
    process = subprocess.Popen([sys.executable, path], env={**os.environ, "PYTHONPATH": str(SOURCES)})
    while len(pids := [int(each.name) for each in tmp_path.iterdir() if each.name.isdigit()]) < 2:
        assert process.poll() is None
    process.kill()
    process.wait()
    for pid in pids:
        wait_until_gone(pid)


def waits(folder: str) -> object:
    (Path(folder) / str(os.getpid())).touch()
    from threading import Event

    return lambda item: Event().wait()


def wait_until_gone(pid: int) -> None:
    from time import sleep

    while Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        sleep(0.05)


def test_what_travels_to_ray_is_sealed_and_so_is_what_comes_back():
    from earmark.learn.code_version import code_version

    hands, key = Hands(), bytes(32)
    secret = b"the canary sings in clear"
    assert hands.begin(key, _sealed(key, [code_version(), __import__("pickle").dumps(upper)])) == code_version()
    there = _sealed(key, [secret])
    back = hands.work(there)
    assert _opened(key, back) == [secret.upper()]
    assert secret not in there
    assert secret.upper() not in back
    assert isinstance(_opened(key, hands.work(_sealed(key, [3]))), AttributeError)


def upper() -> object:
    return lambda item: item.upper()


def test_hands_with_other_code_do_not_even_open_the_work():
    hands, key = Hands(), bytes(32)
    hands.begin(key, _sealed(key, ["another version", b"no pickle at all"]))
    assert hands._work is None


def windows(workers: int | None = None) -> str:
    """Cut wake windows of sixty noises, as learning does, and return a hash over every number of them."""
    noises = (np.random.default_rng(item).normal(0, 3000, 8000).astype(np.int16) for item in range(60))
    clips = [WakeClip(audio=PcmAudio(samples=noise), said=False, group="a") for noise in noises]
    cut = make_windows("alexa", clips, rooms=0, seed=2, workers=workers)
    assert len(cut) == 60
    return hashlib.sha256(cut.embeddings.tobytes() + cut.peak.tobytes()).hexdigest()


@pytest.mark.ray
def test_ray_gives_the_same(alone, tmp_path):
    """A cluster of this machine, in a process of its own: what Ray starts must not outlive the test."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'earmark[ray]'")
    script = f"""
        import json, sys
        sys.path[:0] = [{str(HERE)!r}]
        import test_compute
        from earmark.errors import EarmarkError
        from earmark.learn import compute
        from functools import partial
        told = []
        found = compute.map(partial(test_compute.Sums, 200), range(30), told=told.append)
        again = compute.map(partial(test_compute.Sums, 50), range(30))
        threads = set.union(*compute.map(test_compute.threads, range(30)))
        windows = test_compute.windows()
        codes = []
        for work in (partial(test_compute.fails_at, 17), test_compute.leaves):
            try:
                compute.map(work, range(30))
            except EarmarkError as error:
                codes.append(error.code)
        import ray
        print(json.dumps({{
            "found": [each.hex() for each in found],
            "again": len(again),
            "windows": windows,
            "told": told[-1],
            "threads": sorted(threads),
            "codes": codes,
            "reports": ray._common.usage.usage_lib.usage_stats_enabled(),
        }}))
    """
    path = tmp_path / "learns.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "EARMARK_RAY_ADDRESS": "local"}
    environment.pop("RAY_USAGE_STATS_ENABLED", None)
    done = subprocess.run([sys.executable, path], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [bytes.fromhex(each) for each in told["found"]] == alone
    assert (told["again"], told["told"], told["threads"]) == (30, 30, [1])
    assert told["windows"] == windows(workers=1)
    assert told["codes"] == ["audio.silent", "setup.workers"]
    assert told["reports"] is False
