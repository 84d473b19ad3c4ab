"""`earmark sites` and `earmark campaigns`: what leads do on their pages, and what only whoever runs this may do."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark import review
from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.errors import BadRequest
from earmark.review.campaigns import Campaign
from earmark.review.sites import Site

sites_app = typer.Typer(help="Sites: where people review, and by which rules.", no_args_is_help=True)
campaigns_app = typer.Typer(help="Campaigns: questions with a purpose, a budget and a deadline.", no_args_is_help=True)


def _plain(site: Site) -> dict[str, Any]:
    found = asdict(site)
    return found | {
        "opens": site.opens.strftime("%H:%M"),
        "closes": site.closes.strftime("%H:%M"),
        "hourly_cost": float(site.hourly_cost),
    }


@sites_app.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List the sites that were set up, with their hours and whether they are open now."""

    async def ask() -> list[dict[str, Any]]:
        async with installation() as stores:
            now = stores.now()
            known = await review.sites.sites(stores)
            return [_plain(each) | {"open": review.hours.open_now(each, now)} for each in known]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("site", "now", "hours there", "time zone", "languages", "clips of", box=None)
        for each in found:
            table.add_row(
                each["name"],
                "open" if each["open"] else "closed",
                f"{each['opens']}-{each['closes']}",
                each["timezone"],
                ", ".join(each["languages"]),
                ", ".join(each["serves"]),
            )
        out.print(table if found else "No site is set up yet; `earmark sites set NAME --language en` does it.")

    emit(found, as_json=as_json, text=text)


@sites_app.command("set")
def set_site(
    name: Annotated[str, typer.Argument(help="What the site is called.")],
    region: Annotated[str | None, typer.Option(help="Where it lies.")] = None,
    serves: Annotated[
        list[str] | None, typer.Option(help="A region whose clips may be heard there; may be given more than once.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="A language that is worked on there; may be given more than once.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Its time zone, such as Europe/Bucharest.")] = None,
    opens: Annotated[str | None, typer.Option(help="When it opens there, such as 09:00.")] = None,
    closes: Annotated[
        str | None, typer.Option(help="When it closes there; the same as --opens: day and night.")
    ] = None,
    days: Annotated[
        str | None, typer.Option(help="Days on which a shift begins, 1 Monday to 7 Sunday: 1,2,3,4,5.")
    ] = None,
    pass_mark: Annotated[
        str | None, typer.Option(help="Share of the training that must be right, 0 to 1; none: no training.")
    ] = None,
    break_after: Annotated[str | None, typer.Option(help="Minutes of work before a break.")] = None,
    break_minutes: Annotated[str | None, typer.Option(help="Minutes of a break; 0: none.")] = None,
    hourly_cost: Annotated[str | None, typer.Option(help="What an hour of somebody there costs.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of that cost, such as EUR.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set a site up or change what is named; only here can a site be given the clips of another region."""
    given: dict[str, Any] = {
        "region": region,
        "serves": serves or None,
        "languages": language or None,
        "timezone": timezone,
        "opens": opens,
        "closes": closes,
        "days": days,
        "pass_mark": "" if pass_mark == "none" else pass_mark,  # noqa: S105 - a share, no password
        "break_after_minutes": break_after,
        "break_minutes": break_minutes,
        "hourly_cost": hourly_cost,
        "currency": currency,
    }

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            changes = {field: value for field, value in given.items() if value is not None}
            return _plain(await review.sites.put_site(stores, None, {"name": name, **changes}))

    kept = run(ask(), as_json=as_json)
    emit(kept, as_json=as_json, text=lambda: out.print(f"{kept['name']} is set up.", soft_wrap=True))


def _told(campaign: Campaign) -> dict[str, Any]:
    found = asdict(campaign)
    del found["made_by"]
    return found


@campaigns_app.command("list")
def list_campaigns(as_json: AsJson = False) -> None:
    """List campaigns with what each took: those that go on by deadline, then the closed ones."""

    async def ask() -> list[dict[str, Any]]:
        async with installation() as stores:
            return [_told(each) for each in await review.campaigns.campaigns(stores)]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        table = Table("id", "name", "state", "took", "of", "until", "asks", "in", box=None)
        for each in found:
            counts = (f"{each['spent']:,}", f"{each['budget']:,}", str(each["deadline"]))
            asked = (", ".join(each["questions"]), ", ".join(each["languages"]))
            table.add_row(str(each["id"])[:8], each["name"], each["state"], *counts, *asked)
        out.print(table if found else "No campaign yet; `earmark campaigns set NAME` opens one.")

    emit(found, as_json=as_json, text=text)


@campaigns_app.command("set")
def set_campaign(
    name: Annotated[str, typer.Argument(help="Of a new campaign, or of one that goes on.")],
    purpose: Annotated[str | None, typer.Option(help="Why people are asked; the audit log keeps it.")] = None,
    question: Annotated[list[str] | None, typer.Option(help="A question it asks; may be given more than once.")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="A language it asks in; may be given more than once.")
    ] = None,
    budget: Annotated[int | None, typer.Option(help="Answers it may take.")] = None,
    deadline: Annotated[str | None, typer.Option(help="Its last day, such as 2026-05-31.")] = None,
    gold_share: Annotated[float | None, typer.Option(help="Share of clips with a known answer, 0 to 1.")] = None,
    blind_share: Annotated[float | None, typer.Option(help="Share of clips without help, 0 to 1.")] = None,
    state: Annotated[str | None, typer.Option(help="open, paused or closed: closed is for good.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open a campaign, or change one that goes on: its budget, deadline, shares or state."""
    given: dict[str, Any] = {
        "purpose": purpose,
        "questions": question or None,
        "languages": language or None,
        "budget": budget,
        "deadline": deadline,
        "gold_share": gold_share,
        "blind_share": blind_share,
    }

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            going = [each for each in await review.campaigns.campaigns(stores) if each.state != "closed"]
            named = [each for each in going if each.name == name]
            if len(named) > 1:
                raise BadRequest(why="Several campaigns are called so; change the one you mean on the lead's pages.")
            changes = {"name": name} | {field: value for field, value in given.items() if value is not None}
            identifier: uuid.UUID | None = named[0].id if named else None
            if identifier is not None and (purpose or question or language):
                raise BadRequest(why="What a campaign asks, in which languages and why can't be changed afterwards.")
            kept = await review.campaigns.put_campaign(stores, None, changes, identifier)
            if state is not None and state != kept.state:
                await review.campaigns.set_state(stores, None, kept.id, state)
                kept = await review.campaigns.campaign(stores, kept.id)
            return _told(kept)

    kept = run(ask(), as_json=as_json)
    emit(kept, as_json=as_json, text=lambda: out.print(f"{kept['name']} is {kept['state']}.", soft_wrap=True))
