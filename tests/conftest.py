"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import secrets
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from earmark import accounts, consent, vault
from earmark.learn.registry import ModelBundle
from earmark.learn.rollout_steps import place_key, place_of
from earmark.settings import Settings
from earmark.storage import EmbeddedPostgres, Home, Stores, open_stores, prepare
from earmark.words import DeviceId, HouseholdId, PcmAudio, PersonId

_DATA = Path(os.environ.get("EARMARK_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings beside the checkout; tests that need it skip where it is absent."""
    if not (_DATA / "commands" / "manifest.jsonl").exists():
        pytest.skip("the recordings in ../shared/data are not on this machine")
    return _DATA


@pytest.fixture(scope="session", autouse=True)
def compiled_before(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Most trainings are a process of their own, and XLA would compile the same step in each of them: 5 to 14 s. One
    folder for all workers of a run."""
    own = tmp_path_factory.getbasetemp()
    every = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(every / "compiled"))


@dataclass
class Clock:
    """A clock that tests turn."""

    time: datetime = field(default_factory=lambda: datetime(2026, 5, 4, 9, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time

    def turn(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class Server:
    """One PostgreSQL for the whole test run, and a template database that each test copies."""

    owner: str
    home: Home
    folder: Path
    """Where the cluster's files are."""

    def fresh(self, folder: Path) -> Home:
        """Make a new home whose database is a copy of the migrated template."""
        home = Home.at(folder)
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.owner, autocommit=True) as connection:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE earmark STRATEGY FILE_COPY")
            connection.execute(copy.format(sql.Identifier(name)))
        for role in ("earmark_home", "earmark_review", "earmark_desk", "earmark_worker", "earmark_jobs"):
            conninfo = self.home.read_secret(f"database-{role}")
            assert conninfo is not None
            home.keep_secret(f"database-{role}", make_conninfo(conninfo, dbname=name))
        home.keep_secret("database-owner", make_conninfo(self.owner, dbname=name))
        return home

    def drop(self, home: Home) -> None:
        conninfo = home.read_secret("database-owner")
        assert conninfo is not None
        name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name))))


_MEMORY = Path("/dev/shm")


def _folder_in_memory() -> Path | None:
    """Each test copies a database of 750 files and drops it. Before ext4 makes a file it looks at every one deleted in
    the last minutes, so that a copy takes 0.75 s there and 0.03 s in memory."""
    for left in _MEMORY.glob("earmark-tests-*"):  # by a run that was killed
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < 3 * 2**30:
        return None
    return _MEMORY / f"earmark-tests-{os.getpid()}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home.at(tmp_path_factory.mktemp("server") / "home")
    # What is tested is that rows are committed, not that this machine's disk survives a power cut.
    config = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
    postgres = EmbeddedPostgres(home.folder, base=_folder_in_memory(), config=config)
    password = home.secret("database-password")
    postgres.start(password=password)
    try:
        owner = make_conninfo("", host=str(postgres.socket), user="earmark", password=password, dbname="postgres")
        prepare(home, owner)
        yield Server(owner=owner, home=home, folder=postgres.base)
    finally:
        postgres.stop()
        postgres.remove()


@pytest.fixture
def home(server: Server, tmp_path: Path) -> Iterator[Home]:
    """A new installation's folder with a migrated, empty database."""
    home = server.fresh(tmp_path / "earmark")
    yield home
    server.drop(home)


OpenStores = Callable[[str], object]


@pytest.fixture
async def role_stores(home: Home, clock: Clock) -> AsyncIterator[Callable[[str], object]]:
    """`await role_stores("earmark_review")`: the stores of one process role over this test's database."""
    settings = Settings(home=home.folder, gold_share=0, blind_share=0)  # pyright: ignore[reportCallIssue]
    async with AsyncExitStack() as stack:

        async def open_as(role: str, **changes: object) -> Stores:
            changed = settings.model_copy(update=changes)
            stores = await stack.enter_async_context(open_stores(role, changed, now=clock))
            return replace(stores, settings=changed)

        yield open_as


@pytest.fixture
async def stores(role_stores) -> Stores:
    """The stores of the worker, which may touch every room."""
    return await role_stores("earmark_worker")


@dataclass(frozen=True)
class Household:
    """Two people and a kitchen speaker."""

    id: HouseholdId
    ada: PersonId
    ben: PersonId
    kitchen: DeviceId
    token: str


@pytest.fixture
async def household(stores: Stores) -> Household:
    """A household whose people allow saving and nothing else."""
    identifier = await accounts.create_household(stores)
    ada = await accounts.create_person(stores, name="Ada", handle="ada", roles=["owner"], household_id=identifier)
    ben = await accounts.create_person(stores, name="Ben", handle="ben", roles=["owner"], household_id=identifier)
    for person in (ada, ben):
        await consent.set_grant(stores, person, "save", True, how="first-run")
    kitchen, token = await vault.add_device(stores, household_id=identifier, person_id=ada, name="Kitchen")
    return Household(id=identifier, ada=ada, ben=ben, kitchen=kitchen, token=token)


@dataclass
class Fleet:
    """Many devices of one household, whose lives are made up: each wakes now and then, and sometimes for nothing."""

    stores: Stores
    clock: Clock
    person: PersonId
    grant: int
    devices: list[DeviceId]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    async def live(
        self,
        hours: int,
        *,
        runs: Callable[[DeviceId], str] = lambda _: "builtin",
        false: Callable[[str], float] = lambda _: 0.1,
        wakes: float = 1.0,
    ) -> None:
        """Let so many hours pass. `runs`: a device's bundle; `false`: a bundle's share of wakes for nothing; `wakes`:
        how often an hour each device wakes on average."""
        rows = []
        for device in self.devices:
            bundle = runs(device)
            for _ in range(self.rng.poisson(wakes * hours)):
                at = self.clock() + timedelta(hours=hours) * self.rng.random()
                kind = "false_wake" if self.rng.random() < false(bundle) else "command"
                rows.append((uuid.uuid4(), self.person, device, self.grant, at, kind, bundle, at + timedelta(days=30)))
        async with self.stores.pool.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO vault.interactions (id, person_id, device_id, grant_id, started_at, kind, bundle,"
                " expires_at, duration, wake_word) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 2.0, 'alexa')",
                rows,
            )
            said = [(runs(device), device) for device in self.devices]
            await cursor.executemany("UPDATE vault.devices SET bundle = %s WHERE id = %s", said)
        self.clock.turn(hours=hours)

    async def candidate(self, make: Callable[[int], Awaitable[ModelBundle]], *, first: int) -> ModelBundle:
        """Make bundles until one comes to just `first` of these devices at five per cent: who is first is chance."""
        key = place_key(self.stores.signing_key)
        for number in range(500):
            made = await make(number)
            if sum(place_of(key, made.version, device) < 0.05 for device in self.devices) == first:
                return made
        pytest.fail("chance gave no such bundle")


@pytest.fixture
async def fleet(stores: Stores, household: Household, clock: Clock) -> Callable[..., object]:
    """`await fleet(40)`: so many devices of Ada's, the kitchen among them."""

    async def make(count: int) -> Fleet:
        added = [
            await vault.add_device(stores, household_id=household.id, person_id=household.ada, name=f"Room {number}")
            for number in range(count - 1)
        ]
        grants = await consent.current(stores, household.ada)
        grant = grants.grant("save")
        assert grant is not None
        assert grant.id is not None
        devices = [household.kitchen, *(device for device, _ in added)]
        return Fleet(stores=stores, clock=clock, person=household.ada, grant=grant.id, devices=devices)

    return make


@pytest.fixture
def tone() -> Callable[..., PcmAudio]:
    """Make a tone: `tone(seconds, hertz)`."""

    def make(seconds: float = 1.0, hertz: float = 440.0, level: float = 0.3) -> PcmAudio:
        time = np.arange(round(seconds * 16_000)) / 16_000
        return PcmAudio(samples=(32767 * level * np.sin(2 * np.pi * hertz * time)).astype(np.int16))

    return make


Faults = Callable[[object, dict], list[str]]
_FORMATS: dict[str, Callable[[str], object]] = {
    "uuid": uuid.UUID,
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
}
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}
_SAID_ONLY = {"title", "description", "default", "$defs", "$schema", "$id"}


@pytest.fixture
def faults() -> Faults:
    """`faults(data, schema)`: where JSON is not what its schema says; a field that the schema doesn't know is a fault.

    It knows the keywords that our schemas use and fails on any other.
    """

    def look(value: object, rule: object, root: dict, place: str) -> Iterator[str]:
        if rule is True:
            return
        assert isinstance(rule, dict), place
        for word, said in rule.items():
            if word == "$ref":
                yield from look(value, root["$defs"][said.removeprefix("#/$defs/")], root, place)
            elif word == "type":
                kind = _TYPES[said]
                if not isinstance(value, kind) or (isinstance(value, bool) and said != "boolean"):
                    yield f"{place}: {said} wanted"
            elif word == "anyOf":
                if all(list(look(value, each, root, place)) for each in said):
                    yield f"{place}: none of what may be here"
            elif word in ("enum", "const"):
                if value not in (said if word == "enum" else [said]):
                    yield f"{place}: {said} wanted"
            elif word == "format":
                try:
                    _FORMATS[said](str(value))
                except ValueError:
                    yield f"{place}: no {said}"
            elif word == "required":
                missing = [name for name in said if isinstance(value, dict) and name not in value]
                yield from (f"{place}: {name} is missing" for name in missing)
            elif word in ("properties", "additionalProperties"):
                for name, each in value.items() if isinstance(value, dict) else ():
                    below = said if word == "additionalProperties" else said.get(name)
                    here = f"{place}.{name}"
                    yield from [f"{here}: unknown"] if below is None else look(each, below, root, here)
            elif word == "items":
                for index, each in enumerate(value if isinstance(value, list) else ()):
                    yield from look(each, said, root, f"{place}[{index}]")
            elif word == "uniqueItems":
                if len({str(each) for each in value}) != len(value):  # type: ignore[attr-defined, arg-type]
                    yield f"{place}: twice the same"
            else:
                assert word in _SAID_ONLY, f"the schema says {word}, which this validator does not know"

    return lambda data, schema: list(look(data, schema, schema, ""))
