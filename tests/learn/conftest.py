from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from earmark import accounts, consent, vault
from earmark.learn import adding, compute, new_words
from earmark.learn.datasets import Lesson
from earmark.learn.lessons import Taught
from earmark.learn.wake_voices import TIMBRES, synthetic_clips
from earmark.storage import seal_json
from earmark.vault import Content, Interaction, NewInteraction, Wake
from earmark.words import SAMPLE_RATE, InteractionId, PcmAudio, PersonId


@pytest.fixture(scope="session")
def quiet():
    """Half a second of a quiet room."""
    return np.random.default_rng(0).normal(0, 25, SAMPLE_RATE // 2).astype(np.int16)


@pytest.fixture
def taught(quiet):
    """`taught(sound, text="feed the cat")`: a recording in memory and what people found out about it."""

    def make(sound=quiet, *, number=None, heard=None, wake=None, **lesson):
        identifier = InteractionId(uuid.uuid4() if number is None else uuid.UUID(int=number))
        interaction = Interaction(
            id=identifier,
            person_id=PersonId(uuid.uuid4()),
            device_id=None,
            started_at=datetime(2026, 5, 4, tzinfo=UTC),
            expires_at=datetime(2026, 6, 4, tzinfo=UTC),
            kind="command",
            duration=len(sound) / SAMPLE_RATE,
            wake=wake,
            bundle="builtin",
            content=heard or Content(),
        )
        known = {"interaction_id": identifier, "side": "train", "speaker": "a", "labels": 1} | lesson
        return Taught(lesson=Lesson(**known), interaction=interaction, audio=PcmAudio(samples=sound))

    return make


@pytest.fixture
def teach(stores, clock, tone):
    """`await teach(person, wake={"value": "said"}, …)`: keep a recording with labels that came home; returns its id."""

    async def make(person, *, audio=None, wake_span=(0.5, 1.0), content=None, **answers):
        new = NewInteraction(
            person_id=person,
            started_at=clock(),
            kind="command",
            audio=audio or tone(2.0),
            wake=Wake(word="alexa", score=0.95, start=wake_span[0], end=wake_span[1]) if wake_span else None,
            content=content or Content(text="make me a latte"),
        )
        recording = await vault.record(stores, new)
        key = await vault.recording_key(stores, recording)
        async with stores.pool.connection() as connection:
            for question, answer in answers.items():
                label = uuid.uuid4()
                sealed = seal_json(key, {"answer": answer, "made_by": "agreement"}, place=f"label:{label}")
                await connection.execute(
                    "INSERT INTO airlock.labels (id, interaction_id, question, sealed, agreed_on) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    [label, recording, question, sealed, clock().date()],
                )
        return recording

    return make


@pytest.fixture
async def people(stores, household):
    """Four people who allow saving."""
    found = [household.ada, household.ben]
    for name in ("Cem", "Dora"):
        person = await accounts.create_person(
            stores, name=name, handle=name.lower(), roles=["owner"], household_id=household.id
        )
        await consent.set_grant(stores, person, "save", True, how="first-run")
        found.append(person)
    return found


@pytest.fixture
def few(monkeypatch):
    """Fewer synthetic voices and rooms: enough to show what happens."""
    monkeypatch.setattr(adding, "_VOICES", {"says": 3, "phrases": 8, "voices_a_phrase": 2, "invented": 8, "talks": 6})
    pico = partial(adding.pico_clips, says=1, phrases=8, invented=8)
    monkeypatch.setattr(adding, "pico_clips", pico)
    monkeypatch.setattr(new_words, "_ROOMS_OF_THE_WORD", 2)
    monkeypatch.setattr("earmark.learn.wake_voices.TIMBRES", TIMBRES[8:16])
    monkeypatch.setattr(adding, "synthetic_clips", lambda word, **known: _few_clips(word, **known))


def _few_clips(word, **known):
    return synthetic_clips(word, **{**known, "timbres": TIMBRES[8:16]})


@pytest.fixture(scope="module")
def in_this_process():
    """Trainings that would have a process each are done here, in turn: to start one takes longer than a small one."""

    def here(work, items, *, workers=None, told=lambda share: None):
        with compute.pinned():
            return [work(item, lambda share, at=at: told((at + share) / len(items))) for at, item in enumerate(items)]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compute, "apart", here)
        patched.setenv("NPROC", "1")  # as a training sets it in its own process
        yield
