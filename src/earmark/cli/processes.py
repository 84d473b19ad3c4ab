"""`earmark up`, `earmark web`, `earmark worker`: the processes of an installation."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer

from earmark import accounts
from earmark.accounts import Plane
from earmark.cli.run import err, fail, out, run
from earmark.errors import EarmarkError
from earmark.settings import settings
from earmark.storage import Stores, open_stores
from earmark.supervisor import Supervisor, check_ports, running_database
from earmark.words import PersonId


def up() -> None:
    """Start Earmark on this machine and keep it running until Ctrl-C."""
    wanted = settings()
    try:
        check_ports(wanted)
        with err.status("starting") as status, running_database(wanted, lambda text: status.update(text)) as postgres:
            supervisor = Supervisor(wanted)
            links = asyncio.run(_first_links())
            supervisor.start(lambda text: status.update(text))
            status.stop()
            _welcome(links)
            supervisor.run(postgres)
            err.print("stopped")
    except EarmarkError as error:
        fail(error)


def _welcome(links: dict[str, str]) -> None:
    wanted = settings()
    out.print(f"[bold]Earmark is running[/] at http://{wanted.host}:{wanted.home_port}", soft_wrap=True)
    if links:
        out.print("Nobody is here yet, so this made you. Sign in with these links; each works once, for two days.")
        out.print("Nothing you say is kept until you allow it on your first page.")
    for role, link in links.items():
        out.print(f"  {role:<9} {link}", soft_wrap=True)
    out.print("Ctrl-C stops it.")


async def _first_links() -> dict[str, str]:
    """Make the first person of a new installation and return their sign-in links; nothing when there is somebody."""
    async with open_stores("earmark_worker", settings()) as stores:
        if await accounts.people(stores):
            return {}
        household = await accounts.create_household(stores)
        roles = ["owner", "admin", "engineer", "safety", "auditor"]
        person = await accounts.create_person(stores, name="You", handle="you", roles=roles, household_id=household)
        return {
            "owner": await sign_in_url(stores, person, "home"),
            "desk": await sign_in_url(stores, person, "desk"),
        }


async def sign_in_url(stores: Stores, person: PersonId, plane: Plane) -> str:
    """Return a one-time sign-in link."""
    token = await accounts.make_sign_in_link(stores, person, plane)
    port = getattr(stores.settings, f"{plane}_port")
    return f"http://{stores.settings.host}:{port}/sign-in/{token}"


def web(plane: Annotated[Literal["home", "floor", "desk"], typer.Argument(help="home, floor or desk")]) -> None:
    """Serve one plane (`earmark up` starts all three)."""
    from earmark.web.serve import event_loop, serve

    run(serve(plane, settings()), loop=event_loop)


def worker() -> None:
    """Run the jobs: sampling, labels, clocks, the audit log (`earmark up` starts one)."""
    run(_work())


async def _work() -> None:
    from earmark.worker import work

    async with open_stores("earmark_worker", settings()) as stores:
        await work(stores)
