"""The same work on many items: in this process, in processes of this machine, or on Ray.

Results come in the order of the items and are the same bit for bit wherever they were made: an item is worked on alone,
linear algebra runs on one thread (its sums depend on how many there are), and whatever is drawn at random is drawn from
a seed of the item's own, never from a generator that several items share.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from earmark.errors import WorkersGone
from earmark.settings import settings

Item = TypeVar("Item")
Result = TypeVar("Result")
Prepare = Callable[[], Callable[[Item], Result]]
"""Called once in each process; returns what is done to an item. It travels: a function or class of a module, or a
`functools.partial` of one."""
MOST_PROCESSES = 4
"""Of this machine, without being asked for more: each holds models of 100 MB."""
CHUNK = 4
"""Items that travel together."""


def free_cores() -> int:
    """Return how many processes to start on this machine."""
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(MOST_PROCESSES, free or 1)


def pinned() -> threadpool_limits:
    """Return a context in which linear algebra runs on one thread of this process."""
    return threadpool_limits(limits=1)


def map(
    prepare: Prepare[Item, Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    enough: int = 24,
    told: Callable[[int], None] = lambda done: None,
) -> list[Result]:
    """Return what `prepare()` makes of every item, in order.

    `workers`: processes of this machine; without it the cluster that EARMARK_RAY_ADDRESS names, else one process for
    each free core. Fewer items than `enough` never leave this process. `told` hears how many are done.

    Raises what the work raises, WorkersGone when processes were ended from outside, and with Ray MissingExtra,
    RayUnreachable or RayDiffers.
    """
    if len(items) < enough or workers == 1:
        return _here(prepare, items, told)
    if workers is None and (address := settings().ray_address):
        from earmark.learn import ray_workers  # an extra: only who uses a cluster has it

        return ray_workers.map(prepare, items, address=address, told=told)
    count = free_cores() if workers is None else workers
    return _here(prepare, items, told) if count == 1 else _in_processes(prepare, items, count, told)


def _here(prepare: Prepare[Item, Result], items: Sequence[Item], told: Callable[[int], None]) -> list[Result]:
    with pinned():
        work = prepare()
        done: list[Result] = []
        for item in items:
            done.append(work(item))
            told(len(done))
    return done


def _in_processes(
    prepare: Prepare[Item, Result], items: Sequence[Item], count: int, told: Callable[[int], None]
) -> list[Result]:
    context = multiprocessing.get_context("spawn")
    done: list[Result] = []
    with ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(prepare,)) as pool:
        try:
            for result in pool.map(_work, items, chunksize=CHUNK):
                done.append(result)
                told(len(done))
        except BrokenProcessPool:
            raise WorkersGone from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return done


Said = Callable[[float], None]
"""Hears which share of an item is done, 0 to 1."""


def apart(
    work: Callable[[Item, Said], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    told: Said = lambda share: None,
) -> list[Result]:
    """Return what `work(item, said)` gives for each item, in order, each in a process of its own that ends with it.

    For a few items of a minute or more, made by a library that had better not stay in this process: its memory goes
    with it, and its threads don't meet our forks. `work` and `items` travel; `told` hears which share of all is done.
    Raises what the work raises, and WorkersGone when a process was ended from outside.
    """
    context = multiprocessing.get_context("spawn")
    ahead, shares = list(enumerate(items)), [0.0] * len(items)
    running: dict[Connection, tuple[int, BaseProcess]] = {}
    results: dict[int, Result] = {}
    try:
        while ahead or running:
            while ahead and len(running) < (workers or free_cores()):
                index, item = ahead.pop(0)
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_apart, args=(work, item, there), daemon=True)
                process.start()
                there.close()  # so that its end is heard of here
                running[here] = index, process
            for end in wait(list(running)):
                assert isinstance(end, Connection)
                index, process = running[end]
                try:
                    said = end.recv()
                except EOFError:
                    raise WorkersGone from None
                if isinstance(said, BaseException):
                    raise said
                shares[index] = said if isinstance(said, float) else 1.0
                told(sum(shares) / len(items))
                if not isinstance(said, float):
                    (results[index],) = said
                    del running[end]
                    process.join()
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return [results[index] for index in range(len(items))]


def _apart(work: Callable[[Any, Said], Any], item: Any, there: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the process that learns, which ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with pinned():
            there.send((work(item, lambda share: there.send(float(share))),))
    except Exception as error:
        there.send(error)


_worker: Callable[[Any], Any] | None = None
"""What this process does to an item."""


def _begin(prepare: Prepare[Any, Any]) -> None:
    global _worker
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threadpool_limits(limits=1)
    _worker = prepare()


def _end_with_parent() -> None:
    """Leave when the process that learns was killed: nobody else would say so, and this one holds opened recordings."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(item: Any) -> Any:
    assert _worker is not None
    return _worker(item)
