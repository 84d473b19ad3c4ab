from __future__ import annotations

import json
import uuid

import pytest

from earmark import audio, review

ANSWERS = {"wake": {"value": "said"}, "transcript": {"text": "hello"}, "understood": {"value": "right"}}


@pytest.fixture
async def reviewer(browse, worker):
    return await browse("floor", await worker("reviewer"))


async def test_an_answer_brings_the_next_task(reviewer, task) -> None:
    made = {str(await task("wake")), str(await task("understood"))}
    first = (await reviewer.call("/api/review/next", {})).json()["task"]
    body = {
        "task": first["id"],
        "fence": first["fence"],
        "client_key": str(uuid.uuid4()),
        "answer": ANSWERS[first["question"]],
    }
    second = (await reviewer.call("/api/review/submit", body)).json()["task"]
    assert {first["id"], second["id"]} == made
    again = (await reviewer.call("/api/review/submit", body)).json()["task"]
    assert again["id"] == second["id"]


async def test_the_sound_goes_to_the_holder_of_the_lease_only(reviewer, task, browse, worker) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    address = f"/api/review/sound/{held['id']}?fence={held['fence']}"
    answer = await reviewer.get(address)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["cache-control"] == "no-store"
    assert audio.read(answer.content).duration == 1.0
    other = await browse("floor", await worker("reviewer"))
    refused = await other.get(address)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "review.stale-lease")


async def test_a_task_tells_nothing_that_is_stable(reviewer, task) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    assert set(held) == {"id", "question", "language", "fence", "lease_until", "prefill"}


async def test_a_program_may_show_a_bearer_token_instead(browse, reviewer, task) -> None:
    await task()
    program = await browse("floor")
    headers = {"Authorization": f"Bearer {reviewer.token}"}
    answer = await program.client.post("/api/review/next", json={}, headers=headers)
    assert answer.json()["task"]["question"] == "wake"
    wrong = await program.client.post("/api/review/next", json={}, headers={"Authorization": "Bearer nonsense"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "auth.sign-in")


async def test_a_flagged_clip_is_hidden_and_the_next_one_comes(reviewer, task, stores) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    answer = await reviewer.call("/api/review/flag", {"task": held["id"], "fence": held["fence"], "kind": "crime"})
    assert answer.json() == {"task": None}
    assert [flag.kind for flag in await review.flags(stores)] == ["crime"]
    gone = await reviewer.get(f"/api/review/sound/{held['id']}?fence={held['fence']}")
    assert gone.status_code == 409


async def test_heartbeat_and_release(reviewer, task, clock, browse, worker) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    lease = {"task": held["id"], "fence": held["fence"]}
    clock.turn(seconds=30)
    kept = (await reviewer.call("/api/review/heartbeat", lease)).json()["lease_until"]
    assert kept > held["lease_until"]
    assert (await reviewer.call("/api/review/release", lease)).json() == {}
    other = await browse("floor", await worker("reviewer"))
    assert (await other.call("/api/review/next", {})).json()["task"]["id"] == held["id"]
    assert (await reviewer.call("/api/review/heartbeat", lease)).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task": "x", "fence": 1, "client_key": str(uuid.uuid4()), "answer": {}},
        {"task": str(uuid.uuid4()), "fence": -1, "client_key": str(uuid.uuid4()), "answer": {}},
        {"task": str(uuid.uuid4()), "fence": 2**80, "client_key": str(uuid.uuid4()), "answer": {}},
        {"task": str(uuid.uuid4()), "fence": 1, "client_key": str(uuid.uuid4()), "answer": "my secret"},
        {"task": str(uuid.uuid4()), "fence": 1, "client_key": str(uuid.uuid4()), "answer": {}, "more": 1},
    ],
)
async def test_what_is_no_answer_is_refused_without_quoting_it(reviewer, body) -> None:
    answer = await reviewer.call("/api/review/submit", body)
    assert answer.status_code == 422
    assert set(answer.json()["error"]) == {"code", "message"}
    assert "my secret" not in json.dumps(answer.json())


async def test_a_tie_goes_to_the_lead_with_its_answers(browse, worker, task) -> None:
    await task("transcript")
    for text in ("one", "two", "three"):
        person = await browse("floor", await worker("reviewer"))
        held = (await person.call("/api/review/next", {})).json()["task"]
        body = {"task": held["id"], "fence": held["fence"], "client_key": str(uuid.uuid4()), "answer": {"text": text}}
        assert (await person.call("/api/review/submit", body)).status_code == 200
    lead = await browse("floor", await worker("lead"))
    board = (await lead.get("/lead")).text
    assert "/lead/ties" in board
    tie = (await lead.call("/api/lead/next", {})).json()["task"]
    assert sorted(answer["text"] for answer in tie["answers"]) == ["one", "three", "two"]
    body = {"task": tie["id"], "fence": tie["fence"], "answer": {"text": "two"}}
    assert (await lead.call("/api/lead/submit", body)).json() == {"task": None}
    assert "1 by adjudication" in (await lead.get("/lead")).text


async def test_the_console_shows_only_what_the_role_may_do(reviewer) -> None:
    page = (await reviewer.get("/review")).text
    assert 'data-api="/api/review"' in page
    assert 'href="/lead"' not in page
