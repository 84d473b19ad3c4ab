"""What every attack needs: a canary that is said, a ring that turns, and eyes that look into every store."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row

from earmark import accounts, airlock, audio, consent, forget, review, vault
from earmark.accounts import Plane
from earmark.assistant import Doors
from earmark.assistant.household import VaultHome
from earmark.storage import Home, Stores
from earmark.web.apps import create_desk, create_floor, create_home
from earmark.web.sessions import cookie_name, csrf_token
from earmark.words import HouseholdId, InteractionId, PcmAudio, PersonId

RATE = 16_000
TABLES = """
    SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Something said that is found again wherever it goes."""

    words: tuple[str, str]
    """Random, so that no two tests and no library hold the same bytes."""
    audio: PcmAudio
    """A wake tone from 0.5 to 1.2 s, then random noise from 1.5 to 3.0 s."""

    @staticmethod
    def fresh() -> Canary:
        rng = np.random.default_rng(secrets.randbits(64))
        letters = "bcdfghjklmnpqrstvwxz"
        first, second = ("".join(secrets.choice(letters) for _ in range(14)) for _ in range(2))
        time = np.arange(round(0.7 * RATE)) / RATE
        call = 9000 * np.sin(2 * np.pi * 500 * time)
        said = rng.normal(0, 4000, round(1.5 * RATE))
        gap = np.zeros(RATE // 2)
        samples = np.concatenate([gap, call, gap[:4800], said, gap])
        return Canary(words=(first, second), audio=PcmAudio(samples=np.clip(samples, -32768, 32767).astype(np.int16)))

    @property
    def text(self) -> str:
        return f"add {self.words[0]} and {self.words[1]}"

    def needles(self) -> dict[str, bytes]:
        """Return everything that would give it away in a file: words, samples, the coded file, in plain and in hex."""
        found: dict[str, bytes] = {}
        for word in self.words:
            found |= {
                f"{word} as text": word.encode(),
                f"{word} as UTF-16": word.encode("utf-16-le"),
                f"{word} as hex": word.encode().hex().encode(),
                f"{word} as base64": base64.b64encode(word.encode())[:16],
            }
        return found | sound_needles("recording", self.audio.pcm, audio.encode(self.audio))


def sound_needles(name: str, *forms: bytes) -> dict[str, bytes]:
    """Cut the three most telling windows of 24 bytes out of each form of a sound, away from silence and headers."""
    found = {}
    for form, data in enumerate(forms):
        starts = range(100, len(data) - 24, max(1, len(data) // 200))
        for at in sorted(starts, key=lambda start: -len(set(data[start : start + 24])))[:3]:
            window = data[at : at + 24]
            assert len(set(window)) > 12, "this window would be found anywhere"
            found[f"{name}, form {form}, byte {at}"] = window
            found[f"{name}, form {form}, byte {at}, as hex"] = window.hex().encode()
    return found


def traces(roots: Iterable[Path], needles: dict[str, bytes], *, since: float = 0.0) -> set[str]:
    """Search every byte of every file below these folders; returns `needle in file` for each find.

    A file that was last written before `since` (seconds of the epoch) can't hold what was said after it.
    """
    found = set()
    for root in roots:
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            try:
                if not path.is_file() or path.stat().st_mtime < since:
                    continue
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # the database drops its temporary files as it goes
            found |= {f"{name} in {path.name}" for name, needle in needles.items() if needle in data}
    return found


@dataclass(slots=True, kw_only=True)
class Ring:
    """The ring in a test's hands: say, sample, answer, take home."""

    stores: Stores
    """As the worker, at a published rate of 100 %."""
    floor: Stores
    """As the floor's process: role `earmark_review`."""
    household: HouseholdId
    ada: PersonId
    device: uuid.UUID
    clock: Callable[[], datetime]
    served: list[bytes] = field(default_factory=list)
    """Every masked copy that was played, as it left."""
    shown: list[review.Served] = field(default_factory=list)

    async def allow(self, person: PersonId | None = None) -> None:
        await consent.set_grant(self.stores, person or self.ada, "review", True, how="settings")

    async def say(
        self, canary: Canary, *, person: PersonId | None = None, accepted: bool = True, kind: vault.Kind = "command"
    ) -> InteractionId:
        times = enumerate(canary.text.split())
        words = tuple(vault.Word(text=w, start=1.5 + 0.35 * i, end=1.8 + 0.35 * i, confidence=0.9) for i, w in times)
        return await vault.record(
            self.stores,
            vault.NewInteraction(
                person_id=person or self.ada,
                device_id=self.device,
                started_at=self.clock(),
                kind=kind,
                audio=canary.audio,
                wake=vault.Wake(word="alexa", score=0.97, start=0.5, end=1.2),
                content=vault.Content(
                    text=canary.text,
                    words=words,
                    intent="shoppingAdd",
                    slots={"item": canary.words[0]},
                    reply=f"{canary.words[0]} is on the list.",
                    accepted=accepted,
                ),
            ),
        )

    def home(self, person: PersonId, stores: Stores | None = None) -> VaultHome:
        """Return what skills may ask of the home when this person speaks."""
        own = stores or self.stores
        return VaultHome(
            stores=own,
            household_id=self.household,
            person_id=person,
            device_id=self.device,
            now=self.clock(),
            doors=Doors(
                forget=lambda whose, ids: forget.forget(own, whose, ids, how="voice"),
                recall=lambda whose: airlock.recall(own, whose),
            ),
        )

    async def sample(self) -> airlock.Sampled:
        return await airlock.run(self.stores, Random(1))

    def reviewer(self, **changes: object) -> review.Reviewer:
        values = {"id": PersonId(uuid.uuid4()), "languages": ("en",), "site": "San José", "role": "reviewer"}
        return review.Reviewer(**{**values, **changes})  # type: ignore[arg-type]

    async def answer(self, canary: Canary, *, people: int = 2) -> int:
        """Have new reviewers play and answer every task; returns how many answers were given."""
        answers = {
            "wake": {"value": "said"},
            "transcript": {"text": canary.text},
            "understood": {"value": "wrong", "intent": "shoppingAdd", "slots": {"item": canary.words[1]}},
        }
        given = 0
        for _ in range(people):
            who = self.reviewer()
            served = await review.next_task(self.floor, who)
            while served is not None:
                self.shown.append(served)
                self.served.append(await review.sound(self.floor, who, served.task_id, served.fence))
                taken = await review.submit_and_next(
                    self.floor, who, served.task_id, served.fence, uuid.uuid4(), answers[served.question]
                )
                served = taken.next
                given += 1
        return given

    async def take_home(self) -> int:
        return await airlock.take_labels(self.stores, Random(1))

    async def rows(self, statement: str, *values: object) -> list[dict]:
        async with self.stores.pool.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()

    async def turn(self, canary: Canary) -> InteractionId:
        """Say it, sample it, have it answered, bring the labels home."""
        identifier = await self.say(canary)
        await self.sample()
        assert await self.answer(canary) == 6
        assert await self.take_home() == 3
        return identifier


@pytest.fixture
async def ring(role_stores, household, clock) -> Ring:
    return Ring(
        stores=await role_stores("earmark_worker", review_rate=1.0),
        floor=await role_stores("earmark_review"),
        household=household.id,
        ada=household.ada,
        device=household.kitchen,
        clock=clock,
    )


@pytest.fixture
def canary() -> Canary:
    return Canary.fresh()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where bytes can lie: the database's own files and log, the home, the temporary folder."""

    owner: str
    """Connection string of the database's owner."""
    cluster: Path
    home: Path
    temp: Path
    began: float
    """When the test began, seconds of the epoch: other tests' databases lie in the same cluster."""

    def flush(self) -> None:
        """Have the database write everything it holds in memory."""
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def search(self, needles: dict[str, bytes]) -> set[str]:
        self.flush()
        return traces([self.cluster, self.home, self.temp], needles, since=self.began - 5)

    def rows_with(self, text: str) -> dict[str, int]:
        """Return, by table, how many rows of this database show a text in any column."""
        found = {}
        with psycopg.connect(self.owner, row_factory=dict_row) as connection:
            for row in connection.execute(TABLES).fetchall():
                schema, table = row["name"].split(".")
                statement = f'SELECT count(*) AS n FROM "{schema}"."{table}" t WHERE t::text ILIKE %s'
                count = connection.execute(statement, [f"%{text}%"]).fetchone()  # pyright: ignore[reportArgumentType]
                if count and count["n"]:
                    found[row["name"]] = count["n"]
        return found


@pytest.fixture
def places(server, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    owner = home.read_secret("database-owner")
    assert owner is not None
    return Places(owner=owner, cluster=server.folder, home=home.folder, temp=temp, began=time.time())


@dataclass(slots=True, kw_only=True)
class Page:
    """A browser, or a program with a token, in front of one plane."""

    client: httpx.AsyncClient
    person: PersonId
    session: str
    received: list[httpx.Response] = field(default_factory=list)
    """Every answer this one ever got."""

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("POST", path, **options)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.client.request(method, path, **options)
        self.received.append(answer)
        return answer

    async def next_task(self) -> dict[str, Any] | None:
        answer = await self.post("/api/review/next", json={})
        assert answer.status_code == 200, answer.text
        return answer.json()["task"]

    async def play(self, task: dict[str, Any], **changes: object) -> httpx.Response:
        """Fetch the sound by the address that came with the task, or by a new one for a changed lease."""
        if not changes:
            return await self.get(task["sound"])
        asked = {**task, **changes}
        answer = await self.post("/api/review/sound", json={"task": asked["id"], "fence": asked["fence"]})
        return await self.get(answer.json()["sound"]) if answer.status_code == 200 else answer


OpenPage = Callable[..., Any]


@pytest.fixture
async def open_page(ring: Ring, role_stores) -> AsyncIterator[OpenPage]:
    """`await open_page("floor", person)`: somebody signed in on a plane, over HTTP, as that plane's database role."""
    roles = {"home": "earmark_home", "floor": "earmark_review", "desk": "earmark_desk"}
    makers = {"home": create_home, "floor": create_floor, "desk": create_desk}
    async with AsyncExitStack() as stack:

        async def make(plane: Plane, person: PersonId) -> Page:
            stores = await role_stores(roles[plane], review_rate=1.0)
            link = await accounts.make_sign_in_link(ring.stores, person, plane)
            session = await accounts.redeem_link(stores, link, plane)
            port = getattr(stores.settings, f"{plane}_port")
            headers = {"Authorization": f"Bearer {session}"} if plane == "floor" else {}
            if plane != "floor":
                headers["X-CSRF-Token"] = csrf_token(session)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=makers[plane](stores)),
                base_url=f"http://127.0.0.1:{port}",
                headers=headers,
                cookies={cookie_name(plane): session},
            )
            await stack.enter_async_context(client)
            return Page(client=client, person=person, session=session)

        yield make


@pytest.fixture
def hire(ring: Ring) -> Callable[..., Any]:
    """`await hire("reviewer")`: a new member of staff."""

    async def make(role: str, **changes: Any) -> PersonId:
        values = {"name": f"Worker {secrets.token_hex(4)}", "site": "San José", "roles": [role], **changes}
        return await accounts.create_person(ring.stores, **values)

    return make
