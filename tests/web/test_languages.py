"""The owner's pages in four languages: which one is chosen, that all of a page is in it, what a grant says of it."""

from __future__ import annotations

import html
import io
import re
import zipfile
from datetime import date, timedelta
from gettext import NullTranslations
from random import Random

import pytest

from earmark import accounts, airlock, consent, guests, report, vault
from earmark.switches import switch
from earmark.web import language, render, wording
from earmark.web.language import LANGUAGES, best, speaking
from earmark.web.reporting import context

PRIVACY = "/settings/account/privacy"
HTMX = {"HX-Request": "true"}
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def lang(page: str) -> str:
    found = re.search(r'<html lang="(\w+)" dir="ltr">', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("fr;q=1.0, hi;q=0.5, ro;q=0.7", "ro"),
        ("HI-in", "hi"),
        ("en-GB,ro;q=0.9", "en"),
        ("es;q=0, de", "en"),
        ("ro;q=many, *;q=0.5", "en"),
        ("../../etc,<script>", "en"),
    ],
)
def test_what_a_browser_asks_for(accepts: str, expected: str) -> None:
    assert best(accepts) == expected


async def test_the_browser_is_asked_until_somebody_chooses(browse, household) -> None:
    browser = await browse("home", household.ada)
    browser.headers["Accept-Language"] = "ro"
    assert lang((await browser.get("/")).text) == "ro"
    answer = await browser.post("/language", {"language": "hi", "next": "/history?q=milk"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/history?q=milk")
    kept = answer.headers["set-cookie"].casefold()
    assert "httponly" in kept
    assert "samesite=lax" in kept
    page = (await browser.get("/history?q=milk")).text
    assert lang(page) == "hi"
    assert '<button name="language" value="hi" lang="hi" aria-current="true">हिन्दी</button>' in page
    assert '<input type="hidden" name="next" value="/history?q=milk">' in page


async def test_the_choice_works_without_an_account(browse) -> None:
    nobody = await browse("home")
    await nobody.post("/language", {"language": "es", "next": "/sign-in"})
    for path in ("/sign-in", "/listeners", "/guarantees", "/guest", "/history/none", "/offline"):
        assert lang((await nobody.client.get(path, follow_redirects=True)).text) == "es", path


@pytest.mark.parametrize("value", ["fr", "", "<script>", "../ro", "es\r\nSet-Cookie: a=b"])
async def test_no_other_language_is_kept(browse, value: str) -> None:
    nobody = await browse("home")
    answer = await nobody.post("/language", {"language": value, "next": "/"})
    assert answer.status_code in (400, 422)
    assert "set-cookie" not in answer.headers
    if not value.isprintable():
        return
    page = await nobody.get("/guest", cookie=f"{language.COOKIE}={value}")
    assert lang(page.text) == "en"
    assert "<script>" not in page.text.replace('<script type="application/json"', "")


@pytest.mark.parametrize("away", ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)"])
async def test_a_choice_leads_nowhere_else(browse, away: str) -> None:
    answer = await (await browse("home")).post("/language", {"language": "ro", "next": away})
    assert answer.headers["location"] == "/"


async def test_a_foreign_page_chooses_nothing(browse, household) -> None:
    browser = await browse("home", household.ada)
    browser.token, token = "somebody else's", browser.token
    assert (await browser.post("/language", {"language": "es"})).status_code == 403
    browser.token, browser.headers = token, {"Sec-Fetch-Site": "cross-site"}
    assert (await browser.post("/language", {"language": "es"})).status_code == 403


async def test_those_who_work_here_read_english(browse, worker) -> None:
    for plane, role in (("floor", "reviewer"), ("desk", "admin")):
        browser = await browse(plane, await worker(role))
        browser.headers |= {"Accept-Language": "es", "Cookie": f"{language.COOKIE}=es"}
        browser.client.cookies.set(language.COOKIE, "es")
        page = (await browser.client.get("/", headers={"Accept-Language": "es"}, follow_redirects=True)).text
        assert lang(page) == "en"
        assert 'action="/language"' not in page


async def test_one_answer_leaves_no_language_behind(browse) -> None:
    await (await browse("home")).get("/guest", **{"Accept-Language": "hi"})
    assert language.current() == "en"


@pytest.fixture
async def pages(stores, role_stores, household, clock, tone) -> dict[str, list[str]]:
    """Who is asking → every page they can open, in a household with something of everything."""
    everything = await role_stores("earmark_worker", review_rate=1.0)
    for purpose in ("review", "hear_first", "donate"):
        await switch(stores, household.ada, purpose, True, how="settings")
    await switch(stores, household.ada, "save", True, how="api", device_id=household.kitchen, keep_days=1)
    ids = []
    for number, kind in enumerate(("command", "question", "refused", "false_wake", "message")):
        words = (vault.Word(text="what", start=0.8, end=1.0, confidence=0.3),)
        content = vault.Content(
            text="what",
            words=words,
            reply="Yes.",
            accepted=kind not in ("refused", "false_wake"),
            intent="setTimer" if number == 0 else "orderDrink",
            slots={"size": "large"},
            source="grammar",
            template="set a timer" if number != 2 else None,
            confidence=0.7,
            reason="unsure:0.2",
        )
        ids.append(
            await vault.record(
                stores,
                vault.NewInteraction(
                    person_id=household.ada,
                    device_id=household.kitchen if number != 1 else None,
                    started_at=clock() - timedelta(hours=20 * number),
                    kind=kind,
                    audio=tone(),
                    wake=vault.Wake(word="alexa", score=0.9, start=0.1, end=0.6, verifier_score=0.8)
                    if number
                    else None,
                    content=content,
                ),
            )
        )
    await airlock.run(everything, Random(1))
    await vault.correct(stores, household.ada, ids[1], "what now")
    session = await vault.guest_session(stores, await guests.make_code(stores, household.kitchen))
    receipt = await vault.erase(stores, household.ada, [], how="settings", erasers=())
    item = f"/history/{ids[0]}"
    public = ["/sign-in", "/sign-in/abc", "/guest", f"/guest/{session.id}?gone=2", "/listeners", "/guarantees"]
    public += ["/offline", "/nowhere", "/report", "/report?month=2026-04"]
    owners = ["/", "/talk", "/history", "/history?kind=false_wake", "/history?q=nowhere", "/history?day=soon", "/asked"]
    owners += [item, *(f"/history/{each}" for each in ids[1:]), f"{item}/delete", f"{item}/not-for-me", PRIVACY]
    owners += ["/history/delete", f"/history/delete?from=2026-05-01&to=2026-05-04&device={household.kitchen}"]
    owners += [f"/history/delete?id={ids[0]}&id={ids[1]}", "/history/delete?day=2020-01-01", "/history/all/delete"]
    owners += ["/receipts", f"/receipts/{receipt['id']}", "/export", f"/history/{household.ada}"]
    owners += ["/report/mine", "/settings/account/close"]
    empty = ["/", "/talk", "/history", PRIVACY, "/asked", "/receipts", "/export", "/history/all/delete"]
    return {"nobody": public, "ada": [*public, *owners], "kid": empty, "fresh": empty}


@pytest.fixture
async def browsers(browse, stores, household) -> dict:
    kid = await accounts.create_person(stores, name="Kid", roles=["owner"], household_id=household.id, child=True)
    fresh = await accounts.create_person(stores, name='<b a="b">', roles=["owner"])
    people = {"nobody": None, "ada": household.ada, "kid": kid, "fresh": fresh}
    return {name: await browse("home", person) for name, person in people.items()}


async def opened(pages, browsers, code: str):
    """Yield every page, and its dialogue where it has one, in a language."""
    for who, browser in browsers.items():
        browser.client.cookies.set(language.COOKIE, code)
        for path in pages[who]:
            for headers in ({}, HTMX) if "delete" in path or "not-for-me" in path else ({},):
                answer = await browser.get(path, **headers)
                assert answer.status_code < 500, path
                if answer.status_code != 303:
                    yield f"{who} {path}", answer.text


@pytest.mark.parametrize("code", TRANSLATED)
async def test_every_page_is_there_in_every_language(pages, browsers, code: str) -> None:
    seen = 0
    async for path, page in opened(pages, browsers, code):
        seen += 1
        if "<html" in page:
            assert lang(page) == code, path
        assert not re.search(r"%\(\w+\)s|%%", page), path
        assert not re.search(r"\{\w+\}", page.partition('id="talk-words"')[0]), path
        assert '<b a="b">' not in page, path
    assert seen > 60


class Bracketed(NullTranslations):
    """A language in which every text that was looked up stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


DATA = re.compile(
    r"(?<!\w)(?:Earmark|Ada|Kid|Kitchen|what now|what|large|set a timer|English|Español|Română|हिन्दी|Alexa|builtin"
    r"|[a-z]+(-[a-z]+)?-\d(\.es)?|(\w+, )?\d+ de \w+( de \d+)?|\d+ (horas|segundos|días|día)|Esc|Space|[gjkpdxm])(?!\w)"
)
"""What pages show besides texts: names, words that were said, dates, keys of the keyboard."""


def readable(page: str) -> list[str]:
    """Return what people read or hear of a page, without what is marked as English and what was looked up."""
    page = page[max(0, page.find("<body")) :]
    for english in (r'<(p|h2|i|code)\b[^>]*lang="en"[^>]*>.*?</\1>', r"<code.*?</code>", r"<script.*?</script>"):
        page = re.sub(english, " ", page, flags=re.DOTALL)
    if 'class="guarantees"' in page:
        page = re.sub(r'<ol class="guarantees">.*?</ol>', " ", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|placeholder|data-failed|data-unreachable)="([^"]*)"', page)
    found = [html.unescape(each) for each in (*spoken, re.sub(r"<[^>]*>", " \n", page))]
    for each in consent.wordings("es").values():
        found = [text.replace(each.title, "").replace(each.text, "") for text in found]
    while any("⟦" in text for text in found):
        inner = [re.sub(r"⟦[^⟦⟧]*⟧", "", text) for text in found]
        assert inner != found
        found = inner
    return found


@pytest.fixture
def bracketed(monkeypatch) -> None:
    real = language.catalog
    monkeypatch.setattr(language, "catalog", lambda code: Bracketed() if code == "es" else real(code))


def forgotten(page: str) -> list[str]:
    lines = [line.strip() for text in readable(page) for line in text.split("\n")]
    return [line for line in lines if re.search(r"[^\W\d_]", DATA.sub("", line))]


async def test_nothing_on_a_page_was_forgotten(pages, browsers, bracketed) -> None:
    async for path, page in opened(pages, browsers, "es"):
        assert forgotten(page) == [], f"{path}: this is in no catalog"


async def test_nothing_in_a_report_was_forgotten(stores, bracketed) -> None:
    found = await report.report(stores, report.Month.named("2026-05"))
    days = [
        {
            "day": f"2026-05-0{number}",
            "devices": devices,
            "wakes": 40,
            "false_wakes": 3,
            "false_wakes_per_device": 0.1,
            "devices_by_false_wakes": dict.fromkeys(report.GROUPS, by),
        }
        for number, (devices, by) in enumerate([(30, 12), (30, report.FEWER), (report.FEWER, report.FEWER)], start=1)
    ]
    wakes = {"days": days, "days_shown": 2, "wakes": 80, "false_wakes": 6, "false_wakes_per_device_and_day": 0.1}
    heard = [{"site": "Kitchen", "purpose": why, "times": report.FEWER} for why in wording.PURPOSES]
    whole = {
        "wakes": wakes,
        "heard": heard,
        "withdrawals": {"review": 12, "transcription": report.FEWER, "save": 20},
        "cases_decided": {"release": 1, "erase": 2, "escalate": 3, "support": 4},
    }
    with speaking("es"):
        assert forgotten(render.render("home/_report.html", context(found | whole))) == []
        assert forgotten(render.render("home/_report.html", context(found))) == []


async def test_a_closed_account_says_so_in_the_language_it_was_closed_in(browse, stores, household, bracketed) -> None:
    browser = await browse("home", household.ben)
    browser.client.cookies.set(language.COOKIE, "es")
    page = (await browser.post("/settings/account/close")).text
    assert lang(page) == "es"
    assert forgotten(re.sub("<textarea.*?</textarea>", "", page, flags=re.DOTALL)) == []


@pytest.mark.parametrize(
    ("code", "day", "weekday", "length", "share", "large"),
    [
        ("en", "3 May 2026", "Friday, 1 May", "2 days", "60%", "1,200"),
        ("es", "3 de mayo de 2026", "Viernes, 1 de mayo", "2 días", "60\xa0%", "1.200"),
        ("ro", "3 mai 2026", "Vineri, 1 mai", "2 zile", "60\xa0%", "1.200"),
        ("hi", "3 मई 2026", "शुक्रवार, 1 मई", "2 दिन", "60%", "1,200"),
    ],
)
def test_dates_and_numbers(code: str, day: str, weekday: str, length: str, share: str, large: str) -> None:
    today = date(2026, 5, 4)
    with speaking(code):
        assert render.long_day(date(2026, 5, 3)) == day
        assert render.near_day(date(2026, 5, 1), today) == weekday
        assert render.span(timedelta(days=2, hours=3)) == length
        assert render.percent(0.6) == share
        assert render.number(1200) == large
        assert (render.near_day(today, today) == "Today") == (code == "en")


def test_romanian_counts_days_three_ways() -> None:
    with speaking("ro"):
        assert [render.of_time(n, "day") for n in (1, 2, 30)] == ["1 zi", "2 zile", "30 de zile"]


def test_who_listened_in_each_language() -> None:
    said = {}
    for code in LANGUAGES:
        with speaking(code):
            day = render.long_day(date(2026, 5, 3))
            said[code] = wording.heard("reviewer", "Bucharest", day, "checking the wake word")
    assert said["es"].startswith("Una persona que revisa en Bucharest escuchó el 3 de mayo de 2026")
    assert said["ro"].startswith("O persoană care verifică din Bucharest a ascultat pe 3 mai 2026")
    assert said["hi"].startswith("Bucharest में एक जाँचकर्ता ने 3 मई 2026 को")


@pytest.mark.parametrize(("code", "version"), [("en", "review-1"), ("es", "review-1.es"), ("hi", "review-1.hi")])
async def test_a_grant_names_the_words_that_were_on_screen(browse, household, stores, code, version) -> None:
    browser = await browse("home", household.ada)
    browser.client.cookies.set(language.COOKIE, code)
    page = (await browser.get(PRIVACY)).text
    assert html.escape(consent.wordings(code)["review"].text, quote=False) in html.unescape(page)
    shown = re.search(r'name="language" value="(\w+)">', page)
    assert shown
    browser.client.cookies.set(language.COOKIE, "ro")  # chosen in another tab meanwhile
    form = {"purpose": "review", "allowed": "true", "language": shown[1]}
    assert (await browser.post(PRIVACY, form)).status_code == 303
    grant = (await consent.everything(stores, household.ada))[-1]
    assert (grant.purpose, grant.wording) == ("review", version)
    known = consent.wording(grant.wording)
    assert known is not None
    assert known.text in html.unescape(page)


async def test_a_grant_in_no_language_is_refused(browse, household, stores) -> None:
    browser = await browse("home", household.ada)
    before = await consent.everything(stores, household.ada)
    form = {"purpose": "review", "allowed": "true", "language": "fr"}
    assert (await browser.post(PRIVACY, form)).status_code == 422
    assert await consent.everything(stores, household.ada) == before


async def test_the_first_visit_too(browse, stores) -> None:
    person = await accounts.create_person(stores, name="New", roles=["owner"])
    browser = await browse("home", person)
    await browser.post("/first-run", {"allowed": "true", "language": "ro"})
    assert [grant.wording for grant in await consent.everything(stores, person)] == ["save-2.ro"]


async def test_an_export_is_english_and_repeats_the_words_that_were_on_screen(browse, household, said) -> None:
    browser = await browse("home", household.ada)
    await said(household.ada, "what time is it")
    await browser.post(PRIVACY, {"purpose": "review", "allowed": "true", "language": "es"})
    browser.client.cookies.set(language.COOKIE, "es")
    answer = await browser.post("/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        page = html.unescape(archive.read("index.html").decode())
    assert "You asked for the time." in page
    assert "4 May 2026" in page
    assert consent.wordings("es")["review"].text in page
    assert "wording review-1.es" in page


async def test_a_program_reads_english_unless_it_asks(browse, household) -> None:
    browser = await browse("home", household.ada)
    plain = (await browser.get("/api/history?day=soon")).json()["error"]
    asked = (await browser.get("/api/history?day=soon", **{"Accept-Language": "es"})).json()["error"]
    assert plain == {"code": "request.invalid", "message": "Write a day as 2026-05-31."}
    assert asked == {"code": "request.invalid", "message": "Escribe un día así: 2026-05-31."}


async def test_an_error_keeps_its_details_in_every_language(browse, household, said) -> None:
    browser = await browse("home", household.ada)
    own = await said(household.ada)
    long = "x" * 1999
    answer = await browser.post(f"/history/{own}/words", {"text": long}, **{"Accept-Language": "ro"})
    assert answer.status_code == 400
    assert "mai mult de 500 de litere" in answer.text or "mai mult de 500 litere" in answer.text
