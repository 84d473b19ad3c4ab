"""The engine in use: built for the promoted bundle and the household's names, swapped when either changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from earmark.assistant.backends import Make
from earmark.assistant.engine import Engine
from earmark.assistant.skills import handlers
from earmark.bundle import BUILTIN, ModelBundle
from earmark.errors import EarmarkError

log = structlog.get_logger()

Wanted = Callable[[], Awaitable[tuple[ModelBundle, Sequence[str]]]]
"""Says which bundle and names an engine should have now."""


class EngineKeeper:
    """Holds the running engine; a new one is warmed beside it, so that nobody waits for a swap."""

    def __init__(self, *, size: int = 2, every: float = 2.0, make: Make | None = None) -> None:
        """`every`: seconds between looks for a new bundle or a new name; `make`: another recogniser's, from
        `backends.chosen`."""
        self._size, self._every, self._make = size, every, make
        self._engine: Engine | None = None
        self._of: tuple[str, tuple[str, ...]] | None = None

    @property
    def engine(self) -> Engine:
        """The engine for the next utterance; one that is in use stays alive until its utterance ends."""
        if self._engine is None:
            self._engine = Engine(BUILTIN, size=self._size)
        return self._engine

    @property
    def ready(self) -> bool:
        """Somebody has said which engine is wanted, and it is there."""
        return self._of is not None

    @property
    def version(self) -> str:
        """The bundle that is in use."""
        return self._engine.bundle.version if self._engine else BUILTIN.version

    async def refresh(self, wanted: Wanted) -> bool:
        """Build and warm the wanted engine when it differs; True when it was swapped."""
        bundle, names = await wanted()
        key = (bundle.version, tuple(sorted({name.split()[0].casefold() for name in names if name.split()})))
        if key == self._of:
            return False
        make = await asyncio.to_thread(self._make, bundle, key[1]) if self._make else None
        engine = await asyncio.to_thread(Engine, bundle, names=list(key[1]), size=self._size, make=make)
        await asyncio.to_thread(engine.warm)
        await asyncio.to_thread(handlers)  # or the first command waits until the skills are loaded
        self._engine, self._of = engine, key
        log.info("engine ready", bundle=bundle.version)
        return True

    async def watch(self, wanted: Wanted, on_swap: Callable[[str], Awaitable[None]]) -> None:
        """Keep the engine current for as long as the process runs; tells each swap."""
        failed = ""
        while True:
            try:
                if await self.refresh(wanted):
                    await on_swap(self.version)
                failed = ""
            except EarmarkError as error:  # a bad bundle or a lost database or recogniser leaves the last good engine
                if error.code != failed:
                    log.warning("the last engine stays", code=error.code)
                failed = error.code
            await asyncio.sleep(self._every)
