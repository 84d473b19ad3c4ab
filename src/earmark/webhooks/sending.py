"""Messages are posted, signed, until they are taken: at least once, within a day.

A message is taken by any answer of 200 to 299. Redirects are not followed, answers are not read, nothing is sent
through a proxy.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
import structlog

from earmark import audit
from earmark.errors import BadRequest
from earmark.storage import Row, Stores, fetch
from earmark.webhooks.addresses import Target, all_permitted, check
from earmark.webhooks.events import SQL, announce
from earmark.webhooks.signing import headers, secret_of

log = structlog.get_logger()
TIMEOUT = 5.0
"""Seconds for one try, from looking the name up to the answer's first line."""
GIVE_UP = timedelta(days=1)
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=4)
AT_A_TIME = 8
"""Messages for one webhook in one round."""
_HOLD = timedelta(minutes=1)
"""After a crash in the middle of a round its messages are due again."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def look_up(host: str, port: int) -> list[str]:
    """Return every address of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How the world is reached; tests bring their own."""

    resolve: Resolve = look_up
    trust: ssl.SSLContext | None = None
    """Which certificates are believed; None: those that httpx believes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one try."""

    taken: bool
    status: int | None = None
    """HTTP status; None where there was no answer."""
    why: str = ""
    """Why it was not taken, in plain words."""


def pause(tries: int, chance: float) -> timedelta:
    """Return how long to wait after a try: twice as long each time, up to four hours, a part of it by chance (0 to 1).

    Receivers that were down together are not called together again.
    """
    return min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE) * (0.75 + chance / 2)


async def call_webhooks(stores: Stores) -> None:
    """The worker's round: what happened becomes messages, and what is due is sent."""
    await announce(stores)
    await deliver(stores)


async def deliver(stores: Stores, *, wire: Wire | None = None, chance: Callable[[], float] = random.random) -> int:
    """Send what is due, a few for each webhook. Returns how many were taken."""
    now = stores.now()
    due = await fetch(stores.pool, SQL.take_due, {"now": now, "hold": now + _HOLD, "limit": AT_A_TIME})
    if not due:
        return 0
    used = wire or Wire()
    outcomes = await asyncio.gather(
        *(
            post(
                stores,
                webhook_id=row["webhook_id"],
                url=row["url"],
                allow_private=row["allow_private"],
                event_id=row["id"],
                event=row["event"],
                wire=used,
            )
            for row in due
        )
    )
    for row, outcome in zip(due, outcomes, strict=True):
        await _settle(stores, row, outcome, chance())
    return sum(outcome.taken for outcome in outcomes)


async def _settle(stores: Stores, row: Row, outcome: Outcome, chance: float) -> None:
    next_at = stores.now() + pause(row["tries"], chance)
    async with stores.pool.connection() as connection, connection.transaction():
        if outcome.taken:
            await connection.execute(SQL.taken, row)
        elif next_at < row["at"] + GIVE_UP:
            await connection.execute(SQL.again, {"id": row["id"], "next_at": next_at})
        else:
            await connection.execute(SQL.taken, row)
            told = {"webhook": str(row["webhook_id"]), "type": row["event"]["type"], "tries": row["tries"]}
            await audit.append_in(connection, stores, {"what": "webhook.dropped", **told})
            log.warning("a webhook took no message for a day; this one is dropped", **told)


async def post(
    stores: Stores,
    *,
    webhook_id: uuid.UUID,
    url: str,
    allow_private: bool,
    event_id: uuid.UUID,
    event: Mapping[str, Any],
    wire: Wire,
) -> Outcome:
    """Try once. What comes back says only whether it was taken; nothing of the answer is kept."""
    body = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signed = headers(secret_of(stores, webhook_id), str(event_id), int(stores.now().timestamp()), body)
    try:
        target = check(url, allow_private=allow_private)
        async with asyncio.timeout(TIMEOUT):
            addresses = await wire.resolve(target.host, target.port)
            if not all_permitted(addresses, host=target.host, allow_private=allow_private):
                return Outcome(taken=False, why="its address lies in a private network")
            status = await _send(target, addresses[0], body, signed, wire.trust or _trusted())
    except BadRequest as error:
        return Outcome(taken=False, why=error.message)
    except TimeoutError:
        return Outcome(taken=False, why=f"it did not answer within {TIMEOUT:.0f} seconds")
    except (OSError, httpx.HTTPError, UnicodeError):
        return Outcome(taken=False, why="there was no connection")
    taken = 200 <= status < 300
    return Outcome(taken=taken, status=status, why="" if taken else f"it answered {status}")


@cache
def _trusted() -> ssl.SSLContext:
    """Return the usual certificates, read once: that takes longer than a message."""
    return httpx.create_ssl_context(trust_env=False)


async def _send(target: Target, address: str, body: bytes, signed: Mapping[str, str], trust: ssl.SSLContext) -> int:
    """Post to an address that was judged, under the name that was written: TLS checks the certificate of that name.

    A client of its own: connections are kept by address, and two names may share one.
    """
    sent = {**signed, "Host": target.netloc, "Content-Type": "application/json", "User-Agent": "Earmark"}
    async with (
        httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=trust) as client,
        client.stream(
            "POST", target.at(address), content=body, headers=sent, extensions={"sni_hostname": target.host}
        ) as answer,
    ):
        return answer.status_code
