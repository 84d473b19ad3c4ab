"""Guarantee 10: a withdrawal pulls queued and open tasks; an open page can no longer play them."""

from __future__ import annotations

import uuid

import pytest

from earmark import consent
from earmark.errors import Erased


async def test_an_open_page_can_do_nothing_more_once_the_switch_is_off(ring, canary, hire, open_page):
    """We had a clip open and playing on a reviewer's page while its owner turned the switch off: when the switch's own
    request had returned, the next play, the next heartbeat, the answer and the flag were all refused."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    tasks = await ring.rows("SELECT key_slot, object FROM review.tasks")
    console = await open_page("floor", await hire("reviewer"))
    task = await console.next_task()
    assert (await console.play(task)).status_code == 200
    home = await open_page("home", ring.ada)
    turned = await home.post("/settings/account/privacy", data={"purpose": "review", "allowed": "false"})
    assert turned.status_code in (200, 303), turned.text
    assert not (await consent.current(ring.stores, ring.ada)).allows("review")

    held = {"task": task["id"], "fence": task["fence"]}
    answer = {**held, "client_key": str(uuid.uuid4()), "answer": {"value": "said"}}
    refused = [
        await console.play(task),
        await console.post("/api/review/draft", json={**held, "draft": {"text": "so"}}),
        await console.post("/api/review/submit", json=answer),
        await console.post("/api/review/flag", json={**held, "kind": "other"}),
    ]
    assert [each.status_code for each in refused] == [409, 409, 409, 409]
    kept = await console.post("/api/review/keep", json={"held": [held]})
    assert kept.json()["lost"] == [task["id"]]
    assert {each.json()["error"]["code"] for each in refused} == {"review.stale-lease"}
    assert await console.next_task() is None

    assert await ring.rows("SELECT id FROM review.tasks") == []
    assert list(ring.stores.objects.names("masked")) == []
    for row in tasks:
        with pytest.raises(Erased):
            ring.stores.review_keys.secret(row["key_slot"])


async def test_what_was_answered_goes_and_what_was_heard_stays_in_the_history(ring, canary, hire, open_page):
    """We withdrew after half of the answers were in: the answers went with their clips, nothing new was made of them,
    and the owner still sees that somebody had listened."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    await ring.answer(canary, people=1)
    home = await open_page("home", ring.ada)
    await home.post("/settings/account/privacy", data={"purpose": "review", "allowed": "false"})
    assert await ring.rows("SELECT id FROM review.judgements") == []
    assert await ring.take_home() == 0
    assert (await ring.sample()).tasks == 0
    page = await home.get(f"/history/{identifier}")
    assert page.text.count("San José") == 3


async def test_others_are_left_alone(ring, canary, household, hire, open_page):
    """We let one of two people withdraw: the other's clips stayed in the queue."""
    for person in (household.ada, household.ben):
        await ring.allow(person)
        await ring.say(canary, person=person)
    await ring.sample()
    home = await open_page("home", household.ada)
    await home.post("/settings/account/privacy", data={"purpose": "review", "allowed": "false"})
    owners = await ring.rows(
        "SELECT i.person_id, count(*) AS n FROM airlock.seals s JOIN vault.interactions i ON i.id = s.interaction_id"
        " JOIN review.tasks t ON t.id = s.task_id GROUP BY 1"
    )
    assert [(row["person_id"], row["n"]) for row in owners] == [(household.ben, 3)]
