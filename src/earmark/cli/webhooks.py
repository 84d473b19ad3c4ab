"""`earmark webhooks`: which programs are told what happens on the floor."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark import webhooks
from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.errors import NotFound
from earmark.webhooks import Added, Outcome
from earmark.webhooks.hooks import LOW

app = typer.Typer(help="Webhooks: tell other programs what happens on the floor.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(metavar="ID", help="Of `earmark webhooks list`.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://…, or http:// to a program on this machine.")],
    events: Annotated[str, typer.Option("--events", help=f"Separated by commas: {', '.join(webhooks.EVENTS)}.")],
    low: Annotated[
        int, typer.Option("--low", help="Below how many waiting tasks of a question `backlog.low` is.")
    ] = LOW,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="The address may lie in a private network.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add an address, and print the secret with which it checks signatures; it is not shown again."""

    async def ask() -> Added:
        wanted = [each.strip() for each in events.split(",") if each.strip()]
        async with installation() as stores:
            return await webhooks.add(stores, url, wanted, low=low, allow_private=allow_private)

    made = run(ask(), as_json=as_json)

    def text() -> None:
        out.print(f"{made.id} is told from now on. Its secret, shown this once:", soft_wrap=True)
        out.print(made.secret, soft_wrap=True, highlight=False)

    emit({"id": str(made.id), "secret": made.secret}, as_json=as_json, text=text)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the addresses, what each is told, and how many messages it has not taken yet."""

    async def ask() -> list[dict[str, Any]]:
        async with installation() as stores:
            return [
                {
                    "id": str(each.id),
                    "url": each.url,
                    "events": list(each.events),
                    "low": each.low,
                    "allow_private": each.allow_private,
                    "made_at": each.made_at.isoformat(timespec="seconds"),
                    "waiting": each.waiting,
                }
                for each in await webhooks.webhooks(stores)
            ]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        if not found:
            out.print("Nobody is told anything; `earmark webhooks add URL --events …` changes that.")
            return
        table = Table("id", "address", "events", "waiting", box=None)
        for each in found:
            table.add_row(each["id"], each["url"], ", ".join(each["events"]), str(each["waiting"]))
        out.print(table)

    emit(found, as_json=as_json, text=text)


@app.command("remove")
def remove(which: Which, as_json: AsJson = False) -> None:
    """Tell an address nothing more; what waited for it goes too."""

    async def ask() -> None:
        async with installation() as stores:
            await webhooks.remove(stores, _id(which))

    run(ask(), as_json=as_json)
    emit({"removed": which}, as_json=as_json, text=lambda: out.print("It is told nothing more."))


@app.command("test")
def try_out(which: Which, as_json: AsJson = False) -> None:
    """Send `webhook.test` to an address, once, and say what came of it."""

    async def ask() -> Outcome:
        async with installation() as stores:
            return await webhooks.try_out(stores, _id(which))

    found = run(ask(), as_json=as_json)
    value = {"taken": found.taken, "status": found.status, "why": found.why}
    said = "It was taken." if found.taken else f"It was not taken: {found.why}."
    emit(value, as_json=as_json, text=lambda: out.print(said, soft_wrap=True))
    if not found.taken:
        raise typer.Exit(1)


def _id(which: str) -> uuid.UUID:
    try:
        return uuid.UUID(which)
    except ValueError:
        raise NotFound from None
