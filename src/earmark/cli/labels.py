"""`earmark labels`: what reviewers found out, for other tools."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from earmark.cli.run import AsJson, emit, err, fail, installation, out, run
from earmark.errors import BadRequest
from earmark.learn.handing_out import FORMS, STDOUT, Written, hand_out

app = typer.Typer(help="Labels that reviewers agreed on, for other tools.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `export` a command of its own while it is the only one."""


@app.command("export")
def export(
    to: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files, or `-` for the standard output.")],
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMS)}.")],
    question: Annotated[
        list[str] | None, typer.Option("--question", help="Only labels of this question; may be given more than once.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only labels agreed on this day or later: 2026-05-01.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an export that is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write labels for NeMo, Hugging Face, Lhotse, spreadsheets or Label Studio. No sound leaves.

    Labels of people who do not allow reviews any more are left out. A deletion here does not reach the files.
    """
    if to == STDOUT and as_json:
        fail(BadRequest(why="`-` writes the labels themselves; give a folder with --json."), as_json=True)

    async def ask() -> Written:
        first = _day(since)
        async with installation() as stores:
            with _bar(to) as bar:
                task = bar.add_task("labels", total=None)
                return await hand_out(
                    stores,
                    form=form,
                    to=to,
                    stdout=sys.stdout.buffer,
                    questions=question or None,
                    since=first,
                    force=force,
                    tell=lambda done, total: bar.update(task, completed=done, total=total),
                )

    done = run(ask(), as_json=as_json)

    def text() -> None:
        many = f"{done.labels} label{'' if done.labels == 1 else 's'}"
        if to == STDOUT:
            err.print(f"{many}, no sound.")
        else:
            out.print(f"{to} holds {many}, no sound: {', '.join(file.name for file in done.files)}.", soft_wrap=True)

    emit({"labels": done.labels, "files": [str(file) for file in done.files]}, as_json=as_json, text=text)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise BadRequest(why="Give --since a day like 2026-05-01.") from None


def _bar(to: Path) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=to == STDOUT or not err.is_terminal,
    )
