"""A log that grows, an installation that answers over HTTP, and a witness that asks it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn

from earmark import audit
from earmark.audit.witness import Witness
from earmark.audit.witness_service import serve
from earmark.web import create_desk, create_home


@pytest.fixture
def grow(stores, clock) -> Callable[[int], Awaitable[dict]]:
    """`await grow(3)`: add entries, seal them, return the checkpoint as it is shown."""

    async def more(count: int = 1) -> dict:
        for number in range(count):
            await audit.append(stores, {"what": "test", "number": number})
        await audit.sequence(stores)
        clock.turn(minutes=1)
        return audit.checkpoint_of(stores, await audit.latest_checkpoint(stores))

    return more


@asynccontextmanager
async def listening(app) -> AsyncIterator[str]:
    """Serve an application on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def serving(role_stores) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """`await serving("home")`: that plane's address."""
    async with AsyncExitStack() as stack:

        async def start(plane: str) -> str:
            make = {"home": create_home, "desk": create_desk}[plane]
            return await stack.enter_async_context(listening(make(await role_stores(f"earmark_{plane}"))))

        yield start


@pytest.fixture
def witness(tmp_path, stores, clock) -> Witness:
    return Witness(tmp_path / "witness", stores.home.public_key(), clock)


@pytest.fixture
def served(witness):
    """The witness's own address."""
    server = serve(witness, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def trusting(role_stores, witness, served):
    """The worker's stores of an installation that believes this witness."""
    key = witness.public_key.public_bytes_raw().hex()
    return await role_stores("earmark_worker", witness_url=served, witness_key=key)
