"""`earmark sample`, `review`, `safety`, `audit`: the commands of those who run the ring."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark import airlock, audit
from earmark.cli.run import AsJson, emit, fail, installation, out, run
from earmark.errors import BadRequest
from earmark.settings import settings
from earmark.storage import Home

audit_app = typer.Typer(help="The append-only log and the receipts.", no_args_is_help=True)


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


@audit_app.command("verify")
def verify(
    witness: Annotated[
        Path | None, typer.Option(help="A checkpoint that somebody kept elsewhere: `earmark audit checkpoint`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log and name the first entry that is not what was sealed."""

    async def ask() -> audit.Verdict:
        kept = _read_json(witness) if witness else None
        async with installation() as stores:
            await audit.sequence(stores)
            return await audit.verify(stores, witness=kept)

    verdict = run(ask(), as_json=as_json)

    def text() -> None:
        if verdict.good:
            out.print(f"[green]good[/]: {verdict.size} entries, {verdict.checkpoints} checkpoints")
        else:
            out.print(f"[red]bad[/]: from entry {verdict.first_bad} on: {verdict.why}")

    emit(asdict(verdict), as_json=as_json, text=text)
    if not verdict.good:
        raise typer.Exit(1)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise BadRequest(why="This file is not a checkpoint; make one with `earmark audit checkpoint`.")
    return content


@audit_app.command("checkpoint")
def checkpoint() -> None:
    """Seal the log and print the seal as JSON, for a witness to keep elsewhere."""

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            await audit.sequence(stores)
            latest = await audit.latest_checkpoint(stores)
            if latest is None:
                raise BadRequest(why="The log is still empty; there is nothing to seal.")
            return audit.checkpoint_of(stores, latest)

    print(json.dumps(run(ask())))


@audit_app.command("receipt")
def receipt(
    file: Annotated[Path, typer.Argument(help="A receipt as JSON.")],
    key: Annotated[
        str | None, typer.Option(help="The installation's public key in hexadecimal; that of this home if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt of an erasure offline."""
    try:
        content = json.loads(file.read_text())
        public = (
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) if key else Home.at(settings().home).public_key()
        )
    except (OSError, ValueError):
        fail(BadRequest(why="This file is not a receipt, or the key is not one."), as_json=as_json)
    genuine = audit.receipt_is_genuine(content, public)
    emit(
        {"genuine": genuine},
        as_json=as_json,
        text=lambda: out.print("[green]genuine[/]" if genuine else "[red]not genuine[/]: changed, or not from here"),
    )
    if not genuine:
        raise typer.Exit(1)
