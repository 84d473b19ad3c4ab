"""`earmark doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from earmark.cli.run import AsJson, emit, installation, note, out, run
from earmark.doctor import WHAT, WHY_LEFT, Finding, Repaired, examine, is_alone, repair


def doctor(
    mend: Annotated[
        bool, typer.Option("--repair", help="Mend what is safe, say what was done and what was left.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare rows, sound, keys, consents and tasks; exit status 1 when they disagree."""

    async def ask() -> Repaired:
        async with installation() as stores:
            if mend:
                return await repair(stores, alone=await is_alone(stores), note=note)
            return Repaired(mended=(), left=tuple(await examine(stores, note)))

    done = run(ask(), as_json=as_json)

    def text() -> None:
        for each in done.mended:
            out.print(f"[green]{each.count:>6}[/] {WHAT[each.code]}: {each.how}", soft_wrap=True)
        _show(done.left, advise=mend)

    value = {"findings": [asdict(each) for each in done.left]}
    emit({"mended": [asdict(each) for each in done.mended]} | value if mend else value, as_json=as_json, text=text)
    if any(each.serious for each in done.left):
        raise typer.Exit(1)


def _show(found: Sequence[Finding], *, advise: bool) -> None:
    for each in found:
        advice = f"\n       [dim]left: {WHY_LEFT[each.code]}[/]" if advise and each.code in WHY_LEFT else ""
        out.print(f"[{'red' if each.serious else 'yellow'}]{each.count:>6}[/] {each.what}{advice}", soft_wrap=True)
    if not found:
        out.print("[green]All is well[/]: rows, sound, keys, consents and tasks agree.")
    elif not advise:
        out.print("`earmark doctor --repair` mends what is safe.")
