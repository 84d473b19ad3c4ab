"""The lead's pages: numbers of all, changes of one's own site, and nothing of a single person's work."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from earmark import accounts, review
from earmark.demo.sites import demo_sites
from earmark.review import Reviewer
from earmark.storage import Stores
from earmark.words import TaskId


@pytest.fixture
async def boston(stores: Stores) -> None:
    site = review.sites.unset("Boston", "home")
    given = {"languages": "en", "timezone": "America/New_York", "hourly_cost": "36", "currency": "USD"}
    await review.sites.put_site(stores, None, review.sites.checked(given, site))


@pytest.fixture
async def lead(browse, worker):
    return await browse("floor", await worker("lead"))


async def judge(stores: Stores, task: TaskId, *, seconds: float, site: str = "Boston") -> None:
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day, at, site)"
            " VALUES (%s, %s, %s, '', %s, %s, %s, %s)",
            (task, uuid.uuid4(), uuid.uuid4(), seconds, stores.now().date(), stores.now(), site),
        )


async def label(stores: Stores, task: TaskId, made_by: str = "agreement") -> None:
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.labels (task_id, sealed, made_by, agreed_on, agreed_at) VALUES (%s, '', %s, %s, %s)",
            (task, made_by, stores.now().date(), stores.now()),
        )
        await connection.execute("UPDATE review.tasks SET state = 'done' WHERE id = %s", (task,))


async def test_the_numbers_are_those_of_the_rows(browse, worker, boston, stores: Stores, task, clock) -> None:
    await task("wake")
    first, second = await task("wake"), await task("transcript")
    for each in (first, second):
        await judge(stores, each, seconds=10)
        await judge(stores, each, seconds=20)
    await judge(stores, second, seconds=30, site="Elsewhere")
    await label(stores, first)
    await label(stores, second, "majority")
    clock.turn(days=1, hours=1)
    third = await task("wake")
    await judge(stores, third, seconds=90)
    await judge(stores, third, seconds=10)
    await label(stores, third)
    lead = await browse("floor", await worker("lead"))
    numbers = (await lead.get("/api/lead/board")).json()
    assert (numbers["waiting"], numbers["oldest_on"]) == (1, "2026-05-04")
    assert (await lead.get("/api/lead/board")).json()["total"] == {
        "answers": 2,
        "seconds": 100.0,
        "labels": 1,
        "agreement": 1.0,
        "seconds_per_label": 100.0,
        "cost": {"USD": 1.0},
    }
    assert [(each["question"], each["waiting"], each["labels"]) for each in numbers["work"]] == [("wake", 1, 1)]
    assert numbers["labels_by_hour"][-1] == {"hour": "2026-05-05T10:00:00+00:00", "labels": 1}
    assert [(each["site"], each["answers"]) for each in numbers["sites"]] == [("Boston", 2)]


async def test_ten_minutes_that_are_over_are_not_read_again_and_stay_right(stores: Stores, task, clock) -> None:
    for n in range(6):
        each = await task("wake")
        await judge(stores, each, seconds=5)
        await judge(stores, each, seconds=5)
        await label(stores, each)
        clock.turn(minutes=7)
        day = await review.pace.last_day(stores)
        assert day.paces([])[()].labels == n + 1
    clock.turn(hours=23, minutes=55)
    kept = (await review.pace.last_day(stores)).paces([])[()]
    review.overview.forget(stores)
    assert (await review.pace.last_day(stores)).paces([])[()] == kept
    assert 0 < kept.labels < 6


async def test_a_cost_is_seconds_at_the_rate_of_their_site(boston, stores: Stores, task) -> None:
    await judge(stores, await task("wake"), seconds=1800)
    await judge(stores, await task("transcript"), seconds=100, site="Nobody set it up")
    known = await review.sites.sites(stores)
    paces = (await review.pace.last_day(stores)).paces(known, "question")
    assert paces["wake",].cost == {"USD": Decimal("18.00")}
    assert paces["transcript",].cost == {}


async def test_an_empty_board_says_what_will_appear(lead) -> None:
    text = (await lead.get("/lead")).text
    for said in (
        "Nothing waits.",
        "A line appears here",
        "A site appears here",
        "A bar appears",
        "A strip of 24 hours",
    ):
        assert said in text


async def test_every_page_stands_without_a_script_and_with_every_site(lead, stores: Stores, task) -> None:
    for site in demo_sites():
        await review.sites.put_site(stores, None, site)
    await task("wake")
    for path in ("/lead", "/lead/people", "/lead/sites", "/lead/campaigns", "/lead/questions", "/lead/questions/wake"):
        answer = await lead.get(path)
        assert answer.status_code == 200, path
        assert "{{" not in answer.text
        assert " style=" not in answer.text, "the policy forbids it"
    board = (await lead.get("/lead")).text
    assert "Nobody" in board
    for piece in re.findall(r"#(live-[a-z]+)", re.search(r'hx-select-oob="([^"]+)"', board)[1]):  # type: ignore[index]
        assert board.count(f'id="{piece}"') == 1


async def test_the_board_says_nothing_of_one_person(lead, boston, stores: Stores, worker, task) -> None:
    who = await worker("reviewer")
    await review.seats.sit_down(stores, Reviewer(id=who, languages=("en",), site="Boston"))
    await judge(stores, await task("wake"), seconds=5)
    for path in ("/lead", "/api/lead/board"):
        text = (await lead.get(path)).text
        assert str(who)[:6] not in text
    people = (await lead.get("/lead/people")).text
    assert str(who)[:6] in people
    assert not re.search(r"answers|seconds|accuracy|agree", re.sub(r"<header.*?</header>", "", people))


async def test_a_lead_sets_up_their_own_site_and_no_other(lead, stores: Stores) -> None:
    form = {
        "name": "Boston",
        "languages": "en",
        "timezone": "America/New_York",
        "opens": "08:00",
        "closes": "20:00",
        "days": "1",
        "pass_mark": "",
        "break_after_minutes": "50",
        "break_minutes": "10",
        "hourly_cost": "20",
        "currency": "USD",
    }
    assert (await lead.post("/lead/sites", form)).status_code == 303
    assert (await lead.post("/lead/sites", form | {"name": "Hyderabad"})).status_code == 403
    refused = await lead.post("/lead/sites", form | {"timezone": "<script>"})
    assert refused.status_code == 400
    assert "There is no such time zone" in refused.text
    assert "<script>" not in refused.text.partition("<main")[2]
    assert [each.name for each in await review.sites.sites(stores)] == ["Boston"]


async def test_a_lead_invites_and_the_link_opens_the_console(lead, browse, stores: Stores) -> None:
    refused = await lead.post("/lead/people/invite", {"role": "reviewer", "languages": "en", "site": "Hyderabad"})
    assert refused.status_code == 403
    shown = await lead.post("/lead/people/invite", {"role": "reviewer", "languages": "en, es"})
    link = re.search(r'value="http://127\.0\.0\.1:8041(/invite/[^"]+)"', shown.text)
    assert link is not None
    assert link[1] not in (await lead.get("/lead/people")).text, "shown once"
    newcomer = await browse("floor")
    page = await newcomer.get(link[1])
    assert "Boston" in page.text
    assert "real people" in page.text
    begun = await newcomer.post(link[1])
    assert (begun.status_code, begun.headers["location"]) == (303, "/review")
    assert (await newcomer.get("/review")).status_code == 200
    assert (await newcomer.get("/lead")).status_code == 403
    assert (await (await browse("floor")).get(link[1])).status_code == 404
    other = await browse("floor")
    assert (await other.post(link[1])).status_code == 404
    (member,) = [each for each in await accounts.people(stores) if not each.name]
    assert member.languages == ("en", "es")
    again = await lead.post("/lead/people/link", {"person": str(member.id)})
    sign_in = re.search(r'value="http://127\.0\.0\.1:8041(/sign-in/[^"]+)"', again.text)
    assert sign_in is not None
    assert (await other.post(sign_in[1])).headers["location"] == "/review"


async def test_whoever_is_signed_in_does_not_use_an_invitation_up(lead, browse, worker) -> None:
    shown = await lead.post("/lead/people/invite", {"role": "lead", "languages": "en"})
    link = re.search(r"/invite/[\w-]+", shown.text)
    assert link is not None
    signed_in = await browse("floor", await worker("reviewer"))
    assert "signed in already" in (await signed_in.get(link[0])).text
    await signed_in.post(link[0])
    assert (await (await browse("floor")).get(link[0])).status_code == 200


async def test_guessing_invitations_is_slowed_down(browse) -> None:
    somebody = await browse("floor")
    answers = [(await somebody.post("/invite/guess")).status_code for _ in range(12)]
    assert answers[-1] == 429


async def test_a_lead_locks_out_with_a_reason_and_another_lets_back_in(lead, browse, stores: Stores, worker) -> None:
    who, second = await worker("reviewer"), await worker("lead")
    other = await browse("floor", second)
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE accounts.people SET created_on = created_on - 1 WHERE id = %s", [second])
    theirs = await browse("floor", who)
    assert (await theirs.get("/review")).status_code == 200
    form = {"person": str(who)}
    assert (await lead.post("/lead/people/lock", form | {"reason": ""})).status_code == 400
    assert (await lead.post("/lead/people/lock", form | {"reason": "Photographed the screen"})).status_code == 303
    assert (await theirs.get("/review")).status_code == 303
    assert "locked out" in (await lead.get("/lead/people")).text
    assert (await lead.post("/lead/people/link", form)).status_code == 404
    assert (await lead.post("/lead/people/unlock", form | {"reason": "A mistake"})).status_code == 403
    assert (await other.post("/lead/people/unlock", form | {"reason": "A mistake"})).status_code == 303
    elsewhere = await accounts.create_person(stores, name="Somebody", roles=["reviewer"], site="Hyderabad")
    for path in ("lock", "unlock", "link"):
        answer = await lead.post(f"/lead/people/{path}", {"person": str(elsewhere), "reason": "Not mine to decide"})
        assert answer.status_code == 404


async def test_a_campaign_is_opened_changed_paused_and_closed(lead, stores: Stores, clock) -> None:
    form = {
        "name": "May",
        "purpose": "Fewer false wakes",
        "questions": "wake",
        "languages": "en",
        "budget": "10",
        "deadline": (clock().date() + timedelta(days=3)).isoformat(),
    }
    assert (await lead.post("/lead/campaigns", form | {"budget": "none"})).status_code == 400
    opened = await lead.post("/lead/campaigns", form)
    where = opened.headers["location"]
    assert "Fewer false wakes" in (await lead.get(where)).text
    assert "May" in (await lead.get("/lead")).text
    assert (await lead.post(where, {"budget": "20", "purpose": "Another"})).status_code == 303
    assert (await lead.post(f"{where}/state", {"state": "paused"})).status_code == 303
    assert (await lead.post(f"{where}/state", {"state": "gone"})).status_code == 400
    assert (await lead.post(f"{where}/state", {"state": "closed"})).status_code == 303
    assert (await lead.post(f"{where}/state", {"state": "open"})).status_code == 409
    (kept,) = await review.campaigns.campaigns(stores)
    assert (kept.budget, kept.purpose, kept.state) == (20, "Fewer false wakes", "closed")
    page = (await lead.get(where)).text
    for said in ("opened the campaign", "changed the campaign", "paused the campaign", "closed the campaign"):
        assert said in page


async def test_a_question_is_edited_into_a_new_version(lead, stores: Stores) -> None:
    before = (await review.current(stores))["wake"]
    form = {
        "title": "Did somebody say “{word}”?",
        "hint": before.hint,
        "share": "0.5",
        "needs_heard": "0.9",
        "option_value": [*before.values, "whispered", ""],
        "option_text": [*(each.text for each in before.options), "Whispered", ""],
    }
    answer = await lead.post("/lead/questions/wake", form)
    assert answer.status_code == 303
    after = (await review.current(stores))["wake"]
    assert (after.version, after.share, after.values) == (2, 0.5, (*before.values, "whispered"))
    assert "version 2" in (await lead.get("/lead/questions/wake")).text
    assert "published a version" in (await lead.get("/lead/questions/wake")).text
    refused = await lead.post("/lead/questions/wake", form | {"share": "lots"})
    assert refused.status_code == 400
    assert (await lead.post("/lead/questions/nothing", form)).status_code == 404
    assert (await review.current(stores))["wake"].version == 2


async def test_a_reviewer_takes_a_break_and_comes_back(browse, worker, stores: Stores) -> None:
    person = await browse("floor", await worker("reviewer"))
    rested = await person.call("/api/review/rest", {})
    assert rested.json()["break_until"] is not None
    assert (await person.call("/api/review/back", {})).json() == {"break_until": None}
