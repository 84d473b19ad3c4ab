"""Guarantee 18: access is limited by role, site, region and need; the log can't be rewritten unseen."""

from __future__ import annotations

import uuid
from dataclasses import replace

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from earmark import accounts, audit, review
from earmark.audit import leaf_hash
from earmark.errors import BadRequest, Forbidden, LogAltered
from earmark.words import PersonId

MAY_READ = {
    "earmark_review": {"review"},
    "earmark_desk": {"accounts", "review", "safety", "learn", "audit", "airlock"},
}
CONTENT = {"vault.interactions", "vault.keepsakes", "vault.devices", "airlock.seals", "airlock.labels"}


@pytest.mark.parametrize("role", sorted(MAY_READ))
async def test_a_process_reads_its_own_plane_only(role_stores, places, role):
    """We tried to read every table of the database as the reviewers' role and as the desk's: the reviewers' reads its
    own schema and nothing else, and neither reads a recording's words or which clip came from whom."""
    stores = await role_stores(role)
    with psycopg.connect(places.owner) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
    readable = set()
    for schema, table in tables:
        try:
            async with stores.pool.connection() as connection:
                await connection.execute(f'SELECT * FROM "{schema}"."{table}" LIMIT 1')
        except InsufficientPrivilege:
            continue
        readable.add(f"{schema}.{table}")
    assert {name.split(".")[0] for name in readable} <= MAY_READ[role]
    assert not readable & CONTENT
    with pytest.raises(Forbidden):
        stores.vault_keys.secret(0)


async def test_no_role_changes_the_log(role_stores, ring):
    """We tried to change, delete and empty the log as every role that a process logs in with: the database refused."""
    await audit.append(ring.stores, {"what": "test"})
    await audit.sequence(ring.stores)
    for role in ("earmark_home", "earmark_review", "earmark_desk", "earmark_worker"):
        stores = await role_stores(role)
        for statement in (
            "UPDATE audit.log SET event = '{}'",
            "DELETE FROM audit.log",
            "TRUNCATE audit.log",
            "UPDATE audit.checkpoints SET size = 0",
            "DELETE FROM audit.checkpoints",
        ):
            with pytest.raises(InsufficientPrivilege):
                async with stores.pool.connection() as connection:
                    await connection.execute(statement)


async def test_a_session_is_good_for_its_own_plane_and_role(ring, hire, open_page):
    """We used an owner's session at the console, a reviewer's at the desk, an engineer's for cases, and a reviewer's
    for a lead's ties: refused each time."""
    reviewer, engineer = await hire("reviewer"), await hire("engineer")
    console, desk = await open_page("floor", reviewer), await open_page("desk", engineer)
    home = await open_page("home", ring.ada)
    for session, plane in ((home.session, "floor"), (console.session, "desk"), (desk.session, "home")):
        assert await accounts.whoami(ring.stores, session, plane) is None
    assert (await desk.get("/cases")).status_code == 403
    assert (await desk.get("/audit")).status_code == 403
    assert (await console.post("/api/lead/next", json={})).status_code == 403
    console.client.headers["Authorization"] = f"Bearer {home.session}"
    assert (await console.post("/api/review/next", json={})).status_code == 401


async def test_a_reviewer_is_served_by_need_only(ring, canary, household):
    """We asked for tasks as a reviewer of another language, and as a member of the recorded household: none."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    (row,) = await ring.rows("SELECT exclusion_secret FROM accounts.households")
    assert await review.next_task(ring.floor, ring.reviewer(languages=("ro",))) is None
    assert await review.next_task(ring.floor, ring.reviewer(secrets=(row["exclusion_secret"],))) is None
    assert await review.next_task(ring.floor, ring.reviewer()) is not None


async def test_a_site_hears_its_permitted_regions_and_a_lead_can_not_widen_them(ring, canary, hire, open_page):
    """We asked for a clip at a site that may not hear its region, let its lead try to permit the region, and
    locked somebody out in the middle of a clip: nothing was served, the lead was refused, and
    the one locked out neither heard nor answered nor was given anything more."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    abroad = review.sites.unset("Farland", "far")
    abroad = replace(abroad, languages=("en",))
    await review.sites.put_site(ring.stores, None, abroad)
    console = await open_page("floor", await hire("reviewer", site="Farland"))
    assert await console.next_task() is None
    lead = review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="Farland", role="lead")
    with pytest.raises(BadRequest):
        await review.sites.put_site(ring.floor, lead, replace(abroad, serves=("far", ring.stores.settings.region)))
    assert await console.next_task() is None

    await review.sites.put_site(ring.stores, None, replace(abroad, serves=("far", ring.stores.settings.region)))
    person = await hire("reviewer", site="Farland")
    console = await open_page("floor", person)
    task = await console.next_task()
    assert task is not None
    await review.seats.lock_out(ring.floor, lead, person, "copied a clip")
    body = {"task": task["id"], "fence": task["fence"], "client_key": str(uuid.uuid4()), "answer": {"value": "said"}}
    for answer in (
        await console.play(task),
        await console.post("/api/review/submit", json=body),
        await console.post("/api/review/next", json={}),
        await console.post("/api/review/open", json={}),
    ):
        assert answer.status_code in (401, 409) or (answer.json().get("task"), answer.json().get("tasks")) in (
            (None, None), (None, []),
        )  # fmt: skip
        assert b"RIFF" not in answer.content


@pytest.fixture
async def sealed_log(ring, places):
    """Three rounds of events, each sealed by a checkpoint, and the last one's checkpoint in a witness's hands."""
    tamper(places, "DELETE FROM audit.inbox")  # what the household's people allowed
    for round_ in range(3):
        for number in range(4):
            await audit.append(ring.stores, {"what": "test", "round": round_, "number": number})
        assert await audit.sequence(ring.stores) == 4
        ring.clock.turn(minutes=1)
    assert (await audit.verify(ring.stores)).good
    return await audit.latest_checkpoint(ring.stores)


def tamper(places, *statements: str, **values: object) -> None:
    with psycopg.connect(places.owner) as connection:
        for statement in statements:
            connection.execute(statement, values)  # pyright: ignore[reportArgumentType]


SWAP = """
    UPDATE audit.log AS a SET event = b.event, leaf = b.leaf FROM audit.log AS b
     WHERE (a.number, b.number) IN ((5, 6), (6, 5))
"""
MOVE_ALL = SWAP.replace("leaf = b.leaf", "leaf = b.leaf, mark = b.mark")
MOVE_UP = """
    UPDATE audit.log AS a SET event = b.event, leaf = b.leaf, mark = b.mark FROM audit.log AS b
     WHERE b.number = a.number + 1 AND a.number >= 5
"""


@pytest.mark.parametrize(
    ("statements", "first_bad"),
    [
        (["""UPDATE audit.log SET event = replace(event, '"number":1', '"number":9') WHERE number = 5"""], 5),
        (["UPDATE audit.log SET event = event || ' ' WHERE number = 5"], 5),
        (["UPDATE audit.log SET leaf = set_byte(leaf, 0, 255 - get_byte(leaf, 0)) WHERE number = 5"], 5),
        (["UPDATE audit.log SET mark = set_byte(mark, 0, 255 - get_byte(mark, 0)) WHERE number = 5"], 5),
        (["UPDATE audit.log SET mark = NULL WHERE number = 5"], 5),
        (["DELETE FROM audit.log WHERE number = 5"], 5),
        ([MOVE_UP, "DELETE FROM audit.log WHERE number = 11"], 5),
        ([SWAP], 5),
        ([MOVE_ALL], 5),
        (["DELETE FROM audit.log WHERE number >= 9"], 9),
        (["DELETE FROM audit.checkpoints WHERE size = 12"], 8),
        (["INSERT INTO audit.log SELECT 12, event, leaf, mark FROM audit.log WHERE number = 11"], 12),
        (["UPDATE audit.checkpoints SET root = sha256(root) WHERE size = 8"], 4),
        (["UPDATE audit.checkpoints SET at = at + interval '1 second' WHERE size = 8"], 4),
        (["INSERT INTO audit.subtrees VALUES (8, 0, sha256('another'))"], 0),
    ],
    ids=[
        "one byte flipped",
        "one byte added",
        "hash flipped",
        "mark flipped",
        "mark removed",
        "dropped",
        "dropped and closed up",
        "reordered",
        "reordered with marks",
        "truncated",
        "seal dropped",
        "added",
        "root changed",
        "time changed",
        "stored hash made up",
    ],
)
async def test_a_changed_log_is_found(ring, sealed_log, places, statements, first_bad):
    """As the database's owner we flipped, dropped, reordered, added and truncated entries and changed seals: the check
    found each, and named exactly the first entry that is not what was sealed or that no good seal covers."""
    tamper(places, *statements)
    verdict = await audit.verify(ring.stores)
    assert not verdict.good
    assert verdict.first_bad == first_bad


async def test_an_entry_rewritten_with_its_hash_is_found(ring, sealed_log, places):
    """We rewrote an entry and its hash so that they fit each other: its mark, made with a key that is not in the
    database, did not, and the check named that very entry."""
    entry = audit.entry_of(ring.stores, {"what": "nothing happened"})
    with psycopg.connect(places.owner) as connection:
        connection.execute(
            "UPDATE audit.log SET event = %s, leaf = %s WHERE number = 6", [entry, leaf_hash(entry.encode())]
        )
    verdict = await audit.verify(ring.stores)
    assert not verdict.good
    assert verdict.first_bad == 6


async def test_a_rewritten_log_does_not_win_the_next_seal(ring, sealed_log, places):
    """We rewrote an entry, its hash and its mark's place, and let the worker seal on: it sealed what had been true."""
    entry = audit.entry_of(ring.stores, {"what": "nothing happened"})
    values = {"entry": entry, "leaf": leaf_hash(entry.encode())}
    tamper(places, "UPDATE audit.log SET event = %(entry)s, leaf = %(leaf)s, mark = NULL", **values)
    await audit.append(ring.stores, {"what": "later"})
    await audit.sequence(ring.stores)
    verdict = await audit.verify(ring.stores)
    assert not verdict.good
    assert verdict.first_bad == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.checkpoints SET root = sha256(root) WHERE size = 12",
        "INSERT INTO audit.log SELECT 12, event, leaf, mark FROM audit.log WHERE number = 11",
    ],
)
async def test_nothing_is_sealed_on_top_of_a_forgery(ring, sealed_log, places, statement):
    """We changed the last seal, and wrote an entry behind it: the worker refused to seal on, and lost no event."""
    tamper(places, statement)
    await audit.append(ring.stores, {"what": "later"})
    with pytest.raises(LogAltered):
        await audit.sequence(ring.stores)
    assert len(await ring.rows("SELECT * FROM audit.inbox")) == 1


async def test_peaks_that_were_changed_are_read_from_the_log_again(ring, sealed_log, places):
    """We changed the hashes that the worker goes on from: it noticed, and read them from the entries again."""
    tamper(places, "UPDATE audit.checkpoints SET peaks = sha256('a') || sha256('b') WHERE size = 12")
    await audit.append(ring.stores, {"what": "later"})
    assert await audit.sequence(ring.stores) == 1
    assert (await audit.verify(ring.stores)).good


async def test_a_witness_finds_what_even_the_key_can_not_hide(ring, sealed_log, places):
    """With the signing key in hand we cut the log's end off together with its seals, and rewrote the log whole: alone
    it verified, and beside the seal that a witness had kept it did not."""
    witness = audit.checkpoint_of(ring.stores, sealed_log)
    assert (await audit.verify(ring.stores, kept=[witness])).witnessed == 12
    tamper(places, "DELETE FROM audit.log WHERE number >= 8", "DELETE FROM audit.checkpoints WHERE size > 8")
    assert (await audit.verify(ring.stores)).good, "whoever holds the key can cut the end off unseen"
    verdict = await audit.verify(ring.stores, kept=[witness])
    assert (verdict.good, verdict.first_bad) == (False, 8)

    tamper(places, "TRUNCATE audit.log", "TRUNCATE audit.checkpoints")
    for number in range(12):
        await audit.append(ring.stores, {"what": "another story", "number": number})
    await audit.sequence(ring.stores)
    assert (await audit.verify(ring.stores)).good
    verdict = await audit.verify(ring.stores, kept=[witness])
    assert not verdict.good
    assert "witness" in verdict.why


async def test_a_forged_witness_is_no_witness(ring, sealed_log):
    """We changed one figure of a witness's seal: it was refused as not ours rather than believed."""
    witness = audit.checkpoint_of(ring.stores, sealed_log)
    assert not (await audit.verify(ring.stores, kept=[{**witness, "size": 4}])).good
