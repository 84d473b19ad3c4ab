"""Guarantee 16: audio has no download or forward path."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from earmark import accounts, airlock, consent, review


@pytest.fixture
async def opened(ring, canary, hire, open_page):
    """A reviewer's page with a clip open and playing, and the page of a colleague."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    mine = await open_page("floor", await hire("reviewer"))
    theirs = await open_page("floor", await hire("reviewer"))
    task = await mine.next_task()
    answer = await mine.play(task)
    assert answer.status_code == 200
    assert answer.content[:4] == b"RIFF"
    return mine, theirs, task, answer


def refused(answer) -> bool:
    return answer.status_code in (401, 403, 404, 409) and b"RIFF" not in answer.content


async def test_an_address_works_for_its_holder_only(opened, hire, open_page):
    """We sent the address of a playing clip to a colleague, to a lead, to nobody signed in, and to the owners' and the
    desk's pages: refused each time."""
    mine, theirs, task, _ = opened
    assert refused(await theirs.play(task))
    assert refused(await (await open_page("floor", await hire("lead"))).play(task))
    stranger = await open_page("floor", await hire("reviewer"))
    del stranger.client.headers["Authorization"]
    stranger.client.cookies.clear()
    assert refused(await stranger.play(task))
    desk = await open_page("desk", await hire("safety"))
    assert refused(await desk.play(task))
    # It was used once already; the same person gets another address, which works once too.
    assert refused(await mine.play(task))
    held = {"task": task["id"], "fence": task["fence"]}
    another = (await mine.post("/api/review/sound", json=held)).json()
    assert refused(await theirs.play(another))
    assert (await mine.play(another)).status_code == 200
    assert refused(await mine.play(another))


async def test_an_address_dies_with_the_sign_in(opened, ring):
    """We took an address that was not used yet and fetched it as the same person with another sign-in: refused."""
    mine, _, task, _ = opened
    held = {"task": task["id"], "fence": task["fence"]}
    another = (await mine.post("/api/review/sound", json=held)).json()
    async with ring.stores.pool.connection() as connection:
        person = await (await connection.execute("SELECT lease_by FROM review.tasks WHERE state = 'leased'")).fetchone()
    token = await accounts.start_session(ring.stores, person["lease_by"], "floor")
    here = dict(mine.client.headers)
    mine.client.cookies.clear()
    mine.client.headers["Authorization"] = f"Bearer {token}"
    assert refused(await mine.play(another))
    mine.client.headers.update(here)
    assert (await mine.play(another)).status_code == 200


async def test_an_old_address_is_dead(opened, clock, ring):
    """We replayed a clip's address after answering, after giving it back, after the lease ran out, and with a guessed
    older or newer lease number: refused each time."""
    mine, theirs, task, _ = opened
    for fence in (task["fence"] - 1, task["fence"] + 1):
        assert refused(await mine.play(task, fence=fence))
    held = {"task": task["id"], "fence": task["fence"]}
    await mine.post("/api/review/release", json=held)
    assert refused(await mine.play(task))
    second = await theirs.next_task()
    assert (await theirs.play(second)).status_code == 200
    answers = {
        "wake": {"value": "unclear"}, "transcript": {"text": "so so"}, "understood": {"value": "right"},
    }  # fmt: skip
    body = {"task": second["id"], "fence": second["fence"], "client_key": str(uuid.uuid4())}
    sent = await theirs.post(
        "/api/review/submit", json={**body, "answer": answers[second["question"]], "heard": [[0, 16]]}
    )
    assert sent.status_code == 200
    assert refused(await theirs.play(second))
    third = sent.json()["task"]
    assert (await theirs.play(third)).status_code == 200
    clock.turn(seconds=ring.stores.settings.lease_seconds + 1)
    assert refused(await theirs.play(third))


async def test_nothing_invites_to_keep_it(opened):
    """We looked at how a clip is answered: shown in place, never as a file to save, never kept by a cache, never for
    another site's page."""
    _, _, _, answer = opened
    assert answer.headers["content-disposition"] == "inline"
    assert "filename" not in answer.headers["content-disposition"]
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("cross-origin-resource-policy", "same-origin") == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


async def test_the_console_has_no_other_door(opened):
    """We walked every address that the reviewers' program answers: one serves the clip to its holder, one makes its
    next address, one serves the seconds that a colleague is asked about, and none takes an address of somebody to send
    a clip to."""
    mine, _, _, _ = opened
    app = mine.client._transport.app  # pyright: ignore[reportAttributeAccessIssue]
    paths = set(app.openapi()["paths"])
    assert "/api/review/submit" in paths
    assert {path for path in paths if "sound" in path} == {
        "/api/review/sound",
        "/api/review/sound/{where}",
        "/api/review/consult/sound/{ticket}",
    }
    for word in ("share", "send", "mail", "export", "download", "forward", "file"):
        assert not [path for path in paths if word in path]


async def test_a_consult_leads_nowhere(ring, canary, hire, open_page, clock, capsys):
    """We had a colleague asked for help with a word, and tried its address again, as somebody else, from another
    sign-in, in another language group, after the clip went back, after its owner took it back and after it was flagged:
    refused each time, and no canary stood in a log."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    asker = await open_page("floor", await hire("reviewer"))
    colleague = await hire("reviewer", languages=["es"])
    helper, again = await open_page("floor", colleague), await open_page("floor", colleague)
    second = await open_page("floor", await hire("reviewer", languages=["es"]))
    english = await open_page("floor", await hire("reviewer"))
    for task in await ring.rows("SELECT id FROM review.tasks"):
        async with ring.stores.pool.connection() as connection:
            await connection.execute(
                "UPDATE review.tasks SET state = 'leased', lease_by = %s, lease_until = %s, leased_at = %s, fence = 1,"
                " lease_role = 'reviewer', lease_site = 'San José' WHERE id = %s",
                (asker.person, clock() + timedelta(minutes=5), clock(), task["id"]),
            )
        asked = {"task": str(task["id"]), "fence": 1, "language": "es", "start": 0.2, "end": 1.2}
        assert (await asker.post("/api/review/consult", json=asked)).status_code == 200

    async def addresses(page):
        return [one["sound"] for one in (await page.get("/api/review/consults")).json()["consults"]]

    first, middle, last = await addresses(helper)
    assert await addresses(english) == []
    for page in (second, english, again, asker):
        assert refused(await page.get(first))
    answer = await helper.get(first)
    assert answer.content[:4] == b"RIFF"
    assert "no-store" in answer.headers["cache-control"]
    assert refused(await helper.get(first))
    consults = (await helper.get("/api/review/consults")).json()["consults"]
    body = {"consult": consults[0]["id"], "text": canary.words[0]}
    assert (await helper.post("/api/review/consult/answer", json=body)).status_code == 200
    assert refused(await second.post("/api/review/consult/answer", json=body))

    tasks = await ring.rows("SELECT c.task_id FROM review.consults c ORDER BY c.at, c.id")
    async with ring.stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE review.tasks SET state = 'ready', lease_by = NULL, lease_until = NULL WHERE id = %s",
            [tasks[1]["task_id"]],
        )
    assert refused(await helper.get(middle))
    await review.flag(ring.floor, ring.reviewer(id=asker.person), tasks[2]["task_id"], 1, "distress")
    assert refused(await helper.get(last))
    fresh = (await addresses(second))[0]
    await consent.set_grant(ring.stores, ring.ada, "review", False, how="settings")
    await airlock.recall(ring.stores, ring.ada)
    assert refused(await second.get(fresh))
    assert refused(await second.post("/api/review/consult/answer", json=body))
    logged = capsys.readouterr()
    for word in canary.words:
        assert word not in logged.out + logged.err


async def test_no_page_of_another_site_can_ask_for_it(opened):
    """We asked for a clip as a page of another site would, under a foreign host name and from a foreign origin."""
    mine, _, task, _ = opened
    mine.client.headers["Host"] = "evil.example"
    assert refused(await mine.play(task)) or mine.received[-1].status_code == 421
    assert b"RIFF" not in mine.received[-1].content
    mine.client.headers["Host"] = "127.0.0.1:8041"
    mine.client.headers["Origin"] = "http://evil.example"
    mine.client.headers["Sec-Fetch-Site"] = "cross-site"
    answer = await mine.post("/api/review/next", json={})
    assert answer.status_code == 403
