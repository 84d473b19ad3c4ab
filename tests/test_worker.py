"""The timetable: every job runs as the worker's own role over an empty and over a used installation."""

from __future__ import annotations

import pytest
from procrastinate.testing import InMemoryConnector

from earmark import audit, vault
from earmark.worker import TIMETABLE, make_worker


@pytest.mark.parametrize("name", sorted(TIMETABLE))
async def test_a_job_runs_on_an_empty_installation(stores, name):
    _, run = TIMETABLE[name]
    await run(stores)
    await run(stores)


@pytest.mark.parametrize("name", sorted(TIMETABLE))
def test_a_timetable_line_is_one_that_the_queue_reads(name):
    import croniter

    cron, _ = TIMETABLE[name]
    assert croniter.croniter.is_valid(cron)


async def test_every_job_is_put_on_the_queue_with_nothing_but_the_time(stores):
    app = make_worker(stores)
    with app.replace_connector(InMemoryConnector()) as testing:
        async with testing.open_async():
            for name in TIMETABLE:
                await testing.configure_task(name, queueing_lock=name, lock=name).defer_async(timestamp=1)
            jobs = testing.connector.jobs.values()  # pyright: ignore[reportAttributeAccessIssue]
            assert {job["task_name"] for job in jobs} == set(TIMETABLE)
            assert all(job["args"] == {"timestamp": 1} for job in jobs)


async def test_a_job_that_fails_is_named_without_its_reason(stores, monkeypatch, capsys):
    async def broken(_):
        raise ValueError("the canary sings")

    monkeypatch.setitem(TIMETABLE, "tidy", ("*/5 * * * *", broken))
    app = make_worker(stores)
    with pytest.raises(ValueError):
        await app.tasks["tidy"].func(timestamp=1)
    told = "".join(capsys.readouterr())
    assert "ValueError" in told
    assert "canary" not in told


async def test_alarms_that_rang_are_thrown_away(stores, household, clock):
    await vault.keep(
        stores, household_id=household.id, person_id=household.ada, kind="alarm", content={}, due_at=clock()
    )
    _, run = TIMETABLE["tidy"]
    await run(stores)
    assert await vault.kept(stores, household.id, "alarm") == []


async def test_the_log_is_numbered(stores):
    await audit.append(stores, {"what": "test"})
    _, run = TIMETABLE["number_events"]
    await run(stores)
    assert [entry["event"]["what"] for entry in await audit.recent(stores)] == ["test"]
