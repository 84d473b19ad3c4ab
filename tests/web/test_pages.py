"""What the pages are made of: icons, files, words, charts."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from earmark import web
from earmark.web import render, wording
from earmark.web.charts import bars, before_after
from earmark.web.desk.models import rows

ROOM = Path(web.__file__).parent
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
ROOT = ROOM.parents[2]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_templates_parse_and_hold_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    render._environment().parse(text)
    assert not re.search(r"\sstyle=|\son[a-z]+=", text), "the policy forbids it, so it would do nothing"
    for tag in re.findall(r"<script[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag


def test_every_icon_that_a_template_names_is_brought() -> None:
    text = "".join(template.read_text() for template in TEMPLATES)
    named = set(re.findall(r'icon\("([a-z0-9-]+)"\)', text))
    named |= {link.icon for links in wording.NAVIGATION.values() for link in links}
    brought = set(json.loads((ROOM / "static" / "npm" / "icons.json").read_text()))
    assert named <= brought


def test_every_form_that_changes_something_carries_the_token() -> None:
    for template in TEMPLATES:
        for form in re.findall(r'<form[^>]*method="post".*?</form>', template.read_text(), re.DOTALL):
            without_session = re.search('action="/(sign-in|guest|invite)', form.partition(">")[0])
            assert without_session or 'name="csrf"' in form or "{{ hidden(" in form, template.name


def test_the_lock_file_has_hashes_and_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in each and "resolved" not in each for each in packages.values())


def test_static_addresses_change_with_their_content() -> None:
    address = render.static("earmark.css")
    assert re.fullmatch(r"/static/earmark\.css\?v=[0-9a-f]{12}", address)


async def test_scripts_find_each_other_under_an_address_that_changes_with_any_of_them(browse) -> None:
    """A query would not reach what a script imports: browsers would keep the old module, or load one twice."""
    address = render.static("js/console.js")
    assert re.fullmatch(r"/static/js~[0-9a-f]{12}/console\.js", address)
    browser = await browse("floor")
    for name in re.findall(r'from "\./([^"]+)"', (await browser.get(address)).text):
        answer = await browser.get(f"{address.rpartition('/')[0]}/{name}")
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]
    old = await browser.get("/static/js~000000000000/console.js")
    assert "immutable" not in old.headers.get("cache-control", ""), "a page of an older version must not keep a newer"


@pytest.mark.parametrize(
    ("ago", "name"), [(0, "Today"), (1, "Yesterday"), (3, "Friday, 1 May"), (30, "4 April 2026"), (-1, "5 May 2026")]
)
def test_days_are_named_as_people_name_them(ago: int, name: str) -> None:
    today = date(2026, 5, 4)
    assert render.near_day(today - timedelta(days=ago), today) == name


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=2, hours=3), "2 days"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=-5), "5 minutes"),
        (timedelta(seconds=20), "less than a minute"),
    ],
)
def test_lengths_of_time(length: timedelta, text: str) -> None:
    assert render.span(length) == text


def test_small_words() -> None:
    assert render.seconds(62.4) == "1:02"
    assert render.plural(1, "day") == "1 day"
    assert render.plural(1200, "entry", "entries") == "1,200 entries"
    assert render.long_day(datetime(2026, 5, 3, 12, tzinfo=UTC)) == "3 May 2026"
    assert render.percent(None) == "–"


def test_what_was_understood_is_said_in_plain_words() -> None:
    slots = {"size": "large", "coffeeDrink": "latte"}
    assert wording.understood("orderDrink", slots) == "You ordered a drink: size large, drink latte"
    assert wording.understood("leaveMessage", {"member": "Ben", "message": "hi"}) == "You left a message: for Ben"
    assert wording.understood(None, {}) == ""
    assert wording.understood("newSkill", {}) == "Earmark took this as a request"


def test_every_intent_of_the_skills_has_its_words() -> None:
    skills = ROOM.parent / "assistant" / "skills"
    known = {name for file in skills.glob("*/sentences.yaml") for name in yaml.safe_load(file.read_text())["intents"]}
    assert known
    assert known <= set(wording.UNDERSTOOD)


def test_who_listened_is_told_without_a_name() -> None:
    said = wording.heard("reviewer", "Bucharest", "3 May 2026", "checking the wake word")
    assert said == "A reviewer in Bucharest listened on 3 May 2026 to check whether the wake word was said."


def test_a_simulated_reviewer_is_called_so() -> None:
    said = wording.heard("reviewer", "Bucharest (simulated)", "3 May 2026", "writing down what was said")
    assert said == "A simulated reviewer in Bucharest listened on 3 May 2026 to write down what was said."


def test_charts_say_their_numbers_and_escape_names() -> None:
    chart = bars([("<b>", 3), ("4", 0)], label="Labels")
    assert 'aria-label="Labels. &lt;b&gt;: 3"' in chart
    assert "<b>" not in chart
    assert "nothing yet" in bars([], label="Labels")


@pytest.mark.parametrize(
    ("before", "after", "lower", "colour"), [(6, 1, True, "good"), (1, 6, True, "worse"), (0.7, 0.9, False, "good")]
)
def test_better_and_worse_look_different(before: float, after: float, lower: bool, colour: str) -> None:
    assert f'class="col {colour}"' in before_after(before, after, label="x", lower_is_better=lower)


def test_scores_without_a_before_still_show() -> None:
    assert rows({"asr": {"wer": 0.25}}) == [{"title": "Words wrong", "before": "–", "after": "25.0%", "chart": ""}]
    assert rows({}) == []


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2.2, 1.4.3."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = {
    "ink": ("paper", "surface", "sunken"),
    "muted": ("paper", "surface", "sunken"),
    "accent": ("paper", "surface", "accent-soft"),
    "on-accent": ("accent", "accent-strong"),
    "bad": ("surface", "bad-soft"),
    "surface": ("bad",),
    "warm": ("warm-soft",),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out(theme: str) -> None:
    roots = re.findall(r":root \{\n(.*?)\n\s*\}", (ROOM / "static" / "earmark.css").read_text(), re.DOTALL)
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", roots[("light", "dark").index(theme)]))
    for text, grounds in TEXT_ON.items():
        for ground in grounds:
            assert contrast(tokens[text], tokens[ground]) >= 4.5, f"{theme}: {text} on {ground}"
    for ground in ("paper", "surface"):
        assert contrast(tokens["line-strong"], tokens[ground]) >= 3, "borders that must be seen (WCAG 1.4.11)"
