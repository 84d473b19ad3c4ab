"""`earmark datasets`: what models are learned from, and how balanced it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark import learn as learning
from earmark.cli.learning import Bars
from earmark.cli.run import AsJson, emit, err, fail, installation, out, run
from earmark.errors import BadRequest, EarmarkError
from earmark.learn.handing_out import FORMS, Written, hand_out_dataset

app = typer.Typer(help="Dataset versions: what models are learned from and judged by.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(help="A dataset's version.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show every dataset version, newest first."""

    async def ask() -> list[learning.Version]:
        async with installation() as stores:
            return await learning.dataset_versions(stores)

    found = run(ask(), as_json=as_json)
    rows = [
        {
            "version": one.version,
            "made_on": one.made_on.isoformat(),
            "state": "revoked" if one.revoked else "current",
            "train": one.train,
            "heldout": one.heldout,
            "models": list(one.models),
        }
        for one in found
    ]

    def text() -> None:
        if not rows:
            out.print("No dataset yet; `earmark learn` makes one from reviewed labels.")
            return
        table = Table("version", "made on", "state", "labels to learn from", "to judge by", "models")
        for row in rows:
            table.add_row(*(str(row[key]) for key in ("version", "made_on", "state", "train", "heldout")), _few(row))
        out.print(table)

    emit(rows, as_json=as_json, text=text)


def _few(row: dict[str, Any]) -> str:
    return ", ".join(row["models"]) or "–"


@app.command("show")
def show(version: Version, as_json: AsJson = False) -> None:
    """Show the lines of a version: labels by id and hash, and their side. Of a revoked one, too."""

    async def ask() -> list[learning.Line]:
        async with installation() as stores:
            return await learning.dataset_lines(stores, version)

    lines = run(ask(), as_json=as_json)
    rows = [{"label_id": str(line.label_id), "label_hash": line.label_hash.hex(), "side": line.side} for line in lines]

    def text() -> None:
        for row in rows:
            out.print(f"{row['label_id']}  {row['label_hash'][:16]}  {row['side']}")

    emit({"version": version, "lines": rows}, as_json=as_json, text=text)


@app.command("report")
def report(
    version: Annotated[str | None, typer.Argument(help="A dataset's version; today's labels if left out.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Look at a labelled folder instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how a dataset is balanced by device, voice cluster and noise, on both sides."""
    if version is not None and data is not None:
        fail(BadRequest(why="Give a version or --data, not both."), as_json=as_json)
    bars = Bars()

    async def ask() -> learning.Balance:
        async with installation() as stores:
            return await learning.balance(stores, version, progress=bars)

    with bars.progress:
        if data is None:
            found = run(ask(), as_json=as_json)
        else:
            try:
                found = learning.balance_of_folder(data, progress=bars, complain=lambda text: err.print(text))
            except EarmarkError as error:
                fail(error, as_json=as_json)
    emit(found.to_json(), as_json=as_json, text=lambda: _tell(found))


def _tell(found: learning.Balance) -> None:
    out.print(f"{found.version}: {found.lessons} recordings of {found.people} people.")
    table = Table("", "recordings", "people", "share", "to learn from", "to judge by", "lacks")
    for one in found.slices:
        name = f"{learning.SLICES[one.kind]} {one.slice}"
        counts = (str(one.lessons), str(one.people), f"{one.share:.0%}", str(one.train), str(one.heldout))
        table.add_row(name, *counts, one.lacking)
    out.print(table)
    out.print("A voice cluster is a heap of voices that sound alike; nobody has said what they have in common.")


@app.command("export")
def export(
    version: Version,
    to: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMS)}.")],
    force: Annotated[bool, typer.Option("--force", help="Write over an export that is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a version for NeMo, Hugging Face or Lhotse: train/, heldout/ and dataset.json. No sound leaves."""

    async def ask() -> Written:
        async with installation() as stores:
            return await hand_out_dataset(stores, version, form=form, to=to, force=force)

    done = run(ask(), as_json=as_json)
    emit(
        {"labels": done.labels, "files": [str(file) for file in done.files]},
        as_json=as_json,
        text=lambda: out.print(f"{to} holds {done.labels} labels of {version}, no sound.", soft_wrap=True),
    )
