"""Who is pointed at, who is not, and that only a lead's word locks."""

# pyright: reportOptionalSubscript=false
from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

import pytest
from numpy.random import Generator, default_rng

from earmark import review
from earmark.errors import BadRequest, Forbidden, NotFound
from earmark.review.access import (
    Day,
    _median_without,
    alerts,
    explain_alert,
    lock_for_alert,
    unusual,
    watch,
)
from earmark.review.hearing import count_refusal
from earmark.review.statistics import median
from earmark.words import PersonId

RATES = {"wake": 1.05, "transcript": 1.9, "understood": 1.3}
"""Sounds an ordinary person fetches per answer."""
SECONDS = {"wake": 8.0, "transcript": 22.0, "understood": 12.0}


def add(counts: dict[str, int], name: str, more: int) -> None:
    if more:
        counts[name] = counts.get(name, 0) + more


class Person:
    """An ordinary colleague: their habit of listening again differs by a factor of 2.5 either way."""

    def __init__(self, rng: Generator) -> None:
        self.id = PersonId(uuid.UUID(bytes=rng.bytes(16)))
        self.habit = 2.5 ** rng.uniform(-1, 1)
        self.mix = rng.dirichlet([1.0] * len(RATES))

    def hour(self, rng: Generator, day: Day, replays: int = 0) -> None:
        """Work an hour: skip some clips after hearing; now and then a page is loaded again or the line is bad."""
        mean = sum(share * SECONDS[name] for share, name in zip(self.mix, RATES, strict=True))
        clips = rng.multinomial(int(rng.uniform(1500, 3400) / mean), self.mix)
        for (name, rate), n in zip(RATES.items(), clips, strict=True):
            again = (rate - 1) * self.habit  # each clip is heard again with a geometric tail
            more = rng.negative_binomial(n, 1 / (1 + again)) if n else 0
            add(day.sounds, name, int(n * replays if replays else n + more))
            add(day.answers, name, int(n - rng.binomial(n, 0.05)))
        if rng.random() < 0.1:
            add(day.sounds, "wake", int(rng.integers(1, 4)) * 3)
        if rng.random() < 0.03:
            add(day.refusals, "refused", int(rng.integers(1, 5)))
        if rng.random() < 0.02:
            add(day.refusals, "late", int(rng.integers(1, 3)))


def days_of(rng: Generator, people: list[Person]) -> Iterator[dict[PersonId, Day]]:
    """Yield one day's counts as they stand after each of its eight hours; people come and go."""
    working = [person for person in people if rng.random() < 0.7]
    found: dict[PersonId, Day] = {}
    for _ in range(8):
        for person in working:
            if rng.random() < 0.85:
                person.hour(rng, found.setdefault(person.id, Day(site="Boston")))
        yield found


def test_ordinary_people_are_left_alone():
    """200 people, 30 days, looked at every hour: at most one is pointed at. Measured: none with this seed."""
    rng = default_rng(2019)
    people, pointed = [Person(rng) for _ in range(200)], set()
    for day in range(30):
        for counts in days_of(rng, people):
            pointed |= {(day, one.person, one.kind) for one in unusual(counts)}
    assert len(pointed) <= 1


@pytest.mark.parametrize("colleagues", [0, 2, 8, 60])
def test_a_collector_is_found_within_the_hour(colleagues):
    rng = default_rng(7)
    found = {}
    for person in [Person(rng) for _ in range(colleagues)]:
        person.hour(rng, found.setdefault(person.id, Day(site="Boston")))
    collector = Person(rng)
    collector.hour(rng, found.setdefault(collector.id, Day(site="Boston")), replays=15)
    assert [(one.person, one.kind) for one in unusual(found)] == [(collector.id, "replays")]
    (one,) = unusual(found)
    assert one.seen > 5 * one.peers


def test_who_hears_everything_and_answers_nothing_is_found_too():
    rng = default_rng(8)
    found = {}
    for person in [Person(rng) for _ in range(20)]:
        person.hour(rng, found.setdefault(person.id, Day(site="Boston")))
    thief = PersonId(uuid.uuid4())
    found[thief] = Day(site="Boston", sounds={"": 40, "wake": 80})
    assert [one.person for one in unusual(found)] == [thief]


def test_one_is_left_out_of_the_median():
    rng = random.Random(3)
    for n in (2, 3, 6, 7, 40):
        values = sorted(rng.choice((0.5, rng.random())) for _ in range(n))
        for value in values:
            rest = list(values)
            rest.remove(value)
            assert _median_without(values, value) == median(rest)


def test_few_refusals_are_a_bad_line_and_many_where_all_have_them_too():
    def day(n: int) -> Day:
        return Day(site="Boston", refusals={"refused": n})

    people = [PersonId(uuid.uuid4()) for _ in range(9)]
    assert unusual({who: day(0) for who in people[1:]} | {people[0]: day(13)}) == []
    assert unusual({who: day(20 + i) for i, who in enumerate(people[1:])} | {people[0]: day(30)}) == []
    (one,) = unusual({who: day(0) for who in people[1:]} | {people[0]: day(14)})
    assert (one.person, one.kind, one.seen, one.peers) == (people[0], "refused", 14, 0)


async def hear(stores, who, task_id, *, times=1, answered=True) -> None:
    """Write down what hearing and answering a clip leaves behind."""
    now = stores.now()
    async with stores.pool.connection() as connection:
        for serial in range(times):
            await connection.execute(
                "INSERT INTO review.hearings (task_id, reviewer_id, role, site, day, fence, serial)"
                " VALUES (%s, %s, 'reviewer', %s, %s, 1, %s)",
                (task_id, who.id, who.site, now.date(), serial),
            )
        if answered:
            await connection.execute(
                "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day, at, site)"
                " VALUES (%s, %s, %s, '', 5, %s, %s, %s)",
                (task_id, who.id, uuid.uuid4(), now.date(), now, who.site),
            )


@pytest.fixture
async def caught(stores, make_task, reviewer):
    """A collector among six colleagues, and the alert that the worker raised."""
    tasks = [await make_task("wake") for _ in range(6)]
    people = [reviewer() for _ in range(6)]
    collector = reviewer()
    for task_id in tasks:
        for who in people:
            await hear(stores, who, task_id)
        await hear(stores, collector, task_id, times=20)
    assert await watch(stores) == 1
    return collector


async def test_the_worker_raises_each_alert_once(stores, caught, clock):
    assert await watch(stores) == 0
    clock.turn(hours=24)  # looks at yesterday too
    assert await watch(stores) == 0


async def test_the_lead_of_the_site_sees_counts_and_not_who(floor, caught, reviewer):
    lead = reviewer(role="lead")
    (one,) = await alerts(floor, lead)
    assert (one.site, one.kind, one.seen, one.outcome) == ("Boston", "replays", 120, None)
    assert one.peers == pytest.approx(6)
    assert str(caught.id) not in repr(one)
    elsewhere = review.Reviewer(id=lead.id, languages=(), site="Hyderabad", role="lead")
    assert await alerts(floor, elsewhere) == []
    with pytest.raises(Forbidden):
        await alerts(floor, reviewer())


async def test_nobody_decides_about_themselves(floor, caught):
    mine = review.Reviewer(id=caught.id, languages=("en",), site="Boston", role="lead")
    assert await alerts(floor, mine) == []


async def test_a_leads_word_locks_and_is_noted(stores, floor, caught, reviewer):
    lead = reviewer(role="lead")
    (one,) = await alerts(floor, lead)
    with pytest.raises(BadRequest):
        await lock_for_alert(floor, lead, one.id, "  ")
    with pytest.raises(Forbidden):
        await lock_for_alert(floor, reviewer(), one.id, "Because.")
    stranger = review.Reviewer(id=lead.id, languages=(), site="Hyderabad", role="lead")
    with pytest.raises(NotFound):
        await lock_for_alert(floor, stranger, one.id, "Because.")
    await lock_for_alert(floor, lead, one.id, "Fetched each clip twenty times.")
    async with stores.pool.connection() as connection:
        seat = await (await connection.execute("SELECT * FROM review.seats")).fetchone()
        doing = await (await connection.execute("SELECT * FROM review.doings")).fetchone()
    assert (seat["reviewer_id"], seat["locked_by"]) == (caught.id, lead.id)
    assert (doing["by"], doing["what"], doing["about"]) == (lead.id, "person.locked", str(caught.id))
    assert await alerts(floor, lead) == []
    with pytest.raises(NotFound):
        await explain_alert(floor, lead, one.id, "Too late.")


async def test_an_explained_alert_locks_nobody(stores, floor, caught, reviewer):
    lead = reviewer(role="lead")
    (one,) = await alerts(floor, lead)
    await explain_alert(floor, lead, one.id, "Their headset broke and they reloaded all day.")
    async with stores.pool.connection() as connection:
        assert await (await connection.execute("SELECT * FROM review.seats")).fetchall() == []
        doing = await (await connection.execute("SELECT what FROM review.doings")).fetchone()
    assert doing["what"] == "access.explained"
    assert await alerts(floor, lead) == []
    assert await watch(stores) == 0


async def test_refused_addresses_are_counted_and_pointed_at(stores, floor, reviewer):
    who, quiet = reviewer(), reviewer()
    for _ in range(16):
        await count_refusal(floor, who)
    await count_refusal(floor, quiet)
    assert await watch(stores) == 1
    async with stores.pool.connection() as connection:
        row = await (await connection.execute("SELECT reviewer_id, kind, seen, site FROM review.alerts")).fetchone()
    assert (row["reviewer_id"], row["kind"], row["seen"]) == (who.id, "refused", 16)
