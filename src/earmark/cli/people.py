"""`earmark people` and `earmark device`: who may sign in, and what listens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.table import Table

from earmark import accounts, review, vault
from earmark.accounts import PLANE_ROLES, Plane
from earmark.cli.processes import sign_in_url
from earmark.cli.run import AsJson, Who, emit, installation, out, run, the_person
from earmark.errors import BadRequest
from earmark.forget import close_account
from earmark.storage.home import write_private

app = typer.Typer(help="People: add somebody, list them, make a sign-in link.", no_args_is_help=True)
devices_app = typer.Typer(help="Devices: add one and keep its token.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What they are called.")],
    sign_in_name: Annotated[str | None, typer.Option("--sign-in", help="What they sign in with.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="May be given more than once; owner if left out.")] = None,
    with_: Annotated[
        str | None, typer.Option("--household-of", help="Sign-in name of somebody of their household.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Where a reviewer works.")] = None,
    child: Annotated[
        bool, typer.Option("--child", help="A child's profile: no sound is kept, and nobody ever listens.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person and print a sign-in link. Nothing of an owner is kept until they allow it at their first visit."""

    async def ask() -> dict[str, str]:
        async with installation() as stores:
            roles = role or ["owner"]
            household = None
            if with_ is not None:
                household = (await accounts.person_by_handle(stores, with_)).household_id
            elif "owner" in roles:
                household = await accounts.create_household(stores)
            handle = sign_in_name or name.casefold().replace(" ", ".")
            person = await accounts.create_person(
                stores,
                name=name,
                handle=handle,
                roles=roles,
                household_id=household,
                site=site or stores.settings.site,
                child=child,
            )
            planes = [plane for plane in get_args(Plane) if PLANE_ROLES[plane] & set(roles)]
            return {plane: await sign_in_url(stores, person, plane) for plane in planes}

    links = run(ask(), as_json=as_json)

    def text() -> None:
        for plane, link in links.items():
            out.print(f"{plane:<6} {link}", soft_wrap=True)

    emit(links, as_json=as_json, text=text)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everybody: sign-in name, name, roles."""

    async def ask() -> list[dict[str, Any]]:
        async with installation() as stores:
            return [
                {"sign_in": p.handle, "name": p.name, "roles": sorted(p.roles), "site": p.site}
                for p in await accounts.people(stores)
            ]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("sign-in name", "name", "roles", "site", box=None)
        for each in found:
            table.add_row(
                each["sign_in"] or "", each["name"] or "no name", ", ".join(each["roles"]), each["site"] or ""
            )
        out.print(table)

    emit(found, as_json=as_json, text=text)


@app.command("link")
def link(
    sign_in_name: Annotated[str, typer.Argument(help="Whose.")],
    plane: Annotated[str, typer.Option(help="home, floor or desk")] = "home",
    as_json: AsJson = False,
) -> None:
    """Make a new sign-in link; it works once, for two days."""

    async def ask() -> str:
        if plane not in get_args(Plane):
            raise BadRequest(why="The plane is home, floor or desk.")
        async with installation() as stores:
            person = await accounts.person_by_handle(stores, sign_in_name)
            return await sign_in_url(stores, person.id, cast(Plane, plane))

    url = run(ask(), as_json=as_json)
    emit({"link": url}, as_json=as_json, text=lambda: out.print(url, soft_wrap=True))


@app.command("invite")
def invite(
    site: Annotated[str, typer.Argument(help="Where they will work.")],
    role: Annotated[str, typer.Option(help="reviewer or lead")] = "reviewer",
    language: Annotated[
        list[str] | None, typer.Option(help="A language they understand; may be given more than once. en if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an invitation to the floor: whoever opens it first works there, without a name. Good for seven days."""

    async def ask() -> str:
        async with installation() as stores:
            token = await review.invitations.invite(stores, None, role=role, languages=language or ["en"], site=site)
            return f"http://{stores.settings.host}:{stores.settings.floor_port}/invite/{token}"

    url = run(ask(), as_json=as_json)
    emit({"link": url}, as_json=as_json, text=lambda: out.print(url, soft_wrap=True))


@app.command("unlock")
def unlock(
    code: Annotated[str, typer.Argument(help="The code by which a lead calls them.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    as_json: AsJson = False,
) -> None:
    """Let somebody back in whom a lead has locked out of the floor."""

    async def ask() -> dict[str, bool]:
        async with installation() as stores:
            who = [each for each in await accounts.staff(stores) if len(code) >= 4 and str(each.id).startswith(code)]
            if len(who) != 1:
                raise BadRequest(why="This code is nobody's, or not long enough; give more of it.")
            await review.seats.unlock(stores, None, who[0].id, reason)
            return {"unlocked": True}

    done = run(ask(), as_json=as_json)
    emit(done, as_json=as_json, text=lambda: out.print("They can sign in again, with a new link."))


@app.command("remove")
def remove(
    sign_in_name: Annotated[str, typer.Argument(help="Whose.")],
    receipt: Annotated[Path | None, typer.Option(help="Write the signed receipt to this file.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Close an owner's account: everything of theirs goes for good, then the account itself."""
    if not yes:
        typer.confirm(f"Delete everything of {sign_in_name} and the account, for good?", abort=True)

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            person = await accounts.person_by_handle(stores, sign_in_name)
            return await close_account(stores, person.id, how="command")

    done = run(ask(), as_json=as_json)
    if receipt is not None:
        receipt.write_text(json.dumps(done, indent=2))
    emit(done, as_json=as_json, text=lambda: out.print("The account is closed, and nothing of it is left."))


@app.command("token")
def token(
    sign_in_name: Annotated[str, typer.Argument(help="Whose.")],
    plane: Annotated[str, typer.Option(help="home or floor")] = "home",
    as_json: AsJson = False,
) -> None:
    """Make a token for a program of theirs: `Authorization: Bearer`; docs/api.md says for what."""

    async def ask() -> str:
        if plane not in ("home", "floor"):
            raise BadRequest(why="Programs use the plane home or floor.")
        async with installation() as stores:
            person = await accounts.person_by_handle(stores, sign_in_name)
            link = await accounts.make_sign_in_link(stores, person.id, cast(Plane, plane))
            return await accounts.redeem_link(stores, link, cast(Plane, plane))

    made = run(ask(), as_json=as_json)
    emit({"token": made}, as_json=as_json, text=lambda: out.print(made, soft_wrap=True))


@devices_app.command("add")
def add_device(
    name: Annotated[str, typer.Argument(help="Where it stands: Kitchen, say.")],
    person: Who = None,
    word: Annotated[str, typer.Option(help="alexa, hey_jarvis, hey_mycroft or okay_nabu")] = "alexa",
    keep: Annotated[Path | None, typer.Option(help="Write the token to this file instead of printing it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a device and print the token that it signs in with; it is not shown again."""

    async def ask() -> dict[str, str]:
        async with installation() as stores:
            who = await the_person(stores, person)
            if who.household_id is None:
                raise BadRequest(why="This person belongs to no household; devices are for owners.")
            identifier, token = await vault.add_device(
                stores, household_id=who.household_id, person_id=who.id, name=name, wake_word=word
            )
            return {"id": str(identifier), "name": name, "wake_word": word, "token": token}

    made = run(ask(), as_json=as_json)
    if keep is not None:
        write_private(keep, json.dumps(made))
        made.pop("token")
    emit(
        made,
        as_json=as_json,
        text=lambda: out.print(made.get("token") or f"The token is in {keep}.", soft_wrap=True),
    )


@devices_app.command("list")
def list_devices(person: Who = None, as_json: AsJson = False) -> None:
    """List a person's devices and the model bundle each runs."""

    async def ask() -> list[dict[str, str]]:
        async with installation() as stores:
            who = await the_person(stores, person)
            return [
                {"id": str(d.id), "name": d.name, "wake_word": d.wake_word, "bundle": d.bundle}
                for d in await vault.devices(stores, who.id)
            ]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("name", "wake word", "models", box=None)
        for each in found:
            table.add_row(each["name"], each["wake_word"], each["bundle"])
        out.print(table if found else "No device yet; add one with `earmark device add NAME`.")

    emit(found, as_json=as_json, text=text)
