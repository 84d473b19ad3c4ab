"""What runs by itself: leases, cases, labels, sampling, clocks, the audit log; durable jobs on a timetable."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import structlog
from procrastinate import App

from earmark import accounts, airlock, audit, doctor, learn, report, review, safety, vault, webhooks
from earmark.device import Voice
from earmark.doings import carry_doings
from earmark.errors import NotFound
from earmark.forget import drop_false_wakes, finish_interrupted, forget, forget_expired, resume
from earmark.storage import Stores
from earmark.storage.jobs import job_queue

log = structlog.get_logger()
STALLED_AFTER = 30
"""Seconds without a heartbeat after which a job's worker is taken for dead and the job runs again."""


async def _sample(stores: Stores) -> None:
    await airlock.run(stores, Random(secrets.randbits(128)))


async def look_after_cases(stores: Stores) -> None:
    """Make a case of every flag, hide its sister copies, tell what is overdue, carry out what was decided."""
    await safety.open_cases(stores)
    await airlock.hide_flagged(stores)
    for case in await safety.overdue(stores):
        log.warning("a case waits for its decision past its clock", case=str(case.id), kind=case.kind)
        await audit.append(stores, {"what": "case.overdue", "case": str(case.id), "due": case.due_at.isoformat()})
    for case in await safety.to_erase(stores):
        assert case.task_id is not None
        with suppress(NotFound):  # its owner was quicker
            found = await airlock.unseal(stores, case.task_id, case.id, "decided to be erased")
            await forget(stores, found.person_id, [found.interaction_id], how="case")


async def _teach(stores: Stores) -> None:
    """Speak the training sets that sites want and that are not there yet."""
    wanted = await airlock.training_wanted(stores)
    if not wanted:
        return
    with Voice() as voice:
        for language in wanted:
            made = await airlock.make_training(
                stores, language, lambda text, who: voice.synthesise(text, voice=who), Random(secrets.randbits(128))
            )
            log.info("made a training set", language=language, clips=made)


async def _tidy(stores: Stores) -> None:
    await accounts.forget_expired(stores)
    await forget_expired(stores)
    await vault.drop_rung(stores)
    await vault.end_guest_sessions(stores)
    await airlock.expire_asks(stores)


async def _take_labels(stores: Stores) -> None:
    await airlock.take_labels(stores)
    await drop_false_wakes(stores)


class _Sweep:
    """Takes away what crashes left; remembers between rounds which stored sound no row named."""

    def __init__(self) -> None:
        self._suspected: set[str] = set()

    async def __call__(self, stores: Stores) -> None:
        # Every tombstone there is, so not each minute; who restores keys restarts what had opened them.
        await vault.replay_tombstones(stores)
        self._suspected = await doctor.sweep(stores, self._suspected)
        await learn.sweep(stores)


TIMETABLE: dict[str, tuple[str, Callable[[Stores], Awaitable[object]]]] = {
    "expire_leases": ("* * * * * */10", review.expire_leases),
    "look_after_cases": ("* * * * * */10", look_after_cases),
    "recall_withdrawn": ("* * * * * */10", airlock.recall_withdrawn),
    "take_labels": ("* * * * * */30", _take_labels),
    "count_campaigns": ("* * * * *", review.campaigns.count_campaigns),
    "carry_doings": ("* * * * * */30", carry_doings),
    "call_webhooks": ("* * * * * */5", webhooks.call_webhooks),
    "watch_backlog": ("* * * * *", webhooks.watch_backlog),
    "number_events": ("* * * * *", audit.sequence),
    "ask_witness": ("* * * * *", audit.ask_witness),
    "tidy": ("*/5 * * * *", _tidy),
    "teach": ("* * * * *", _teach),
    "tend_gold": ("47 * * * *", review.tend_gold),
    "sweep": ("37 * * * *", _Sweep()),
    "watch_access": ("11 * * * *", review.watch),
    "publish": ("3 * * * *", report.publish),
    "sample": ("7 * * * *", _sample),
    "remake": ("23 3 * * *", learn.remake_nightly),
    "remake_at_once": ("* * * * *", learn.remake_at_once),
    "watch_rollout": ("* * * * *", learn.watch),
    "finish_erasures": ("* * * * *", resume),
}
"""Job name → (cron line, with seconds last where there are six fields; what runs)."""


def make_worker(stores: Stores) -> App:
    """Return the queue's app with every job on its timetable."""
    app = job_queue(stores.home)
    for name, (cron, run) in TIMETABLE.items():
        _add(app, name, cron, run, stores)

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=False)
    async def retry_stalled(timestamp: int) -> None:
        # procrastinate leaves the jobs of a killed worker as they were.
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await app.job_manager.retry_job(job)

    return app


def _add(app: App, name: str, cron: str, run: Callable[[Stores], Awaitable[object]], stores: Stores) -> None:
    @app.periodic(cron=cron)
    @app.task(name=name, queueing_lock=name, lock=name)
    async def job(timestamp: int) -> None:
        try:
            await run(stores)
        except Exception as error:
            log.error("job failed", job=name, error=type(error).__name__)
            raise


async def work(stores: Stores) -> None:
    """Run until cancelled."""
    await finish_interrupted(stores)
    app = make_worker(stores)
    async with app.open_async():
        await app.run_worker_async(install_signal_handlers=True, delete_jobs="always", concurrency=2)
