"""Roles, migrations and pools: everything between a connection string and a cursor."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import wraps
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, LiteralString, ParamSpec, TypeVar, cast
from urllib.parse import quote

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import DeadlockDetected
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from earmark.errors import DatabaseDown
from earmark.storage.home import Home

Row = dict[str, Any]
Pool = AsyncConnectionPool[psycopg.AsyncConnection[Row]]
Connection = psycopg.AsyncConnection[Row]

ROLES = ("earmark_home", "earmark_review", "earmark_desk", "earmark_worker", "earmark_jobs")
"""One login a process; earmark_jobs owns the job queue's schema and nothing else."""


def prepare(home: Home, owner: str, *, database: str = "earmark", base: Path | None = None) -> None:
    """Bring the database to this version: database, roles, migrations, grants, job queue. Safe to repeat.

    `owner` is a connection string of a role that may create roles and databases. Each role's own connection string is
    written to the home's secrets, so that a process reads only its own. `base`: the folder of our own cluster; None for
    somebody else's server. Raises DatabaseDown.
    """
    try:
        with psycopg.connect(owner, autocommit=True) as connection:
            _make_database(connection, database)
        owner = make_conninfo(owner, dbname=database)
        with psycopg.connect(owner, autocommit=True) as connection:
            for role in ROLES:
                _make_role(connection, home, owner, role)
            _migrate(owner)
            grants = cast(LiteralString, (files("earmark.storage") / "grants.sql").read_text())
            with connection.transaction():
                connection.execute(grants)
            _make_job_queue(connection)
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            # Our own cluster's keys went with that folder: nobody can read it.
            gone = f"it belongs to a data folder that is gone; move {base} away, or delete it, and start again"
            raise DatabaseDown(why=gone if base else "it refuses this name and password") from error
        raise DatabaseDown(why="it does not answer") from error


def _make_database(connection: psycopg.Connection[Any], name: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _make_role(connection: psycopg.Connection[Any], home: Home, owner: str, role: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if exists and home.read_secret(f"database-{role}"):
        return
    password = secrets.token_urlsafe(24)
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password))
    )
    home.keep_secret(f"database-{role}", make_conninfo(owner, user=role, password=password))


def _migrate(owner: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # yoyo's own deprecations are not ours to fail on
        import yoyo

        with as_file(files("earmark.storage") / "migrations") as folder:
            backend = yoyo.get_backend(_as_url(owner))
            try:
                with backend.lock():
                    backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(folder))))
            finally:
                backend.connection.close()


def _as_url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    host = str(parts.get("host", ""))
    query = f"?host={quote(host, safe='')}" if host.startswith("/") else ""
    where = "" if host.startswith("/") else f"{host}:{parts.get('port', 5432)}"
    user, password = quote(str(parts["user"])), quote(str(parts.get("password", "")))
    return f"postgresql+psycopg://{user}:{password}@{where}/{parts['dbname']}{query}"


def _make_job_queue(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'jobs'").fetchone()
    if found:
        return
    with connection.transaction():
        connection.execute("CREATE SCHEMA jobs AUTHORIZATION earmark_jobs")
        connection.execute("SET LOCAL ROLE earmark_jobs")
        connection.execute("SET LOCAL search_path TO jobs")
        connection.execute(cast(LiteralString, SchemaManager.get_schema()))
    connection.execute("ALTER ROLE earmark_jobs SET search_path TO jobs")


@asynccontextmanager
async def open_pool(home: Home, role: str, *, size: int = 8) -> AsyncIterator[Pool]:
    """Open a pool as one role. Raises DatabaseDown when there is no connection to be had within 10 s."""
    conninfo = home.read_secret(f"database-{role}")
    if conninfo is None:
        raise DatabaseDown(why="it was never set up; run `earmark up`")
    pool: Pool = AsyncConnectionPool(
        conninfo, min_size=1, max_size=size, open=False, kwargs={"row_factory": dict_row}, name=role
    )
    try:
        await pool.open(wait=True, timeout=10)
    except psycopg.OperationalError as error:
        await pool.close()
        raise DatabaseDown(why="it does not answer; is `earmark up` running?") from error
    try:
        yield pool
    finally:
        await pool.close()


async def fetch(pool: Pool, statement: LiteralString, values: Mapping[str, object]) -> list[Row]:
    """Run one statement that stands alone and return its rows; what it wrote is committed.

    One round trip to the database: a transaction around it would take two more, and on a busy machine each waits its
    turn for a processor.
    """
    async with pool.connection() as connection:
        await connection.set_autocommit(True)
        try:
            return await (await connection.execute(statement, values)).fetchall()
        finally:
            with suppress(psycopg.Error):  # a connection that can't be set back is broken: the pool throws it away
                await connection.set_autocommit(False)


_P = ParamSpec("_P")
_R = TypeVar("_R")
_TRIES = 5


def again_after_deadlock(run: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """Run a whole transaction again when the database gave it up for another one: for what may not fail for that."""

    @wraps(run)
    async def again(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for _ in range(_TRIES - 1):
            with suppress(DeadlockDetected):
                return await run(*args, **kwargs)
        return await run(*args, **kwargs)

    return again
