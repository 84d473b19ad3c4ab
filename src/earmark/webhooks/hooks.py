"""Who is told, of what: webhooks are added and taken away by the admin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from earmark import audit
from earmark.errors import BadRequest, NotFound
from earmark.storage import Stores, fetch
from earmark.webhooks.addresses import check
from earmark.webhooks.events import EVENTS, SQL
from earmark.webhooks.sending import Outcome, Wire, post
from earmark.webhooks.signing import secret_of

LOW = 50
"""Tasks of a question below which a backlog is low, where nothing else was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told of some events."""

    id: uuid.UUID
    url: str
    events: Sequence[str]
    low: int
    """`backlog.low` is told when fewer tasks of a question wait, after there had been twice as many."""
    allow_private: bool
    """It may lie in a private network."""
    made_at: datetime
    waiting: int = 0
    """Messages that it has not taken yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A new webhook."""

    id: uuid.UUID
    secret: str
    """With which its receiver checks signatures; shown this once."""


async def add(stores: Stores, url: str, events: Sequence[str], *, low: int = LOW, allow_private: bool = False) -> Added:
    """Tell an address of some events from now on. Raises BadRequest for an address or event that can't be used."""
    check(url, allow_private=allow_private)
    wanted = sorted(set(events))
    if not wanted or not set(wanted) <= set(EVENTS):
        raise BadRequest(why=f"Events are: {', '.join(EVENTS)}.")
    if low < 1:
        raise BadRequest(why="A backlog is low below 1 task or more.")
    identifier, now = uuid.uuid4(), stores.now()
    values = {"id": identifier, "url": url, "events": wanted, "low": low, "allow_private": allow_private, "now": now}
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.add, values)
        await connection.execute(SQL.known_campaigns, {"id": identifier})
        event = {"what": "webhook.added", "webhook": str(identifier), "events": wanted, "private": allow_private}
        await audit.append_in(connection, stores, event)
    return Added(id=identifier, secret=secret_of(stores, identifier))


async def webhooks(stores: Stores) -> list[Webhook]:
    return [Webhook(**row) for row in await fetch(stores.pool, SQL.webhooks, {})]


async def remove(stores: Stores, identifier: uuid.UUID) -> None:
    """Tell an address nothing more, what waited included. Raises NotFound."""
    async with stores.pool.connection() as connection, connection.transaction():
        if await (await connection.execute(SQL.remove, {"id": identifier})).fetchone() is None:
            raise NotFound
        await audit.append_in(connection, stores, {"what": "webhook.removed", "webhook": str(identifier)})


async def try_out(stores: Stores, identifier: uuid.UUID, *, wire: Wire | None = None) -> Outcome:
    """Send `webhook.test` at once, and once. Raises NotFound."""
    found = [each for each in await webhooks(stores) if each.id == identifier]
    if not found:
        raise NotFound
    event = {"type": "webhook.test", "timestamp": stores.now().isoformat(timespec="seconds"), "data": {}}
    return await post(
        stores,
        webhook_id=identifier,
        url=found[0].url,
        allow_private=found[0].allow_private,
        event_id=uuid.uuid4(),
        event=event,
        wire=wire or Wire(),
    )
