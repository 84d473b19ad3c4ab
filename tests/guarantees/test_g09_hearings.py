"""Guarantee 9: the owner sees each hearing: role, site, day, purpose; never who."""

from __future__ import annotations

import json
from datetime import timedelta

from earmark import accounts, airlock, review, vault


async def test_each_hearing_stands_in_the_owners_history(ring, canary, hire, open_page, clock):
    """We played all clips of a recording through the console's own address, twice each, and opened the owner's history:
    one line a hearing with role, site, day and purpose, and nothing that says who."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    reviewer = await hire("reviewer", name="Zofia Quill", handle="zquill")
    console = await open_page("floor", reviewer)
    for _ in range(3):
        task = await console.next_task()
        assert (await console.play(task)).status_code == 200
        another = await console.post("/api/review/sound", json={"task": task["id"], "fence": task["fence"]})
        assert (await console.play(another.json())).status_code == 200
    await ring.take_home()

    heard = (await vault.hearings(ring.stores, [identifier]))[identifier]
    asked = [review.QUESTIONS[name].purpose for name in ("wake", "transcript", "understood")]
    assert sorted(line.purpose for line in heard) == sorted(2 * asked)
    assert {(line.role, line.site, line.day) for line in heard} == {("reviewer", "San José", clock().date())}

    home = await open_page("home", ring.ada)
    page = await home.get("/history")
    assert page.status_code == 200
    assert page.text.count("San José") == 6
    for secret in ("Zofia", "Quill", "zquill", str(reviewer)):
        assert secret not in page.text
    assert places_of_the_reviewer(await ring.rows("SELECT * FROM vault.hearings"), reviewer) == []


def places_of_the_reviewer(rows, reviewer):
    return [row for row in rows if str(reviewer) in str(row)]


async def test_a_leads_and_a_safety_officers_ears_count_too(ring, canary, hire, open_page):
    """We had a safety officer listen to a flagged clip twice at the desk: both times stand in the owner's history."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    console = await open_page("floor", await hire("reviewer"))
    task = await console.next_task()
    held = {"task": task["id"], "fence": task["fence"]}
    assert (await console.post("/api/review/flag", json={**held, "kind": "distress"})).status_code == 200
    desk = await open_page("desk", await hire("safety"))
    assert (await desk.get("/cases")).status_code == 200
    (case,) = await ring.rows("SELECT id FROM safety.cases")
    for _ in range(2):
        assert (await desk.get(f"/cases/{case['id']}/sound")).status_code == 200
    await ring.take_home()
    heard = (await vault.hearings(ring.stores, [identifier]))[identifier]
    assert [line.role for line in heard] == ["safety", "safety"]


async def test_no_sound_without_its_line(ring, canary, hire, open_page, monkeypatch):
    """We broke the disk between the line and the sound: the line was there and no sound left."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    console = await open_page("floor", await hire("reviewer"))
    task = await console.next_task()

    def broken(self, name):
        raise OSError

    monkeypatch.setattr(type(ring.floor.objects), "get", broken)
    assert (await console.play(task)).status_code == 500
    assert len(await ring.rows("SELECT id FROM review.hearings")) == 1


async def test_a_reviewer_has_no_other_way_to_a_recording(ring, canary, hire, open_page):
    """We asked for the recording itself with a reviewer's session, on the owners' page: signed out, refused."""
    identifier = await ring.say(canary)
    reviewer = await hire("reviewer")
    console = await open_page("floor", reviewer)
    home = await open_page("home", ring.ada)
    home.client.cookies.clear()
    home.client.cookies.set("earmark-home", console.session)
    answer = await home.get(f"/history/{identifier}/sound")
    assert answer.status_code in (303, 401)
    assert b"RIFF" not in answer.content
    assert await accounts.whoami(ring.stores, console.session, "home") is None


async def test_a_colleagues_help_with_a_word_counts_too(ring, canary, hire, open_page, clock):
    """We had a colleague of another language group hear a second of a clip to help with a word: a line of its own,
    with that purpose, in the owner's history and in the log, and nothing that says who."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    colleague = await hire("reviewer", languages=["es"], name="Zofia Quill")
    asker, helper = ring.reviewer(), ring.reviewer(id=colleague, languages=("es",))
    (task,) = await ring.rows("SELECT id FROM review.tasks WHERE question = 'transcript'")
    async with ring.stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE review.tasks SET state = 'leased', lease_by = %s, lease_until = %s, leased_at = %s, fence = 1,"
            " lease_role = 'reviewer', lease_site = 'San José' WHERE id = %s",
            (asker.id, clock() + timedelta(minutes=5), clock(), task["id"]),
        )
    await review.ask_consult(ring.floor, asker, task["id"], 1, language="es", start=0.2, end=1.2)
    (asked,) = await review.open_consults(ring.floor, helper, sign_in="a sign-in")
    wav = await review.consult_sound(ring.floor, helper, asked.ticket, sign_in="a sign-in")
    assert wav[:4] == b"RIFF"
    (early,) = (await airlock.hearings_of(ring.stores, [identifier]))[identifier]
    await ring.take_home()
    (line,) = (await vault.hearings(ring.stores, [identifier]))[identifier]
    assert (line.role, line.site, line.day, line.purpose) == (
        "reviewer", "San José", clock().date(), "helping with a word",
    )  # fmt: skip
    assert early == line, "before it was carried home, too"
    page = await (await open_page("home", ring.ada)).get("/history")
    assert "to help with a word that a colleague could not make out" in page.text
    for secret in ("Zofia", "Quill", str(colleague)):
        assert secret not in page.text
    events = [json.loads(row["event"]) for row in await ring.rows("SELECT event FROM audit.inbox")]
    assert [one["purpose"] for one in events if one["what"] == "hearing"] == ["helping with a word"]
