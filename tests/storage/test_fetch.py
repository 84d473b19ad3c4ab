"""One statement by itself: committed, and the connection comes back as it was."""

from __future__ import annotations

import psycopg
import pytest

from earmark.storage import Stores, fetch


async def test_what_it_wrote_is_committed(stores: Stores) -> None:
    written = await fetch(
        stores.pool,
        "INSERT INTO accounts.households (id, exclusion_secret, created_on)"
        " VALUES (gen_random_uuid(), %(secret)s, '2026-05-04') RETURNING id",
        {"secret": b"x"},
    )
    async with stores.pool.connection() as connection:
        found = await (await connection.execute("SELECT id FROM accounts.households")).fetchall()
    assert found == written


async def test_the_connection_comes_back_with_transactions(stores: Stores) -> None:
    """Otherwise the next to use it would commit half of what belongs together."""
    with pytest.raises(psycopg.errors.DivisionByZero):
        await fetch(stores.pool, "SELECT 1 / %(n)s::int", {"n": 0})
    assert await fetch(stores.pool, "SELECT 1 AS n", {}) == [{"n": 1}]
    async with stores.pool.connection() as connection:
        assert not connection.autocommit
