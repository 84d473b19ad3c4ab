"""How a command reaches the installation, shows progress and says what went wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Annotated, Any, NoReturn, TypeVar

import psycopg
import typer
from psycopg.errors import DiskFull as PostgresDiskFull
from rich.console import Console

from earmark import accounts
from earmark.accounts import Person
from earmark.errors import BadRequest, DatabaseDown, DiskFull, EarmarkError, HomeInUse
from earmark.settings import settings
from earmark.storage import Stores, open_stores
from earmark.supervisor import running_database

out = Console()
err = Console(stderr=True, highlight=False)
T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Who = Annotated[str | None, typer.Option("--person", help="Sign-in name of the person; needed when there are several.")]


def fail(error: EarmarkError, *, as_json: bool = False) -> NoReturn:
    """Say what went wrong in one sentence with its code, and end with exit status 1."""
    if as_json:
        print(json.dumps({"error": {"code": error.code, "message": error.message}}))
    else:
        err.print(f"[bold red]{error.code}[/]: {error.message}", soft_wrap=True)
    raise typer.Exit(1)


def run(
    work: Coroutine[Any, Any, T],
    *,
    as_json: bool = False,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a command's coroutine, in a loop of the given kind; an error of ours becomes its sentence."""
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)
    except EarmarkError as error:
        fail(error, as_json=as_json)
    except PostgresDiskFull:
        fail(DiskFull(), as_json=as_json)
    except psycopg.OperationalError:
        fail(DatabaseDown(why="it went away in the middle of this"), as_json=as_json)


@asynccontextmanager
async def installation(role: str = "earmark_worker") -> AsyncIterator[Stores]:
    """Open the installation's stores: of the running one, or with the database started just for this command."""
    with ExitStack() as stack:
        with suppress(HomeInUse):  # then `earmark up` is running and has the database
            stack.enter_context(running_database(settings(), note))
        async with open_stores(role, settings()) as stores:
            yield stores


def note(text: str) -> None:
    """Say on the error stream what is going on, when a person is watching."""
    if sys.stderr.isatty():
        err.print(f"[dim]{text} …[/]")


def emit(value: Any, *, as_json: bool, text: Callable[[], None]) -> None:
    """Print a result as one JSON object, or as text."""
    if as_json:
        print(json.dumps(value, default=str))
    else:
        text()


async def the_person(stores: Stores, handle: str | None) -> Person:
    """Return the person a command is about: by sign-in name, or the only owner there is."""
    if handle is not None:
        return await accounts.person_by_handle(stores, handle)
    owners = [person for person in await accounts.people(stores) if "owner" in person.roles]
    if len(owners) != 1:
        raise BadRequest(
            why="Say whose with --person NAME; `earmark people list` shows the sign-in names."
            if owners
            else "There is nobody yet; add somebody with `earmark people add NAME`."
        )
    return owners[0]
