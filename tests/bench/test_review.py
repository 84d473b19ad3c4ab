"""Whether the measurement sees what goes wrong; how many answers a second there are, no test says."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest
from typer.testing import CliRunner

from earmark.bench import checks, killing, load, peer, review
from earmark.bench.checks import Found
from earmark.bench.crew import Client
from earmark.bench.floor import Sounds, fill
from earmark.bench.ledger import Lease, Ledger
from earmark.bench.shift import Part
from earmark.bench.wire import Broken, Wire, answer_of
from earmark.cli import app
from earmark.words import PersonId

ZERO = ("leased_twice", "lost", "doubled", "refused_at_once")


# -- the whole of it ---------------------------------------------------------------------------------------------------


def test_the_whole_measurement_at_its_smallest() -> None:
    options = ["--tasks", "400", "--clients", "3", "--seconds", "2", "--listen", "--snapshot", "--json"]
    told = CliRunner().invoke(app, ["bench", "review", *options])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout.splitlines()[-1])
    for part in ("", "listen_", "snapshot_"):
        assert [found[part + name] for name in ZERO] == [0, 0, 0, 0]
        assert found[part + "answers"] > 0
        assert 0 < found[part + "p50_ms"] <= found[part + "p95_ms"] <= found[part + "max_ms"]
    assert found["listen_sounds_per_s"] > 0
    assert found["listen_unheard"] == 0
    assert (found["tasks"], found["clients"], found["answers_a_clip"]) == (400, 3, 2)


def test_answers_survive_a_killed_floor_and_a_killed_database(monkeypatch) -> None:
    monkeypatch.setattr(review, "KILLING", 4.0)
    monkeypatch.setattr(killing, "EVERY", (0.5, 1.0))
    found = review.run(lambda _: None, review.Wanted(tasks=2000, clients=3, seconds=1, kill=True))
    for part in ("kill_floor_", "kill_database_"):
        assert [found[part + name] for name in ZERO] == [0, 0, 0, 0]
        assert found[part + "kills"] >= 1
        assert found[part + "failed"] >= 1, "nobody noticed"
        assert found[part + "answers"] > 0


def test_people_who_think_are_measured_with_what_their_console_does(monkeypatch) -> None:
    monkeypatch.setattr(review, "THINKERS", 20)
    monkeypatch.setattr(review, "THINK", 0.5)
    monkeypatch.setattr("earmark.bench.crew.HEARTBEAT", 0.2)
    found = review.run(lambda _: None, review.Wanted(tasks=1000, clients=2, seconds=1, think=True))
    assert [found["think_" + name] for name in ZERO] == [0, 0, 0, 0]
    assert 0 < found["think_annotations_per_s"] < 80, "20 people, one clip in 0.5 s each"
    assert found["think_sounds_per_s"] > 0


def test_options_of_review_are_no_others() -> None:
    told = CliRunner().invoke(app, ["bench", "history", "--kill", "--json"])
    assert told.exit_code == 1
    assert "Only `earmark bench review` takes" in json.loads(told.stdout)["error"]["message"]


def test_a_peer_that_is_not_there_is_told_before_anything_is_measured() -> None:
    told = CliRunner().invoke(app, ["bench", "review", "--peer", "--json"])
    assert told.exit_code == 1
    assert "--peer-script" in json.loads(told.stdout)["error"]["message"]


# -- what clients saw --------------------------------------------------------------------------------------------------


def _lease(task: str = "t", fence: int = 1, until: float = 100.0) -> Lease:
    return Lease(task=task, fence=fence, until=until)


def test_two_live_leases_on_one_clip_are_counted() -> None:
    ledger = Ledger(now=lambda: 50.0)
    ledger.given(1, _lease())
    ledger.given(2, _lease(fence=2))
    assert ledger.counts["leased_twice"] == 1


@pytest.mark.parametrize("how", ["answered", "expired", "its own"])
def test_a_clip_that_was_let_go_is_free(how: str) -> None:
    ledger = Ledger(now=lambda: 150.0 if how == "expired" else 50.0)
    ledger.given(1, _lease())
    if how == "answered":
        ledger.let_go(1, "t")
    ledger.given(1 if how == "its own" else 2, _lease(fence=2, until=200))
    assert ledger.counts["leased_twice"] == 0


def test_a_heartbeat_makes_a_lease_longer() -> None:
    ledger = Ledger(now=lambda: 150.0)
    ledger.given(1, _lease())
    until = datetime.fromtimestamp(200, UTC).isoformat()
    ledger.kept(1, _lease().kept(until))
    ledger.given(2, _lease(fence=2, until=300))
    assert ledger.counts["leased_twice"] == 1


def test_the_same_fence_for_two_is_counted_even_later() -> None:
    ledger = Ledger(now=lambda: 50.0)
    ledger.given(1, _lease())
    ledger.let_go(1, "t")
    ledger.given(2, _lease())
    assert ledger.counts["leased_twice"] == 1


def test_nobody_lets_go_of_what_another_holds() -> None:
    ledger = Ledger(now=lambda: 50.0)
    ledger.given(1, _lease())
    ledger.let_go(2, "t")
    assert ledger.holders["t"][0] == 1


# -- compared with the database --------------------------------------------------------------------------------------

CLEAN = dict.fromkeys(("judged_twice", "judged_too_often", "miscounted", "label_too_soon", "without_label"), 0)


@pytest.mark.parametrize(
    ("kept", "amiss", "lost", "doubled"),
    [
        ({"a": "t"}, {}, 0, 0),
        ({}, {}, 1, 0),
        ({"a": "another"}, {}, 1, 0),
        ({"a": "t", "b": "t"}, {}, 0, 1),
        ({"a": "t", "unanswered": "t"}, {}, 0, 0),
        ({"a": "t"}, {"without_label": 2}, 2, 0),
        ({"a": "t"}, {"judged_twice": 1, "judged_too_often": 1, "miscounted": 1, "label_too_soon": 1}, 0, 4),
    ],
)
def test_lost_and_doubled(kept, amiss, lost, doubled) -> None:
    ledger = Ledger(acknowledged={"a": "t"}, sent={"a", "unanswered"})
    assert checks.found(kept, CLEAN | {"labels": 7} | amiss, ledger) == Found(lost=lost, doubled=doubled, labels=7)


@pytest.fixture
async def queue(stores, home) -> list[uuid.UUID]:
    await fill(stores, home.read_secret("database-owner"), 3, lambda _: None)
    async with stores.pool.connection() as connection:
        return [row["id"] for row in await (await connection.execute("SELECT id FROM review.tasks")).fetchall()]


def _answer(owner: str, task: uuid.UUID, who: uuid.UUID, *, count: bool = True) -> str:
    key = str(uuid.uuid4())
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day)"
            " VALUES (%s, %s, %s, '', 1, '2026-05-04')",
            [task, who, key],
        )
        if count:
            connection.execute("UPDATE review.tasks SET judgements = judgements + 1 WHERE id = %s", [task])
    return key


async def test_contradictions_in_the_database_are_seen(queue, home) -> None:
    owner, (first, second, third) = home.read_secret("database-owner"), queue
    people = [uuid.uuid4() for _ in range(3)]
    keys = {_answer(owner, first, people[0]): str(first)}
    ledger = Ledger(acknowledged=dict(keys), sent=set(keys))
    assert await checks.compare(owner, ledger) == Found(lost=0, doubled=0, labels=0)
    # Two answers alike and no label: 1 lost. An answer that was not counted: 1 doubled, and nobody sent it: another.
    for who in people[:2]:
        ledger.sent.add(_answer(owner, second, who))
    _answer(owner, first, people[1], count=False)
    assert await checks.compare(owner, ledger) == Found(lost=1, doubled=2, labels=0)
    for who in people:
        ledger.sent.add(_answer(owner, third, who))
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO review.labels (task_id, sealed, made_by, agreed_on)"
            " VALUES (%s, '', 'agreement', '2026-05-04')",
            [first],
        )
    assert await checks.compare(owner, ledger) == Found(lost=1, doubled=4, labels=1)


async def test_leases_of_which_the_database_knows_nothing_are_seen(queue, home) -> None:
    owner, task, soon = home.read_secret("database-owner"), queue[0], datetime.now(UTC) + timedelta(minutes=1)
    person = PersonId(uuid.uuid4())
    clients = {4: Client(number=4, person=person, wire=Wire("127.0.0.1", 1, ""), draws=Random(1))}
    ledger = Ledger()
    ledger.given(4, Lease(task=str(task), fence=7, until=soon.timestamp()))
    assert await checks.leases_amiss(owner, clients, ledger) == 1
    with psycopg.connect(owner, autocommit=True) as connection:
        statement = (
            "UPDATE review.tasks SET state = 'leased', lease_by = %s, fence = %s, lease_until = %s WHERE id = %s"
        )
        connection.execute(statement, [person, 7, soon, task])
        assert await checks.leases_amiss(owner, clients, ledger) == 0
        connection.execute(statement, [person, 8, soon, task])
        assert await checks.leases_amiss(owner, clients, ledger) == 1
        connection.execute(statement, [uuid.uuid4(), 7, soon, task])
        assert await checks.leases_amiss(owner, clients, ledger) == 1


async def test_a_sound_is_sealed_for_its_task_and_old_ones_go(stores, queue) -> None:
    sounds = Sounds(stores, most=2)
    for task in queue:
        assert sounds.lay(str(task)) == pytest.approx(3.0)
    assert len(list(stores.objects.names("masked"))) == 2


# -- the wire ----------------------------------------------------------------------------------------------------------


def test_a_response_is_read_when_it_is_whole() -> None:
    whole = b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\nx: y\r\n\r\n{}"
    assert all(answer_of(whole[:end]) is None for end in range(len(whole)))
    assert answer_of(whole) == (409, b"{}")


@pytest.mark.parametrize("bad", [b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n", b"SSH-2.0\r\ncontent-length: 0\r\n\r\n"])
def test_what_is_no_response_breaks(bad: bytes) -> None:
    with pytest.raises(Broken):
        answer_of(bad)


async def test_a_connection_that_ends_is_told_and_made_again() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        if len(asked) > 1:
            await reader.readexactly(2)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        wire = Wire("127.0.0.1", port, "secret")
        with pytest.raises(Broken):
            await wire.post("/here", {})
        assert await wire.post("/here", {}) == (200, b"ok")
        wire.close()
    assert asked[1].startswith(b"POST /here HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret\r\n" in asked[1]
    with pytest.raises(OSError):
        await wire.post("/here", {})


# -- numbers -----------------------------------------------------------------------------------------------------------


def _part(*, answers: int = 10, seconds: float = 2.0, counts: Counter[str] | None = None) -> Part:
    found, took = Found(lost=1, doubled=2, labels=3), [0.010] * 9 + [0.100]
    return Part(answers=answers, seconds=seconds, took=took, heard=[], counts=counts or Counter(), found=found)


def test_parts_are_summed_not_averaged() -> None:
    counts = Counter(leased_twice=1, floor=500)
    whole = Part.sum([_part(counts=counts), _part(answers=50, seconds=1.0, counts=counts)])
    assert whole.per_second == pytest.approx(20)
    assert (len(whole.took), whole.counts["leased_twice"]) == (20, 2)
    assert whole.found == Found(lost=2, doubled=4, labels=6)


def test_numbers_have_their_names() -> None:
    told = _part(counts=Counter(floor=1000, kills=0)).told("x_")
    assert (told["x_annotations_per_s"], told["x_p50_ms"], told["x_max_ms"]) == (5.0, 10.0, 100.0)
    assert 10 < told["x_p95_ms"] <= 100
    assert (told["x_lost"], told["x_doubled"], told["x_floor_processors"]) == (1, 2, 0.5)
    assert "x_sounds_per_s" not in told
    assert "x_floor_processors" not in _part(counts=Counter(kills=1)).told("x_")


def test_processor_time_is_that_of_the_process() -> None:
    before = load.processor_seconds([os.getpid()])
    sum(range(10_000_000))
    assert load.processor_seconds([os.getpid()]) > before
    assert load.processor_seconds([2**30]) == 0
    assert os.getpid() in load.children(os.getppid())


# -- the peer ----------------------------------------------------------------------------------------------------------

_FOUND = {
    "version": "1.2",
    "tasks": 100,
    "clients": 3,
    "conc_ann_per_s": 4.0,
    "conc_next_p95_ms": 1.0,
    "conc_post_p95_ms": 2.0,
    "dup_tasks_given_to_more_than_one_user": 5,
    "tasks_given": 9,
    "dup_tasks_with_more_than_one_annotation": 6,
    "loadavg_before": 0.5,
}


def test_the_peers_script_is_run_and_its_numbers_get_our_names(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import json, pathlib, sys\n"
        "given = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
        f"found = {_FOUND!r} | {{'tasks': int(given['--tasks']), 'clients': int(given['--clients'])}}\n"
        "pathlib.Path(given['--out']).write_text(json.dumps(found))\n"
    )
    found = peer.measure(script, "true", tasks=77, clients=4, seconds=1)
    assert (found["peer"], found["peer_tasks"], found["peer_clients"]) == ("Label Studio 1.2", 77, 4)
    assert (found["peer_annotations_per_s"], found["peer_leased_twice"], found["peer_doubled"]) == (4.0, 5, 6)


@pytest.mark.parametrize(("text", "command"), [("raise SystemExit(3)", "true"), ("", "no-such-program")])
def test_a_peer_that_can_not_be_measured_is_told(tmp_path, text: str, command: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(text)
    with pytest.raises(peer.BadRequest):
        peer.measure(script, command, tasks=1, clients=1, seconds=1)
