"""The console by keyboard, in a real browser before the real floor: hear, answer, next."""

from __future__ import annotations

import json
import uuid
from hashlib import sha256

import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from earmark import accounts, audio, review
from earmark.words import PcmAudio, PersonId, TaskId

pytestmark = pytest.mark.browser

SELECTED = "(box => box.value.slice(box.selectionStart, box.selectionEnd))(document.getElementById('transcript'))"
MENU = """document.querySelector('.wave canvas').dispatchEvent(
  new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))"""
KEPT = """Promise.all([caches.keys(), indexedDB.databases()]).then(([kept, databases]) => (
  { local: localStorage.length, caches: kept.length, databases: databases.length }))"""
SPEECH = ((0.2, 0.5), (0.6, 0.9))
WORDS = [
    {"text": text, "confidence": confidence, "start": start, "end": end}
    for text, confidence, start, end in [
        ("add", 0.9, 0.2, 0.3),
        ("oat", 0.4, 0.3, 0.5),
        ("milk", 0.95, 0.6, 0.7),
        ("please", 0.3, 0.7, 0.9),
    ]
]
PREFILL = {
    "wake": {"word": "alexa"},
    "meant": {"text": "add oat milk"},
    "transcript": {"words": WORDS},
    "understood": {"text": "add oat milk", "accepted": True, "intent": "addToList", "slots": {"item": "milk"}},
    "helpful": {"text": "add oat milk", "reply": "Milk is on the list."},
    "compare": {"a": "add oat milk", "b": "add old milk"},
}


def spoken(seconds: float = 1.2) -> bytes:
    """A WAV that is loud where somebody speaks, and quiet elsewhere."""
    at = np.arange(int(seconds * 16_000)) / 16_000
    loud = sum(((at >= start) & (at < end)).astype(float) for start, end in SPEECH)
    samples = ((20 + 6000 * loud) * np.sin(at * 1500)).astype(np.int16)
    return audio.encode(PcmAudio(samples=samples), format="WAV")


@pytest.fixture
def clip(stores):
    """`await clip("transcript")`: one more clip in the queue, as the airlock puts it there."""

    async def make(question: review.Question = "transcript", *, seconds: float = 1.2) -> TaskId:
        task_id, slot = TaskId(uuid.uuid4()), stores.review_keys.reserve()
        key = review.masked_key(stores, slot)
        new = review.NewTask(
            id=task_id,
            question=question,
            language="en",
            region="home",
            object=stores.objects.put(review.PREFIX, review.seal_sound(key, task_id, spoken(seconds))),
            key_slot=slot,
            sealed=review.seal_prefill(key, task_id, PREFILL[question] | {"speech": SPEECH}),
            exclusion=sha256(task_id.bytes).digest()[:8],
        )
        async with stores.pool.connection() as connection:
            await review.add_task(connection, stores, new)
        return task_id

    return make


@pytest.fixture
def console(visit, stores):
    """`await console()`: the console of somebody new, its first clip on the screen."""

    async def come(*, path: str = "/review", role: str = "reviewer", **context):
        person = await accounts.create_person(stores, name="R", roles=[role], site="Boston")
        made = await visit("floor", person, **({"size": (1280, 720)} | context))
        await made.go(path)
        await expect(made.page.locator(".console:not([data-state=waiting])")).to_be_visible()
        return made

    return come


async def heard(page) -> None:
    await expect(page.locator(".play")).to_be_enabled()
    await expect(page.locator(".console")).to_have_attribute("data-heard", "enough")


async def taken(stores) -> list[dict]:
    """The judgements that count, oldest first."""
    async with stores.pool.connection() as connection:
        rows = await connection.execute(
            "SELECT client_key, heard, undone_at, as_given FROM review.judgements ORDER BY id"
        )
        return [dict(row) for row in await rows.fetchall() if row["undone_at"] is None]


def without(troubles: list[str], *expected: str) -> list[str]:
    return [each for each in troubles if not any(part in each for part in expected)]


async def test_one_key_accepts_and_the_unsure_word_is_chosen(console, clip, stores) -> None:
    for _ in range(2):
        await clip()
    page = (await console()).page
    await expect(page.locator("#transcript")).to_have_value("add oat milk please")
    assert await page.evaluate(SELECTED) == "oat"
    assert await page.locator(".mirror mark.unsure").all_inner_texts() == ["oat", "please"]
    await page.keyboard.press("Tab")
    assert await page.evaluate(SELECTED) == "please"
    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate(SELECTED) == "oat"
    await heard(page)
    await expect(page.locator(".accept-text")).to_have_text("Accept")
    async with page.expect_response("**/api/review/submit"):
        await page.keyboard.press("Enter")
    (judgement,) = await taken(stores)
    assert judgement["as_given"] is True
    assert judgement["heard"] >= 0.9


async def test_keys_work_inside_the_text_box(console, clip) -> None:
    await clip(seconds=4)
    page = (await console()).page
    await expect(page.locator(".play")).to_have_attribute("data-playing", "true")
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".play")).to_have_attribute("data-playing", "false")
    async with page.expect_request("**/api/review/preferences") as asked:
        for key in ("Alt+l", "Alt+j", "Alt+=", "Alt+-", "Alt+-"):
            await page.keyboard.press(key)
    assert json.loads((await asked.value).post_data or "") == {
        "speed": 0.75, "loop": True, "skip_silence": True, "volume": 1,
    }  # fmt: skip
    await page.keyboard.press("Control+,")
    await expect(page.locator(".play")).to_have_attribute("data-playing", "true")
    await expect(page.locator("#transcript")).to_have_value("add oat milk please")
    async with page.expect_response("**/api/review/draft"):
        await page.keyboard.press("Alt+f")
    await expect(page.locator("#transcript")).to_have_value("add [foreign] milk please")
    assert await page.evaluate("document.activeElement.id") == "transcript"
    await page.reload()
    await expect(page.locator(".speed")).to_have_text("0.75×")


async def test_an_answer_before_the_clip_was_heard_plays_what_is_missing(console, clip, stores) -> None:
    await clip(seconds=4)
    page = (await console()).page
    await expect(page.locator(".play")).to_be_enabled()
    await page.keyboard.press("Control+Space")
    await expect(page.locator(".accept-text")).to_have_text("Listen to all of it first")
    await page.keyboard.press("Enter")
    await expect(page.locator(".console-note")).to_have_text("Listen to all of it first.")
    await expect(page.locator(".play")).to_have_attribute("data-playing", "true")
    assert await taken(stores) == []
    await heard(page)
    async with page.expect_response("**/api/review/submit"):
        await page.keyboard.press("Enter")
    assert len(await taken(stores)) == 1


async def test_the_last_answer_is_taken_back_and_comes_as_a_draft(console, clip, stores) -> None:
    for _ in range(4):
        await clip()
    page = (await console()).page
    await page.keyboard.type("goat")
    await heard(page)
    async with page.expect_response("**/api/review/submit"):
        await page.keyboard.press("Enter")
    await expect(page.locator("#transcript")).to_have_value("add oat milk please")
    await expect(page.locator(".undo-line")).to_contain_text("Sent.")
    async with page.expect_response("**/api/review/undo"):
        await page.keyboard.press("Alt+z")
    await expect(page.locator("#transcript")).to_have_value("add goat milk please")
    await expect(page.locator(".console-note")).to_contain_text("as you gave it")
    assert await taken(stores) == []
    await heard(page)
    async with page.expect_response("**/api/review/submit"):
        await page.keyboard.press("Enter")
    await expect(page.locator("#transcript")).to_have_value("add oat milk please")
    assert len(await taken(stores)) == 1


async def test_what_was_written_is_there_after_a_reload(console, clip) -> None:
    await clip()
    page = (await console()).page
    async with page.expect_response("**/api/review/draft"):
        await page.keyboard.type("goat")
    await page.reload()
    await expect(page.locator("#transcript")).to_have_value("add goat milk please")
    await expect(page.locator(".console-note")).to_have_text("What you had written is back.")


async def test_a_draft_that_was_lost_on_its_way_is_sent_again_and_outlives_a_crash(console, clip) -> None:
    await clip()
    visit = await console()
    page = visit.page
    await page.route("**/api/review/draft", lambda route: route.abort(), times=1)
    async with page.expect_request_finished(lambda each: each.url.endswith("/api/review/draft")):
        await page.keyboard.type("goat")  # the first sending is cut off, the next heartbeat brings it
    address = page.url
    other = await page.context.new_page()
    await page.goto("about:blank", wait_until="commit")
    await other.goto(address)
    await expect(other.locator("#transcript")).to_have_value("add goat milk please")
    visit.troubles = without(visit.troubles, "ERR_FAILED")


async def test_each_clip_that_is_answered_brings_the_next_one_ready(console, clip) -> None:
    """Two clips lie ready before the first is answered, and each answer notes how long the next one's sound took."""
    for _ in range(8):
        await clip("wake")
    page = (await console()).page
    for number in range(5):
        await expect(page.locator(".ahead")).to_have_attribute("data-ready", "2")
        await heard(page)
        async with page.expect_response("**/api/review/submit"):
            await page.keyboard.press("1")
        await expect(page.locator(".console")).to_have_attribute("data-heard", "waits")
        assert len(await page.evaluate("earmarkTimings")) == number + 1


async def test_an_answer_that_did_not_arrive_is_sent_again_under_its_key(console, clip, stores) -> None:
    for _ in range(3):
        await clip("wake")
    visit = await console()
    page, sent = visit.page, []

    async def fail_once(route) -> None:
        sent.append(json.loads(route.request.post_data)["client_key"])
        await (route.abort() if len(sent) == 1 else route.continue_())

    await page.route("**/api/review/submit", fail_once)
    await heard(page)
    async with page.expect_response("**/api/review/submit"):
        await page.keyboard.press("1")
        await expect(page.locator(".saving")).to_contain_text("No connection")
    await expect(page.locator(".saving")).to_have_text("Saved")
    assert len(set(sent)) == 1
    assert [str(each["client_key"]) for each in await taken(stores)] == sent[:1]
    visit.troubles = without(visit.troubles, "ERR_FAILED")


async def test_an_intent_is_picked_and_written_by_keyboard(console, clip) -> None:
    await clip("understood")
    page = (await console()).page
    await heard(page)
    await page.keyboard.press("2")
    await page.keyboard.type("They set a timer")
    await page.keyboard.press("Tab")
    await page.keyboard.type("length")
    await page.keyboard.press("Tab")
    await page.keyboard.type("ten minutes")
    async with page.expect_request("**/api/review/submit") as sent:
        await page.keyboard.press("Enter")
    answer = json.loads((await sent.value).post_data or "")["answer"]
    assert answer == {"value": "wrong", "intent": "setTimer", "slots": {"length": "ten minutes"}}


async def test_there_is_no_way_to_take_a_clip_along(console, clip) -> None:
    await clip()
    visit = await console(role="lead")
    page, sounds = visit.page, []
    page.on("response", lambda answer: sounds.append(answer) if "/sound/" in answer.url else None)
    await page.reload()
    await heard(page)
    assert await page.locator("audio, video, a[download], main a").count() == 0
    assert await page.evaluate(MENU) is False
    assert await page.evaluate(KEPT) == {"local": 0, "caches": 0, "databases": 0}
    assert await page.evaluate("JSON.stringify(sessionStorage).length") < 100  # a path, from htmx
    (first, *_) = sounds
    assert await first.header_value("cache-control") == "no-store"
    again = await page.evaluate("(url) => fetch(url).then((answer) => answer.status)", first.url)
    assert again == 409, "an address is good once"
    visit.troubles = without(visit.troubles, "409")


async def test_a_lead_decides_a_tie_on_the_same_page(console, clip, stores) -> None:
    await clip("compare")
    for value in ("a", "b", "neither"):
        someone = review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="Boston")
        held = await review.next_task(stores, someone)
        assert held is not None
        await review.sound(stores, someone, held.task_id, held.fence)
        await review.submit_and_next(stores, someone, held.task_id, held.fence, uuid.uuid4(), {"value": value})
    page = (await console(path="/lead/ties", role="lead")).page
    await heard(page)
    await expect(page.locator(".given li")).to_have_count(3)
    assert await page.locator(".choice-words mark").all_inner_texts() == ["oat", "old"]
    async with page.expect_response("**/api/lead/submit") as answer:
        await page.keyboard.press("1")
    assert (await answer.value).status == 200
    await expect(page.locator(".console")).to_have_attribute("data-state", "empty")


@pytest.mark.parametrize(("question", "scheme"), [*((each, "light") for each in PREFILL), ("transcript", "dark")])
async def test_every_question_is_one_screen_that_everybody_can_use(console, clip, question, scheme) -> None:
    await clip(question)
    visit = await console(color_scheme=scheme, reduced_motion="reduce")
    page = visit.page
    await heard(page)
    if question == "understood":
        await page.keyboard.press("2")
    await page.set_viewport_size({"width": 1280, "height": 720})
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    troubles = list(visit.troubles)
    found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    visit.troubles[:] = troubles
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]] == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth <= 360")


async def test_a_colleague_is_asked_and_answers_in_place(console, clip) -> None:
    await clip()
    asker = (await console()).page
    await heard(asker)
    await asker.keyboard.press("Alt+h")
    await expect(asker.locator(".ask-span")).to_have_text("0.2 – 0.6 s")
    await asker.keyboard.press("Shift+ArrowRight")
    await expect(asker.locator(".ask-span")).to_have_text("0.2 – 0.7 s")
    await asker.keyboard.press("Enter")
    await expect(asker.locator(".consults")).to_contain_text("no answer yet")

    visit = await console()
    helper = visit.page
    await expect(helper.locator(".asked")).to_contain_text("A colleague asks about a word (1)")
    await helper.keyboard.press("Alt+c")
    await expect(helper.locator("#colleagues input")).to_be_focused()
    async with helper.expect_response("**/api/review/consult/sound/*") as sound:
        await helper.keyboard.press("Control+Space")
    assert (await sound.value).status == 200
    again = await helper.evaluate("(url) => fetch(url).then((answer) => answer.status)", (await sound.value).url)
    assert again in (404, 409), "an address is good once"
    visit.troubles = without(visit.troubles, "404", "409")
    await helper.keyboard.type("goat")
    await helper.keyboard.press("Enter")
    await expect(helper.locator("#colleagues")).to_contain_text("Nobody asks any more")
    assert await helper.locator("#colleagues a, #colleagues audio").count() == 0

    await expect(asker.locator(".consults")).to_contain_text("“goat”")
    await asker.locator(".consults button").click()
    await expect(asker.locator("#transcript")).to_have_value("add goat milk please")


# What follows shows the page answers that the server gives at other times.


async def test_a_training_clip_says_whether_it_was_right(console, clip) -> None:
    for _ in range(3):
        await clip("wake")
    visit = await console()
    page = visit.page

    async def teach(route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        if route.request.url.endswith("/open"):
            for task in body["tasks"]:
                task["training"] = True
        else:
            expected = {"correct": False, "expected": {"value": "said"}, "asked": 3, "right": 2, "passed": None}
            body |= {"training": expected, "undo_until": None}
        await route.fulfill(response=answer, json=body)

    for path in ("open", "submit"):
        await page.route(f"**/api/review/{path}", teach)
    await page.reload()
    await heard(page)
    await expect(page.locator(".training-banner")).to_be_visible()
    await page.keyboard.press("2")
    await expect(page.locator(".judged")).to_contain_text("Expected: Yes, it was said")
    await expect(page.locator(".undo-line")).to_be_hidden()
    await page.keyboard.press("x")
    await expect(page.locator(".choice")).to_have_count(3)


@pytest.mark.parametrize(
    ("code", "title"),
    [("closed", "Closed for now"), ("break", "Time for a break"), ("locked", "Your access is locked")],
)
async def test_nothing_to_do_says_why(console, code, title) -> None:
    page = (await console()).page
    why = {"code": code, "text": "Boston works from 8 to 18.", "until": "2999-01-01T00:00:00+00:00"}
    answer = {"tasks": [], "why": why, "preferences": {}}
    await page.route("**/api/review/open", lambda route: route.fulfill(json=answer))
    await page.reload()
    await expect(page.locator(".why-title:visible")).to_have_text(title)
    await expect(page.locator(".why-text")).to_have_text("Boston works from 8 to 18.")
    await expect(page.locator(".why-until")).to_be_visible()
