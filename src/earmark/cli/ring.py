"""`earmark sample`, `review`, `safety`: the commands of those who run the ring."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from random import Random

from earmark import airlock
from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.settings import settings


def sample(as_json: AsJson = False) -> None:
    """Choose today's share of opted-in recordings for review and take home the labels that are ready."""

    async def ask() -> dict[str, int]:
        async with installation() as stores:
            labels = await airlock.take_labels(stores)
            sampled = await airlock.run(stores, Random(secrets.randbits(128)))
            return {**asdict(sampled), "labels": labels}

    done = run(ask(), as_json=as_json)
    emit(
        done,
        as_json=as_json,
        text=lambda: out.print(
            f"{done['chosen']} of {done['eligible']} recordings chosen, {done['tasks']} tasks made, "
            f"{done['labels']} labels came home."
        ),
    )


def review() -> None:
    """Say where the reviewers' console is."""
    wanted = settings()
    out.print(f"http://{wanted.host}:{wanted.floor_port}/review", soft_wrap=True)


def safety() -> None:
    """Say where the desk is."""
    wanted = settings()
    out.print(f"http://{wanted.host}:{wanted.desk_port}/cases", soft_wrap=True)
