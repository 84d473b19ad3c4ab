"""The job queue: procrastinate in its own schema, with its own database role. Arguments are opaque ids or nothing."""

from __future__ import annotations

from procrastinate import App, PsycopgConnector

from earmark.errors import DatabaseDown
from earmark.storage.home import Home


def job_queue(home: Home) -> App:
    """Return an app to put tasks on; open it with `open_async`."""
    conninfo = home.read_secret("database-earmark_jobs")
    if conninfo is None:
        raise DatabaseDown(why="it was never set up; run `earmark up`")
    return App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
