"""A throw-away installation for a measurement."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from earmark.settings import Settings
from earmark.storage import EmbeddedPostgres, Home
from earmark.supervisor import Progress, running_database


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@contextmanager
def installation(note: Progress) -> Iterator[tuple[Settings, EmbeddedPostgres]]:
    """Start a database in a temporary home; nothing is left of it afterwards, and none that is in use is touched."""
    home_port, floor_port, desk_port = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="earmark-bench-") as folder:
        settings = Settings(  # pyright: ignore[reportCallIssue]
            home=Path(folder) / "home",
            database_url=None,
            objects_url=None,
            home_port=home_port,
            floor_port=floor_port,
            desk_port=desk_port,
        )
        try:
            with running_database(settings, note) as postgres:
                assert postgres is not None
                yield settings, postgres
        finally:
            EmbeddedPostgres(Home.at(settings.home).folder).remove()


def owner_of(settings: Settings, postgres: EmbeddedPostgres) -> str:
    """Return the connection string of the database's owner, who may tidy tables and write memory to disk."""
    password = Home.at(settings.home).secret("database-password")
    return make_conninfo("", host=str(postgres.socket), user="earmark", password=password, dbname="earmark")
