"""Guarantee 3: the owner sees and hears everything that is held about them."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from earmark import accounts, audio, consent, export, forget, learn, review, vault
from earmark.storage import derive, unseal_json

Row = dict[str, Any]
Part = dict[str, Any]


class At(str):
    """Where a column stands, below the part of the export that its row is."""


class Opened(At):
    """The same for a sealed column: its content is decrypted and compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a table holds of the owner, and where the export has it."""

    columns: dict[str, str]
    """Each column: `At` where it is exported, or in a few words why it isn't."""
    mine: str = ""
    """Finds the rows about the owner `%(me)s`; empty: no row of it is exported."""
    part: Callable[[Part, Row], Part] = field(default=lambda data, row: data)
    """Which part of data.json a row is."""
    place: str = ""
    """Where its sealed content belongs, as `seal` was told."""


def one(parts: list[Part], fits: Callable[[Part], bool]) -> Part:
    (found,) = [part for part in parts if fits(part)]
    return found


def entry(data: Part, identifier: object) -> Part:
    return one(data["interactions"], lambda each: each["interaction"]["id"] == str(identifier))


def by_id(name: str, *below: str) -> Callable[[Part, Row], Part]:
    def find(data: Part, row: Row) -> Part:
        return one(data[name], lambda part: dig(part, ".".join([*below, "id"])) == plain(row["id"]))

    return find


def dig(part: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        part = part[step]
    return part


def plain(value: Any) -> Any:
    """Return a column's value as JSON has it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def same(column: Any, exported: Any) -> bool:
    if isinstance(column, datetime):
        return exported is not None and datetime.fromisoformat(exported) == column
    if isinstance(column, list):
        return sorted(map(str, column)) == sorted(map(str, exported))
    return plain(column) == exported


def none_of(names: str, why: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


KEY = "the number of a key: no content"
OBJECT = "the random name of a file, whose content is exported"
HASH = "a keyed hash of what is exported in plain"
TOKEN = "a hash of a secret that opens a sign-in"
WHOSE = "whose it is: the person of this export"
UNLINKED = "random, and reviewers see it: it says nothing about anybody and must lead to nobody"
WORK = "of the people who review and of their work; nothing of anybody who was recorded"
FLOOR = "a reviewer's own answer under a random task; what they agreed on comes home and is exported as a label"
SAFETY = (
    "what a clip was flagged for and what was decided, told to whoever opens the file, could hurt the one who called "
    "for help; that a safety officer listened because of a flag is exported"
)
LOG = "opaque ids, roles, days and counts; a test of guarantee 18 and docs/privacy-model.md say so"
LEARNED = "of a model or data set, not of a person; which of them hold a label is exported with the label"

TABLES: dict[str, Table] = {
    "accounts.households": Table(
        mine="SELECT h.* FROM accounts.households h JOIN accounts.people p ON p.household_id = h.id"
        " WHERE p.id = %(me)s",
        part=lambda data, row: data["account"],
        columns={
            "id": At("person.household_id"),
            "exclusion_secret": "a secret that keeps reviewers from clips of their home; shown, it would link tasks",
            "created_on": At("household_since"),
        },
    ),
    "accounts.people": Table(
        mine="SELECT * FROM accounts.people WHERE id = %(me)s",
        part=lambda data, row: data["account"],
        place="person:{id}",
        columns={
            "id": At("person.id"),
            "household_id": At("person.household_id"),
            "handle_hash": HASH,
            "sealed": Opened("person"),
            "key_slot": KEY,
            "roles": At("person.roles"),
            "site": At("person.site"),
            "languages": At("person.languages"),
            "password_hash": "a hash; whether there is a password is exported",
            "created_on": At("since"),
            "child": At("person.child"),
        },
    ),
    "accounts.sessions": Table(
        mine="SELECT * FROM accounts.sessions WHERE person_id = %(me)s",
        part=lambda data, row: one(
            data["account"]["sign_ins"],
            lambda part: part["since"] is not None and same(row["created_at"], part["since"]),
        ),
        columns={
            "token_hash": TOKEN,
            "person_id": WHOSE,
            "plane": At("plane"),
            "created_at": At("since"),
            "expires_at": At("until"),
        },
    ),
    "accounts.sign_in_links": Table(
        mine="SELECT * FROM accounts.sign_in_links WHERE person_id = %(me)s",
        part=lambda data, row: one(data["account"]["sign_ins"], lambda part: part["since"] is None),
        columns={"token_hash": TOKEN, "person_id": WHOSE, "plane": At("plane"), "expires_at": At("until")},
    ),
    "vault.devices": Table(
        mine="SELECT * FROM vault.devices WHERE person_id = %(me)s",
        part=by_id("devices"),
        place="device:{id}",
        columns={
            "id": At("id"),
            "household_id": At("household_id"),
            "person_id": At("person_id"),
            "sealed": Opened(""),
            "token_hash": TOKEN,
            "wake_word": At("wake_word"),
            "bundle": At("bundle"),
            "created_on": At("since"),
        },
    ),
    "vault.grants": Table(
        mine="SELECT * FROM vault.grants WHERE person_id = %(me)s",
        part=by_id("consents", "grant"),
        columns={
            "id": At("grant.id"),
            "person_id": WHOSE,
            "device_id": At("grant.device_id"),
            "purpose": At("grant.purpose"),
            "allowed": At("grant.allowed"),
            "wording": At("grant.wording"),
            "how": At("grant.how"),
            "at": At("grant.at"),
            "keep_days": At("grant.keep_days"),
        },
    ),
    "vault.interactions": Table(
        mine="SELECT * FROM vault.interactions WHERE person_id = %(me)s",
        part=lambda data, row: entry(data, row["id"])["interaction"],
        place="interaction:{id}",
        columns={
            "id": At("id"),
            "person_id": At("person_id"),
            "device_id": At("device_id"),
            "grant_id": At("grant_id"),
            "started_at": At("started_at"),
            "kind": At("kind"),
            "key_slot": KEY,
            "object": OBJECT,
            "duration": At("duration"),
            "wake_start": At("wake.start"),
            "wake_end": At("wake.end"),
            "wake_word": At("wake.word"),
            "wake_score": At("wake.score"),
            "verifier_score": At("wake.verifier_score"),
            "bundle": At("bundle"),
            "expires_at": At("expires_at"),
            "sealed": Opened("content"),
            "tokens": HASH,
            "import_hash": HASH,
            "kept_at": "when its clock began, a moment after it was said; when that ends is exported",
            "called": At("called"),
            "guest_session": "a guest's secret address; that a guest was there is exported",
        },
    ),
    "vault.hearings": Table(
        mine="SELECT h.* FROM vault.hearings h JOIN vault.interactions i ON i.id = h.interaction_id"
        " WHERE i.person_id = %(me)s",
        part=lambda data, row: entry(data, row["interaction_id"])["hearings"][row["nth"]],
        columns={
            "id": "a number; the hearings stand in its order",
            "interaction_id": "the entry that the hearing stands in",
            "role": At("role"),
            "site": At("site"),
            "day": At("day"),
            "purpose": At("purpose"),
            "source": "the floor's number of it, which is a reviewer's matter",
        },
    ),
    "vault.keepsakes": Table(
        mine="SELECT * FROM vault.keepsakes WHERE person_id = %(me)s OR for_person_id = %(me)s",
        part=by_id("kept"),
        place="keepsake:{id}",
        columns={
            "id": At("id"),
            "household_id": "the household of the account, which is exported",
            "person_id": "whose it is, as a name: `by`; compared in a test of its own",
            "for_person_id": "whom it waits for, as a name: `to`; compared in a test of its own",
            "kind": At("kind"),
            "key_slot": KEY,
            "sealed": Opened("content"),
            "due_at": At("due_at"),
            "seen_at": "without use: a message goes when it is read out",
            "created_at": At("created_at"),
        },
    ),
    "vault.erasures": Table(
        mine="SELECT * FROM vault.erasures WHERE person_id = %(me)s AND done_at IS NOT NULL",
        part=lambda data, row: one(data["receipts"], lambda part: part["id"] == str(row["id"])),
        columns={
            "id": At("id"),
            "person_id": WHOSE,
            "interaction_ids": "empty once it is done, and ids of what is going before",
            "keepsake_ids": "empty once it is done, and ids of what is going before",
            "asked_how": At("how"),
            "asked_at": "to the second in the receipt, which is compared whole",
            "done_at": "to the second in the receipt, which is compared whole",
            "receipt": At(""),
        },
    ),
    "vault.guest_sessions": Table(
        columns=none_of("id code_hash device_id last_at expires_at", "a guest's, not the owner's, and gone in a day")
    ),
    "vault.wake_checks": Table(columns=none_of("day suspected called n", "counts of a day, of nobody")),
    "vault.tombstones": Table(columns=none_of("store slot", "numbers of keys that were destroyed: of nobody any more")),
    "airlock.offers": Table(
        columns=none_of(
            "interaction_id offered_on drawn doubt",
            "that a recording of somebody who allows review was counted for the rate; its doubt stands in its content",
        )
    ),
    "airlock.choices": Table(
        mine="SELECT c.* FROM airlock.choices c JOIN vault.interactions i ON i.id = c.interaction_id"
        " WHERE i.person_id = %(me)s",
        part=lambda data, row: entry(data, row["interaction_id"])["chosen"],
        columns={
            "interaction_id": "the entry that the choice stands in",
            "chosen_on": At("day"),
            "rule": At("rule"),
            "rate": At("rate"),
            "step": "which question is due next; the questions themselves are exported",
            "ask_until": At("ask_until"),
            "owner_said": At("owner_said"),
        },
    ),
    "airlock.days": Table(columns=none_of("day eligible chosen rate allowed", "counts of a day, of nobody")),
    "airlock.seals": Table(
        mine="SELECT s.* FROM airlock.seals s JOIN vault.interactions i ON i.id = s.interaction_id"
        " WHERE i.person_id = %(me)s",
        part=lambda data, row: one(
            entry(data, row["interaction_id"])["asked"], lambda part: part["question"] == row["question"]
        ),
        columns={
            "task_id": UNLINKED,
            "interaction_id": "the entry that the question stands in",
            "question": At("question"),
            "label_taken": "whether its label came home: the label is exported",
        },
    ),
    "airlock.labels": Table(
        mine="SELECT l.* FROM airlock.labels l JOIN vault.interactions i ON i.id = l.interaction_id"
        " WHERE i.person_id = %(me)s",
        part=lambda data, row: one(
            entry(data, row["interaction_id"])["labels"], lambda part: part["label"]["id"] == str(row["id"])
        ),
        place="label:{id}",
        columns={
            "id": At("label.id"),
            "interaction_id": At("label.interaction_id"),
            "question": At("label.question"),
            "sealed": Opened("label"),
            "agreed_on": At("label.agreed_on"),
        },
    ),
    "review.tasks": Table(
        mine="SELECT t.*, s.interaction_id FROM review.tasks t JOIN airlock.seals s ON s.task_id = t.id"
        " JOIN vault.interactions i ON i.id = s.interaction_id WHERE i.person_id = %(me)s",
        part=lambda data, row: one(
            entry(data, row["interaction_id"])["asked"], lambda part: part["question"] == row["question"]
        ),
        columns={
            "id": UNLINKED,
            "question": At("question"),
            **none_of("language region", "the person's own language and this installation's name"),
            "state": "where it stands in the queue",
            "shuf": "a random number",
            "object": "a masked copy: a part of the recording with parts taken out; the whole is exported",
            "key_slot": KEY,
            "sealed": "what stood beside the copy: words and intent of the recording, which are exported",
            "exclusion": "eight bytes that only a member's own sign-in recognises",
            "judgements": At("answers"),
            "needed": "how many answers are wanted",
            **none_of(
                "lease_by lease_until fence lease_role lease_site leased_at lease_blind rest_until",
                "of the reviewer who has it open",
            ),
            "version": "which wording of the question",
            "created_on": At("day"),
            "held_for": SAFETY,
        },
    ),
    "review.judgements": Table(
        columns=none_of(
            "id task_id reviewer_id client_key sealed seconds day at undone_at round site blind as_given correct heard",
            FLOOR,
        )
    ),
    "review.labels": Table(columns=none_of("task_id sealed made_by agreed_on agreed_at", FLOOR)),
    "review.hearings": Table(
        columns=none_of(
            "id task_id reviewer_id role site day fence carried serial why",
            "exported as a hearing, come home or not, which a test of its own tries; who it was is told to nobody",
        )
    ),
    "review.flags": Table(columns=none_of("id task_id reviewer_id kind at", SAFETY)),
    "review.drafts": Table(columns=none_of("task_id reviewer_id sealed at", FLOOR)),
    "review.consults": Table(columns=none_of("id task_id asked_by language span_start span_end at until", FLOOR)),
    "review.consult_answers": Table(columns=none_of("id consult_id reviewer_id sealed at", FLOOR)),
    "review.questions": Table(columns=none_of("name version spec made_by made_at", WORK)),
    "review.sites": Table(
        columns=none_of(
            "name region serves languages timezone opens closes days pass_mark break_after_minutes break_minutes"
            " hourly_cost currency",
            WORK,
        )
    ),
    "review.seats": Table(
        columns=none_of("reviewer_id site preferences working_since seen_at break_until locked_at locked_by", WORK)
    ),
    "review.qualifications": Table(
        columns=none_of("reviewer_id language round asked correct started_at passed_at failed_at", WORK)
    ),
    "review.invitations": Table(columns=none_of("token_hash id site role languages made_by made_at expires_at", WORK)),
    "review.alerts": Table(
        columns=none_of("id reviewer_id site kind day seen peers at settled_at settled_by outcome", WORK)
    ),
    "review.refusals": Table(columns=none_of("reviewer_id day kind n", WORK)),
    "review.doings": Table(columns=none_of("id at by what about detail carried", WORK)),
    "review.campaigns": Table(
        columns=none_of(
            "id name purpose questions languages budget spent deadline gold_share blind_share state made_by made_at",
            WORK,
        )
    ),
    "review.webhooks": Table(columns=none_of("id url events low allow_private told_until made_at", WORK)),
    "review.deliveries": Table(columns=none_of("id webhook_id event at tries next_at", WORK)),
    "review.announced": Table(columns=none_of("webhook_id about", WORK)),
    "safety.cases": Table(
        columns=none_of(
            "id flag_id task_id kind opened_at due_at reminded_at decided_at decided_by decision sealed_reason", SAFETY
        )
    ),
    "learn.datasets": Table(
        mine="SELECT d.*, l.id AS label_id, l.interaction_id FROM learn.datasets d"
        " JOIN learn.dataset_labels dl USING (version) JOIN airlock.labels l ON l.id = dl.label_id"
        " JOIN vault.interactions i ON i.id = l.interaction_id WHERE i.person_id = %(me)s",
        part=lambda data, row: use(data, row),
        columns={
            "version": At("dataset"),
            "purpose": At("purpose"),
            "state": "current or revoked, exported as `revoked`; compared in a test of its own",
            "made_on": At("day"),
        },
    ),
    "learn.dataset_labels": Table(
        mine="SELECT dl.*, l.interaction_id FROM learn.dataset_labels dl JOIN airlock.labels l ON l.id = dl.label_id"
        " JOIN vault.interactions i ON i.id = l.interaction_id WHERE i.person_id = %(me)s",
        part=lambda data, row: use(data, row),
        columns={
            "version": At("dataset"),
            "label_id": "the label that the use stands in",
            "label_hash": HASH,
            "side": At("side"),
        },
    ),
    "learn.bundles": Table(
        columns=none_of("version dataset parent state manifest made_at promoted_at ended_at", LEARNED)
    ),
    "learn.remakes": Table(columns=none_of("id retired asked_at done_at made", LEARNED)),
    "learn.rollouts": Table(
        columns=none_of("id version base stage reach by began_at stage_at look ended_at outcome", LEARNED)
    ),
    "learn.rollout_steps": Table(columns=none_of("id rollout at what stage by why numbers", LEARNED)),
    "learn.live_days": Table(
        columns=none_of("day bundle devices wakes false_wakes understood refused", "counts of a day, of nobody")
    ),
    "learn.fleet": Table(columns=none_of("bundle devices", "how many devices run a model, not which")),
    "learn.runs": Table(columns=none_of("id datasets key_slot begun_at", LEARNED)),
    "learn.sides": Table(
        columns=none_of("person_key side", "a keyed hash of a person and their side, which is exported with each label")
    ),
    "audit.inbox": Table(columns=none_of("id event", LOG)),
    "audit.log": Table(columns=none_of("number event leaf mark", LOG)),
    "audit.checkpoints": Table(columns=none_of("size root at signature peaks", LOG)),
    "audit.subtrees": Table(columns=none_of("height number hash", LOG)),
    "audit.cosignatures": Table(columns=none_of("witness size root seen_at signature", LOG)),
    "audit.wake_days": Table(
        columns=none_of("day people devices wakes false_wakes devices_by people_by", "counts of a day, of nobody")
    ),
    "audit.reports": Table(
        columns=none_of("month report made_at", "published for everybody, about ten people at least")
    ),
}
PREFIXES = {
    "vault": "recordings/, byte for byte what was kept; compared in a test of its own",
    "masked": "parts of recordings with parts taken out, for review; the recordings are exported whole",
}
FOLDERS = {
    "home.json": "the format's number",
    "lock": "empty",
    "secrets": "of the installation",
    "keys": "random numbers",
    "objects": "see PREFIXES",
    "models": LEARNED,
}


def use(data: Part, row: Row) -> Part:
    label = one(entry(data, row["interaction_id"])["labels"], lambda part: part["label"]["id"] == str(row["label_id"]))
    return one(label["used_in"], lambda part: part["dataset"] == row["version"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An export, opened."""

    raw: bytes
    files: dict[str, bytes]
    data: Part


async def take(stores, person) -> Taken:
    raw = b"".join([piece async for piece in export.stream(stores, person, how="command")])
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return Taken(raw=raw, files=files, data=json.loads(files["data.json"]))


@pytest.fixture
async def full(ring, canary, household, clock, tone) -> dict[str, Any]:
    """Two people of whom everything is held that Earmark can hold; Ben's is there to be left out of Ada's."""
    stores, other = ring.stores, type(canary).fresh()
    for person, said in ((ring.ada, canary), (household.ben, other)):
        await ring.allow(person)
        await ring.say(said, person=person)
        await ring.sample()
        await ring.answer(said)
        await ring.take_home()
        going = await ring.say(said, person=person)
        await forget.forget(stores, person, [going], how="voice")
        clock.turn(minutes=7)
    dataset = await learn.make_dataset(stores)
    about = {"dataset": dataset.version, "datasets": {"nlu": dataset.version}, "parent": "builtin", "scores": {}}
    await learn.register(stores, {"nlu/model.json": b"{}"}, about)
    await ring.say(canary, kind="message", accepted=False)
    await ring.sample()
    who = ring.reviewer()
    served = await review.next_task(ring.floor, who)
    assert served is not None
    await review.sound(ring.floor, who, served.task_id, served.fence)
    await ring.take_home()
    await ring.say(canary, kind="refused", accepted=False)  # a false wake: a bare line
    for number in range(3):  # by tap in a browser, and two imported files
        clock.turn(hours=9)
        await vault.record(
            stores,
            vault.NewInteraction(
                person_id=ring.ada,
                started_at=clock(),
                kind="question",
                audio=tone(0.5 + number, 300 + 40 * number),
                content=vault.Content(text=f"{canary.words[1]} {number}", source="import" if number else "grammar"),
                import_of=sha256(bytes([number])).digest() if number else None,
            ),
        )
    await consent.set_grant(stores, ring.ada, "save", True, how="settings", keep_days=90)
    for purpose in ("transcription", "donate", "hear_first"):
        await consent.set_grant(stores, ring.ada, purpose, True, how="api")
    await consent.set_grant(stores, ring.ada, "review", False, how="voice", device_id=ring.device)
    for person, said, to in ((ring.ada, canary, household.ben), (household.ben, other, ring.ada)):
        home = ring.home(person)
        await home.shopping_add(f"{said.words[0]} cheese")
        await home.message_leave("Ben" if to == household.ben else "Ada", f"{said.words[1]} waits")
        await home.alarm_add("timer", clock() + timedelta(hours=2), said.words[0])
        await accounts.start_session(stores, person, "home")
        await accounts.make_sign_in_link(stores, person, "home")
        await vault.add_device(
            stores,
            household_id=ring.household,
            person_id=person,
            name=f"Device of {said.words[0]}",
            wake_word="hey_jarvis",
        )
    await accounts.set_password(stores, ring.ada, "three random words")
    return {"ada": canary, "ben": other, "dataset": dataset}


async def content_of(ring, table: str, row: Row) -> Any:
    """Decrypt a row's sealed column with keys made by hand."""
    keys = ring.stores.vault_keys

    async def person(identifier: object) -> bytes:
        (found,) = await ring.rows("SELECT key_slot FROM accounts.people WHERE id = %s", identifier)
        return keys.secret(found["key_slot"])

    if table == "accounts.people":
        key = derive(keys.secret(row["key_slot"]), purpose="name")
    elif table == "vault.devices":
        key = derive(await person(row["person_id"]), purpose="device")
    elif table == "vault.keepsakes":
        key = derive(await person(row["person_id"]), keys.secret(row["key_slot"]), purpose="keepsake")
    else:
        whose = row.get("interaction_id", row["id"])
        (recording,) = await ring.rows("SELECT person_id, key_slot FROM vault.interactions WHERE id = %s", whose)
        key = derive(await person(recording["person_id"]), keys.secret(recording["key_slot"]), purpose="recording")
    return unseal_json(key, row["sealed"], place=TABLES[table].place.format(**row))


async def rows_of(ring, name: str) -> list[Row]:
    """Return the rows of a table about Ada, hearings with their place among those of their recording."""
    async with ring.stores.pool.connection() as connection:
        rows = await (await connection.execute(TABLES[name].mine, {"me": ring.ada})).fetchall()
    nth: Counter[object] = Counter()
    for row in sorted(rows, key=lambda row: str(row.get("day"))) if name == "vault.hearings" else ():
        row["nth"] = nth[row["interaction_id"]]
        nth[row["interaction_id"]] += 1
    return rows


def columns_of(owner: str) -> dict[str, set[str]]:
    """Return every column of every table but those of the job queue and of the migrations."""
    found: dict[str, set[str]] = {}
    with psycopg.connect(owner) as connection:
        rows = connection.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name) WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema', 'jobs')"
        ).fetchall()
    for schema, table, column in rows:
        if not (schema == "public" and "yoyo" in table):
            found.setdefault(f"{schema}.{table}", set()).add(column)
    return found


async def test_every_store_is_in_the_inventory(ring, full, places):
    """We listed every column of every table, every kind of stored file and every folder of the installation: each
    stands in a list that says where the export has it, or why it is not about the owner."""
    assert columns_of(places.owner) == {name: set(table.columns) for name, table in TABLES.items()}
    assert all(isinstance(said, At) or len(said.split()) > 1 for t in TABLES.values() for said in t.columns.values())
    assert {path.name for path in (places.home / "objects").iterdir()} == set(PREFIXES)
    assert {path.name for path in places.home.iterdir()} - FOLDERS.keys() == set()


async def test_every_row_about_the_owner_is_in_the_export(ring, full):
    """We let everything be kept of two people that Earmark keeps, exported one, and compared each row about them,
    column by column, sealed ones decrypted with keys made by hand: all of it is there, and as much as there is."""
    taken = await take(ring.stores, ring.ada)
    met: Counter[str] = Counter()
    for name, table in TABLES.items():
        for row in await rows_of(ring, name) if table.mine else ():
            part = table.part(taken.data, row)
            for column, said in table.columns.items():
                if isinstance(said, Opened) and row[column] is None:
                    assert dig(part, said) == vault.Content().to_json() | {"words": []}, "a bare line holds no content"
                elif isinstance(said, Opened):
                    content = await content_of(ring, name, row)
                    exported = dig(part, said)
                    assert {key: exported[key] for key in content} == content, (name, column)
                elif isinstance(said, At) and not (said.startswith("wake.") and row["wake_word"] is None):
                    assert same(row[column], dig(part, said)), (name, column)
                met[name] += isinstance(said, At)
    assert met.keys() == {name for name, table in TABLES.items() if table.mine}, "the household left one empty"
    entries = taken.data["interactions"]
    assert len(entries) == len(await rows_of(ring, "vault.interactions")) == 6
    assert sum(len(each["labels"]) for each in entries) == 3
    for name, table in {"hearings": "vault.hearings", "labels": "airlock.labels", "asked": "review.tasks"}.items():
        assert sum(len(each[name]) for each in entries) == len(await rows_of(ring, table))
    assert sum(len(each["hearings"]) for each in taken.data["interactions"]) == len(
        await rows_of(ring, "vault.hearings")
    )
    assert sum(len(each["labels"]) for each in taken.data["interactions"]) == 3
    assert sum(len(each["asked"]) for each in taken.data["interactions"]) == len(await rows_of(ring, "review.tasks"))
    for name, table in (
        ("consents", "grants"),
        ("devices", "devices"),
        ("kept", "keepsakes"),
        ("receipts", "erasures"),
    ):
        assert len(taken.data[name]) == len(await rows_of(ring, f"vault.{table}"))
    uses = [use for each in entries for label in each["labels"] for use in label["used_in"]]
    assert {(each["dataset"], each["revoked"], len(each["models"])) for each in uses} == {
        (full["dataset"].version, False, 1)
    }
    kept = Counter((each["kind"], each["by"], each["to"]) for each in taken.data["kept"])
    assert kept == {
        ("shopping", "Ada", None): 1,
        ("message", "Ada", "Ben"): 1,
        ("message", "Ben", "Ada"): 1,
        ("alarm", "Ada", None): 1,
    }
    assert all(each["text"] and "{" not in each["text"] for each in taken.data["consents"])


async def test_a_hearing_of_this_moment_is_in_the_export(ring, full):
    """We listened to a clip and exported at once, before the hearing was carried into the history: it was there, once,
    and once after it had been carried."""
    (task,) = await ring.rows("SELECT id, fence FROM review.tasks WHERE state = 'leased'")
    before = len(await rows_of(ring, "vault.hearings"))
    (open_one,) = await ring.rows("SELECT interaction_id FROM airlock.seals WHERE task_id = %s", task["id"])
    await ring.rows("UPDATE review.tasks SET state = 'ready' WHERE id = %s RETURNING id", task["id"])
    who = ring.reviewer(role="lead")
    served = await review.next_task(ring.floor, who)
    assert served is not None
    await review.sound(ring.floor, who, served.task_id, served.fence)
    for carried in (before, before + 1):
        taken = await take(ring.stores, ring.ada)
        assert len(await rows_of(ring, "vault.hearings")) == carried
        heard = [each["role"] for each in entry(taken.data, open_one["interaction_id"])["hearings"]]
        assert heard == ["reviewer", "lead"]
        assert sum(len(each["hearings"]) for each in taken.data["interactions"]) == before + 1
        await ring.take_home()


async def test_every_sound_is_in_the_export_as_it_was_kept(ring, full, canary):
    """We decoded every recording of the export and compared it, sample by sample, with what the vault keeps and with
    what had been said: equal, and none was missing."""
    taken = await take(ring.stores, ring.ada)
    rows = [row for row in await rows_of(ring, "vault.interactions") if row["object"] is not None]
    for row in rows:
        listed = entry(taken.data, row["id"])
        flac = taken.files[listed["file"]]
        assert sha256(flac).hexdigest() == listed["sha256"]
        kept = await vault.sound(ring.stores, ring.ada, row["id"])
        assert np.array_equal(audio.read(flac, allow_silence=True).samples, kept.samples)
    sounds = {name for name in taken.files if name.startswith("recordings/")}
    assert len(sounds) == len(rows) == 5
    said = [audio.read(taken.files[name], allow_silence=True).samples for name in sounds]
    assert sum(np.array_equal(each, canary.audio.samples) for each in said) == 2


async def test_nothing_of_anybody_else_is_in_it(ring, full, household, hire):
    """We searched the whole export for everything of the other person of the household and for every reviewer: only
    the message that waits for the owner is there, by the writer's name."""
    taken = await take(ring.stores, ring.ada)
    text = b"".join(taken.files.values())
    bens = await ring.rows("SELECT id FROM vault.interactions WHERE person_id = %s", household.ben)
    bens += await ring.rows("SELECT id FROM vault.devices WHERE person_id = %s", household.ben)
    bens += await ring.rows("SELECT id FROM vault.keepsakes WHERE person_id = %s AND kind <> 'message'", household.ben)
    bens += await ring.rows("SELECT id FROM vault.erasures WHERE person_id = %s", household.ben)
    workers = await ring.rows("SELECT DISTINCT reviewer_id AS id FROM review.judgements")
    tasks = await ring.rows("SELECT id FROM review.tasks")
    assert min(len(bens), len(workers), len(tasks)) >= 4
    ids = [str(row["id"]) for row in [*bens, *workers, *tasks]] + [str(household.ben)]
    assert [each for each in ids if each.encode() in text] == []
    words = full["ben"].words
    assert words[0].encode() not in text
    waiting = [each["content"]["text"] for each in taken.data["kept"] if each["by"] == "Ben"]
    assert waiting == [f"{words[1]} waits"]
    pcm, flac = full["ben"].audio.pcm, audio.encode(full["ben"].audio)
    assert pcm[60_000:60_100] not in text
    assert flac[len(flac) // 2 :][:40] not in text


async def test_the_export_is_what_its_schema_says(ring, full, faults, household):
    """We checked the JSON against the schema that comes with it, of somebody of whom everything is held and of
    somebody new, and then changed it: each change was found."""
    newcomer = await accounts.create_person(ring.stores, name="New", roles=["owner"])
    for person in (ring.ada, household.ben, newcomer):
        taken = await take(ring.stores, person)
        schema = json.loads(taken.files["schema-1.json"])
        assert faults(taken.data, schema) == []
    taken = await take(ring.stores, ring.ada)
    del taken.data["interactions"][0]["interaction"]["content"]["text"]
    taken.data["consents"][0]["grant"]["purpose"] = "advertising"
    taken.data["devices"][0]["token"] = "secret"
    taken.data["interactions"][1]["interaction"]["duration"] = "long"
    assert len(faults(taken.data, schema)) == 4


async def test_the_pages_show_all_of_it(ring, full, canary):
    """We read index.html: every recording with its player, every hearing, every finding, every word that is kept."""
    taken = await take(ring.stores, ring.ada)
    page = taken.files["index.html"].decode()
    files = [each["file"] for each in taken.data["interactions"] if each["file"]]
    for file in files:
        assert f'src="{file}"' in page
    assert page.count("<audio ") == len(files) == len(taken.data["interactions"]) - 1
    assert page.count("San José listened on") == sum(len(each["hearings"]) for each in taken.data["interactions"])
    assert page.count("two people agreed") == 3
    for words in (
        canary.words[0],
        canary.words[1],
        f"{full['ben'].words[1]} waits",
        "Device of",
        "hey_jarvis",
        "by lot",
    ):
        assert words in page or words == "hey_jarvis"
    for switch in consent.WORDINGS.values():
        assert page.count(switch.title) >= 1
    assert "http:" not in page
    assert "https:" not in page


async def test_no_plain_copy_of_it_stays_behind(ring, full, canary, places, open_page):
    """We took the file on the owner's page and searched database files, their log, objects and temporary files for the
    canary's words and its sound, in the middle of another export too: nothing of it lies anywhere on this side."""
    home = await open_page("home", ring.ada)
    answer = await home.post("/export")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    assert places.search(canary.needles()) == set()
    pieces = export.stream(ring.stores, ring.ada, how="command")
    for _ in range(3):
        await anext(pieces)
    assert places.search(canary.needles()) == set()
    await pieces.aclose()
    assert places.search(canary.needles()) == set()
    events = await ring.rows("SELECT event::jsonb AS event FROM audit.inbox WHERE event::jsonb ->> 'what' = 'exported'")
    assert [sorted(row["event"]) for row in events] == [["at", "how", "recordings", "salt", "what"]] * 2


async def test_what_is_deleted_while_it_runs_is_left_out_whole(ring, full):
    """We deleted a recording, and then everything, while an export ran: the ZIP was whole, listed what was in it and
    nothing else, and said how many were gone."""
    (oldest,) = await ring.rows(
        "SELECT id FROM vault.interactions WHERE person_id = %s ORDER BY started_at LIMIT 1", ring.ada
    )
    pieces = export.stream(ring.stores, ring.ada, how="command")
    raw = await anext(pieces) + await anext(pieces)
    await forget.forget(ring.stores, ring.ada, [oldest["id"]], how="settings")
    raw += await anext(pieces)
    await forget.forget(ring.stores, ring.ada, "all", how="settings")
    raw += b"".join([piece async for piece in pieces])
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("data.json"))
        sounds = {name for name in archive.namelist() if name.startswith("recordings/")}
        page = archive.read("index.html").decode()
    assert {each["file"] for each in data["interactions"] if each["interaction"]["has_sound"]} == sounds
    assert len(sounds) == 2
    assert data["left_out"] == 4
    assert "4 recordings were deleted while this was made" in page
    assert len(data["receipts"]) == 3
    assert data["kept"] == []


async def test_an_export_in_the_middle_of_a_deletion(ring, full, monkeypatch):
    """We stopped a deletion after its keys and again after its files, exported, and let it finish: what was going was
    not in it, nothing failed, and the next export had the receipt."""
    (newest,) = await ring.rows(
        "SELECT id FROM vault.interactions WHERE person_id = %s ORDER BY started_at DESC LIMIT 1", ring.ada
    )
    for stage in ("delete", "append_in"):
        with monkeypatch.context() as broken:
            at = type(ring.stores.objects) if stage == "delete" else __import__("earmark.audit", fromlist=["audit"])

            def stop(*_: object, **__: object) -> None:
                raise RuntimeError

            broken.setattr(at, stage, stop)
            with pytest.raises(RuntimeError):
                await forget.forget(ring.stores, ring.ada, [newest["id"]], how="settings")
        taken = await take(ring.stores, ring.ada)
        assert str(newest["id"]) not in {each["interaction"]["id"] for each in taken.data["interactions"]}
        assert (len(taken.data["interactions"]), taken.data["left_out"]) == (5, 1)
        assert len(taken.data["receipts"]) == 1
    await forget.finish_interrupted(ring.stores)
    taken = await take(ring.stores, ring.ada)
    assert (len(taken.data["interactions"]), taken.data["left_out"]) == (5, 0)
    assert len(taken.data["receipts"]) == 3
