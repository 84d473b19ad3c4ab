from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from earmark import airlock, consent, forget, vault
from earmark.assistant import Conversation, Doors, Engine, Hypothesis, Place, Word
from earmark.assistant.dialogue import PATIENCE
from earmark.vault import Wake

AT = datetime(2026, 5, 4, 11, 30, tzinfo=UTC)


class Script:
    """A recogniser that hears what the test says was said, at the places where the sound is."""

    def __init__(self) -> None:
        self.says, self.fed = "", 0

    def start(self) -> None:
        self.fed = 0

    def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    def partial(self) -> str:
        return self.says if self.fed else ""

    def finish(self) -> Hypothesis:
        words = tuple(
            Word(text=text, start=0.3 * index, end=0.3 * index + 0.25, confidence=0.9)
            for index, text in enumerate(self.says.split())
        )
        return Hypothesis(words=words, text=self.says, confidence=0.99, source="grammar")


@pytest.fixture(scope="module")
def script():
    return Script()


@pytest.fixture(scope="module")
def engine(script):
    return Engine(names=["ada", "ben"], size=1, make=lambda: script)


@pytest.fixture
def doors(stores):
    return Doors(
        forget=lambda person, ids: forget.forget(stores, person, ids, how="voice"),
        recall=lambda person: airlock.recall(stores, person),
    )


@pytest.fixture
def talk_to(stores, household, engine, script, tone, doors):
    """`say = talk_to(doors)`, `await say("what time is it")`: the whole way of one command on the kitchen device."""
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)

    def connected(doors: Doors):
        conversation = Conversation(stores, lambda: engine, place, doors)

        async def make(text: str, at: datetime = AT, *, tapped: bool = False):
            script.says = text
            wake = None if tapped else Wake(word="alexa", score=0.98, start=0.5, end=1.1)
            await conversation.begin(at=at, wake=wake)
            pcm = tone(4.0).pcm
            for start in range(0, len(pcm), 3200):
                await conversation.feed(pcm[start : start + 3200])
            return await conversation.end()

        return make

    return connected


@pytest.fixture
def say(talk_to, doors):
    return talk_to(doors)


async def test_the_recogniser_hears_what_follows_the_wake_word(say, script):
    await say("what time is it")
    assert script.fed / 32_000 == pytest.approx(4.0 - 1.1 + 0.05)


async def test_a_question_is_answered_and_kept_with_its_sound(say, stores, household):
    said = await say("what time is it")
    assert said.heard.understanding.intent == "getTime"
    assert "11" in said.text or "half past" in said.text
    kept = await vault.interaction(stores, household.ada, said.interaction)
    assert kept.content.text == "what time is it"
    assert kept.content.reply == said.text
    assert kept.kind == "question"
    assert kept.wake.word == "alexa"
    first = kept.content.words[0]
    assert kept.wake.end - 0.1 <= first.start < first.end <= kept.duration


async def test_what_is_no_command_is_refused_and_still_shown_to_its_owner(say, stores, household):
    said = await say("the neighbours have bought a new car", tapped=True)
    assert not said.heard.understanding.accepted
    item = await vault.interaction(stores, household.ada, said.interaction)
    assert (item.kind, item.content.text) == ("refused", "the neighbours have bought a new car")


async def test_after_a_wake_word_what_is_no_command_leaves_a_bare_line(say, stores, household):
    said = await say("the neighbours have bought a new car")
    item = await vault.interaction(stores, household.ada, said.interaction)
    assert (item.kind, item.content.text, item.has_sound) == ("false_wake", "", False)


async def test_delete_what_i_just_said_leaves_neither_it_nor_the_asking(say, stores, household):
    await say("what is the date")
    assert await vault.count(stores, household.ada) == 1
    said = await say("delete what I just said")
    assert said.heard.understanding.intent == "deleteLast"
    assert said.interaction is None
    assert await vault.count(stores, household.ada) == 0
    assert len(await vault.receipts(stores, household.ada)) == 1


async def test_stop_saving_answers_on_and_keeps_nothing(say, stores, household):
    said = await say("stop saving")
    assert said.heard.understanding.intent == "stopSaving"
    assert not (await consent.current(stores, household.ada)).allows("save", household.kitchen)
    said = await say("what time is it")
    assert said.heard.understanding.intent == "getTime"
    assert said.interaction is None
    assert await vault.count(stores, household.ada) == 0


async def test_yesterday_is_the_devices_yesterday(say, stores, household):
    """At half past midnight five hours east of Greenwich, it is still yesterday in Greenwich."""
    east = timezone(timedelta(hours=5))
    now = datetime(2026, 5, 4, 0, 30, tzinfo=east)
    ages = (timedelta(minutes=20), timedelta(minutes=40), timedelta(hours=24), timedelta(hours=25))
    ids = [(await say("what time is it", now - age)).interaction for age in ages]
    said = await say("delete everything from yesterday", now)
    assert said.text == "Everything you said yesterday is deleted."
    assert said.interaction is None
    left = {each.id for each in (await vault.history(stores, household.ada)).interactions}
    assert left == {ids[0], ids[3]}


async def test_this_week_begins_on_monday(say, stores, household):
    wednesday = datetime(2026, 5, 6, 12, tzinfo=UTC)
    for days in (0, 2, 3):
        await say("what time is it", wednesday - timedelta(days=days))
    await say("delete everything from this week", wednesday)
    (left,) = (await vault.history(stores, household.ada)).interactions
    assert left.started_at == wednesday - timedelta(days=3)


async def test_everything_goes_after_a_yes_in_the_next_breath(say, stores, household):
    await say("add milk to my shopping list")
    asked = await say("delete everything you have heard from me")
    assert "yes, delete everything" in asked.text
    assert await vault.count(stores, household.ada) == 2
    said = await say("yes delete everything")
    assert said.text == "Everything is deleted."
    assert said.interaction is None
    assert await vault.count(stores, household.ada) == 0
    assert await vault.kept(stores, household.id, "shopping") == []
    again = await say("yes delete everything")
    assert again.text == "I had not asked, so I did nothing."


@pytest.mark.parametrize("between", ["what time is it", "the neighbours have bought a new car", None])
async def test_a_slip_does_not_erase_a_life(say, stores, household, clock, between):
    """The yes must be the next thing that is said, and said soon."""
    asked = await say("delete everything you have heard from me")
    if between is None:
        clock.turn(seconds=PATIENCE + len(asked.text.split()))
    else:
        await say(between)
    said = await say("yes delete everything")
    assert said.text == "I had not asked, so I did nothing."
    assert await vault.count(stores, household.ada) == (2 if between is None else 3)


async def test_a_yes_on_another_connection_is_none(talk_to, doors, stores, household):
    await talk_to(doors)("delete everything you have heard from me")
    said = await talk_to(doors)("yes delete everything")
    assert not said.text.startswith("Everything")
    assert await vault.count(stores, household.ada) == 2


async def test_review_by_voice_is_a_grant_and_off_pulls_everything_back(talk_to, doors, stores, household):
    recalled = []

    async def recall(person):
        recalled.append((person, (await consent.current(stores, person)).allows("review")))

    say = talk_to(Doors(forget=doors.forget, recall=recall))
    asked = await say("turn on human review")
    assert consent.WORDINGS["review"].text in asked.text
    assert not (await consent.current(stores, household.ada)).allows("review", household.kitchen)
    await say("yes turn on human review")
    assert (await consent.current(stores, household.ada)).allows("review", household.kitchen)
    assert {g.how for g in await consent.everything(stores, household.ada) if g.purpose == "review"} == {"voice"}
    await consent.set_grant(stores, household.ada, "transcription", True, how="settings")
    await say("turn off human review")
    grants = await consent.current(stores, household.ada)
    assert [purpose for purpose in consent.PURPOSES if grants.allows(purpose)] == ["save"]
    assert recalled == [(household.ada, False)], "pulled back once, after the word was written down"


async def test_who_listened_counts_and_names_nobody(say, stores, household):
    identifier = (await say("what time is it")).interaction
    async with stores.pool.connection() as connection:
        for day, site in (("2026-05-02", "Bucharest"), ("2026-05-02", "Bucharest"), ("2026-05-03", "San José")):
            await connection.execute(
                "INSERT INTO vault.hearings (interaction_id, role, site, day, purpose) VALUES (%s, %s, %s, %s, %s)",
                [identifier, "reviewer", site, day, "checking the wake word"],
            )
    assert (await say("who listened to me")).text == (
        "People listened 3 times. That was: a reviewer in San José, once on Sunday, 3 May 2026 and a reviewer in "
        "Bucharest, 2 times on Saturday, 2 May 2026. Your history shows each of them."
    )


async def test_what_was_not_for_it_is_marked_where_that_is_known(talk_to, doors, stores, household):
    marked = []

    async def not_called(person, identifier):
        marked.append((person, identifier))

    say = talk_to(Doors(forget=doors.forget, recall=doors.recall, not_called=not_called))
    first = await say("what time is it")
    said = await say("that was not for you")
    assert said.interaction is None
    assert marked == [(household.ada, first.interaction)]
    assert await vault.count(stores, household.ada) == 1


async def test_what_was_not_for_it_is_forgotten_and_nothing_older(say, stores, household):
    await say("what time is it", AT - timedelta(hours=1))
    assert (await say("that was not for you")).text == "Sorry. I have kept nothing of it."
    await say("what time is it")
    assert (await say("that was not for you")).text == "Sorry. I forgot what I heard."
    (left,) = (await vault.history(stores, household.ada)).interactions
    assert left.started_at == AT - timedelta(hours=1)


async def test_a_guest_code_is_spoken_and_not_kept(talk_to, doors, stores, household):
    assert (await talk_to(doors)("give me a guest code")).text == "Guest codes are not available here."
    asked = []

    async def make(device):
        asked.append(device)
        return "472913"

    before = await vault.count(stores, household.ada)
    say = talk_to(Doors(forget=doors.forget, recall=doors.recall, guest_code=make))
    said = await say("give me a guest code")
    assert "4 7 2. 9 1 3." in said.text
    assert said.interaction is None
    assert asked == [household.kitchen]
    assert await vault.count(stores, household.ada) == before


@pytest.mark.parametrize(
    ("save", "review", "version"),
    [(False, True, "unsaved"), (True, False, "saved"), (True, True, "heard")],
)
async def test_the_notice_says_what_holds_now(say, stores, household, engine, doors, save, review, version):
    await consent.set_grant(stores, household.ada, "save", save, how="settings", device_id=household.kitchen)
    await consent.set_grant(stores, household.ada, "review", review, how="settings")
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)
    notice = await Conversation(stores, lambda: engine, place, doors).notice()
    assert notice.version.endswith(f"-{version}")
    assert (await say("what are you recording")).text == notice.text


async def test_more_sound_than_a_device_may_send_is_not_taken(stores, household, engine, script, doors):
    place = Place(household_id=household.id, person_id=household.ada, device_id=None)
    script.says = "what time is it"
    conversation = Conversation(stores, lambda: engine, place, doors)
    await conversation.begin(at=AT, wake=None)
    for _ in range(30):
        await conversation.feed(bytes(32_000))
    said = await conversation.end()
    assert (await vault.interaction(stores, household.ada, said.interaction)).duration == 20.0


async def test_a_cut_connection_leaves_nothing(stores, household, engine, doors):
    place = Place(household_id=household.id, person_id=household.ada, device_id=household.kitchen)
    conversation = Conversation(stores, lambda: engine, place, doors)
    await conversation.begin(at=AT, wake=None)
    await conversation.feed(bytes(32_000))
    conversation.abandon()
    assert not conversation.open
    assert await vault.count(stores, household.ada) == 0
    with engine.listen() as listening:  # its recogniser came back
        assert listening.partial() == ""
