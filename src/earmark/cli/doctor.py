"""`earmark doctor`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.doctor import Finding, examine


def doctor(as_json: AsJson = False) -> None:
    """Compare rows, sound, keys, consents and tasks; exit status 1 when they disagree."""

    async def ask() -> list[Finding]:
        async with installation() as stores:
            return await examine(stores)

    found = run(ask(), as_json=as_json)

    def text() -> None:
        for each in found:
            out.print(f"[{'red' if each.serious else 'yellow'}]{each.count:>6}[/] {each.what}")
        if not found:
            out.print("[green]All is well[/]: rows, sound, keys, consents and tasks agree.")

    emit({"findings": [asdict(each) for each in found]}, as_json=as_json, text=text)
    if any(each.serious for each in found):
        raise typer.Exit(1)
