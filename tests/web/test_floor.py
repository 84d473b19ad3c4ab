from __future__ import annotations

import json
import uuid

import pytest

from earmark import audio, review

WHOLE = [[0.0, 8.0]]
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
        "heard": WHOLE,
    }
    unheard = await reviewer.call("/api/review/submit", body)
    assert (unheard.status_code, unheard.json()["error"]["code"]) == (400, "review.not-heard")
    await reviewer.get(first["sound"])
    silent = await reviewer.call("/api/review/submit", {**body, "heard": []})
    unsaid = await reviewer.call("/api/review/submit", {name: body[name] for name in body if name != "heard"})
    assert [each.status_code for each in (silent, unsaid)] == [400, 400]
    second = (await reviewer.call("/api/review/submit", body)).json()["task"]
    assert {first["id"], second["id"]} == made
    again = (await reviewer.call("/api/review/submit", body)).json()["task"]
    assert again["id"] == second["id"]


async def test_the_sound_goes_to_the_holder_of_the_lease_only(reviewer, task, browse, worker) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    other = await browse("floor", await worker("reviewer"))
    refused = await other.get(held["sound"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "review.stale-lease")
    answer = await reviewer.get(held["sound"])
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["cache-control"] == "no-store"
    assert audio.read(answer.content).duration == 1.0
    assert (await reviewer.get(held["sound"])).status_code == 409
    lease = {"task": held["id"], "fence": held["fence"]}
    another = (await reviewer.call("/api/review/sound", lease)).json()["sound"]
    assert another != held["sound"]
    assert (await reviewer.get(another)).status_code == 200


async def test_a_task_tells_nothing_that_is_stable(reviewer, task) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    assert set(held) == {
        "id", "question", "version", "spec", "language", "fence", "lease_until", "prefill", "speech", "blind",
        "training", "sound",
    }  # fmt: skip


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
    assert answer.json()["task"] is None
    assert answer.json()["why"]["code"] == "nothing"
    assert [flag.kind for flag in await review.flags(stores)] == ["crime"]
    gone = await reviewer.get(held["sound"])
    assert gone.status_code == 409


async def test_keep_and_release(reviewer, task, clock, browse, worker) -> None:
    await task()
    held = (await reviewer.call("/api/review/next", {})).json()["task"]
    lease = {"task": held["id"], "fence": held["fence"]}
    clock.turn(seconds=30)
    kept = (await reviewer.call("/api/review/keep", {"held": [lease]})).json()
    assert kept["lease_until"] > held["lease_until"]
    assert kept["lost"] == []
    assert (await reviewer.call("/api/review/release", lease)).json() == {}
    other = await browse("floor", await worker("reviewer"))
    assert (await other.call("/api/review/next", {})).json()["task"]["id"] == held["id"]
    assert (await reviewer.call("/api/review/keep", {"held": [lease]})).json()["lost"] == [held["id"]]


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


async def test_a_tie_goes_to_the_lead_with_its_answers(browse, worker, task, clock) -> None:
    await task("transcript")
    for text in ("one", "two", "three"):
        person = await browse("floor", await worker("reviewer"))
        held = (await person.call("/api/review/next", {})).json()["task"]
        await person.get(held["sound"])
        body = {
            "task": held["id"],
            "fence": held["fence"],
            "client_key": str(uuid.uuid4()),
            "answer": {"text": text},
            "heard": WHOLE,
        }
        assert (await person.call("/api/review/submit", body)).status_code == 200
    lead = await browse("floor", await worker("lead"))
    board = (await lead.get("/lead")).text
    assert "/lead/ties" in board
    tie = (await lead.call("/api/lead/next", {})).json()["task"]
    assert sorted(answer["text"] for answer in tie["answers"]) == ["one", "three", "two"]
    await lead.get(tie["sound"])
    body = {"task": tie["id"], "fence": tie["fence"], "answer": {"text": "two"}}
    unheard = await lead.call("/api/lead/submit", body)
    assert (unheard.status_code, unheard.json()["error"]["code"]) == (400, "review.not-heard")
    body["heard"] = WHOLE
    assert (await lead.call("/api/lead/submit", body)).json() == {"task": None}
    again = await lead.call("/api/lead/submit", body)  # the first word was lost on its way
    assert (again.status_code, again.json()) == (200, {"task": None})
    assert (await lead.call("/api/lead/submit", body | {"answer": {"text": "one"}})).status_code == 409
    clock.turn(seconds=5)  # the board is a few seconds old
    assert "1 by adjudication" in (await lead.get("/lead")).text


async def test_the_console_shows_only_what_the_role_may_do(reviewer) -> None:
    page = (await reviewer.get("/review")).text
    assert 'data-api="/api/review"' in page
    assert 'href="/lead"' not in page
