"""The log over a database: numbering, proofs, and the encoding that older entries had."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from earmark import audit
from earmark.audit import canonical, extends, includes, leaf_hash
from earmark.errors import BadRequest, LogAltered, NotFound
from earmark.storage import Statements


async def grow(stores, count: int) -> None:
    """Add entries in one go and seal them."""
    async with (
        stores.pool.connection() as connection,
        connection.cursor().copy("COPY audit.inbox (event) FROM STDIN") as copy,
    ):
        for number in range(count):
            await copy.write_row((audit.entry_of(stores, {"what": "test", "number": number}),))
    assert await audit.sequence(stores) == count


async def roots(stores) -> dict[int, bytes]:
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT size, root FROM audit.checkpoints")).fetchall()
    return {row["size"]: bytes(row["root"]) for row in rows}


async def test_proofs_hold_across_stored_subtrees(stores):
    for count in (1, 2, 254, 1, 300, 700):
        await grow(stores, count)
    sealed = await roots(stores)
    assert sorted(sealed) == [1, 3, 257, 258, 558, 1258]
    for size, root in sealed.items():
        for number in {0, 1, 255, 256, 511, size // 2, size - 1}:
            if number < size:
                found = await audit.inclusion_proof(stores, number=number, size=size)
                assert includes(root, size, number, found.leaf, found.proof)
                same = await audit.inclusion_proof(stores, leaf=found.leaf, size=size)
                assert same == found
        for second, later in sealed.items():
            if size <= second:
                steps = await audit.consistency_proof(stores, size, second)
                assert extends(root, size, later, second, steps)


async def test_numbering_reads_nothing_that_is_old(stores, monkeypatch):
    await grow(stores, 600)
    asked: list[str] = []
    original = Statements.__getattr__
    monkeypatch.setattr(Statements, "__getattr__", lambda self, name: asked.append(name) or original(self, name))
    await audit.append(stores, {"what": "test"})
    assert await audit.sequence(stores) == 1
    assert "latest_checkpoint" in asked
    assert "leaves" not in asked


async def test_more_than_one_batch_is_numbered_at_once(stores, monkeypatch):
    monkeypatch.setattr("earmark.audit.log.BATCH", 10)
    await grow(stores, 25)
    assert sorted(await roots(stores)) == [10, 20, 25]
    assert (await audit.verify(stores)).good


async def test_two_that_number_at_once_number_each_event_once(stores):
    for _ in range(20):
        await audit.append(stores, {"what": "test"})
    assert sum(await asyncio.gather(audit.sequence(stores), audit.sequence(stores))) == 20
    assert (await audit.verify(stores)).size == 20


async def test_a_proof_of_nothing_is_refused(stores):
    with pytest.raises(NotFound):
        await audit.inclusion_proof(stores, number=0)
    await grow(stores, 3)
    for wrong in ({"number": 3}, {"leaf": bytes(32)}, {"number": -1}, {}):
        with pytest.raises(NotFound):
            await audit.inclusion_proof(stores, **wrong)
    for size in (0, 4, -1):
        with pytest.raises(BadRequest):
            await audit.inclusion_proof(stores, number=0, size=size)
    for first, second in ((0, 3), (3, 2), (1, 4), (-1, 2)):
        with pytest.raises(BadRequest):
            await audit.consistency_proof(stores, first, second)


async def test_a_log_without_its_middle_proves_nothing(stores, home):
    await grow(stores, 8)
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute("DELETE FROM audit.log WHERE number = 2")
    with pytest.raises(LogAltered):
        await audit.inclusion_proof(stores, number=1, size=8)


async def test_entries_hide_behind_their_leaves(stores):
    """Two events with the same words have nothing in common that could be compared or guessed."""
    first, second = (audit.entry_of(stores, {"what": "test"}) for _ in range(2))
    assert leaf_hash(first.encode()) != leaf_hash(second.encode())
    assert len(json.loads(first)["salt"]) == 32


async def test_a_log_of_before_marks_and_peaks_goes_on(stores, home):
    """What an older version sealed still verifies, and is gone on from."""
    await grow(stores, 300)
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute("UPDATE audit.log SET mark = NULL")
        connection.execute("UPDATE audit.checkpoints SET peaks = NULL")
        connection.execute("DELETE FROM audit.subtrees")
    assert (await audit.verify(stores)).good
    await grow(stores, 5)
    assert (await audit.verify(stores)).good
    found = await audit.inclusion_proof(stores, number=3)
    assert includes((await roots(stores))[305], 305, 3, found.leaf, found.proof)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
# The only floats that events ever held are rates.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e6, 1e6, width=32) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def converted(home):
    """The migration's own reading of entries that lay in the database as jsonb."""
    text = (files("earmark.storage") / "migrations" / "0008_audit.sql").read_text()
    function = text[text.index("CREATE FUNCTION") : text.index("$$;", text.index("AS $$")) + 3]
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute(function)

        def convert(value: object) -> tuple[str, object]:
            found = connection.execute("SELECT audit.canonical(v), v FROM (SELECT %s::jsonb AS v) x", [Jsonb(value)])
            return found.fetchone()

        yield convert
        connection.rollback()


@given(value=st.dictionaries(TEXT, JSON, max_size=5))
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_entries_keep_their_hash_when_they_become_text(converted, value):
    text, read = converted(value)
    assert text.encode() == canonical(read)
