"""Guarantee 11: nothing that a reviewer receives holds account, name, serial or a stable id."""

from __future__ import annotations

import json

import pytest

from earmark import accounts, consent, vault

COLUMNS = {
    "review.tasks": "id question version language region state shuf object key_slot sealed exclusion judgements needed"
    " lease_by lease_until fence created_on held_for lease_role lease_site leased_at lease_blind rest_until",
    "review.judgements": "id task_id reviewer_id client_key sealed seconds day at undone_at round site blind as_given"
    " correct heard",
    "review.labels": "task_id sealed made_by agreed_on agreed_at",
    "review.hearings": "id task_id reviewer_id role site day fence carried serial why",
    "review.flags": "id task_id reviewer_id kind at",
    # About the people who review and their work.
    "review.questions": "name version spec made_by made_at",
    "review.drafts": "task_id reviewer_id sealed at",
    "review.consults": "id task_id asked_by language span_start span_end at until",
    "review.consult_answers": "id consult_id reviewer_id sealed at",
    "review.sites": "name region serves languages timezone opens closes days pass_mark break_after_minutes"
    " break_minutes hourly_cost currency",
    "review.seats": "reviewer_id site preferences working_since seen_at break_until locked_at locked_by",
    "review.qualifications": "reviewer_id language round asked correct started_at passed_at failed_at",
    "review.invitations": "token_hash id site role languages made_by made_at expires_at",
    "review.alerts": "id reviewer_id site kind day seen peers at settled_at settled_by outcome",
    "review.refusals": "reviewer_id day kind n",
    "review.doings": "id at by what about detail carried",
    "review.campaigns": "id name purpose questions languages budget spent deadline gold_share blind_share state made_by"
    " made_at",
    "review.webhooks": "id url events low allow_private told_until made_at",
    "review.deliveries": "id webhook_id event at tries next_at",
    "review.announced": "webhook_id about",
}
"""Every column that the floor's role can read. None is about who was recorded; a new one must be argued for here."""
ADMINS = {"review.webhooks", "review.deliveries", "review.announced"}
"""The floor's role can't read these at all."""


@pytest.fixture
async def marked(ring, canary):
    """A person whose name, sign-in name and device are canaries, and everything that identifies them and what they
    said."""
    household = await accounts.create_household(ring.stores)
    name, handle, kitchen = "Quenzalyn Oddsworth", "quenz.oddsworth", "Oddsworth larder"
    person = await accounts.create_person(
        ring.stores, name=name, handle=handle, roles=["owner"], household_id=household
    )
    for purpose in ("save", "review", "transcription"):
        await consent.set_grant(ring.stores, person, purpose, True, how="settings")
    device, token = await vault.add_device(ring.stores, household_id=household, person_id=person, name=kitchen)
    words = [("tell", 1.5), ("quenzalyn", 1.8), ("six", 2.1), ("one", 2.2), ("seven", 2.3), ("four", 2.4), ("hi", 2.7)]
    text = " ".join(word for word, _ in words)
    identifier = await vault.record(
        ring.stores,
        vault.NewInteraction(
            person_id=person,
            device_id=device,
            started_at=ring.clock(),
            kind="message",
            audio=canary.audio,
            wake=vault.Wake(word="alexa", score=0.97321, start=0.5, end=1.2),
            content=vault.Content(
                text=text,
                words=tuple(vault.Word(text=w, start=at, end=at + 0.1, confidence=0.9) for w, at in words),
                intent="messageLeave",
                slots={"to": "Quenzalyn", "text": "six one seven four hi"},
                reply="I will tell Quenzalyn.",
                accepted=True,
            ),
        ),
    )
    (row,) = await ring.rows("SELECT object, key_slot FROM vault.interactions")
    return {
        "name": "quenzalyn", "surname": "oddsworth", "sign-in name": handle, "device": "larder", "token": token,
        "number said": "six one seven", "person": str(person), "household": str(household), "device id": str(device),
        "recording": str(identifier), "file": row["object"].rsplit("/", 1)[-1], "reply": "i will tell",
        "score": "0.97321", "time": ring.clock().strftime("%H:%M"),
    }  # fmt: skip


async def test_nothing_served_holds_an_identifier(ring, marked, hire, open_page):
    """We gave name, sign-in name, device, household, recording, file, time and a spoken number canary values, had a
    reviewer and a lead take, play and answer everything over HTTP, and searched every byte and header they received."""
    assert (await ring.sample()).tasks == 3
    received = []
    for role in ("reviewer", "lead"):
        console = await open_page("floor", await hire(role))
        for path in ("/review", "/api/review/numbers", "/lead", "/static/js/console.js", "/nowhere"):
            await console.get(path)
        while (task := await console.next_task()) is not None:
            assert (await console.play(task)).status_code == 200
            await console.post("/api/review/keep", json={"held": [{"task": task["id"], "fence": task["fence"]}]})
        received += console.received
    assert sum(answer.headers.get("content-type") == "audio/wav" for answer in received) == 3
    everything = b"".join(
        json.dumps(dict(answer.headers)).encode() + answer.content.lower() for answer in received
    ).lower()
    assert [what for what, value in marked.items() if value.lower().encode() in everything] == []


async def test_no_row_of_the_floor_holds_an_identifier(ring, marked, canary):
    """We read every row that the floor's own role can read, after the whole round, for the same canaries: none."""
    await ring.sample()
    await ring.answer(canary)
    found = []
    async with ring.floor.pool.connection() as connection:
        for table in COLUMNS.keys() - ADMINS:
            rows = await (await connection.execute(f"SELECT t::text AS row FROM {table} t")).fetchall()
            found += [row["row"].lower() for row in rows]
    assert len(found) > 10
    texts = [value.lower() for what, value in marked.items() if what != "time"]
    texts += [value.encode().hex() for value in texts]
    assert [value for value in texts if any(value in row for row in found)] == []


async def test_the_floor_has_no_column_that_could_hold_one(ring):
    """We compared every column of the reviewers' tables with a list in which each was argued for: no other is there."""
    rows = await ring.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'review'"
        " AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = 'review'"
        " AND table_type = 'BASE TABLE')"
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(f"review.{row['table_name']}", set()).add(row["column_name"])
    assert found == {table: set(columns.split()) for table, columns in COLUMNS.items()}


async def test_two_tasks_of_one_recording_share_nothing(ring, marked):
    """We laid the tasks of one recording side by side: no id, file, key, household mark or sound is common to two."""
    await ring.sample()
    rows = await ring.rows("SELECT * FROM review.tasks")
    assert len(rows) == 3
    for column in ("id", "object", "key_slot", "exclusion", "shuf", "sealed"):
        assert len({bytes(v) if isinstance(v := row[column], memoryview) else v for row in rows}) == 3, column
    sounds = {ring.stores.objects.get(row["object"]) for row in rows}
    assert len(sounds) == 3
