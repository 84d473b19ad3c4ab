"""When sites are open, and who may change what of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark import review
from earmark.errors import BadRequest, Forbidden
from earmark.review import hours, sites
from earmark.review.sites import Site
from earmark.storage import Stores

MINUTE = timedelta(minutes=1)
ZONES = ("UTC", "America/New_York", "America/Costa_Rica", "Asia/Kolkata", "Europe/Bucharest", "Australia/Lord_Howe")
CLOCK_CHANGES = (
    datetime(2026, 3, 8, tzinfo=UTC),  # New York, forward
    datetime(2026, 3, 29, tzinfo=UTC),  # Bucharest, forward
    datetime(2026, 10, 25, tzinfo=UTC),  # Bucharest, back
    datetime(2026, 11, 1, tzinfo=UTC),  # New York, back
    datetime(2026, 4, 4, tzinfo=UTC),  # Lord Howe, back by half an hour
)


def site(name: str = "Boston", **changes: object) -> Site:
    return replace(sites.unset(name, "home"), **{"languages": ("en",)} | changes)  # type: ignore[arg-type]


quarter = st.builds(lambda n: time(n // 4, n % 4 * 15), st.integers(0, 95))
somewhere = st.builds(
    lambda zone, opens, closes, days: site(timezone=zone, opens=opens, closes=closes, days=tuple(sorted(days))),
    st.sampled_from(ZONES),
    quarter,
    quarter,
    st.sets(st.integers(1, 7), min_size=1),
)
sometime = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from(CLOCK_CHANGES), st.integers(-2000, 3000)
)


def by_the_clock_on_the_wall(of: Site, at: datetime) -> bool:
    """What the words say, read off a clock at the site: a shift that began on one of its days is not over."""
    local = at.astimezone(ZoneInfo(of.timezone))
    now, starts, ends = (each.hour * 60 + each.minute for each in (local, of.opens, of.closes))
    if ends <= starts:
        ends += 24 * 60
    yesterday = (local.date() - timedelta(days=1)).isoweekday()
    return (starts <= now < ends and local.isoweekday() in of.days) or (
        starts <= now + 24 * 60 < ends and yesterday in of.days
    )


@settings(max_examples=300, deadline=None)
@given(somewhere, sometime)
def test_it_is_open_when_the_clock_on_its_wall_says_so(of: Site, at: datetime) -> None:
    assert hours.open_now(of, at) == by_the_clock_on_the_wall(of, at)


@settings(max_examples=60, deadline=None)
@given(somewhere, sometime)
def test_it_opens_at_the_first_open_minute_of_a_walk(of: Site, at: datetime) -> None:
    walked = at
    while not by_the_clock_on_the_wall(of, walked):
        walked += MINUTE
    assert hours.opens_at(of, at) == walked


@settings(max_examples=40, deadline=None)
@given(somewhere, sometime)
def test_its_open_stretches_are_the_open_minutes_of_a_walk(of: Site, start: datetime) -> None:
    end = start + timedelta(hours=30)
    spans = hours.open_spans(of, start, end)
    assert all(a < b for a, b in spans)
    at = start
    while at < end:
        assert any(a <= at < b for a, b in spans) == by_the_clock_on_the_wall(of, at), at
        at += MINUTE


def test_a_night_shift_that_began_on_a_friday_ends_on_saturday() -> None:
    night = site(opens=time(22), closes=time(6), days=(5,))
    assert hours.open_now(night, datetime(2026, 5, 9, 5, 59, tzinfo=UTC))  # a Saturday
    assert not hours.open_now(night, datetime(2026, 5, 8, 5, 59, tzinfo=UTC))
    assert hours.opens_at(night, datetime(2026, 5, 9, 6, tzinfo=UTC)) == datetime(2026, 5, 15, 22, tzinfo=UTC)


def test_an_hour_that_a_clock_jumps_over_does_not_close_the_day() -> None:
    early = site(timezone="America/New_York", opens=time(2, 30), closes=time(10), days=sites.EVERY_DAY)
    assert hours.opens_at(early, datetime(2026, 3, 8, 6, tzinfo=UTC)) == datetime(
        2026, 3, 8, 7, tzinfo=UTC
    )  # 3:00 there


def test_the_day_of_a_language_names_its_gaps() -> None:
    hyderabad = site("Hyderabad", languages=("hi", "en"), timezone="Asia/Kolkata", opens=time(9), closes=time(18))
    bucharest = site("Bucharest", languages=("ro", "en"), timezone="Europe/Bucharest", opens=time(9), closes=time(18))
    english, hindi, romanian = hours.coverage([hyderabad, bucharest], date(2026, 5, 4))
    assert [each.language for each in (english, hindi, romanian)] == ["en", "hi", "ro"]
    at = {each.start.hour: each for each in english.hours}
    assert at[3].sites == ("Hyderabad",)
    assert at[3].uncovered == timedelta(minutes=30)  # India begins at 3:30 UTC
    assert at[6].sites == ("Hyderabad", "Bucharest")
    assert [(a.strftime("%H:%M"), b.strftime("%H:%M")) for a, b in english.gaps] == [
        ("00:00", "03:30"),
        ("15:00", "00:00"),
    ]
    assert romanian.gaps[0][1].hour == 6


async def test_a_site_that_nobody_set_up_hears_its_own_region_at_any_hour(floor: Stores) -> None:
    plain = await sites.site_of(floor, "Nowhere")
    assert plain.serves == (floor.settings.region,)
    assert plain.heard_by(("ro", "en")) == ("ro", "en")
    assert plain.pass_mark is None
    assert hours.open_now(plain, datetime(2026, 5, 9, 3, tzinfo=UTC))


async def test_a_lead_sets_hours_of_their_own_site(floor: Stores, reviewer: Callable[..., review.Reviewer]) -> None:
    lead = reviewer(role="lead")
    form = {
        "name": "Boston",
        "languages": "en, es",
        "timezone": "America/New_York",
        "opens": "08:00",
        "closes": "20:30",
        "days": ["1", "2", "3"],
        "pass_mark": "0.8",
        "break_after_minutes": "50",
        "break_minutes": "10",
        "hourly_cost": "24.5",
        "currency": "USD",
    }
    await sites.put_site(floor, lead, form)
    kept = await sites.site_of(floor, "Boston")
    assert (kept.opens, kept.closes, kept.days) == (time(8), time(20, 30), (1, 2, 3))
    assert kept.heard_by(("ro", "es")) == ("es",)
    (done,) = await review.doings.doings(floor, "Boston")
    assert (done.what, done.role, done.site) == ("site.changed", "lead", "Boston")
    assert done.detail["pass_mark"] == 0.8
    await sites.put_site(floor, lead, {"name": "Boston", "pass_mark": ""})
    assert (await sites.site_of(floor, "Boston")).pass_mark is None
    assert (await review.doings.doings(floor, "Boston"))[0].detail == {"pass_mark": None}


async def test_a_lead_can_set_up_no_other_site(floor: Stores, reviewer: Callable[..., review.Reviewer]) -> None:
    for who in (reviewer(role="lead"), reviewer()):
        with pytest.raises(Forbidden):
            await sites.put_site(floor, who, site("Hyderabad" if who.role == "lead" else "Boston"))
    assert await sites.sites(floor) == []


async def test_a_lead_can_not_have_voices_of_another_region_sent_to_them(
    floor: Stores, stores: Stores, reviewer: Callable[..., review.Reviewer]
) -> None:
    lead = reviewer(role="lead")
    with pytest.raises(BadRequest):
        await sites.put_site(floor, lead, site(serves=("home", "eu")))
    await sites.put_site(stores, None, site(serves=("home", "eu")))
    await sites.put_site(floor, lead, {"name": "Boston", "opens": "07:00"})
    assert (await sites.site_of(floor, "Boston")).serves == ("home", "eu")
    with pytest.raises(BadRequest):
        await sites.put_site(floor, lead, {"name": "Boston", "region": "eu"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("opens", "25:00"),
        ("days", ["8"]),
        ("days", []),
        ("languages", "english!"),
        ("languages", ""),
        ("pass_mark", "1.2"),
        ("break_after_minutes", "0"),
        ("break_minutes", "nan"),
        ("hourly_cost", "-1"),
        ("hourly_cost", "NaN"),
        ("currency", "dollars"),
        ("serves", []),
        ("region", "Über all"),
        ("name", "<b>"),
    ],
)
async def test_what_can_not_be_is_refused_in_a_sentence(stores: Stores, field: str, value: object) -> None:
    with pytest.raises(BadRequest) as refused:
        await sites.put_site(stores, None, {"name": "Boston", "languages": "en", field: value})
    assert refused.value.message.endswith(".")
    assert await sites.sites(stores) == []
