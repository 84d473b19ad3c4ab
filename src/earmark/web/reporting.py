"""The transparency report as a page, as a file that stands alone, and its charts."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from earmark import consent
from earmark.report import GROUPS, Month, Report
from earmark.web.charts import bars
from earmark.web.language import current, gettext
from earmark.web.render import month_name, render
from earmark.web.wording import REPORTED, table


def context(report: Report) -> dict[str, Any]:
    """Return what the report's template needs."""
    month = Month.named(report["month"])
    return {
        "report": report,
        "month": month_name(month.first),
        "groups": GROUPS,
        "charts": _charts(report),
        "reported": table(REPORTED),
        "review_title": consent.wordings(current())["review"].title,
    }


def standalone(report: Report) -> str:
    """Return the report as one HTML file: no script, nothing to fetch."""
    return render("report_alone.html", context(report))


def _charts(report: Report) -> dict[str, Markup]:
    """Draw what may be shown; what is hidden has no bar."""
    heard: dict[str, int] = {}
    for row in report["heard"]:
        if isinstance(row["times"], int):
            heard[row["site"]] = heard.get(row["site"], 0) + row["times"]
    days = [(day["day"][-2:], round(day["false_wakes_per_device"] or 0, 1)) for day in report["wakes"]["days"]]
    return {
        "heard": bars(sorted(heard.items()), label=gettext("Hearings by site")) if heard else Markup(),
        "wakes": bars(days, label=gettext("False wakes of a device, by day")),
    }


def own_chart(mine: Report) -> Markup:
    """Draw one person's month: false wakes by day."""
    days: dict[str, int] = {}
    for row in mine["wakes"]:
        days[row["day"][-2:]] = days.get(row["day"][-2:], 0) + row["false_wakes"]
    return bars(list(days.items()), label=gettext("False wakes, by day"))
