"""Help with a word: seconds of a clip, for ten minutes, for people of one language; the answer comes back in place.

Whoever helps hears the same masked copy, so each time is a hearing of its own that the owner will see. There is no
address that works twice, for somebody else, or once the asker lets the clip go, its owner takes it back, or it is
flagged.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from earmark import audio
from earmark.errors import BadRequest, Conflict, Erased, NotFound, StaleLease, TooManyRequests
from earmark.review.answers import transcript
from earmark.review.hearing import address, count_refusal, read_address, serve_sound
from earmark.review.masked import masked_key
from earmark.review.people import Reviewer
from earmark.review.recent import Recent
from earmark.review.spans import joined
from earmark.storage import Connection, Row, Statements, Stores, fetch, seal_json, unseal_json
from earmark.words import Seconds, TaskId

SQL = Statements("earmark.review", "consults.sql")
OPEN_FOR = timedelta(minutes=10)
LONGEST_SPAN: Seconds = 5.0
"""Of one clip, also by one asker's consults together: they must not add up to the whole."""
SHORTEST_SPAN: Seconds = 0.1
_ROUNDED: Seconds = 0.001
"""The table keeps spans in single precision."""
LONGEST_ANSWER = 200
"""Characters."""
MOST_LISTENERS = 5
"""People who hear one consult."""
MOST_HEARINGS = 5
"""Times that one of them hears it."""
MOST_OPEN = 6
"""Consults that one asker has open."""
MOST_A_DAY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """What somebody asked about a clip that they hold, and what came back."""

    id: uuid.UUID
    task_id: TaskId
    until: datetime
    answers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "task": str(self.task_id),
            "until": self.until.isoformat(),
            "answers": list(self.answers),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody may help with."""

    id: uuid.UUID
    language: str
    until: datetime
    length: Seconds
    ticket: str | None
    """Part of an address that is good once; None when this person has heard it often enough."""
    heard: bool
    """This person has heard it, and so may answer."""


async def groups(stores: Stores, reviewer: Reviewer) -> list[str]:
    """Return the language groups that can be asked: the languages of people of the floor."""
    async with stores.pool.connection() as connection:
        return await _groups(stores, connection, reviewer)


async def _groups(stores: Stores, connection: Connection, reviewer: Reviewer) -> list[str]:
    sites = [stores.settings.site, reviewer.site]
    rows = await (await connection.execute(SQL.groups, {"sites": sites})).fetchall()
    return sorted({row["language"] for row in rows} | set(reviewer.languages))


async def ask(
    stores: Stores,
    reviewer: Reviewer,
    task_id: TaskId,
    fence: int,
    *,
    language: str,
    start: Seconds,
    end: Seconds,
) -> Consult:
    """Ask one language group about a span (seconds in the masked copy) of a clip that this reviewer holds.

    Raises BadRequest (no such group; a span that is too long or not inside the copy), StaleLease, TooManyRequests.
    """
    if not 0 <= start < end or not SHORTEST_SPAN <= end - start <= LONGEST_SPAN:
        raise BadRequest(why=f"Ask about {SHORTEST_SPAN:g} to {LONGEST_SPAN:g} seconds of the clip.")
    now, consult_id = stores.now(), uuid.uuid4()
    values: dict[str, Any] = {
        "consult": consult_id,
        "task": task_id,
        "reviewer": reviewer.id,
        "fence": fence,
        "language": language,
        "start": start,
        "end": end,
        "now": now,
        "day_ago": now - timedelta(days=1),
        "until": now + OPEN_FOR,
    }
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_asker, values)
        row = await (await connection.execute(SQL.leased, values)).fetchone()
        if row is None:
            raise StaleLease
        if language not in await _groups(stores, connection, reviewer):
            raise BadRequest(why="Nobody on the floor has this language; ask one of the groups that are listed.")
        spans = await (await connection.execute(SQL.asked_about, values)).fetchall()
        asked = joined([(start, end), *((each["start"], each["end"]) for each in spans)])
        if sum(last - first for first, last in asked) > LONGEST_SPAN + _ROUNDED:
            raise BadRequest(why=f"Of one clip you can ask about {LONGEST_SPAN:g} seconds in all.")
        so_far = await (await connection.execute(SQL.asked, values)).fetchone()
        if so_far is not None and (so_far["open"] >= MOST_OPEN or so_far["day"] >= MOST_A_DAY):
            raise TooManyRequests
        try:
            length = audio.read(await asyncio.to_thread(serve_sound, stores, task_id, row), allow_silence=True).duration
        except (Erased, NotFound):
            raise StaleLease from None
        if end > length:
            raise BadRequest(why="This span is not inside the clip.")
        await connection.execute(SQL.ask, values)
    _ANY.forget(stores)
    return Consult(id=consult_id, task_id=task_id, until=values["until"])


async def _any_open(stores: Stores) -> bool:
    return bool(await fetch(stores.pool, SQL.any_open, {"now": stores.now()}))


_ANY = Recent(_any_open, seconds=2)
"""Whether anybody asks anything: every open page asks this each few seconds, and most of the time nobody does."""


async def my_consults(stores: Stores, reviewer: Reviewer, held: Sequence[TaskId]) -> list[Consult]:
    """Return what this reviewer asked about these clips, as long as they hold them, with the answers so far."""
    values = {"reviewer": reviewer.id, "tasks": list(held), "now": stores.now()}
    found = []
    for row in await fetch(stores.pool, SQL.mine, values) if held and await _ANY.get(stores) else ():
        try:
            key = masked_key(stores, row["key_slot"]) if row["answers"] else b""
            answers = tuple(unseal_json(key, sealed, place=_place(row["id"]))["text"] for sealed in row["answers"])
        except Erased:
            continue  # recalled: the row is on its way out
        found.append(Consult(id=row["id"], task_id=row["task_id"], until=row["until"], answers=answers))
    return found


async def open_consults(stores: Stores, reviewer: Reviewer, *, sign_in: str) -> list[Asked]:
    """Return what this person may help with, the oldest first, each with an address for this sign-in alone."""
    async with stores.pool.connection() as connection:
        rows = await _for_me(stores, connection, reviewer)
    return [
        Asked(
            id=row["id"],
            language=row["language"],
            until=row["until"],
            length=row["span_end"] - row["span_start"],
            ticket=address(stores, TaskId(row["id"]), row["fence"], row["heard"], sign_in=sign_in)
            if row["heard"] < MOST_HEARINGS
            else None,
            heard=row["heard"] > 0,
        )
        for row in rows
        if not row["answered"]
    ]


async def count_open_consults(stores: Stores, reviewer: Reviewer) -> int:
    """Return how many consults wait for this person."""
    if not await _ANY.get(stores):
        return 0
    async with stores.pool.connection() as connection:
        return sum(not row["answered"] for row in await _for_me(stores, connection, reviewer))


async def consult_sound(stores: Stores, reviewer: Reviewer, ticket: str, *, sign_in: str) -> bytes:
    """Return the span (WAV, 16 kHz, mono, 16-bit) that a ticket stands for; the hearing is on disk before it leaves.

    Raises NotFound for everything that is not this person's unused ticket of this sign-in to an open consult.
    """
    try:
        return await _hear(stores, reviewer, ticket, sign_in)
    except NotFound:
        await count_refusal(stores, reviewer)
        raise


async def _hear(stores: Stores, reviewer: Reviewer, ticket: str, sign_in: str) -> bytes:
    # As the address of a clip is, but with the consult's id, and a fence that no lease has.
    if (read := read_address(stores, ticket, sign_in=sign_in)) is None or read[1] >= 0:
        raise NotFound
    consult_id, fence, serial = read
    async with stores.pool.connection() as connection, connection.transaction():
        row = await _locked(stores, connection, reviewer, consult_id)
        if row["answered"] or row["fence"] != fence or serial >= MOST_HEARINGS:
            raise NotFound
        values = {
            "task": row["task_id"],
            "reviewer": reviewer.id,
            "role": reviewer.role,
            "site": reviewer.site,
            "day": stores.now().date(),
            "fence": row["fence"],
            "serial": serial,
        }
        if await (await connection.execute(SQL.hear, values)).fetchone() is None:
            raise NotFound
    try:
        return await asyncio.to_thread(_span, stores, row)
    except Erased:
        raise NotFound from None


def _span(stores: Stores, row: Row) -> bytes:
    whole = audio.read(serve_sound(stores, row["task_id"], row), allow_silence=True)
    return audio.encode(whole.cut(row["span_start"], row["span_end"]), format="WAV")


async def answer_consult(stores: Stores, reviewer: Reviewer, consult_id: uuid.UUID, text: object) -> None:
    """Say what was said, once; only the asker sees it, and it goes when the clip goes.

    Raises BadRequest, Conflict (not heard yet, or answered before), NotFound when it is not open to this person.
    """
    said = transcript(text, longest=LONGEST_ANSWER)
    if not said:
        raise BadRequest(why="Write what you hear, or leave it to somebody else.")
    async with stores.pool.connection() as connection, connection.transaction():
        row = await _locked(stores, connection, reviewer, consult_id)
        if not row["heard"]:
            raise Conflict
        try:
            sealed = seal_json(masked_key(stores, row["key_slot"]), {"text": said}, place=_place(consult_id))
        except Erased:
            raise NotFound from None
        values = {"consult": consult_id, "reviewer": reviewer.id, "sealed": sealed, "now": stores.now()}
        if await (await connection.execute(SQL.answer, values)).fetchone() is None:
            raise Conflict


async def _locked(stores: Stores, connection: Connection, reviewer: Reviewer, consult_id: uuid.UUID) -> Row:
    """Return an open consult that this person may help with, locked until the transaction's end. Raises NotFound."""
    for statement in (SQL.lock_task, SQL.lock_consult):
        if await (await connection.execute(statement, {"consult": consult_id})).fetchone() is None:
            raise NotFound
    rows: Sequence[Row] = await _for_me(stores, connection, reviewer, consult_id)
    if not rows:
        raise NotFound
    return rows[0]


async def _for_me(
    stores: Stores, connection: Connection, reviewer: Reviewer, consult_id: uuid.UUID | None = None
) -> list[Row]:
    values = {
        "consult": consult_id,
        "reviewer": reviewer.id,
        "languages": list(reviewer.languages),
        "secrets": list(reviewer.secrets),
        "role": reviewer.role,
        "site": reviewer.site,
        # A site without a row of its own listens to this installation's region.
        "regions": [stores.settings.region],
        "now": stores.now(),
        "most": MOST_LISTENERS,
    }
    return await (await connection.execute(SQL.for_me, values)).fetchall()


def _place(consult_id: uuid.UUID) -> str:
    return f"consult:{consult_id}"
