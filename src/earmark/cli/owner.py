"""What an owner may do from the command line: `history`, `forget`, `consent`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark import consent, vault
from earmark.cli.run import AsJson, Who, emit, installation, out, run, the_person
from earmark.consent import PURPOSES, WORDINGS
from earmark.errors import BadRequest
from earmark.forget import forget as forget_everywhere
from earmark.vault import Interaction, KeepsakeKind
from earmark.words import InteractionId

consent_app = typer.Typer(help="The switches: what may be kept and used.", no_args_is_help=True)


def history(
    person: Who = None,
    search: Annotated[str, typer.Option(help="Only what holds all these words.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what is kept about a person, newest first."""

    async def ask() -> list[Interaction]:
        async with installation() as stores:
            who = await the_person(stores, person)
            return list((await vault.history(stores, who.id, vault.Filter(search=search), limit=limit)).interactions)

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("when", "said", "done", "id", box=None)
        for each in found:
            done = each.content.reply if each.content.accepted else "not understood"
            table.add_row(f"{each.started_at:%d %b %H:%M}", each.content.text, done, str(each.id))
        out.print(table if found else "Nothing is kept yet. What you say to a device will appear here.")

    emit([_plain(each) for each in found], as_json=as_json, text=text)


def _plain(each: Interaction) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "at": each.started_at.isoformat(),
        "kind": each.kind,
        "seconds": round(each.duration, 2),
        **each.content.to_json(),
    }


def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids from `earmark history`.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything of this person; list lines, messages and alarms too.")
    ] = False,
    person: Who = None,
    receipt: Annotated[Path | None, typer.Option(help="Write the signed receipt to this file.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete recordings everywhere, for good, and print the signed receipt."""
    if everything == bool(ids):
        raise typer.BadParameter("Name the ids to delete, or say --all.")

    async def count() -> str:
        async with installation() as stores:
            who = await the_person(stores, person)
            kept = await vault.kept_of_person(stores, who.id)
            return _told(await vault.count(stores, who.id), {kind: len(found) for kind, found in kept.items()})

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            who = await the_person(stores, person)
            return await forget_everywhere(stores, who.id, "all" if everything else _ids(ids or []), how="command")

    if not yes:
        what = run(count(), as_json=as_json) if everything else _many(len(ids or []), "recording")
        typer.confirm(f"Delete {what} for good, with all copies and labels?", abort=True)
    done = run(ask(), as_json=as_json)
    if receipt is not None:
        receipt.write_text(json.dumps(done, indent=2))

    def text() -> None:
        for name, count in done["erased"].items():
            out.print(f"{count:>6} {name.replace('_', ' ')}")
        out.print("Deleted for good." + (f" The receipt is in {receipt}." if receipt else ""))

    emit(done, as_json=as_json, text=text)


def _told(recordings: int, kept: Mapping[KeepsakeKind, int]) -> str:
    """Say what everything of a person is."""
    parts = [_many(recordings, "recording")]
    if lines := kept.get("shopping"):
        parts.append(_many(lines, "line") + " of the shopping list")
    if messages := kept.get("message"):
        parts.append(_many(messages, "message") + " left or waiting")
    if alarms := kept.get("alarm"):
        parts.append(_many(alarms, "alarm"))
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _many(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def _ids(texts: list[str]) -> list[InteractionId]:
    try:
        return [InteractionId(uuid.UUID(text)) for text in texts]
    except ValueError:
        raise BadRequest(why="One of these is not an id; take ids from `earmark history`.") from None


@consent_app.command("show")
def show(person: Who = None, as_json: AsJson = False) -> None:
    """Show what a person allows."""

    async def ask() -> dict[str, bool]:
        async with installation() as stores:
            grants = await consent.current(stores, (await the_person(stores, person)).id)
            return {purpose: grants.allows(purpose) for purpose in PURPOSES}

    found = run(ask(), as_json=as_json)

    def text() -> None:
        for purpose, allowed in found.items():
            state = "[green]on[/]" if allowed else "off"
            out.print(f"{purpose:<14} {state:<4} {WORDINGS[purpose].title}")  # pyright: ignore[reportArgumentType]

    emit(found, as_json=as_json, text=text)


@consent_app.command("set")
def set_(
    purpose: Annotated[str, typer.Argument(help="save, review or transcription")],
    state: Annotated[str, typer.Argument(help="on or off")],
    person: Who = None,
    as_json: AsJson = False,
) -> None:
    """Turn a switch; off pulls back every clip that waits for review."""

    async def ask() -> dict[str, bool]:
        if purpose not in PURPOSES or state not in ("on", "off"):
            raise BadRequest(why="Say one of save, review, transcription, and then on or off.")
        from earmark import airlock

        async with installation() as stores:
            who = await the_person(stores, person)
            await consent.set_grant(stores, who.id, purpose, state == "on", how="command")
            if state == "off":
                await airlock.recall(stores, who.id)
            return {purpose: state == "on"}

    done = run(ask(), as_json=as_json)
    emit(done, as_json=as_json, text=lambda: out.print(f"{purpose} is {state}."))
