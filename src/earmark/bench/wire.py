"""One client's connection to the floor: HTTP/1.1 over a socket, kept alive, written by hand.

The simulated reviewers share the processors with the server that they measure, so a request must cost them little:
no header is parsed but the two that are needed, and a head is made once a client.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, cast

from earmark.words import Seconds

PATIENCE: Seconds = 20.0
"""An answer that takes longer is given up; the request is sent again over a new connection."""


class Broken(Exception):
    """The connection ended before the answer had come."""


def answer_of(data: bytes | bytearray) -> tuple[int, bytes] | None:
    """Return status and body of a response, or None while some of it is still to come. Raises Broken for nonsense."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end]).lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0 or not head.startswith(b"http/1.1 "):
        raise Broken
    length = int(head[at + 17 :].split(b"\r\n", 1)[0])
    if len(data) < end + 4 + length:
        return None
    return int(head[9:12]), bytes(data[end + 4 : end + 4 + length])


class Wire(asyncio.Protocol):
    """A client's connection, one request at a time; it connects again when the server has gone away."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host, self._port = host, port
        self._common = f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        self._heads: dict[str, bytes] = {}
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._since = 0.0

    # -- asking ----------------------------------------------------------------------------------------------------

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Post JSON and return status and body. Raises Broken, and OSError when nobody listens."""
        head = self._heads.get(path)
        if head is None:
            text = f"POST {path} HTTP/1.1\r\n{self._common}Content-Type: application/json\r\nContent-Length: "
            head = self._heads[path] = text.encode()
        data = json.dumps(body, separators=(",", ":")).encode()
        return await self._ask(b"%b%d\r\n\r\n%b" % (head, len(data), data))

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page or sound. Raises Broken and OSError."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._common}\r\n".encode())

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, self._host, self._port)
        assert self._transport is not None
        self._waiting, self._since = loop.create_future(), time.monotonic()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def give_up(self, now: float) -> None:
        """End a request that has waited too long; a timer for each would cost as much as the request."""
        if self._waiting is not None and now - self._since > PATIENCE and self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- what asyncio calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._buffer.clear()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            found = answer_of(self._buffer)
        except (Broken, ValueError):
            self.close()
            return
        if found is None:
            return
        self._buffer.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(found)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Broken())
