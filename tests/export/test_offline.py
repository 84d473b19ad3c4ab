"""What the offline pages say."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from earmark.airlock import Choice, HomeLabel
from earmark.export import offline
from earmark.export.document import Entry, LabelOfYours
from earmark.learn import Use
from earmark.vault import Content, Hearing, Interaction, Wake, Word
from earmark.words import InteractionId, PersonId

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def entry(content: Content | None = None, **changes: object) -> Entry:
    interaction = Interaction(
        id=InteractionId(uuid.uuid4()),
        person_id=PersonId(uuid.uuid4()),
        device_id=None,
        started_at=AT,
        expires_at=AT,
        kind="command",
        duration=2.0,
        wake=None,
        bundle="builtin",
        content=content or Content(),
    )
    usual = {"device": None, "file": "recordings/a.flac", "sha256": "0" * 64, "chosen": None}
    empty = {"asked": (), "hearings": (), "labels": ()}
    return Entry(interaction=interaction, **{**usual, **empty, **changes})  # type: ignore[arg-type]


def label(question: str, answer: dict[str, object], *uses: Use) -> LabelOfYours:
    made = HomeLabel(
        id=uuid.uuid4(),
        interaction_id=InteractionId(uuid.uuid4()),
        person_id=PersonId(uuid.uuid4()),
        question=question,  # type: ignore[arg-type]
        answer=answer,
        made_by="majority",
        agreed_on=date(2026, 5, 3),
    )
    return LabelOfYours(label=made, used_in=uses)


def test_unsure_words_are_marked_where_they_stand():
    pair = (Word(text="add", start=0, end=1, confidence=0.9), Word(text="milk", start=1, end=2, confidence=0.2))
    page = offline.page([entry(Content(text="add milk", words=pair))], number=2, more=False)
    assert "“add <mark>milk</mark>”" in page
    other = offline.page([entry(Content(text="something else", words=pair))], number=2, more=False)
    assert "“something else”" in other


def test_what_was_said_is_no_markup():
    said = "<script>alert(1)</script>"
    page = offline.page([entry(Content(text=said, reply=said, template=said, accepted=True))], number=2, more=False)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3


@pytest.mark.parametrize(
    ("question", "answer", "text"),
    [
        ("wake", {"value": "not_said"}, "Nobody said the wake word (most of three people said so, 3 May 2026)."),
        ("transcript", {"text": "add milk"}, "It was written down as “add milk” (most"),
        ("transcript", {"text": ""}, "Nobody could make out words (most"),
        (
            "understood",
            {"value": "wrong", "intent": "addToList", "slots": {"item": "milk"}},
            "Earmark understood it wrong: you added to the shopping list: item milk (most",
        ),
        ("understood", {"value": "right", "intent": None}, "Earmark understood it right (most"),
    ],
)
def test_findings_are_said_in_plain_words(question, answer, text):
    assert offline.found(label(question, answer)).startswith(text)


def test_what_a_finding_was_used_for():
    use = Use(dataset="0123456789abcdef", purpose="improve", day=AT.date(), side="train", revoked=False, models=("m1",))
    gone = replace(use, side="heldout", revoked=True, models=())
    assert offline.used(label("wake", {"value": "said"}, use, gone)) == [
        "Data set 0123456789ab, to learn from; in models m1",
        "Data set 0123456789ab, to judge what was learned; not used any more",
    ]


def test_an_entry_without_sound_says_so_and_has_no_player():
    page = offline.page([entry(file=None, sha256=None)], number=2, more=False)
    assert "<audio" not in page
    assert "No sound is kept of this." in page


def test_what_woke_it_who_listened_and_why_it_was_chosen():
    heard = Hearing(role="safety", site="Boston", day=AT.date(), purpose="deciding about a flagged clip")
    one = entry(hearings=(heard,), chosen=Choice(rule="random", rate=0.002, day=AT.date()))
    wake = Wake(word="alexa", score=0.97, verifier_score=0.8, start=0.1, end=0.5)
    page = offline.page([replace(one, interaction=replace(one.interaction, wake=wake))], number=2, more=False)
    for text in (
        "The wake word “Alexa”, 97% sure; a second check was 80% sure",
        "A safety officer in Boston listened on 4 May 2026 to decide about it, because somebody flagged it.",
        "For review on 4 May 2026, by lot, at a rate of 0.2%",
    ):
        assert text in page
