"""`earmark audit`: the log, its checkpoints, its witness, receipts."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark import audit
from earmark import report as reports
from earmark.cli.run import AsJson, emit, fail, installation, out, run
from earmark.cli.witness import witness as be_a_witness
from earmark.errors import BadRequest, LogAltered
from earmark.settings import settings
from earmark.storage import Home

app = typer.Typer(help="The append-only log, its witness, and the receipts.", no_args_is_help=True)


@app.command("verify")
def verify(
    witness: Annotated[
        Path | None,
        typer.Option(help="What was kept elsewhere: a checkpoint (`earmark audit checkpoint`), or a witness's file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log and name the first entry that is not what was sealed."""

    async def ask() -> audit.Verdict:
        kept = _kept(witness) if witness else []
        async with installation() as stores:
            with suppress(LogAltered):  # the check says where
                await audit.sequence(stores)
            await audit.ask_witness(stores)
            return await audit.verify(stores, kept=kept)

    verdict = run(ask(), as_json=as_json)

    def text() -> None:
        if verdict.good:
            out.print(f"[green]good[/]: {verdict.size} entries, {verdict.checkpoints} checkpoints")
        else:
            out.print(f"[red]bad[/]: from entry {verdict.first_bad} on: {verdict.why}", soft_wrap=True)
        if verdict.witnessed:
            out.print(f"entries 0 to {verdict.witnessed - 1} are as a witness elsewhere saw them")
        elif verdict.good:
            out.print("no witness elsewhere has seen any of them; docs/audit-log.md says how to set one up")

    emit(asdict(verdict), as_json=as_json, text=text)
    if not verdict.good:
        raise typer.Exit(1)


def _kept(file: Path) -> list[dict[str, Any]]:
    """Read a checkpoint, or a witness's file: a line of JSON for each of its words."""
    try:
        content = file.read_text()
        try:
            lines = [json.loads(content)]
        except ValueError:
            lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    except (OSError, ValueError):
        lines = []
    kept = [line for line in lines if isinstance(line, dict) and {"size", "root", "signature"} <= line.keys()]
    if not kept:
        raise BadRequest(why="This file is no checkpoint and no witness's; make one with `earmark audit checkpoint`.")
    return kept


@app.command("checkpoint")
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


@app.command("report")
def report(
    month: Annotated[str, typer.Option(help="Year and month: 2026-05.")],
    html: Annotated[Path | None, typer.Option(help="Write a page that stands alone to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count a month for everybody to read: choices, hearings, false wakes, deletions, withdrawals, cases."""

    async def ask() -> reports.Report:
        wanted = reports.Month.named(month)
        async with installation() as stores:
            with suppress(LogAltered):
                await audit.sequence(stores)
            await reports.publish(stores)
            return await reports.report(stores, wanted)

    found = run(ask(), as_json=as_json)
    if html is not None:
        from earmark.web.reporting import standalone

        html.write_text(standalone(found))

    def text() -> None:
        out.print_json(json.dumps(found))
        if not found["complete"]:
            out.print("The month is not over: this is not for publishing.")
        if html is not None:
            out.print(f"The page is in {html}.", soft_wrap=True)

    emit(found, as_json=as_json, text=text)


@app.command("receipt")
def receipt(
    file: Annotated[Path, typer.Argument(help="A receipt as JSON.")],
    key: Annotated[
        str | None, typer.Option(help="The installation's public key in hexadecimal; that of this home if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt of an erasure offline, and say what it is of."""
    try:
        content = json.loads(file.read_text())
        public = (
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) if key else Home.at(settings().home).public_key()
        )
    except (OSError, ValueError):
        fail(BadRequest(why="This file is not a receipt, or the key is not one."), as_json=as_json)
    genuine = audit.receipt_is_genuine(content, public)
    summary = audit.summary(content) if genuine else []

    def text() -> None:
        if genuine:
            out.print("[green]genuine[/]: signed by this installation, and not a byte of it was changed since")
            for line in summary:
                out.print(line, soft_wrap=True, markup=False, highlight=False)
        else:
            out.print("[red]not genuine[/]: this receipt is forged. It was changed, or somebody else made it; do not")
            out.print("believe what it says.")

    emit({"genuine": genuine, "summary": summary}, as_json=as_json, text=text)
    if not genuine:
        raise typer.Exit(1)


app.command("witness")(be_a_witness)
