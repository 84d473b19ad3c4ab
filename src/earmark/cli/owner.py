"""What an owner may do from the command line: `history`, `forget`, `consent`."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from rich.table import Table

from earmark import consent, vault
from earmark.cli.run import AsJson, Who, emit, installation, out, run, the_person
from earmark.consent import CLOCKS, PURPOSES, WORDINGS, Purpose
from earmark.errors import BadRequest, NotFound
from earmark.forget import Preview, preview
from earmark.forget import forget as forget_everywhere
from earmark.storage import Stores
from earmark.switches import switch
from earmark.vault import Interaction
from earmark.words import DeviceId, InteractionId, PersonId

consent_app = typer.Typer(help="The switches: what may be kept and used.", no_args_is_help=True)


Day = Annotated[str, typer.Option(help="Only of this day, as 2026-05-31.")]
First = Annotated[str, typer.Option("--from", help="From this day on; needs --to.")]
Last = Annotated[str, typer.Option("--to", help="Up to this day and including it.")]
OnDevice = Annotated[str, typer.Option(help="Only what this device heard: its name or id.")]
OfKind = Annotated[str, typer.Option(help=f"Only of this kind: {', '.join(vault.KINDS)}.")]


async def _device(stores: Stores, who: PersonId, name: str) -> str:
    """Return a device's id by its name or id. Raises BadRequest."""
    if not name:
        return ""
    for device in await vault.devices(stores, who):
        if name.casefold() in (device.name.casefold(), str(device.id)):
            return str(device.id)
    raise BadRequest(why="There is no device of this name; `earmark device list` shows them.")


def history(
    person: Who = None,
    search: Annotated[str, typer.Option(help="Only what holds all these words.")] = "",
    day: Day = "",
    first: First = "",
    last: Last = "",
    device: OnDevice = "",
    kind: OfKind = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what is kept about a person, newest first."""

    async def ask() -> list[Interaction]:
        async with installation() as stores:
            who = await the_person(stores, person)
            where = await _device(stores, who.id, device)
            part = vault.read_part(day=day, first=first, last=last, device=where, kind=kind)
            return list((await vault.history(stores, who.id, part.filter(search), limit=limit)).interactions)

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("when", "said", "done", "id", box=None)
        for each in found:
            done = each.content.reply if each.content.accepted else "not understood"
            if each.kind == "false_wake":
                done = "false wake" if each.called is False else "probably a false wake"
            table.add_row(f"{each.started_at:%d %b %H:%M}", each.content.said, done, str(each.id))
        out.print(table if found else "Nothing is kept yet. What you say to a device will appear here.")

    emit([each.to_json() for each in found], as_json=as_json, text=text)


def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids from `earmark history`.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything of this person; list lines, messages and alarms too.")
    ] = False,
    day: Day = "",
    first: First = "",
    last: Last = "",
    device: OnDevice = "",
    kind: OfKind = "",
    person: Who = None,
    receipt: Annotated[Path | None, typer.Option(help="Write the signed receipt to this file.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete recordings everywhere, for good, and print the signed receipt."""
    if everything == bool(ids or day or first or last or device or kind):
        raise typer.BadParameter("Name the ids to delete, a day, a range, a device or a kind, or say --all.")

    async def chosen(stores: Stores, who: PersonId) -> list[InteractionId] | Literal["all"]:
        if everything:
            return "all"
        where = await _device(stores, who, device)
        part = vault.read_part(day=day, first=first, last=last, device=where, kind=kind, ids=ids or ())
        return await part.select(stores, who)

    async def look() -> Preview:
        async with installation() as stores:
            who = await the_person(stores, person)
            return await preview(stores, who.id, await chosen(stores, who.id))

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            who = await the_person(stores, person)
            doomed = await chosen(stores, who.id)
            if not doomed:
                raise NotFound
            return await forget_everywhere(stores, who.id, doomed, how="command")

    if not yes:
        typer.confirm(f"Delete {_told(run(look(), as_json=as_json))} for good?", abort=True)
    done = run(ask(), as_json=as_json)
    if receipt is not None:
        receipt.write_text(json.dumps(done, indent=2))

    def text() -> None:
        for name, count in done["erased"].items():
            out.print(f"{count:>6} {name.replace('_', ' ')}")
        out.print("Deleted for good." + (f" The receipt is in {receipt}." if receipt else ""))

    emit(done, as_json=as_json, text=text)


def _told(goes: Preview) -> str:
    """Say what would go, in one breath."""
    parts = [_many(goes.recordings, "recording")]
    parts += [_many(n, what) for n, what in ((goes.copies, "copy in review"), (goes.labels, "label")) if n]
    parts += [f"{_many(len(goes.datasets), 'data set')} ({', '.join(goes.datasets)})"] if goes.datasets else []
    parts += [f"{_many(len(goes.models), 'model')} ({', '.join(goes.models)})"] if goes.models else []
    if lines := goes.kept.get("shopping"):
        parts.append(_many(lines, "line") + " of the shopping list")
    if messages := goes.kept.get("message"):
        parts.append(_many(messages, "message") + " left or waiting")
    if alarms := goes.kept.get("alarm"):
        parts.append(_many(alarms, "alarm"))
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _many(number: int, one: str) -> str:
    if number == 1:
        return f"1 {one}"
    return f"{number} copies in review" if one == "copy in review" else f"{number} {one}s"


@consent_app.command("show")
def show(person: Who = None, device: OnDevice = "", as_json: AsJson = False) -> None:
    """Show what a person allows, everywhere or on one device."""

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            who = (await the_person(stores, person)).id
            where = await _device(stores, who, device)
            on = DeviceId(uuid.UUID(where)) if where else None
            grants = await consent.current(stores, who)
            allowed: dict[str, Any] = {purpose: grants.allows(purpose, on) for purpose in PURPOSES}
            return allowed | {"keep_days": grants.keep_days(stores.settings.retention_days, on)}

    found = run(ask(), as_json=as_json)

    def text() -> None:
        for purpose in PURPOSES:
            state = "[green]on[/]" if found[purpose] else "off"
            out.print(f"{purpose:<14} {state:<4} {WORDINGS[purpose].title}")
        out.print(f"Each recording is kept: {CLOCKS.get(found['keep_days'], _many(found['keep_days'], 'day'))}.")

    emit(found, as_json=as_json, text=text)


_CLOCK_NAMES = {"1d": 1, "30d": 30, "3m": 90, "18m": 548, "forever": consent.UNTIL_DELETED}


@consent_app.command("set")
def set_(
    purpose: Annotated[str, typer.Argument(help=f"One of: {', '.join(PURPOSES)}.")],
    state: Annotated[str, typer.Argument(help="on or off")],
    device: Annotated[str, typer.Option(help="For this device alone: its name or id.")] = "",
    keep: Annotated[
        str, typer.Option(help=f"With `save on`: how long a recording lives: {', '.join(_CLOCK_NAMES)}.")
    ] = "",
    person: Who = None,
    as_json: AsJson = False,
) -> None:
    """Turn a switch; off pulls back at once what waits for review."""

    async def ask() -> dict[str, bool]:
        if purpose not in PURPOSES or state not in ("on", "off"):
            raise BadRequest(why=f"Say one of {', '.join(PURPOSES)}, and then on or off.")
        if keep and keep not in _CLOCK_NAMES:
            raise BadRequest(why=f"A recording can be kept for one of: {', '.join(_CLOCK_NAMES)}.")
        async with installation() as stores:
            who = (await the_person(stores, person)).id
            where = await _device(stores, who, device)
            await switch(
                stores,
                who,
                cast(Purpose, purpose),
                state == "on",
                how="command",
                device_id=DeviceId(uuid.UUID(where)) if where else None,
                keep_days=_CLOCK_NAMES[keep] if keep else None,
            )
            return {purpose: state == "on"}

    done = run(ask(), as_json=as_json)
    emit(done, as_json=as_json, text=lambda: out.print(f"{purpose} is {state}{f' on {device}' if device else ''}."))
