"""`earmark demo`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from earmark.accounts import Plane, person_by_handle
from earmark.cli.processes import sign_in_url
from earmark.cli.run import err, fail, out
from earmark.demo import Turned, turn
from earmark.demo.household import STAFF
from earmark.demo.turning import earlier
from earmark.errors import EarmarkError
from earmark.settings import Settings, settings
from earmark.storage import open_stores
from earmark.supervisor import Supervisor, check_ports, running_database

RATE = 1.0


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Real recordings: a folder with commands/ and wake/. Synthesised if left out.")
    ] = None,
    exit_: Annotated[bool, typer.Option("--exit", help="Stop after the table.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Forget an earlier demo and turn the ring anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as one JSON object.")] = False,
) -> None:
    """Start with a sample household and turn the ring once; the app then stays up."""
    wanted = settings().model_copy(update={"home": settings().home / "demo", "review_rate": RATE})
    os.environ["EARMARK_REVIEW_RATE"] = str(RATE)  # for the processes that the supervisor starts
    # Of a recording the simulated reviewers may know the machine's words only: none writes without seeing them.
    os.environ["EARMARK_BLIND_SHARE"] = "0"
    try:
        if again or data is not None or earlier(wanted.home) is None:  # half a demo can't be taken up again
            _forget_earlier(wanted)
        check_ports(wanted)
        with _progress(as_json) as bar:
            task = bar.add_task("starting", total=1.0)

            def tell(text: str, part: float = 0.0) -> None:
                bar.update(task, description=text, completed=part)

            with running_database(wanted, tell) as postgres:
                supervisor = Supervisor(wanted)
                supervisor.start(tell)
                try:
                    turned = asyncio.run(_turned(wanted, data, tell))
                    links = {} if exit_ else asyncio.run(_links(wanted))
                except BaseException:
                    supervisor.stop()
                    raise
                bar.stop()
                _show(turned, as_json)
                if exit_:
                    supervisor.stop()
                    return
                _welcome(wanted, links)
                supervisor.run(postgres)
    except EarmarkError as error:
        fail(error, as_json=as_json)


def _forget_earlier(wanted: Settings) -> None:
    """Remove an earlier demo's home and database; never another one's: the folder is the demo's own."""
    import shutil

    from earmark.storage import EmbeddedPostgres, Home

    if not (wanted.home / "home.json").exists():
        return
    home = Home.at(wanted.home)
    lock = home.lock()
    EmbeddedPostgres(home.folder).remove()
    shutil.rmtree(home.folder)
    lock.release()


async def _turned(wanted: Settings, data: Path | None, tell) -> Turned:
    async with open_stores("earmark_worker", wanted) as stores:
        if found := earlier(stores.home.folder):
            err.print("This is an earlier demo's home and table; `earmark demo --again` turns the ring anew.")
            return found
        return await turn(stores, data, tell)


async def _links(wanted: Settings) -> dict[str, str]:
    async with open_stores("earmark_worker", wanted) as stores:
        found: dict[str, tuple[str, Plane]] = {"owner": ("ada", "home"), "reviewer": ("reviewer", "floor")}
        found |= {role: (role, plane) for role, _, plane in STAFF}
        return {
            role: await sign_in_url(stores, (await person_by_handle(stores, handle)).id, plane)
            for role, (handle, plane) in found.items()
        }


def _progress(as_json: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=as_json,
        transient=True,
    )


def _show(turned: Turned, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"before": turned.before, "after": turned.after}))
        return
    out.print(f"\nThe ring turned once, on {turned.about}.", soft_wrap=True)
    out.print(
        f"{turned.spoken} times somebody spoke; {turned.interactions} were kept; the sample was {RATE:.0%} of them "
        f"(0.2 % a day is the default). [bold]Simulated reviewers[/] of the sites that are open now passed a training "
        f"and, with 5 % errors, gave {turned.judgements} answers, which made {turned.labels} labels.",
        soft_wrap=True,
    )
    table = Table(title="On speakers, voices and phrases that were never reviewed", title_justify="left")
    for head in ("", "before", "after"):
        table.add_column(head, justify="left" if not head else "right")
    for name, before, after in rows(turned.before, turned.after):
        table.add_row(name, before, after)
    out.print(table)
    out.print(turned.why, soft_wrap=True)
    for note in turned.notes:
        out.print(f"  {note}", soft_wrap=True)
    if turned.taken_up is not None:
        out.print(f"Running devices were told of the new models after {turned.taken_up:.0f} s.")


def rows(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the table's lines: what, before, after."""

    def line(name: str, part: str, show) -> tuple[str, str, str] | None:
        if part not in before or part not in after:
            return None
        return name, show(before[part]), show(after[part])

    found = [
        line("wake words missed", "wake", lambda w: f"{w['misses']} of {w['hits'] + w['misses']}"),
        line("false wakes", "wake", lambda w: f"{w['false_accepts']} in {60 * w['hours']:.0f} min"),
        line("commands accepted", "commands", lambda c: f"{c['accepted']} of {c['n']} ({c['acceptance']:.0%})"),
        line("other speech wrongly accepted", "commands", lambda c: f"{c['false_accepted']} of {c['n_other']}"),
        line("word error rate", "asr", lambda a: f"{a['wer']:.1%}"),
    ]
    return [each for each in found if each is not None]


def _welcome(wanted: Settings, links: dict[str, str]) -> None:
    out.print(f"\n[bold]Earmark is running[/] at http://{wanted.host}:{wanted.home_port}", soft_wrap=True)
    out.print("Sign in as one of them; each link works once, for two days:")
    for role, link in links.items():
        out.print(f"  {role:<9} {link}", soft_wrap=True)
    out.print("Ctrl-C stops it; the next `make demo` starts where this one stopped.")
