from __future__ import annotations

import re

import psycopg
import pytest

from earmark import audio, audit, learn, review, safety
from earmark.words import PersonId


@pytest.fixture
async def flagged(task, stores, worker):
    """A clip that a reviewer flagged."""
    task_id = await task()
    reviewer = review.Reviewer(id=await worker("reviewer"), languages=("en",), site="Boston")
    held = await review.next_task(stores, reviewer)
    assert held is not None
    await review.flag(stores, reviewer, task_id, held.fence, "distress")
    (case,) = await safety.cases(stores)
    return case


@pytest.fixture
async def officer(browse, worker):
    return await browse("desk", await worker("safety"))


async def test_a_case_stands_on_its_clock(officer, flagged, clock) -> None:
    assert "Somebody in distress" in (await officer.get("/cases")).text
    assert "hours left" in (await officer.get("/cases")).text
    clock.turn(hours=7)
    assert "3 hours late" in (await officer.get("/cases")).text
    assert "1 past the clock" in (await officer.get("/")).text


async def test_the_clip_is_played_to_the_officer(officer, flagged) -> None:
    answer = await officer.get(f"/cases/{flagged.id}/sound")
    assert audio.read(answer.content).duration == 1.0
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "form", [{"decision": "release"}, {"reason": "heard it"}, {"decision": "shrug", "reason": "x"}]
)
async def test_a_decision_needs_a_reason_and_a_name(officer, flagged, stores, form) -> None:
    answer = await officer.post(f"/cases/{flagged.id}", form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert (await safety.case(stores, flagged.id)).open


async def test_deciding_closes_the_case_once(officer, flagged, stores) -> None:
    form = {"decision": "release", "reason": "A film was on in the room."}
    assert (await officer.post(f"/cases/{flagged.id}", form)).status_code == 303
    assert "A film was on in the room." in (await officer.get(f"/cases/{flagged.id}")).text
    assert "No case waits" in (await officer.get("/cases")).text
    assert (await officer.post(f"/cases/{flagged.id}", form)).status_code == 409


async def test_models_are_promoted_and_rolled_back(browse, worker, stores) -> None:
    scores = {
        "before": {"wake": {"miss_rate": 0.02, "false_accepts_per_hour": 6.0}},
        "after": {"wake": {"miss_rate": 0.02, "false_accepts_per_hour": 0.5}},
    }
    made = await learn.register(stores, {"note.json": b"{}"}, {"dataset": None, "parent": None, "scores": scores})
    browser = await browse("desk", await worker("engineer"))
    page = (await browser.get("/models")).text
    assert "False wakes an hour" in page
    assert 'aria-label="False wakes an hour: before 6, after 0.5"' in page
    await browser.post("/models/promote", {"version": made.version})
    assert (await learn.promoted(stores)).version == made.version
    assert "Go back to the one before" in (await browser.get("/models")).text
    await browser.post("/models/rollback")
    assert (await learn.promoted(stores)).version == "builtin"
    assert (await browser.post("/models/rollback")).status_code == 409
    assert (await browser.post("/models/promote", {"version": "nothing"})).status_code == 404


async def test_the_log_is_checked_and_a_change_in_it_named(browse, worker, stores, home) -> None:
    for number in range(3):
        await audit.append(stores, {"what": "hearing", "number": number})
    await audit.sequence(stores)
    browser = await browse("desk", await worker("auditor"))
    page = (await browser.get("/audit")).text
    assert "3 entries" in page
    assert "None. Whoever holds this machine" in page
    checked = (await browser.post("/audit/verify")).text
    assert "Unaltered" in checked
    assert "No witness has seen them" in checked
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        connection.execute("""UPDATE audit.log SET event = event || '{"what": "nothing"}' WHERE number = 1""")
    assert "The first bad entry is number 1" in (await browser.post("/audit/verify")).text


async def test_an_admin_makes_links_for_those_who_work_here(browse, worker, household) -> None:
    reviewer: PersonId = await worker("reviewer")
    admin = await browse("desk", await worker("admin"))
    page = (await admin.get("/people")).text
    assert str(reviewer) in page
    assert str(household.ada) not in page
    assert "Somebody" not in page
    shown = (await admin.post("/people/link", {"person": str(reviewer), "plane": "floor"})).text
    link = re.search(r'value="http://127\.0\.0\.1:8041(/sign-in/[^"]+)"', shown)
    assert link
    assert (await (await browse("floor")).post(link[1])).status_code == 303


async def test_nobody_is_signed_in_as_an_owner_from_the_desk(browse, worker, household) -> None:
    admin = await browse("desk", await worker("admin"))
    for person, plane in ((household.ada, "home"), (household.ada, "floor"), (await worker("reviewer"), "desk")):
        assert (await admin.post("/people/link", {"person": str(person), "plane": plane})).status_code == 404


async def test_a_roll_out_is_shown_with_its_numbers_and_a_person_goes_on_or_back(browse, worker, stores, fleet) -> None:
    devices = await fleet(24)
    made = await learn.register(stores, {"wake/alexa.json": b"{}"}, {"parent": "builtin"})
    browser = await browse("desk", await worker("engineer"))
    assert "Put into use in stages" not in (await browser.get("/models")).text, "nobody has counted the devices yet"
    await learn.watch(stores)
    assert "Put into use in stages" in (await browser.get("/models")).text
    await browser.post("/models/promote", {"version": made.version})
    assert (await learn.promoted(stores)).version == "builtin"
    await learn.watch(stores)
    out = await learn.rollout(stores)
    assert out is not None
    key = learn.place_key(stores.signing_key)  # pyright: ignore[reportArgumentType]
    await devices.live(6, runs=lambda device: made.version if out.takes(key, device) else "builtin", wakes=3)
    await learn.watch(stores)
    page = (await browser.get("/models")).text
    assert "On its way to the devices" in page
    assert "A stage lasts 24 hours at least; this one began 6 hours ago." in page
    assert 'aria-label="Wakes after which nothing was understood: present' in page
    assert (await browser.post("/models/promote", {"version": made.version})).status_code == 409
    await browser.post("/models/continue")
    assert "Go on to all devices now" in (await browser.get("/models")).text
    await browser.post("/models/rollback")
    page = (await browser.get("/models")).text
    assert "Taken back" in page
    assert "by the engineer" in page
    assert (await browser.post("/models/continue")).status_code == 409


async def test_a_model_card_shows_what_is_known_and_what_is_not(browse, worker, stores) -> None:
    number = {"plain": "calls that were missed", "n": 60, "before": 0.1, "after": 0.05, "low": -0.09, "high": -0.01}
    worse = {"slice": "kitchen", "kind": "noise", "number": "calls that were missed", "low": 0.01, "high": 0.09}
    about = {"parent": "builtin", "numbers": [number], "slices": [number | worse], "labels": 12}
    made = await learn.register(stores, {"wake/alexa.json": b"{}"}, about)
    browser = await browse("desk", await worker("engineer"))
    page = (await browser.get(f"/models/{made.version}")).text
    assert "fits, and so do all files" in page
    assert 'aria-label="everybody, calls that were missed: -5.0%, between -9.0% and -1.0%; less is better"' in page
    assert 'class="span worse"' in page
    assert '<span class="muted">unknown</span>' in page
    assert (await browser.get("/models/0000000000000000")).status_code == 404
