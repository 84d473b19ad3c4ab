"""The client alone: what it sends, how it reads answers, what it does when the connection breaks."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

import earmark.client
from earmark import errors
from earmark.client import (
    AsyncReviewClient,
    ClientError,
    ConnectionLost,
    NotFound,
    NotHeard,
    Preferences,
    ReviewClient,
    ServerError,
    StaleLease,
    Task,
    TooManyRequests,
)
from earmark.client.errors import error_of, kinds
from earmark.client.things import Opened, read

BROKEN = httpx.ConnectError("refused")
SAID = {"value": "said"}


def test_a_task_is_read_into_types(run, floor):
    opened = run(lambda client: client.open(1))
    (task,) = opened.tasks
    assert task.id == uuid.UUID("5f0c2a3e-1b1d-4b0e-9c39-1f6f8d0c1a11")
    assert task.lease_until == datetime(2026, 5, 4, 9, 31, tzinfo=UTC)
    assert (task.spec.options[0].value, task.spec.marks[0].key, task.speech) == ("said", "u", ((0.5, 1.2),))
    assert (task.draft, task.answers, opened.preferences) == (None, (), Preferences())
    assert floor.bodies() == [{"ahead": 1}]
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.fence = 8
    with pytest.raises(TypeError):
        task.prefill["word"] = "x"


def test_every_request_shows_the_token_and_goes_to_the_floor(run, floor, task):
    run(lambda client: client.next())
    run(lambda client: client.sound(task))
    assert {request.headers["authorization"] for request in floor.asked} == {"Bearer t0ken"}
    assert {request.url.host for request in floor.asked} == {"floor.test"}


def test_why_there_is_no_clip(run):
    found = run(lambda client: client.next())
    assert (found.task, found.why.code, found.why.text, found.why.until) == (None, "nothing", "All is done.", None)


def test_a_field_that_is_newer_than_the_client_is_left_alone(run, task):
    assert run(lambda client: client.flag(task, "crime")).task == task


def test_an_answer_that_is_lost_on_its_way_is_sent_again_under_the_same_key(run, floor, task):
    floor.trouble = [BROKEN, httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), 503]
    done = run(lambda client: client.submit(task, SAID, heard=[(0, 1.5)], undo=True))
    assert len(floor.bodies()) == 5
    assert len({body["client_key"] for body in floor.bodies()}) == 1
    assert str(done.client_key) == floor.bodies()[0]["client_key"]
    assert floor.bodies()[-1] == {
        "task": str(task.id),
        "fence": 7,
        "client_key": str(done.client_key),
        "answer": SAID,
        "heard": [[0, 1.5]],
        "undo": True,
    }
    assert floor.slept == [0.2, 0.4, 0.8, 1.6]


def test_two_answers_have_two_keys_unless_one_is_given(run, floor, task):
    run(lambda client: client.submit(task, SAID))
    run(lambda client: client.submit(task, SAID))
    key = uuid.uuid4()
    assert run(lambda client: client.submit(task, SAID, client_key=key)).client_key == key
    keys = [body["client_key"] for body in floor.bodies()]
    assert len(set(keys)) == 3
    assert keys[2] == str(key)
    assert "heard" not in floor.bodies()[0]


def test_after_five_tries_it_says_so(run, floor, task):
    floor.trouble = [BROKEN] * 9
    with pytest.raises(ConnectionLost) as caught:
        run(lambda client: client.submit(task, SAID))
    assert len(floor.asked) == 5
    assert caught.value.code == "client.connection-lost"


@pytest.mark.parametrize(
    "what",
    [
        lambda client, task: client.next(),
        lambda client, task: client.undo(task, uuid.uuid4()),
        lambda client, task: client.flag(task),
        lambda client, task: client.release(task),
        lambda client, task: client.submit_tie(task, SAID),
    ],
)
def test_what_must_not_happen_twice_is_not_sent_twice(run, floor, task, what):
    floor.trouble = [BROKEN, BROKEN]
    with pytest.raises(ConnectionLost):
        run(lambda client: what(client, task))
    assert len(floor.asked) == 1


def test_a_refusal_is_not_tried_again(run, floor, task):
    floor.trouble = [(409, {"error": {"code": "review.stale-lease", "message": "Take the next one."}})]
    with pytest.raises(StaleLease) as caught:
        run(lambda client: client.submit(task, SAID))
    assert (caught.value.status, str(caught.value)) == (409, "Take the next one.")
    assert len(floor.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "review.not-heard", NotHeard),
        (404, "thing.not-found", NotFound),
        (429, "auth.slow-down", TooManyRequests),
        (507, "setup.disk-full", ServerError),
        (400, "something.newer", earmark.client.BadRequest),
        (409, "something.newer", earmark.client.Conflict),
        (418, "something.newer", ServerError),
    ],
)
def test_a_code_decides_then_the_status(status, code, kind):
    error = error_of(status, {"error": {"code": code, "message": "So."}})
    assert type(error) is kind
    assert (error.code, error.message, error.status) == (code, "So.", status)


@pytest.mark.parametrize("body", [None, [], {"error": "x"}, {"error": {"code": 3}}, {"detail": "x"}])
def test_an_answer_from_something_else_is_an_error_too(body):
    assert type(error_of(502, body)) is ServerError
    assert "502" in error_of(502, body).message


def test_a_redirect_is_not_followed(run, floor):
    floor.trouble = [303]
    with pytest.raises(ServerError):
        run(lambda client: client.numbers())
    assert len(floor.asked) == 1


def test_every_kind_has_a_code_of_the_project_with_its_status():
    ours = {kind.code: kind.status for kind in vars(errors).values() if hasattr(kind, "code")}
    for kind in kinds():
        if kind is not ConnectionLost:
            assert kind.code in ours, kind.__name__
            assert not kind.statuses or ours[kind.code] in kind.statuses
    assert len({kind.code for kind in kinds()}) == len(list(kinds()))


@pytest.mark.parametrize("field", ["id", "fence", "spec", "sound", "lease_until"])
def test_an_answer_of_another_shape_is_the_servers_fault(run, floor, field):
    for wrong in ([{}], None):
        floor.answers["/api/review/open"] = {"tasks": [{"id": 1} | {field: wrong}], "why": None}
        with pytest.raises(ServerError):
            run(lambda client: client.open())


def test_reading_is_strict_about_types():
    with pytest.raises(ValueError):
        read(Opened, {"tasks": "none"})
    with pytest.raises(ValueError):
        read(Preferences, {"loop": "yes"})
    assert read(Preferences, {"speed": 2}).speed == 2.0


def test_an_address_is_used_once_and_then_another_one_is_asked_for(run, floor, task):
    async def twice_async(client):
        return await client.sound(task), await client.sound(task)

    def twice(client):
        if isinstance(client, AsyncReviewClient):
            return twice_async(client)
        return client.sound(task), client.sound(task)

    assert run(twice) == (b"RIFF", b"RIFF")
    assert [request.url.path for request in floor.asked] == [
        "/api/review/sound/abc", "/api/review/sound", "/api/review/sound/ghi",
    ]  # fmt: skip


@pytest.mark.parametrize("trouble", [BROKEN, (409, {"error": {"code": "review.stale-lease", "message": "x"}})])
def test_a_sound_that_did_not_arrive_comes_by_another_address(run, floor, task, trouble):
    floor.trouble = [trouble]
    assert run(lambda client: client.sound(task)) == b"RIFF"
    assert floor.asked[-1].url.path == "/api/review/sound/ghi"


@pytest.mark.parametrize("sound", ["https://else.where/x", "//else.where/x", "/api/review/sound/../../x", "/x"])
def test_the_token_goes_to_no_other_address(run, floor, task, sound):
    elsewhere = dataclasses.replace(task, sound=sound)
    with pytest.raises(ValueError):
        run(lambda client: client.sound(elsewhere))
    assert floor.asked == []


def test_a_tie_comes_with_its_answers(run):
    assert run(lambda client: client.next_tie()).task.answers == ({"value": "said"}, {"value": "not_said"})


def test_both_clients_have_the_same_methods():
    def methods(kind):
        found = {name: each for name, each in vars(kind).items() if inspect.isfunction(each) and name[0] != "_"}
        return {
            name.removeprefix("a") if name == "aclose" else name: (str(inspect.signature(each)), each.__doc__)
            for name, each in found.items()
        }

    assert methods(ReviewClient) == methods(AsyncReviewClient)


def test_the_client_needs_httpx_and_nothing_of_the_server():
    for file in Path(earmark.client.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith("earmark") or name.startswith("earmark.client"), f"{file.name}: {name}"
                assert name.partition(".")[0] not in ("fastapi", "pydantic", "psycopg", "numpy", "starlette")


def test_every_public_name_is_one_of_the_list():
    assert all(hasattr(earmark.client, name) for name in earmark.client.__all__)
    assert issubclass(ConnectionLost, ClientError)
    assert Task.__dataclass_params__.frozen  # type: ignore[attr-defined]
