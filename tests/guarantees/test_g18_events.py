"""Guarantee 18, what the log holds: every deed, and nobody."""

from __future__ import annotations

from collections import Counter

import pytest

from earmark import accounts, airlock, audit, consent, forget, review, safety, vault
from earmark.worker import look_after_cases

WHATS = Counter(
    {
        "consent": 2,
        "sampled": 2,
        "copies.made": 2,
        "hearing": 8,
        "sound.opened": 1,
        "case": 1,
        "unsealed": 1,
        "erasure": 1,
        "recalled": 1,
    }
)


async def events(ring) -> list[dict]:
    await audit.sequence(ring.stores)
    return [entry["event"] for entry in await audit.recent(ring.stores, 10_000)]


async def test_every_deed_is_an_event_and_nobody_is_in_it(ring, canary):
    """We turned the ring with a canary, listened as its owner, as reviewers and as a safety officer, decided, unsealed,
    erased and withdrew: each deed is in the log, once, and no number of a person, a device, a recording or a task,
    no name and no word is."""
    before = Counter(event["what"] for event in await events(ring))
    await ring.allow()
    said = await ring.say(canary)
    await vault.sound(ring.stores, ring.ada, said)
    await ring.sample()
    await ring.answer(canary)
    await ring.take_home()
    flagged = await ring.say(canary)
    await ring.sample()
    tasks = [row["id"] for row in await ring.rows("SELECT id FROM review.tasks")]
    reviewer, officer = ring.reviewer(), ring.reviewer(role="safety")
    served = await review.next_task(ring.floor, reviewer)
    await review.sound(ring.floor, reviewer, served.task_id, served.fence)
    await review.flag(ring.floor, reviewer, served.task_id, served.fence, "distress")
    [case] = await safety.cases(ring.stores)
    await safety.listen(ring.stores, case.id, officer)
    await safety.decide(ring.stores, case.id, officer.id, "erase", "It should be gone.")
    await ring.take_home()
    await look_after_cases(ring.stores)
    await consent.set_grant(ring.stores, ring.ada, "review", False, how="settings")
    await airlock.recall(ring.stores, ring.ada)
    found = await events(ring)
    assert Counter(event["what"] for event in found) - before == WHATS
    whole = str(found)
    hidden = [said, flagged, ring.ada, ring.device, ring.household, reviewer.id, officer.id, *tasks]
    assert [str(each) for each in hidden if str(each) in whole or each.hex in whole] == []
    assert not [word for word in (*canary.words, "Ada", "Kitchen") if word in whole]


async def test_a_hearing_of_a_recording_that_is_gone_is_in_the_log(ring, canary):
    """We had a clip heard and its recording deleted before the hearing had come home: it is in the log all the same."""
    await ring.allow()
    await ring.say(canary)
    await ring.sample()
    reviewer = ring.reviewer(site="Bucharest")
    served = await review.next_task(ring.floor, reviewer)
    await review.sound(ring.floor, reviewer, served.task_id, served.fence)
    await forget.forget(ring.stores, ring.ada, "all", how="settings")
    await ring.take_home()
    await ring.take_home()
    heard = [event for event in await events(ring) if event["what"] == "hearing"]
    assert [(event["site"], event["purpose"]) for event in heard] == [("Bucharest", "of a recording that is gone")]


async def test_nobody_who_works_here_signs_in_unseen(ring, hire, role_stores):
    """We signed in as an auditor at the desk and as a reviewer on the floor, whose process can't write into the log:
    both sign-ins are in it, and whoever is added is in it with their roles."""
    auditor, reviewer = await hire("auditor"), await hire("reviewer")
    desk, floor = await role_stores("earmark_desk"), await role_stores("earmark_review")
    for stores, person, plane in ((desk, auditor, "desk"), (floor, reviewer, "floor")):
        await accounts.redeem_link(stores, await accounts.make_sign_in_link(ring.stores, person, plane), plane)
    found = await events(ring)
    assert [event["plane"] for event in found if event["what"] == "sign-in"] == ["floor", "desk"]
    added = [event["roles"] for event in found if event["what"] == "person.added"]
    assert added[:2] == [["reviewer"], ["auditor"]]
    assert len({event["salt"] for event in found}) == len(found)
    assert (await audit.verify(ring.stores)).good


async def test_no_sound_leaves_when_the_log_can_not_be_written(ring, canary, monkeypatch):
    """We broke the log and asked for a recording, for a switch and for a deletion: no sound, no switch, no receipt."""
    said = await ring.say(canary)

    async def broken(*_):
        raise OSError

    monkeypatch.setattr("earmark.audit.append_in", broken)
    monkeypatch.setattr("earmark.audit.append", broken)
    with pytest.raises(OSError):
        await vault.sound(ring.stores, ring.ada, said)
    with pytest.raises(OSError):
        await ring.allow()
    assert not (await consent.current(ring.stores, ring.ada)).allows("review")
    with pytest.raises(OSError):
        await forget.forget(ring.stores, ring.ada, [said], how="settings")
    assert await vault.receipts(ring.stores, ring.ada) == []
