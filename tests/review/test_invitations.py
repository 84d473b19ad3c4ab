"""Coming to the floor by an invitation, without a name."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from earmark import accounts, review
from earmark.doctor import examine
from earmark.errors import BadRequest, Forbidden, NotFound, SignInNeeded
from earmark.review import Reviewer, invitations
from earmark.storage import Stores

Make = Callable[..., Reviewer]


async def test_a_link_becomes_an_account_without_a_name_once(floor: Stores, stores: Stores, reviewer: Make):
    token = await invitations.invite(floor, reviewer(role="lead"), role="reviewer", languages="en, es")
    session = await invitations.accept(floor, token)
    account = await accounts.whoami(floor, session, "floor")
    assert account is not None
    assert (account.roles, account.site, account.languages) == (frozenset({"reviewer"}), "Boston", ("en", "es"))
    with pytest.raises(SignInNeeded):
        await invitations.accept(floor, token)
    person = await accounts.person(stores, account.person_id)
    assert (person.name, person.handle) == ("", None)
    assert [each.name for each in await accounts.people(stores)] == [""]
    assert [each.site for each in await accounts.staff(stores)] == ["Boston"]


async def test_a_link_lasts_seven_days(floor: Stores, clock, reviewer: Make):
    lead = reviewer(role="lead")
    token = await invitations.invite(floor, lead, role="reviewer", languages="en")
    clock.turn(days=6, hours=23)
    assert (await invitations.invitation(floor, token)).site == "Boston"
    clock.turn(hours=1)
    with pytest.raises(NotFound):
        await invitations.invitation(floor, token)
    with pytest.raises(SignInNeeded):
        await invitations.accept(floor, token)
    assert await invitations.invitations(floor, "Boston") == []


async def test_the_database_keeps_no_link(floor: Stores, home, reviewer: Make):
    token = await invitations.invite(floor, reviewer(role="lead"), role="reviewer", languages="en")
    with psycopg.connect(home.read_secret("database-owner")) as connection:
        rows = connection.execute("SELECT i::text FROM review.invitations i").fetchall()
        rows += connection.execute("SELECT d::text FROM review.doings d").fetchall()
    assert len(rows) == 2
    assert not any(token in row[0] for row in rows)


async def test_a_lead_invites_to_their_own_site_only(floor: Stores, reviewer: Make):
    lead = reviewer(role="lead")
    with pytest.raises(Forbidden):
        await invitations.invite(floor, lead, role="reviewer", languages="en", site="Hyderabad")
    with pytest.raises(Forbidden):
        await invitations.invite(floor, reviewer(), role="reviewer", languages="en")
    for wrong in ({"role": "admin"}, {"languages": ""}, {"languages": "no such thing!"}):
        with pytest.raises(BadRequest):
            await invitations.invite(floor, lead, **{"role": "reviewer", "languages": "en"} | wrong)
    assert await invitations.invitations(floor, "Boston") == []


async def test_a_link_that_was_withdrawn_is_good_no_more(floor: Stores, stores: Stores, reviewer: Make):
    lead = reviewer(role="lead")
    token = await invitations.invite(floor, lead, role="lead", languages="en")
    (waiting,) = await invitations.invitations(floor, "Boston")
    elsewhere = Reviewer(id=lead.id, languages=("en",), site="Hyderabad", role="lead")
    with pytest.raises(NotFound):
        await invitations.withdraw(floor, elsewhere, waiting.id)
    await invitations.withdraw(floor, lead, waiting.id)
    with pytest.raises(SignInNeeded):
        await invitations.accept(floor, token)
    assert [each.what for each in await review.doings.doings(floor, str(waiting.id))] == [
        "person.uninvited",
        "person.invited",
    ]


async def test_the_doctor_finds_nothing_wrong_with_people_without_a_key(floor: Stores, stores: Stores, reviewer: Make):
    token = await invitations.invite(floor, reviewer(role="lead"), role="reviewer", languages="en")
    await invitations.accept(floor, token)
    assert await examine(stores) == []
