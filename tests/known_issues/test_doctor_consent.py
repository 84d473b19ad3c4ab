"""`earmark doctor` took any older or other yes for consent to review, and did not look at single devices."""

from __future__ import annotations

from random import Random

import pytest

from earmark import airlock, consent, vault
from earmark.doctor import examine
from earmark.vault import Content, NewInteraction, Word

NOT_ALLOWED = "clips in review whose owner does not allow it any more"


@pytest.fixture
async def queued(role_stores, household, clock, tone):
    stores = await role_stores("earmark_worker", review_rate=1.0)
    for purpose in ("review", "transcription"):
        await consent.set_grant(stores, household.ada, purpose, True, how="settings")
    word = Word(text="louder", start=0.2, end=0.8, confidence=0.9)
    new = NewInteraction(
        person_id=household.ada, device_id=household.kitchen, started_at=clock(), kind="command", audio=tone(1.0),
        content=Content(text="louder", words=(word,), accepted=True),
    )  # fmt: skip
    await vault.record(stores, new)
    assert (await airlock.run(stores, Random(1))).tasks == 2
    assert await examine(stores) == []
    return stores


async def findings(stores):
    return [(each.what, each.count) for each in await examine(stores)]


async def test_the_other_switch_is_no_consent_to_review(queued, household):
    await consent.set_grant(queued, household.ada, "review", False, how="settings")
    assert await findings(queued) == [(NOT_ALLOWED, 2)]


async def test_one_device_may_be_excepted(queued, household):
    await consent.set_grant(queued, household.ada, "review", False, how="settings", device_id=household.kitchen)
    assert await findings(queued) == [(NOT_ALLOWED, 2)]


async def test_a_newer_yes_counts(queued, household):
    await consent.set_grant(queued, household.ada, "review", False, how="settings")
    await consent.set_grant(queued, household.ada, "review", True, how="settings")
    assert await findings(queued) == []
