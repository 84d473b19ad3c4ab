"""The pages of quality, consults and unusual access, over HTTP."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from earmark import accounts, audio, review, safety
from earmark.review import masked
from earmark.review.statistics import newcombe, wilson
from earmark.web.charts import Interval, before_after, intervals
from earmark.web.floor.quality import cohort_name, how_good, led, of_hundred, pace


@pytest.fixture
def answered(stores, task, clock):
    """`await answered(person, n, right=…)`: so many answers to clips whose label is known."""

    async def make(person, n: int, *, right: int, site: str = "Boston", days: int = 0, **more: object) -> None:
        for i in range(n):
            task_id = await task("wake")
            at = clock() - timedelta(days=days)
            async with stores.pool.connection() as connection:
                row = await (await connection.execute("SELECT key_slot FROM review.tasks")).fetchone()
                assert row is not None
                sealed = masked.seal_answer(review.masked_key(stores, row["key_slot"]), task_id, {"value": "said"})
                await connection.execute(
                    "INSERT INTO review.judgements (task_id, reviewer_id, client_key, sealed, seconds, day, at, site,"
                    " correct) VALUES (%s, %s, %s, %s, 7, %s, %s, %s, %s)",
                    (task_id, person, uuid.uuid4(), sealed, at.date(), at, site, i < right),
                )

    return make


async def test_a_newcomer_sees_what_will_appear(browse, worker) -> None:
    page = (await (await browse("floor", await worker("reviewer"))).get("/review/mine")).text
    assert "Nothing to show yet" in page
    assert "Only you see this page" in page


async def test_ones_own_page_shows_ones_own(browse, worker, answered) -> None:
    me, other = await worker("reviewer"), await worker("reviewer")
    await answered(me, 9, right=8, days=1)
    await answered(me, 5, right=0)  # today's would tell which clip was gold
    await answered(me, 3, right=3, days=10)
    await answered(other, 30, right=1)
    browser = await browse("floor", me)
    page = (await browser.get("/review/mine")).text
    assert "On 11 of 12 clips in 30 days" in page
    assert "Week by week" in page
    assert "training clips would help" not in page
    body = (await browser.get("/api/review/mine")).json()
    assert (body["accuracy"]["right"], body["accuracy"]["asked"]) == (11, 12)
    assert body["accuracy"]["low"] == pytest.approx(0.6461, abs=1e-4)
    assert str(other) not in page + str(body)


async def test_training_is_offered_and_begun(browse, worker, answered, stores) -> None:
    me = await worker("reviewer")
    await answered(me, 20, right=8, days=1)
    browser = await browse("floor", me)
    page = (await browser.get("/review/mine")).text
    assert "Ten training clips would help" in page
    assert "In English you were right on 8 of the last 20 clips" in page
    begun = await browser.post("/review/mine/training", {"language": "en"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/review")
    assert (await browser.post("/review/mine/training", {"language": "en"})).status_code == 409
    page = (await browser.get("/review/mine")).text
    assert "You are in training in English" in page
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT language, round FROM review.qualifications")).fetchall()
    assert [(row["language"], row["round"]) for row in rows] == [("en", 1)]


async def test_the_lead_sees_groups_and_nobody(browse, worker, answered) -> None:
    people = [await worker("reviewer") for _ in range(3)]
    for person in people:
        await answered(person, 5, right=4)
    lead = await browse("floor", await worker("lead"))
    page = (await lead.get("/lead/quality")).text
    assert "By site" in page
    assert (
        'aria-label="How often the answer was right. By site. Boston: 80%, between 58% and 92%, 80% of about 20"'
        in page
    )
    assert not [person for person in people if str(person) in page]
    body = (await lead.get("/api/lead/quality")).json()
    assert [(row["name"], row["people"]) for row in body["cohorts"]["site"]] == [("Boston", 3)]
    assert str(people[0]) not in str(body)


async def test_two_people_are_no_group(browse, worker, answered) -> None:
    for _ in range(2):
        await answered(await worker("reviewer"), 5, right=4)
    page = (await (await browse("floor", await worker("lead"))).get("/lead/quality")).text
    assert page.count("Fewer than three people") == 3
    assert "80%" not in page


def test_it_is_said_in_plain_words() -> None:
    share = wilson(18, 20)
    assert share is not None
    assert of_hundred(share) == "between 70 and 97 of 100"
    assert pace(None, 7.0) == ""
    assert pace(8.2, None) == "You take about 8 seconds a clip."
    assert pace(8.2, 7.4).endswith("most people here take about 7 for the same questions.")
    assert [how_good(value) for value in (0.9, 0.7, 0.1)] == [
        "people agree well", "people agree somewhat", "people often disagree",
    ]  # fmt: skip
    assert cohort_name("language", "es and others") == "Spanish and others"
    assert cohort_name("language", "others") == "Others"
    assert cohort_name("time", "less than 30 days") == "Less than 30 days"

    def anchored(shown, hidden):
        both = wilson(*shown), wilson(*hidden)
        return review.Anchoring(question="transcript", shown=both[0], hidden=both[1], difference=newcombe(*both))

    assert led(anchored((860, 1000), (800, 1000)), "words") == (
        "People keep the machine's words 6 points more often when they see them (likely between 3 and 9)."
    )
    assert "which could be chance" in led(anchored((8, 10), (7, 10)), "words")
    assert led(anchored((10, 100), (50, 100)), "words").endswith(
        "less often when they see them (likely between 28 and 51)."
    )
    assert led(anchored((7, 10), (0, 0)), "words").startswith("Nothing to compare yet")


def test_pictures_say_what_they_show() -> None:
    picture = intervals([Interval(name="<Wake>", low=0.7, value=0.9, high=0.97, said="18 of 20")], label="Right")
    assert 'aria-label="Right. &lt;Wake&gt;: 90%, between 70% and 97%, 18 of 20"' in picture
    assert "<Wake>" not in picture
    assert ">50%</text>" in picture
    low = intervals([Interval(name="x", low=0.1, value=0.2, high=0.4, said="1 of 5")], label="Right")
    assert ">0%</text>" in low
    assert "nothing yet" in intervals([], label="Right")
    assert 'aria-label="x: unseen 1, seen 2"' in before_after(
        1, 2, label="x", lower_is_better=True, names=("unseen", "seen")
    )


@pytest.fixture
async def held(browse, worker, stores, task, clock):
    """Somebody with a clip in hand."""
    person = await worker("reviewer")
    task_id = await task("transcript")
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE review.tasks SET state = 'leased', lease_by = %s, lease_until = %s, leased_at = %s, fence = 3,"
            " lease_role = 'reviewer', lease_site = 'Boston' WHERE id = %s",
            (person, clock() + timedelta(minutes=5), clock(), task_id),
        )
    return await browse("floor", person), {"task": str(task_id), "fence": 3}


async def test_a_word_is_asked_and_answered_over_http(held, browse, stores) -> None:
    mine, lease = held
    helper = await accounts.create_person(stores, name="Luz", roles=["reviewer"], site="Boston", languages=["es"])
    theirs, elsewhere = await browse("floor", helper), await browse("floor", helper)
    assert (await mine.get("/api/review/consult/groups")).json() == {"languages": ["en", "es"]}
    asked = (await mine.call("/api/review/consult", lease | {"language": "es", "start": 0.1, "end": 0.6})).json()
    assert set(asked["consult"]) == {"id", "task", "until", "answers"}
    assert (await mine.get("/api/review/consults")).json() == {"consults": []}
    (one,) = (await theirs.get("/api/review/consults")).json()["consults"]
    assert set(one) == {"id", "language", "until", "sound", "length", "heard"}
    assert (await elsewhere.get(one["sound"])).status_code == 404
    sound = await theirs.get(one["sound"])
    assert audio.read(sound.content).duration == pytest.approx(0.5)
    assert sound.headers["cache-control"] == "no-store"
    assert sound.headers["content-disposition"] == "inline"
    assert (await theirs.get(one["sound"])).status_code == 404
    answer = {"consult": one["id"], "text": "Ocho"}
    assert (await theirs.call("/api/review/keep", {"held": []})).json()["asked"] == 1
    assert (await theirs.call("/api/review/consult/answer", answer)).json() == {}
    assert (await theirs.call("/api/review/keep", {"held": []})).json()["asked"] == 0
    (mine_now,) = (await mine.call("/api/review/keep", {"held": [lease]})).json()["consults"]
    assert mine_now == asked["consult"] | {"answers": ["ocho"]}
    assert (await theirs.call("/api/review/consult/answer", answer)).status_code in (404, 409)


@pytest.mark.parametrize(
    "change", [{"start": "NaN"}, {"start": -1}, {"end": 1e9}, {"language": "x" * 99}, {"fence": -1}, {"more": 1}]
)
async def test_what_is_no_question_is_refused(held, change) -> None:
    mine, lease = held
    body = lease | {"language": "en", "start": 0.1, "end": 0.6} | change
    assert (await mine.call("/api/review/consult", body)).status_code in (400, 422)


@pytest.fixture
async def alert(stores, worker, clock):
    """An alert about a collector in Boston: its id and theirs."""
    collector, identifier = await worker("reviewer"), uuid.uuid4()
    async with stores.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO review.alerts (id, reviewer_id, site, kind, day, seen, peers, at)"
            " VALUES (%s, %s, 'Boston', 'replays', %s, 450, 41, %s)",
            (identifier, collector, clock().date(), clock()),
        )
    return identifier, collector


async def test_only_a_leads_word_locks(browse, worker, alert, stores) -> None:
    identifier, collector = alert
    theirs = await browse("floor", collector)
    assert (await theirs.get("/review/mine")).status_code == 200, "the machine locks nobody out"
    lead = await browse("floor", await worker("lead"))
    for board in ("/lead", "/lead/quality"):
        assert "1 case of unusual access waits" in (await lead.get(board)).text
    page = (await lead.get("/lead/access")).text
    assert "450 sounds fetched in a day. Colleagues fetch about 41 for the same answers." in page
    assert str(collector) not in page
    bare = await lead.post(f"/lead/access/{identifier}/lock", {"reason": " "})
    assert (bare.status_code, "Give the reason" in bare.text) == (400, True)
    assert (await lead.post(f"/lead/access/{identifier}/lock", {"reason": "Collects clips."})).status_code == 303
    assert (await theirs.get("/review/mine")).status_code == 303, "signed out at once"
    assert "Nothing unusual" in (await lead.get("/lead/access")).text
    assert (await lead.post(f"/lead/access/{identifier}/explained", {"reason": "No."})).status_code == 404


async def test_a_lead_of_another_site_has_no_say(browse, stores, alert) -> None:
    person = await accounts.create_person(stores, name="Lead", roles=["lead"], site="Hyderabad")
    lead = await browse("floor", person)
    assert "Nothing unusual" in (await lead.get("/lead/access")).text
    for word in ("lock", "explained"):
        assert (await lead.post(f"/lead/access/{alert[0]}/{word}", {"reason": "Because."})).status_code == 404


async def test_the_desk_has_it_too(browse, worker, alert, stores) -> None:
    officer = await browse("desk", await worker("safety"))
    assert "Unusual access" in (await officer.get("/cases")).text
    (case,) = await safety.cases(stores)
    page = (await officer.get(f"/cases/{case.id}")).text
    assert "A reviewer in Boston" in page
    assert "Erase it" not in page
    assert "data-sound" not in page
    assert str(alert[1]) not in page
    refused = await officer.post(f"/cases/{case.id}", {"decision": "erase", "reason": "x"})
    assert refused.status_code == 400
    cleared = {"decision": "release", "reason": "They teach newcomers."}
    assert (await officer.post(f"/cases/{case.id}", cleared)).status_code == 303
    assert "Clear it" in (await officer.get(f"/cases/{case.id}")).text
    lead = await browse("floor", await worker("lead"))
    assert "Nothing unusual" in (await lead.get("/lead/access")).text
