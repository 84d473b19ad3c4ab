"""Work on a Ray cluster: one actor a processor, and what travels is sealed.

Ray keeps arguments and results in its object store, which is shared memory and may spill to disk when it is full. So
recordings go there encrypted only, under a key that is drawn for each connection and told to each actor directly; in
clear they exist in the memory of the process that learns and of the actor at work. Ray's own reports of use to its
makers are turned off.
"""

from __future__ import annotations

import os
import pickle
import secrets
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from earmark.errors import MissingExtra, RayDiffers, RayUnreachable, WorkersGone
from earmark.learn.code_version import code_version
from earmark.storage import seal, unseal

Item = TypeVar("Item")
Result = TypeVar("Result")
LOCAL = "local"
"""The address that means a cluster of this machine alone, started and ended with the process."""
_CHUNK = 4
_PLACE = "ray"


class Hands:
    """What an actor does; a plain class, so that it can be tried without a cluster."""

    def __init__(self) -> None:
        self._key = b""
        self._work: Callable[[Any], Any] | None = None

    def begin(self, key: bytes, sealed: bytes) -> str:
        """Take the key and get ready for items; returns the version of the code that runs here."""
        threadpool_limits(limits=1)
        self._key = key
        if code_version() == (wanted := _opened(key, sealed))[0]:
            self._work = pickle.loads(wanted[1])()  # noqa: S301 (from the process that holds the key)
        return code_version()

    def work(self, sealed: bytes) -> bytes:
        """Work on some items; returns the sealed results, or the error that came of one."""
        assert self._work is not None
        try:
            return _sealed(self._key, [self._work(item) for item in _opened(self._key, sealed)])
        except Exception as error:
            return _sealed(self._key, error)


class Cluster:
    """A connection to a cluster and its actors, kept for all the work of this process."""

    def __init__(self, address: str) -> None:
        try:
            import ray
            import ray.exceptions
            from ray._private import worker
        except ImportError:
            raise MissingExtra(extra="ray") from None
        self._ray = ray
        self.address = address
        self._key = secrets.token_bytes(32)
        # Ray prints what befalls its processes onto the stream that `--json` promises to keep clean, and has no switch.
        worker.print_to_stdstream = _unsaid
        self._lost: type[BaseException] = ray.exceptions.RayError
        self._actors: list[Any] = []
        self._connect(address)

    def _connect(self, address: str) -> None:
        # Read when Ray starts. Nothing is reported to its makers; its workers are as urgent as our processes, for Ray
        # makes them give way to everything, and a busy machine never gets to them; and they find this very code.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ.setdefault("RAY_worker_niceness", "0")
        quiet = {"log_to_driver": False, "configure_logging": False, "logging_level": "ERROR"}
        try:
            if address == LOCAL:
                os.environ["PYTHONPATH"] = os.pathsep.join(str(Path(each or ".").resolve()) for each in sys.path)
                self._ray.init(address=LOCAL, include_dashboard=False, **quiet)
            else:
                self._ray.init(address=address, **quiet)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise RayUnreachable(address=address) from error

    def map(
        self, prepare: Callable[[], Callable[[Item], Result]], items: Sequence[Item], told: Callable[[int], None]
    ) -> list[Result]:
        """Work on all items; what an actor had in hand when it was lost, another does again."""
        chunks = [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]
        idle = self._begun(prepare, len(chunks))
        waiting, busy = deque(range(len(chunks))), {}
        results: dict[int, list[Result]] = {}
        while waiting or busy:
            while idle and waiting:
                actor, number = idle.pop(), waiting.popleft()
                busy[actor.work.remote(_sealed(self._key, chunks[number]))] = actor, number
            if not busy:
                raise WorkersGone
            (ready,), _ = self._ray.wait(list(busy), num_returns=1)
            actor, number = busy.pop(ready)
            try:
                found = _opened(self._key, self._ray.get(ready))
            except self._lost:
                self._actors.remove(actor)
                self._ray.kill(actor)
                waiting.append(number)
                continue
            if isinstance(found, BaseException):
                self._drop_actors()
                raise found
            results[number] = found
            idle.append(actor)
            told(sum(len(each) for each in results.values()))
        return [result for number in range(len(chunks)) for result in results[number]]

    def _begun(self, prepare: Callable[[], Callable[[Any], Any]], most: int) -> list[Any]:
        """Return actors that are ready for the work, no more than have something to do."""
        processors = int(self._ray.cluster_resources().get("CPU", 1))
        make = self._ray.remote(num_cpus=1, max_restarts=0)(Hands)
        while len(self._actors) < min(processors, most):
            self._actors.append(make.remote())
        chosen = self._actors[:most]
        sealed = _sealed(self._key, [code_version(), pickle.dumps(prepare)])
        try:
            versions = self._ray.get([actor.begin.remote(self._key, sealed) for actor in chosen])
        except self._lost as error:
            self._drop_actors()
            raise WorkersGone from error
        if set(versions) != {code_version()}:
            self._drop_actors()
            raise RayDiffers
        return chosen

    def _drop_actors(self) -> None:
        """End the actors: they may be at work on what nobody waits for any more."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors.clear()


def _unsaid(*_: Any, **__: Any) -> None:
    """Print nothing."""


_cluster: Cluster | None = None


def map(
    prepare: Callable[[], Callable[[Item], Result]],
    items: Sequence[Item],
    *,
    address: str,
    told: Callable[[int], None],
) -> list[Result]:
    """Return what `prepare()` makes of every item, in order, made on the cluster at `address` (`local`, or host:port).

    Raises what the work raises, MissingExtra without Ray, RayUnreachable, RayDiffers when other code is installed
    there, WorkersGone when all its processes were lost.
    """
    global _cluster
    if _cluster is None or _cluster.address != address:
        _cluster = Cluster(address)
    return _cluster.map(prepare, items, told)


def _sealed(key: bytes, value: Any) -> bytes:
    return seal(key, pickle.dumps(value), place=_PLACE)


def _opened(key: bytes, sealed: bytes) -> Any:
    return pickle.loads(unseal(key, sealed, place=_PLACE))  # noqa: S301 (from the process that holds the key)
