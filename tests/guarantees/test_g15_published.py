"""Guarantee 15: false wakes per device and day are published with the data behind them."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from hashlib import sha256
from random import Random

import pytest

from earmark import accounts, audit, consent, forget, report, vault
from earmark.report import FEWER, Month
from earmark.vault import Content, NewInteraction, Wake
from earmark.web.reporting import standalone

MAY = Month.named("2026-05")


class Street:
    """Households with a device each, and a book of what really happened."""

    def __init__(self, ring, tone) -> None:
        self.ring, self.tone = ring, tone
        self.people: list[tuple[uuid.UUID, uuid.UUID]] = []
        self.book: dict[str, dict[uuid.UUID, list[bool]]] = defaultdict(lambda: defaultdict(list))

    async def move_in(self, count: int) -> None:
        stores = self.ring.stores
        for number in range(count):
            household = await accounts.create_household(stores)
            name = f"Canary{number}"
            person = await accounts.create_person(stores, name=name, roles=["owner"], household_id=household)
            await consent.set_grant(stores, person, "save", True, how="first-run")
            where = f"Attic{number}"
            device, _ = await vault.add_device(stores, household_id=household, person_id=person, name=where)
            self.people.append((person, device))

    async def wake(self, who: int, understood: bool) -> None:
        person, device = self.people[who]
        at = self.ring.clock()
        await vault.record(
            self.ring.stores,
            NewInteraction(
                person_id=person,
                device_id=device,
                started_at=at,
                kind="command" if understood else "refused",
                audio=self.tone(0.2),
                wake=Wake(word="alexa", score=0.9, start=0.0, end=0.1),
                content=Content(text="what time is it" if understood else "", accepted=understood),
            ),
        )
        self.book[at.date().isoformat()][device].append(understood)

    async def next_day(self) -> None:
        """Let the day end, and the worker's hour come."""
        clock = self.ring.clock
        clock.turn(hours=24)
        await audit.sequence(self.ring.stores)
        await report.publish(self.ring.stores)


def truth(day: dict[uuid.UUID, list[bool]]) -> dict[str, int]:
    """Count a day of the book, another way than the program does."""
    missed = [sum(not understood for understood in woke) for woke in day.values()]
    return {
        "devices": len(day),
        "wakes": sum(len(woke) for woke in day.values()),
        "false_wakes": sum(missed),
        "none": sum(n == 0 for n in missed),
        "1": sum(n == 1 for n in missed),
        "2 to 4": sum(2 <= n <= 4 for n in missed),
        "5 or more": sum(n >= 5 for n in missed),
    }


@pytest.fixture
async def street(ring, tone) -> Street:
    return Street(ring, tone)


async def busy_month(street: Street, people: int) -> None:
    """Three days on which devices wake, some often for nothing; then the month passes."""
    await street.move_in(people)
    random = Random(5)
    for _ in range(3):
        for who in range(people):
            for _ in range(random.choice([1, 1, 2])):
                await street.wake(who, understood=True)
            for _ in range(0 if who < people // 2 else 2):
                await street.wake(who, understood=False)
        await street.next_day()


async def test_what_is_published_is_what_happened(street):
    """We let 24 people's devices wake on three days, with a book beside, and compared the published month with the
    book: devices, wakes, those with nothing understood, and how many devices had none, 1, 2 to 4 or more, each day."""
    await busy_month(street, 24)
    street.ring.clock.turn(days=40)
    assert await report.publish(street.ring.stores) == ["2026-05"]
    found = await report.published(street.ring.stores, MAY)
    days = {day["day"]: day for day in found["wakes"]["days"]}
    assert {name for name, day in days.items() if day["devices"]} == set(street.book)
    for name, day in street.book.items():
        expected = truth(day)
        shown = days[name]
        assert {key: shown[key] for key in ("devices", "wakes", "false_wakes")} == {
            key: expected[key] for key in ("devices", "wakes", "false_wakes")
        }
        assert shown["devices_by_false_wakes"] == {group: expected[group] for group in report.GROUPS}
        assert shown["false_wakes_per_device"] == round(expected["false_wakes"] / expected["devices"], 3)
    everything = [truth(day) for day in street.book.values()]
    assert found["wakes"]["false_wakes"] == sum(day["false_wakes"] for day in everything)
    assert found["wakes"]["wakes"] == sum(day["wakes"] for day in everything)


async def test_what_is_published_stays_when_the_recordings_go(street):
    """We let every clock run out and everybody delete everything, and made the report again: not a figure changed, the
    log holds its hash, and no second version can be published."""
    await busy_month(street, 12)
    street.ring.clock.turn(days=30)
    await report.publish(street.ring.stores)
    before = await report.published(street.ring.stores, MAY)
    assert before["wakes"]["days_shown"] == 3
    await forget.forget_expired(street.ring.stores)
    for person, _ in street.people:
        await forget.forget(street.ring.stores, person, "all", how="settings")
    street.ring.clock.turn(days=10)
    await report.publish(street.ring.stores)
    assert await report.report(street.ring.stores, MAY) == before
    await audit.sequence(street.ring.stores)
    events = [each["event"] for each in await audit.recent(street.ring.stores) if "report" in each["event"]["what"]]
    (row,) = await street.ring.rows("SELECT report FROM audit.reports")
    assert [event["sha256"] for event in events] == [sha256(row["report"].encode()).hexdigest()]


async def test_nothing_about_fewer_than_ten_people_is_published(street):
    """We let nine people's devices wake, deleted and took consents back: instead of each figure stood that it is about
    fewer than ten people, and no sum gave a hidden figure away."""
    await busy_month(street, 9)
    person, _ = street.people[0]
    await consent.set_grant(street.ring.stores, person, "review", True, how="settings")
    await consent.set_grant(street.ring.stores, person, "review", False, how="settings")
    await forget.forget(street.ring.stores, person, "all", how="settings")
    street.ring.clock.turn(days=40)
    await report.publish(street.ring.stores)
    found = await report.published(street.ring.stores, MAY)
    for day in found["wakes"]["days"]:
        if day["day"] in street.book:
            assert {day["devices"], day["wakes"], day["false_wakes"]} == {FEWER}
            assert day["false_wakes_per_device"] is None
            assert set(day["devices_by_false_wakes"].values()) <= {FEWER, 0}
    assert (found["wakes"]["wakes"], found["wakes"]["false_wakes"], found["wakes"]["days_shown"]) == (0, 0, 0)
    assert found["deletions"]["people"] == {"times": FEWER, "recordings": FEWER}
    assert found["withdrawals"] == {"review": FEWER}


async def test_a_small_group_among_a_large_one_is_hidden(street):
    """We let two of 24 devices wake for nothing, so that subtracting the others would name them: on that day no
    figure by group was shown but the empty ones, and the sums over all 24 were."""
    await street.move_in(24)
    for who in range(24):
        await street.wake(who, understood=who > 1)
    await street.next_day()
    street.ring.clock.turn(days=40)
    await report.publish(street.ring.stores)
    day = next(d for d in (await report.published(street.ring.stores, MAY))["wakes"]["days"] if d["devices"])
    assert (day["devices"], day["false_wakes"]) == (24, 2)
    assert day["devices_by_false_wakes"] == {"none": FEWER, "1": FEWER, "2 to 4": 0, "5 or more": 0}


async def test_everybody_reads_the_report_and_only_its_owner_their_own(street, open_page, ring):
    """We opened the published page, its data and its file, signed in and not, and searched them for every person,
    device and name: none; and an owner's own page shows their device by name with each day's exact figures."""
    await busy_month(street, 12)
    person, device = street.people[11]
    owner = await open_page("home", person)
    own = (await owner.get("/report/mine")).text
    for name, day in street.book.items():
        woke = day[device]
        numbers = "".join(f'<td class="num">{n}</td>' for n in (len(woke), woke.count(False)))
        assert f'<td class="nowrap">{name}</td><td>Attic11</td>{numbers}' in own
    assert "Attic10" not in own
    assert "No report yet" in (await owner.get("/report")).text
    assert (await owner.get("/api/report?month=2026-05")).status_code == 404
    street.ring.clock.turn(days=28)
    await report.publish(ring.stores)
    visitor = await open_page("home", person)
    visitor.client.cookies.clear()
    page = await visitor.get("/report")
    data = (await visitor.get("/api/report?month=2026-05")).json()
    assert page.status_code == 200
    assert data == await report.published(ring.stores, MAY)
    everything = page.text + json.dumps(data) + standalone(data)
    hidden = [str(each) for pair in street.people for each in pair] + ["Canary", "Attic"]
    assert [each for each in hidden if each in everything] == []
    assert "<script" not in standalone(data)
    assert "<svg" in standalone(data)
    assert (await visitor.get("/report/mine")).status_code == 303
    for wrong in ("2026-13", "0001-01", "9999-12", "x", "2026-5-1"):
        assert (await visitor.get(f"/report?month={wrong}")).status_code in (400, 422)
        assert (await visitor.get(f"/api/report?month={wrong}")).status_code in (400, 422)
    assert (await visitor.get("/report?month=2026-04")).status_code == 404


async def test_hearings_are_published_by_site_and_purpose(street, ring):
    """We had twelve people heard in one city and three in another, and a clip traced: the published figures are those
    of the signed log, the second city's is hidden, and so is the single clip."""
    await street.move_in(12)
    for who in range(12):
        await street.wake(who, understood=True)
    day = ring.clock().date()
    rows = await ring.rows("SELECT id FROM vault.interactions ORDER BY id")
    for number, row in enumerate(rows):
        for site in ["Bucharest", "San José"][: 2 if number < 3 else 1]:
            event = {"role": "reviewer", "site": site, "day": day.isoformat(), "purpose": "checking the wake word"}
            await ring.rows(
                "INSERT INTO vault.hearings (interaction_id, role, site, day, purpose)"
                " VALUES (%s, 'reviewer', %s, %s, 'checking the wake word') RETURNING id",
                row["id"],
                site,
                day,
            )
            await audit.append(ring.stores, {"what": "hearing", **event})
    await audit.append(ring.stores, {"what": "unsealed", "case": "1"})
    await street.next_day()
    ring.clock.turn(days=27)
    await report.publish(ring.stores)
    found = await report.published(ring.stores, MAY)
    assert [(row["site"], row["times"]) for row in found["heard"]] == [("Bucharest", 12), ("San José", FEWER)]
    assert found["unseals"] == FEWER
    assert found["cases_decided"] == {}
