"""Which models are in force for whom: the promoted bundle, and in a roll-out the candidate for devices in its share.

A device that runs what was taken back is answered for some hours more (`EARMARK_GRACE_HOURS`), so that one that is
slow to fetch does not fall silent; after that it is refused until it has swapped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from earmark import learn
from earmark.assistant import Engine, EngineKeeper
from earmark.bundle import ModelBundle
from earmark.errors import RetiredBundle
from earmark.learn import Rollout, TakenBack
from earmark.storage import Stores
from earmark.words import DeviceId

log = structlog.get_logger()
Names = Callable[[], Awaitable[Sequence[str]]]
"""Says for whom messages can be left."""


class InForce:
    """The engines of this process and whose they are; without `watch` it knows the promoted bundle only."""

    def __init__(
        self, keeper: EngineKeeper, make: Callable[[], EngineKeeper] | None = None, *, every: float = 2.0
    ) -> None:
        """`keeper` holds the promoted bundle's engine, `make` makes one like it for the candidate; `every`: seconds
        between looks at the registry."""
        self._keeper, self._make, self._every = keeper, make or EngineKeeper, every
        self._trial: EngineKeeper | None = None
        self._rollout: Rollout | None = None
        self._key = b""
        self._taken_back: Mapping[str, TakenBack] = {}

    def version_for(self, device_id: DeviceId) -> str | None:
        """Return the bundle that a device shall run; None while nobody has looked, just after a start."""
        if not self._keeper.ready:
            return None
        return self._rollout.version if self._rollout and self._tries(device_id) else self._keeper.version

    def engine_for(self, device_id: DeviceId | None, announced: str) -> Engine:
        """Return the engine that hears an utterance: the candidate's where the device is in its share and runs it.

        So what an interaction names as its bundle is what heard it, from the wake word to the reply. Without a device
        (a browser) it is the promoted one's.
        """
        trial = self._trial
        if trial and device_id and self._rollout and announced == self._rollout.version and self._tries(device_id):
            return trial.engine
        return self._keeper.engine

    def _tries(self, device_id: DeviceId) -> bool:
        out = self._rollout
        return out is not None and self._trial is not None and out.takes(self._key, device_id)

    def check(self, stores: Stores, announced: str) -> None:
        """Raise RetiredBundle when a device runs what was taken back, and has had its time to swap."""
        gone = self._taken_back.get(announced)
        if gone is None:
            return
        grace = timedelta(hours=stores.settings.grace_hours)
        if gone.ended_at is None or stores.now() - gone.ended_at >= grace:
            raise RetiredBundle

    async def refresh(self, stores: Stores, names: Names) -> bool:
        """Look at the registry; True when some device may have to run another bundle than before.

        Raises BadBundle when the candidate is damaged; nobody has it then.
        """
        before, out = self._rollout, await learn.rollout(stores)
        self._taken_back = {each.version: each for each in await learn.taken_back(stores)}
        if out is None or not out.going_on:
            self._rollout = self._trial = None
            return before is not None
        if before is None or before.id != out.id:
            self._rollout = self._trial = None
        trial = self._trial or self._make()

        async def wanted() -> tuple[ModelBundle, Sequence[str]]:
            return await learn.bundle(stores, out.version), await names()

        await trial.refresh(wanted)
        assert stores.signing_key is not None
        self._key, self._trial, self._rollout = learn.place_key(stores.signing_key), trial, out
        return _reach(before) != _reach(out)

    async def watch(self, stores: Stores, names: Names, on_change: Callable[[], Awaitable[None]]) -> None:
        """Keep it current for as long as the process runs; tells each change."""
        while True:
            try:
                if await self.refresh(stores, names):
                    log.info("roll-out", share=self._rollout.stage if self._rollout else None)
                    await on_change()
            except Exception as error:  # a damaged candidate, a lost database: everybody keeps what they have
                log.warning("could not look at the roll-out", error=type(error).__name__)
            await asyncio.sleep(self._every)


def _reach(out: Rollout | None) -> tuple[object, ...] | None:
    """Return what decides who has the candidate."""
    return None if out is None else (out.id, out.stage, out.reach)
