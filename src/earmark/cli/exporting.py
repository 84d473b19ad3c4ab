"""`earmark export`: everything that is held about a person, in one ZIP."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from earmark import export, vault
from earmark.cli.run import AsJson, Who, emit, err, installation, out, run, the_person
from earmark.errors import BadRequest, DiskFull
from earmark.storage import Stores
from earmark.words import PersonId


def export_(
    to: Annotated[Path, typer.Option("--to", help="The ZIP file to write; only you may read it.")],
    person: Who = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that is held about a person into one ZIP: to browse offline, to listen to, to read by program.

    It holds speech in plain. A deletion here does not reach it.
    """

    async def ask() -> int:
        _check(to, force)
        async with installation() as stores:
            who = await the_person(stores, person)
            total = (await vault.held(stores, who.id)).recordings
            with _bar(as_json) as bar:
                task = bar.add_task("recordings", total=total)
                return await _write(stores, who.id, to, lambda done: bar.update(task, completed=done))

    recordings = run(ask(), as_json=as_json)
    size = to.stat().st_size

    def text() -> None:
        many = f"{recordings} recording{'' if recordings == 1 else 's'}"
        out.print(f"{to} holds everything, {many} with their sound. Open index.html in it.", soft_wrap=True)

    emit({"file": str(to), "recordings": recordings, "bytes": size}, as_json=as_json, text=text)


def _check(to: Path, force: bool) -> None:
    if to.is_dir() or not to.absolute().parent.is_dir():
        raise BadRequest(why="Give --to the name of a file in a folder that is there.")
    if to.exists() and not force:
        raise BadRequest(why="There is a file with this name already; choose another one or say --force.")


async def _write(stores: Stores, person_id: PersonId, to: Path, tell: Callable[[int], None]) -> int:
    """Write beside the file and put it in place when it is whole, so that no part of one is ever left or taken for it.

    Returns how many recordings are in it. Raises DiskFull, BadRequest when the folder takes no file.
    """
    done = 0

    def count(so_far: int) -> None:
        nonlocal done
        done = so_far
        tell(so_far)

    draft = to.with_name(f".{to.name}.part")
    try:
        draft.unlink(missing_ok=True)  # of an export that was killed
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async with aclosing(export.stream(stores, person_id, how="command", tell=count)) as pieces:
                async for piece in pieces:
                    file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(to)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise BadRequest(why="This file can't be written; choose a folder that is yours.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return done


def _bar(as_json: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=as_json or not err.is_terminal,
    )
