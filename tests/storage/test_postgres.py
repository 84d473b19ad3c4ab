"""The embedded database survives whatever kills it or us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from earmark.errors import DatabaseDown, HomeInUse, OldHome
from earmark.storage import EmbeddedPostgres, Home, prepare


@pytest.fixture
def cluster(tmp_path):
    home = Home.at(tmp_path / "home")
    postgres = EmbeddedPostgres(home.folder)
    postgres.start(password="secret")
    yield postgres
    postgres.remove()


def ask(postgres: EmbeddedPostgres, statement: str):
    with psycopg.connect(
        host=str(postgres.socket), user="earmark", password="secret", dbname="postgres", autocommit=True
    ) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_committed_rows_survive_a_killed_postmaster(cluster):
    ask(cluster, "CREATE TABLE kept (n int)")
    ask(cluster, "INSERT INTO kept VALUES (7)")
    os.kill(cluster.pid, signal.SIGKILL)
    while cluster.running:
        time.sleep(0.05)
    again = EmbeddedPostgres(cluster.home)
    again.start(password="secret")
    try:
        assert ask(again, "SELECT n FROM kept") == [(7,)]
    finally:
        again.stop()


def test_a_database_whose_data_folder_is_gone_is_named_as_such(cluster):
    """As root the database lies outside the data folder: somebody who deletes the folder by hand leaves it behind."""
    other = make_conninfo(host=str(cluster.socket), user="earmark", password="another folder's", dbname="postgres")
    with pytest.raises(DatabaseDown, match="belongs to a data folder that is gone; move") as said:
        prepare(Home.at(cluster.home), other, base=cluster.base)
    assert str(cluster.base) in str(said.value), "which folder"
    with pytest.raises(DatabaseDown, match="refuses this name and password"):
        prepare(Home.at(cluster.home), other)  # somebody else's server: there is nothing of ours to move


def test_a_stale_pid_that_now_belongs_to_another_program_does_not_matter(cluster):
    cluster.stop()
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (cluster.data / "postmaster.pid").write_text(f"{sleeper.pid}\n{cluster.data}\n1\n5432\n")
        cluster.start(password="secret")
        assert ask(cluster, "SELECT 1") == [(1,)]
        assert sleeper.poll() is None, "somebody else's process was stopped"
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_supervisor_killed_outright_leaves_a_home_that_starts_again(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from earmark.storage import EmbeddedPostgres, Home
        home = Home.at(Path(sys.argv[1]))
        lock = home.lock()
        postgres = EmbeddedPostgres(home.folder)
        postgres.start(password="secret")
        print(postgres.pid, flush=True)
        time.sleep(600)
        """
    )
    home = tmp_path / "home"
    with subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        with pytest.raises(HomeInUse):
            Home.at(home).lock()
        process.kill()
    lock = Home.at(home).lock()
    postgres = EmbeddedPostgres(home)
    postgres.start(password="secret")
    try:
        assert ask(postgres, "SELECT 1") == [(1,)]
    finally:
        postgres.remove()
        lock.release()


def test_a_folder_of_another_major_version_is_left_alone_and_named(cluster):
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(OldHome, match="PostgreSQL 15"):
        EmbeddedPostgres(cluster.home).start(password="secret")
    assert (cluster.data / "PG_VERSION").read_text() == "15\n"


def test_a_home_of_another_format_is_left_alone_and_named(tmp_path):
    home = Home.at(tmp_path / "home")
    about = home.folder / "home.json"
    about.write_text('{"format": 0, "made_by": "Earmark 0.0.1"}')
    with pytest.raises(OldHome, match=r"Earmark 0\.0\.1"):
        Home.at(home.folder)


def test_no_statement_reaches_the_log(cluster):
    with pytest.raises(psycopg.Error):
        ask(cluster, "SELECT 'the canary sings' FROM nowhere")
    with pytest.raises(psycopg.Error):
        ask(cluster, "SELECT 'the canary sings'::int")
    assert b"canary" not in cluster.log.read_bytes()
    assert b"ready to accept connections" in cluster.log.read_bytes()
