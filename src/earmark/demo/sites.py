"""The demo's four sites: programs work there, and each name says so."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from earmark.here import SIMULATED
from earmark.review.sites import Site


def demo_sites(region: str = "home") -> tuple[Site, ...]:
    """Return Boston, San José, Hyderabad and Bucharest, serving one region; hours and costs are made up.

    Set them up with `review.sites.put_site(stores, None, site)`.
    """
    return (
        _site("Boston", region, ("en",), "America/New_York", time(8), time(20), 0.8, Decimal("24.00"), "USD"),
        _site("San José", region, ("es", "en"), "America/Costa_Rica", time(7), time(22), 0.8, Decimal("9.50"), "USD"),
        _site("Hyderabad", region, ("hi", "en"), "Asia/Kolkata", time(6), time(23), 0.8, Decimal("420.00"), "INR"),
        _site("Bucharest", region, ("ro", "en"), "Europe/Bucharest", time(9), time(18), 0.8, Decimal("13.00"), "EUR"),
    )


def _site(
    town: str,
    region: str,
    languages: tuple[str, ...],
    timezone: str,
    opens: time,
    closes: time,
    pass_mark: float,
    hourly_cost: Decimal,
    currency: str,
) -> Site:
    return Site(
        name=f"{town} {SIMULATED}",
        region=region,
        serves=(region,),
        languages=languages,
        timezone=timezone,
        opens=opens,
        closes=closes,
        days=(1, 2, 3, 4, 5, 6, 7),  # the demo turns on a Sunday too
        pass_mark=pass_mark,
        break_after_minutes=50,
        break_minutes=10,
        hourly_cost=hourly_cost,
        currency=currency,
    )
