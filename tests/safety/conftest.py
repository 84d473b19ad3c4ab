"""A clip that somebody flags."""

from __future__ import annotations

import uuid
from random import Random

import numpy as np
import pytest

from earmark import airlock, consent, review, vault
from earmark.storage import Stores
from earmark.words import InteractionId, PcmAudio, PersonId


@pytest.fixture
async def floor(role_stores) -> Stores:
    return await role_stores("earmark_review")


@pytest.fixture
async def desk(role_stores) -> Stores:
    return await role_stores("earmark_desk")


@pytest.fixture
def officer() -> review.Reviewer:
    return review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="Boston", role="safety")


@pytest.fixture
def somebody():
    """`somebody()`: a new reviewer."""
    return lambda: review.Reviewer(id=PersonId(uuid.uuid4()), languages=("en",), site="Hyderabad")


@pytest.fixture
async def clip(stores: Stores, role_stores, household, clock) -> InteractionId:
    """One opted-in command whose three tasks are in the queue."""
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    word = vault.Word(text="help", start=0.5, end=0.9, confidence=0.9)
    noise = np.random.default_rng(1).integers(-3000, 3000, 24_000).astype(np.int16)
    interaction = await vault.record(
        stores,
        vault.NewInteraction(
            person_id=household.ada,
            started_at=clock(),
            kind="command",
            audio=PcmAudio(samples=noise),
            wake=vault.Wake(word="alexa", score=0.9, start=0.1, end=0.4),
            content=vault.Content(text="help", words=(word,), accepted=True),
        ),
    )
    everything = await role_stores("earmark_worker", review_rate=1.0)
    assert (await airlock.run(everything, Random(1))).tasks == 3
    return interaction
