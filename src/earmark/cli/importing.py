"""`earmark import`: recordings by manifest.jsonl, or by the list of another tool."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from earmark import accounts, learn, manifest
from earmark.assistant import Engine, backends
from earmark.assistant.importing import Imported, import_entries
from earmark.cli.run import AsJson, Who, emit, err, installation, out, run, the_person
from earmark.manifest import List


def import_(
    source: Annotated[
        Path,
        typer.Argument(help="Folder with manifest.jsonl, or a list: a Label Studio export (.json), .csv or .jsonl."),
    ],
    person: Who = None,
    audio: Annotated[
        Path | None, typer.Option("--audio", help="Folder of the recordings that a list names; its own if left out.")
    ] = None,
    recognise: Annotated[bool, typer.Option(help="Recognise what is said in each.")] = True,
    as_json: AsJson = False,
) -> None:
    """Import recordings into a person's history, each once; names every bad file and loses none.

    Nothing is fetched: web addresses are refused. `earmark sample` then chooses among them what reviewers are asked
    about, as among everything else that this person allows to be reviewed.
    """

    async def ask() -> tuple[list[Imported], List]:
        found = manifest.open_list(source, audio=audio)
        async with installation() as stores:
            who = await the_person(stores, person)
            found = found.spoken_in(who.languages[:1])
            engine = None
            if recognise:
                names = [p.name for p in await accounts.people(stores, who.household_id)]
                bundle, make = await learn.promoted(stores), backends.chosen(stores.settings)
                engine = Engine(bundle, names=names, make=make(bundle, names) if make else None)
            with _bar(len(found.entries), as_json) as bar:
                task = bar.add_task("importing", total=len(found.entries))
                done = await import_entries(stores, who.id, list(found.entries), engine, lambda _: bar.advance(task))
            return done, found

    done, found = run(ask(), as_json=as_json)
    states = Counter(each.state for each in done)
    bad = [{"file": found.name, "line": b.line, "code": b.error.code, "why": b.error.message} for b in found.bad]
    bad += [
        {"file": each.entry.name, "line": each.entry.line, "code": each.error.code, "why": each.error.message}
        for each in done
        if each.error
    ]

    def text() -> None:
        for each in bad:
            err.print(
                f"{found.what.casefold()} {each['line']}: {each['file']}: {each['why']} ({each['code']})",
                soft_wrap=True,
            )
        out.print(f"{states['imported']} imported, {states['known']} were there already, {len(bad)} could not be used.")

    summary = {"imported": states["imported"], "known": states["known"], "bad": bad}
    emit(summary, as_json=as_json, text=text)
    if bad:
        raise typer.Exit(1)


def _bar(total: int, as_json: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=as_json or total < 5,
    )
