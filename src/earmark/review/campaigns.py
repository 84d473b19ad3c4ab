"""Campaigns: some questions about some languages, for a stated purpose, until a deadline or the budget's end."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from earmark.errors import BadRequest, Conflict, NotFound
from earmark.review.doings import OPERATOR, SQL, doings, note
from earmark.review.people import lead_only
from earmark.review.questions import QUESTIONS_NOW
from earmark.review.recent import Recent
from earmark.review.sites import language_tags, listed
from earmark.storage import Connection, Row, Stores
from earmark.words import PersonId

if TYPE_CHECKING:
    from earmark.review.people import Reviewer

State = Literal["open", "paused", "closed"]
LARGEST_BUDGET = 100_000_000
LONGEST_NAME = 80
LONGEST_PURPOSE = 400
SETTLED = timedelta(minutes=2)
"""After so long no answer can be taken back any more."""
_LASTS = 2.0
"""Seconds for which a process goes by the campaigns that it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What people are asked for a while, and why."""

    id: uuid.UUID
    name: str
    purpose: str
    """Why people are asked; the audit log keeps it."""
    questions: tuple[str, ...]
    languages: tuple[str, ...]
    budget: int
    """Answers it may take."""
    spent: int
    """Answers that it took, as last counted."""
    deadline: date
    """Its last day, in UTC."""
    gold_share: float
    """Share of clips whose answer is known, 0 to 1."""
    blind_share: float
    """Share of clips shown without what the machine understood, 0 to 1."""
    state: State
    made_by: PersonId
    made_at: datetime

    def runs(self, today: date) -> bool:
        return self.state == "open" and self.deadline >= today and self.spent < self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a campaign has taken and made so far."""

    labels: int = 0
    by_agreement: int = 0
    """Labels that two equal answers made, without a third."""
    answers: int = 0
    seconds: float = 0.0
    seconds_by_site: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def agreement(self) -> float | None:
        """Share of labels that needed two answers only."""
        return self.by_agreement / self.labels if self.labels else None

    @property
    def seconds_per_label(self) -> float | None:
        return self.seconds / self.labels if self.labels else None


async def _load(stores: Stores) -> list[Campaign]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.campaigns)).fetchall()
    return [_campaign(row) for row in rows]


_RECENT = Recent(_load, seconds=_LASTS)


async def campaigns(stores: Stores) -> list[Campaign]:
    """Return every campaign: those that go on by deadline, then the closed ones."""
    return await _load(stores)


async def open_campaigns(stores: Stores) -> list[Campaign]:
    """Return the campaigns that may take answers now, the next deadline first."""
    today = stores.now().date()
    return [each for each in await _RECENT.get(stores) if each.runs(today)]


async def campaign(stores: Stores, identifier: uuid.UUID) -> Campaign:
    """Return one campaign. Raises NotFound."""
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.campaign, {"id": identifier})).fetchone()
    if row is None:
        raise NotFound
    return _campaign(row)


async def put_campaign(
    stores: Stores, lead: Reviewer | None, given: Mapping[str, Any], identifier: uuid.UUID | None = None
) -> Campaign:
    """Open a campaign, or change one; `lead` None: a command. `given` holds texts as forms do, or JSON.

    Of one that is there only name, budget, deadline and shares can change: what was asked, of whom and why stays what
    the log says. Raises BadRequest, NotFound, Conflict when it is closed, Forbidden for who is no lead.
    """
    lead_only(lead)
    if identifier is not None:
        return await _change(stores, lead, await campaign(stores, identifier), given)
    now = stores.now()
    made = Campaign(
        id=uuid.uuid4(),
        name=_text(given.get("name"), LONGEST_NAME, "A campaign's name"),
        purpose=_text(given.get("purpose"), LONGEST_PURPOSE, "The purpose"),
        questions=await _questions(stores, given.get("questions", ())),
        languages=language_tags(given.get("languages", ())),
        budget=_budget(given.get("budget")),
        spent=0,
        deadline=_day(given.get("deadline"), now.date()),
        gold_share=_share(given.get("gold_share"), 0.05),
        blind_share=_share(given.get("blind_share"), 0.05),
        state="open",
        made_by=lead.id if lead is not None else OPERATOR,
        made_at=now,
    )
    if not made.languages:
        raise BadRequest(why="Name at least one language of the campaign.")
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.add_campaign, _values(made))
        await note(connection, stores, lead, "campaign.opened", str(made.id), _logged(made))
    _RECENT.forget(stores)
    return made


async def _change(stores: Stores, lead: Reviewer | None, old: Campaign, given: Mapping[str, Any]) -> Campaign:
    if old.state == "closed":
        raise Conflict
    today = stores.now().date()
    new: dict[str, Any] = {
        "name": _text(given.get("name", old.name), LONGEST_NAME, "A campaign's name"),
        "budget": _budget(given.get("budget", old.budget)),
        "deadline": _day(given["deadline"], today) if "deadline" in given else old.deadline,
        "gold_share": _share(given.get("gold_share"), old.gold_share),
        "blind_share": _share(given.get("blind_share"), old.blind_share),
    }
    changes = {name: value for name, value in new.items() if getattr(old, name) != value}
    if changes:
        async with stores.pool.connection() as connection:
            if await (await connection.execute(SQL.change_campaign, {"id": old.id, **new})).fetchone() is None:
                raise Conflict
            logged = {name: str(value) if isinstance(value, date) else value for name, value in changes.items()}
            await note(connection, stores, lead, "campaign.changed", str(old.id), logged)
        _RECENT.forget(stores)
    return await campaign(stores, old.id)


async def set_state(stores: Stores, lead: Reviewer | None, identifier: uuid.UUID, state: str) -> None:
    """Pause a campaign, let it go on, or close it for good. Raises BadRequest, Forbidden, NotFound, Conflict."""
    lead_only(lead)
    whats = {"open": "campaign.resumed", "paused": "campaign.paused", "closed": "campaign.closed"}
    if state not in whats:
        raise BadRequest(why="A campaign is open, paused or closed.")
    await campaign(stores, identifier)
    async with stores.pool.connection() as connection:
        values = {"id": identifier, "state": state}
        row = await (await connection.execute(SQL.set_campaign_state, values)).fetchone()
        if row is None:
            raise Conflict
        await note(
            connection, stores, lead, whats[state], str(identifier), {"name": row["name"], "spent": row["spent"]}
        )
    _RECENT.forget(stores)


_COUNTED: dict[uuid.UUID, tuple[datetime, int]] = {}
"""Up to when this process counted a campaign's answers, and how many they were: the next count goes on there."""


async def count_campaigns(stores: Stores) -> int:
    """Count what each campaign took and close those that are spent or past their deadline; the worker's.

    An answer that fits two campaigns counts for both, and what came while one was paused counts too: judgements don't
    know campaigns. Returns how many were closed.
    """
    async with stores.pool.connection() as connection:
        await _count(connection, stores.now())
        today = stores.now().date()
        rows = await (await connection.execute(SQL.finished_campaigns, {"today": today})).fetchall()
        for row in rows:
            await connection.execute(SQL.set_campaign_state, {"id": row["id"], "state": "closed"})
            why = "spent" if row["spent"] >= row["budget"] else "deadline"
            detail = {"name": row["name"], "spent": row["spent"], "why": why}
            await note(connection, stores, None, "campaign.closed", str(row["id"]), detail)
    if rows:
        _RECENT.forget(stores)
    return len(rows)


async def _count(connection: Connection, now: datetime) -> None:
    settled = now - SETTLED
    for row in await (await connection.execute(SQL.running_campaigns)).fetchall():
        since, before = _COUNTED.get(row["id"], (row["made_at"], 0))
        values = {"since": since, "settled": max(settled, since)}
        values |= {"questions": row["questions"], "languages": row["languages"]}
        taken = await (await connection.execute(SQL.taken_since, values)).fetchone()
        assert taken is not None
        await connection.execute(SQL.keep_spent, {"id": row["id"], "spent": before + taken["n"]})
        _COUNTED[row["id"]] = (max(settled, since), before + taken["settled"])


async def results(stores: Stores, of: Campaign) -> Results:
    """Return what a campaign made between its beginning and its end; one that is closed takes nothing more."""
    until = stores.now() + timedelta(seconds=1)
    if of.state == "closed":
        ends = [each.at for each in await doings(stores, str(of.id)) if each.what == "campaign.closed"]
        until = ends[0] if ends else datetime.combine(of.deadline, datetime.max.time(), UTC)
    values = {
        "since": of.made_at,
        "until": until,
        "questions": list(of.questions),
        "languages": list(of.languages),
    }
    async with stores.pool.connection() as connection:
        made = await (await connection.execute(SQL.campaign_labels, values)).fetchall()
        taken = await (await connection.execute(SQL.campaign_answers, values)).fetchall()
    return Results(
        labels=sum(row["labels"] for row in made),
        by_agreement=sum(row["labels"] for row in made if row["made_by"] == "agreement"),
        answers=sum(row["answers"] for row in taken),
        seconds=sum(row["seconds"] for row in taken),
        seconds_by_site={row["site"]: row["seconds"] for row in taken},
    )


def _text(raw: object, longest: int, what: str) -> str:
    if not isinstance(raw, str) or not 1 <= len(raw.strip()) <= longest or not raw.strip().isprintable():
        raise BadRequest(why=f"{what} is a line of text, {longest} characters at most.")
    return raw.strip()


async def _questions(stores: Stores, raw: object) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(listed(raw)))
    if not names or not set(names) <= set(await QUESTIONS_NOW.get(stores)):
        raise BadRequest(why="Choose at least one of the questions that people are asked.")
    return names


def _budget(raw: object) -> int:
    try:
        value = int(str(raw))
    except ValueError:
        value = 0
    if not 1 <= value <= LARGEST_BUDGET:
        raise BadRequest(why="A budget is a number of answers, 1 at least.")
    return value


def _day(raw: object, today: date) -> date:
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError:
        raise BadRequest(why="The deadline is a day such as 2026-05-31.") from None
    if day < today:
        raise BadRequest(why="The deadline has passed already.")
    return day


def _share(raw: object, otherwise: float) -> float:
    if raw in (None, ""):
        return otherwise
    try:
        value = float(str(raw))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadRequest(why="A share is a number from 0 to 1, such as 0.05.")
    return value


def _logged(made: Campaign) -> dict[str, Any]:
    return {
        "name": made.name,
        "purpose": made.purpose,
        "questions": list(made.questions),
        "languages": list(made.languages),
        "budget": made.budget,
        "deadline": made.deadline.isoformat(),
        "gold_share": made.gold_share,
        "blind_share": made.blind_share,
    }


def _values(made: Campaign) -> dict[str, Any]:
    found = {each: getattr(made, each) for each in made.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _campaign(row: Row) -> Campaign:
    return Campaign(
        **{
            **row,
            "questions": tuple(row["questions"]),
            "languages": tuple(row["languages"]),
            "state": cast(State, row["state"]),
        }
    )
